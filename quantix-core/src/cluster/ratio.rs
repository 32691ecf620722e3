//! Overcommit ratios as exact thousandths.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The largest [`Ratio`].
pub const RATIO_MAX: u32 = 1000;

/// How many times a capacity may be promised, in thousandths: `1.5` is 1500.
///
/// More than zero and at most [`RATIO_MAX`], with at most three decimals, so that planners
/// calculate in integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ratio(u32);

/// A number that is no [`Ratio`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid ratio {found}: expected 0.001 to 1000 with at most three decimals")]
pub struct RatioError {
    found: String,
}

impl Ratio {
    /// What is there is promised once.
    pub const ONE: Self = Self(1000);

    /// The ratio of so many thousandths.
    ///
    /// # Errors
    /// When it is zero or more than [`RATIO_MAX`].
    pub fn from_thousandths(thousandths: u32) -> Result<Self, RatioError> {
        if (1..=RATIO_MAX * 1000).contains(&thousandths) {
            Ok(Self(thousandths))
        } else {
            Err(RatioError { found: format!("{}/1000", thousandths) })
        }
    }

    /// Thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// An amount times the ratio, rounded down; `u64::MAX` where it does not fit.
    #[must_use]
    pub fn of(self, amount: u64) -> u64 {
        u64::try_from(u128::from(amount) * u128::from(self.0) / 1000).unwrap_or(u64::MAX)
    }

    /// Whether this is [`Ratio::ONE`].
    #[must_use]
    pub fn is_one(&self) -> bool {
        *self == Self::ONE
    }

    fn from_float(value: f64) -> Option<Self> {
        let scaled = value * 1000.0;
        let rounded = scaled.round();
        let whole = (scaled - rounded).abs() < 1e-6 * scaled.abs().max(1.0);
        if !whole || !(1.0..=f64::from(RATIO_MAX * 1000)).contains(&rounded) {
            return None;
        }
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number between 1 and a million, as the line above checks"
        )]
        Some(Self(rounded as u32))
    }
}

impl Default for Ratio {
    fn default() -> Self {
        Self::ONE
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        if rest == 0 {
            return write!(f, "{whole}");
        }
        let text = format!("{rest:03}");
        write!(f, "{whole}.{}", text.trim_end_matches('0'))
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1000) {
            return serializer.serialize_u32(self.0 / 1000);
        }
        serializer.serialize_f64(f64::from(self.0) / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::from_float(value)
            .ok_or_else(|| de::Error::custom(RatioError { found: value.to_string() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_exactly_or_not_at_all() {
        for (text, expected) in [
            ("1", Some(1000)),
            ("1.1", Some(1100)),
            ("0.001", Some(1)),
            ("1000", Some(1_000_000)),
            ("2.675", Some(2675)),
            ("0", None),
            ("-1", None),
            ("1.0005", None),
            ("1000.001", None),
            ("1e300", None),
            ("\"2\"", None),
        ] {
            let ratio = serde_json::from_str::<Ratio>(text).ok().map(Ratio::thousandths);
            assert_eq!(ratio, expected, "{text}");
        }
        assert!(Ratio::from_thousandths(0).is_err());
        assert!(Ratio::from_thousandths(RATIO_MAX * 1000 + 1).is_err());
    }

    #[test]
    fn multiplies_rounding_down_and_shows_itself() {
        let ratio = Ratio::from_thousandths(1500).unwrap();
        assert_eq!((ratio.of(3), ratio.of(u64::MAX)), (4, u64::MAX));
        assert_eq!((ratio.to_string(), Ratio::ONE.to_string()), ("1.5".into(), "1".into()));
        assert_eq!(serde_json::to_string(&[ratio, Ratio::ONE]).unwrap(), "[1.5,1]");
    }
}
