//! [`Timestamp`]: an instant, given by the caller; nothing here reads a clock.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MS_PER_DAY: i64 = 86_400_000;

/// An instant in UTC, in milliseconds since 1970, shown as RFC 3339 (`2026-01-31T12:00:00.000Z`).
///
/// Years 0000 to 9999. Reads any RFC 3339 text, with an offset and with more digits than it keeps
/// (they are cut off); a leap second counts as the first millisecond after it.
///
/// ```
/// use quantix_core::Timestamp;
/// let at: Timestamp = "2026-01-31T13:00:00+01:00".parse()?;
/// assert_eq!(at.to_string(), "2026-01-31T12:00:00.000Z");
/// assert_eq!(at.unix_ms(), 1_769_860_800_000);
/// # Ok::<(), quantix_core::TimestampError>(())
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid time {found:?}: expected RFC 3339 such as 2026-01-31T12:00:00Z")]
pub struct TimestampError {
    found: String,
}

impl Timestamp {
    /// The earliest instant, the beginning of year 0.
    pub const MIN: Self = Self(-62_167_219_200_000);
    /// The latest instant, the last millisecond of year 9999.
    pub const MAX: Self = Self(253_402_300_799_999);

    /// The instant so many milliseconds after the beginning of 1970, kept between [`Self::MIN`] and
    /// [`Self::MAX`].
    #[must_use]
    pub const fn from_unix_ms(ms: i64) -> Self {
        if ms < Self::MIN.0 {
            Self::MIN
        } else if ms > Self::MAX.0 {
            Self::MAX
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since the beginning of 1970.
    #[must_use]
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// How many milliseconds later this is than `earlier`; negative when it is not.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

/// Days from 1970-01-01 to a day of the proleptic Gregorian calendar, and back. Years are counted
/// from March, so that the leap day is the last of its year.
mod calendar {
    pub(super) fn days(year: i64, month: i64, day: i64) -> i64 {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    pub(super) fn date(days: i64) -> (i64, i64, i64) {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (era * 400 + year + i64::from(month <= 2), month, day)
    }

    pub(super) fn days_in_month(year: i64, month: i64) -> i64 {
        let (next_year, next) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        days(next_year, next, 1) - days(year, month, 1)
    }
}

/// Reads exactly `digits` decimal digits from the front.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    *rest = tail;
    head.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
    })
}

fn expect(rest: &mut &[u8], allowed: &[u8]) -> Option<u8> {
    let (&first, tail) = rest.split_first()?;
    *rest = tail;
    allowed.contains(&first).then_some(first)
}

fn parse(text: &str) -> Option<Timestamp> {
    // The longest sensible form has nanoseconds and an offset.
    let mut rest = Some(text.as_bytes()).filter(|bytes| bytes.len() <= 40)?;
    let rest = &mut rest;
    let year = number(rest, 4)?;
    expect(rest, b"-")?;
    let month = number(rest, 2).filter(|month| (1..=12).contains(month))?;
    expect(rest, b"-")?;
    let day = number(rest, 2)?;
    if !(1..=calendar::days_in_month(year, month)).contains(&day) {
        return None;
    }
    expect(rest, b"Tt ")?;
    let hour = number(rest, 2).filter(|hour| *hour < 24)?;
    expect(rest, b":")?;
    let minute = number(rest, 2).filter(|minute| *minute < 60)?;
    expect(rest, b":")?;
    let second = number(rest, 2).filter(|second| *second <= 60)?;
    let ms = fraction(rest)?;
    let offset = offset_minutes(rest)?;
    if !rest.is_empty() {
        return None;
    }
    let seconds = (hour * 60 + minute - offset) * 60 + second;
    let total = calendar::days(year, month, day) * MS_PER_DAY + seconds * 1000;
    let total = if second == 60 { total } else { total + ms };
    (Timestamp::MIN.0..=Timestamp::MAX.0).contains(&total).then_some(Timestamp(total))
}

/// Reads an optional fraction of a second, in milliseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let Some(tail) = rest.strip_prefix(b".") else { return Some(0) };
    let digits = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let (head, tail) = tail.split_at(digits);
    *rest = tail;
    let padded = head.iter().copied().chain(std::iter::repeat(b'0')).take(3);
    Some(padded.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0')))
}

fn offset_minutes(rest: &mut &[u8]) -> Option<i64> {
    let sign = match expect(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Some(0),
    };
    let hours = number(rest, 2).filter(|hours| *hours < 24)?;
    expect(rest, b":")?;
    let minutes = number(rest, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 60 + minutes))
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text).ok_or_else(|| TimestampError { found: text.chars().take(64).collect() })
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = calendar::date(self.0.div_euclid(MS_PER_DAY));
        let ms = self.0.rem_euclid(MS_PER_DAY);
        let (seconds, ms) = (ms / 1000, ms % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_and_instants() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1969-12-31T23:59:59.999Z", Some(-1)),
            ("2000-02-29T00:00:00Z", Some(951_782_400_000)),
            ("2026-01-31T12:00:00.123456789Z", Some(1_769_860_800_123)),
            ("2026-01-31t12:00:00.1z", Some(1_769_860_800_100)),
            ("2026-01-31 12:00:00-00:30", Some(1_769_862_600_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("0000-01-01T00:00:00Z", Some(Timestamp::MIN.0)),
            ("9999-12-31T23:59:59.999Z", Some(Timestamp::MAX.0)),
            ("0000-01-01T00:00:00+00:01", None),
            ("1900-02-29T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
            ("2026-01-00T00:00:00Z", None),
            ("2026-01-31T24:00:00Z", None),
            ("2026-01-31T12:00:00", None),
            ("2026-01-31T12:00:00.Z", None),
            ("2026-01-31T12:00Z", None),
            ("2026-01-31", None),
            ("+026-01-31T12:00:00Z", None),
            ("2026-01-31T12:00:00ZZ", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Timestamp>().ok().map(Timestamp::unix_ms), ms, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn shown_and_read_back(ms in Timestamp::MIN.0..=Timestamp::MAX.0) {
            let at = Timestamp::from_unix_ms(ms);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            let _ = text.parse::<Timestamp>();
        }
    }
}
