//! Versions of cloud-init.

use std::{fmt, str::FromStr};

/// A version of cloud-init, such as 24.1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// The year, two digits.
    pub year: u16,
    /// The release in the year.
    pub release: u16,
    /// The fix of the release.
    pub patch: u16,
}

impl Version {
    /// The oldest version whose schema is known.
    pub const OLDEST: Self = Self { year: 22, release: 2, patch: 0 };
    /// The newest version whose schema is known.
    pub const NEWEST: Self = Self { year: 26, release: 2, patch: 0 };
}

/// A text that is no version, or a range that holds none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is not a cloud-init version: expected one such as 24.1.3 or a range such as \
     22.2..26.2, between 22.2 and 26.2"
)]
pub struct VersionError {
    found: String,
}

fn parse(text: &str) -> Option<Version> {
    // Distributions add their own part: 22.4.2-1+deb12u4, 24.1.3-0ubuntu1~22.04.1.
    let own = text.split(['-', '+', '~']).next().unwrap_or_default();
    let mut parts = own.split('.');
    let mut number = || {
        let part = parts.next()?;
        (part.len() <= 4 && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (year, release) = (number()?, number()?);
    let patch = if own.matches('.').count() > 1 { number()? } else { 0 };
    (own.matches('.').count() <= 2).then_some(Version { year, release, patch })
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        parse(text.trim()).ok_or_else(|| VersionError { found: text.chars().take(64).collect() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.year, self.release)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

/// Versions of cloud-init from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    first: Version,
    last: Version,
}

impl VersionRange {
    /// Every version whose schema is known.
    pub const ALL: Self = Self { first: Version::OLDEST, last: Version::NEWEST };
    /// The newest version whose schema is known.
    pub const NEWEST: Self = Self { first: Version::NEWEST, last: Version::NEWEST };

    /// One version.
    #[must_use]
    pub const fn only(version: Version) -> Self {
        Self { first: version, last: version }
    }

    /// From one version to another that is not older.
    pub(super) const fn span(first: Version, last: Version) -> Self {
        Self { first, last }
    }

    /// The first version.
    #[must_use]
    pub const fn first(self) -> Version {
        self.first
    }

    /// The last version.
    #[must_use]
    pub const fn last(self) -> Version {
        self.last
    }
}

impl FromStr for VersionRange {
    type Err = VersionError;

    /// Reads `24.1`, `22.2..26.2`, `22.2..`, `..24.4` or `all`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let text = text.trim();
        let (first, last) = match text.split_once("..") {
            _ if text == "all" => return Ok(Self::ALL),
            None => (text, text),
            Some(ends) => ends,
        };
        let end = |text: &str, open: Version| {
            if text.trim().is_empty() && first != last { Ok(open) } else { text.parse() }
        };
        let range = Self { first: end(first, Version::OLDEST)?, last: end(last, Version::NEWEST)? };
        let next_year = Version { year: Version::NEWEST.year + 1, release: 0, patch: 0 };
        if range.first < Version::OLDEST || range.last >= next_year || range.first > range.last {
            return Err(VersionError { found: text.chars().take(64).collect() });
        }
        Ok(range)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            self.first.fmt(f)
        } else {
            write!(f, "{} to {}", self.first, self.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_ranges_parse() {
        let table = [
            ("24.1.3", "24.1.3"),
            ("24.1", "24.1"),
            ("22.4.2-1+deb12u4", "22.4.2"),
            ("24.1.3-0ubuntu1~22.04.1", "24.1.3"),
            ("22.2..26.2", "22.2 to 26.2"),
            ("22.2..", "22.2 to 26.2"),
            ("..24.4", "22.2 to 24.4"),
            ("all", "22.2 to 26.2"),
        ];
        for (text, shown) in table {
            assert_eq!(text.parse::<VersionRange>().unwrap().to_string(), shown, "{text}");
        }
        for bad in ["", "24", "21.4", "27.1", "26.2..22.2", "x", "24.1.2.3", "24.x", "99999.1"] {
            assert!(bad.parse::<VersionRange>().is_err(), "{bad:?}");
        }
    }
}
