//! Programmatic units (DSP0004, annex C) and the older spellings that vendors still write.

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Amounts of data; the base is one byte.
    Data,
    /// Frequencies; the base is one hertz.
    Frequency,
    /// Plain counts, percentages and everything else without a dimension used in OVF.
    Count,
}

/// A unit such as `byte * 2^20`: a dimension and an exact factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    dimension: Dimension,
    numerator: u128,
    denominator: u128,
    is_legacy: bool,
}

/// A text that is not a unit, or a number that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The text is not in the grammar.
    #[error("{found:?} is not a unit: expected one such as `byte * 2^20`")]
    Unknown {
        /// The text, shortened.
        found: String,
    },
    /// The quantity is not a non-negative decimal number.
    #[error("{found:?} is not a number")]
    Number {
        /// The text, shortened.
        found: String,
    },
    /// The product is no whole number of the base unit, or has more than 64 bits.
    #[error("{quantity} times {unit:?} is not a whole number below 2^64")]
    Range {
        /// The number.
        quantity: String,
        /// The unit.
        unit: String,
    },
    /// The unit measures something else.
    #[error("{found:?} does not measure {expected}")]
    Dimension {
        /// The unit.
        found: String,
        /// What it should measure.
        expected: &'static str,
    },
}

/// The longest unit that is read, in bytes.
pub const UNIT_BYTES_MAX: usize = 128;

fn shorten(text: &str) -> String {
    text.chars().take(48).collect()
}

impl Unit {
    /// One byte.
    pub const BYTE: Self =
        Self { dimension: Dimension::Data, numerator: 1, denominator: 1, is_legacy: false };
    /// 2²⁰ bytes.
    pub const MEBIBYTE: Self = Self { numerator: 1 << 20, ..Self::BYTE };
    /// 2³⁰ bytes.
    pub const GIBIBYTE: Self = Self { numerator: 1 << 30, ..Self::BYTE };

    /// Reads a unit.
    ///
    /// `byte * 2^20`, `byte*10^9`, `hertz * 10^6`, `kibibyte`, `gigabyte` and `byte / 2` are
    /// DSP0004; so lower-case singular `megabyte` is 10⁶ bytes. `MegaBytes`, `GB`, `MiB` and the
    /// like are what OVF 0.9 and several exporters write; of these all are powers of 1024.
    ///
    /// # Errors
    /// When the text is in neither spelling.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let unknown = || UnitError::Unknown { found: shorten(text) };
        if text.len() > UNIT_BYTES_MAX {
            return Err(unknown());
        }
        let mut unit = Self { dimension: Dimension::Count, ..Self::BYTE };
        if text.trim().is_empty() {
            return Ok(unit);
        }
        let (mut rest, mut is_divisor) = (text, false);
        loop {
            let end = rest.find(['*', '/']).unwrap_or(rest.len());
            let (dimension, factor, is_legacy) = term(rest[..end].trim()).ok_or_else(unknown)?;
            unit.is_legacy |= is_legacy;
            if let Some(dimension) = dimension {
                if is_divisor || unit.dimension != Dimension::Count {
                    return Err(unknown());
                }
                unit.dimension = dimension;
            }
            let side = if is_divisor { &mut unit.denominator } else { &mut unit.numerator };
            *side = side.checked_mul(factor).filter(|&f| f != 0).ok_or_else(unknown)?;
            let Some(operator) = rest[end..].chars().next() else { break };
            is_divisor = operator == '/';
            rest = &rest[end + 1..];
        }
        Ok(unit)
    }

    /// What it measures.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        self.dimension
    }

    /// Whether it was written in a spelling that DSP0004 does not have.
    #[must_use]
    pub fn is_legacy(self) -> bool {
        self.is_legacy
    }

    /// `quantity`, a decimal number, times this unit, in base units.
    ///
    /// # Errors
    /// When it is no number, or the product is not a whole 64-bit number.
    pub fn apply(self, quantity: &str) -> Result<u64, UnitError> {
        let (value, divisor) =
            decimal(quantity).ok_or_else(|| UnitError::Number { found: shorten(quantity) })?;
        let product = || {
            let top = value.checked_mul(self.numerator)?;
            let bottom = divisor.checked_mul(self.denominator)?;
            (top % bottom == 0).then(|| u64::try_from(top / bottom).ok()).flatten()
        };
        product().ok_or_else(|| UnitError::Range {
            quantity: shorten(quantity),
            unit: format!("{}/{}", self.numerator, self.denominator),
        })
    }
}

/// A decimal number as a fraction: `1.5` is 15 over 10.
fn decimal(text: &str) -> Option<(u128, u128)> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let is_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() + fraction.len() > 30 {
        return None;
    }
    if !is_digits(whole) || !is_digits(fraction) || text.ends_with('.') {
        return None;
    }
    let value = whole
        .bytes()
        .chain(fraction.bytes())
        .fold(0u128, |value, digit| value * 10 + u128::from(digit - b'0'));
    let scale = u32::try_from(fraction.len()).ok()?;
    Some((value, 10u128.pow(scale)))
}

type Term = (Option<Dimension>, u128, bool);

/// One factor: a number, a power, or a base unit with or without a prefix.
fn term(text: &str) -> Option<Term> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let (base, exponent) = text.split_once('^').unwrap_or((text, "1"));
        let base: u128 = base.trim().parse().ok()?;
        let exponent: u32 = exponent.trim().parse().ok()?;
        return Some((None, base.checked_pow(exponent)?, false));
    }
    let lower = text.to_ascii_lowercase();
    let is_plain = lower == text;
    if let Some(&(_, factor)) = SHORT.iter().find(|(name, _)| *name == lower) {
        return Some((Some(Dimension::Data), factor, true));
    }
    for &(stem, dimension) in STEMS {
        let (prefix, is_plural) = match (lower.strip_suffix(stem), lower.strip_suffix('s')) {
            (Some(prefix), _) => (prefix, false),
            (None, Some(singular)) => match singular.strip_suffix(stem) {
                Some(prefix) => (prefix, true),
                None => continue,
            },
            (None, None) => continue,
        };
        let is_legacy = is_plural || !is_plain;
        let &(_, decimal, binary) = PREFIXES.iter().find(|(name, ..)| *name == prefix.trim())?;
        // Old OVF means 1024 where it writes MegaBytes; DSP0004 means 1000 where it writes megabyte.
        let is_binary = is_legacy && dimension == Dimension::Data;
        return Some((Some(dimension), if is_binary { binary } else { decimal }, is_legacy));
    }
    COUNTS.contains(&lower.as_str()).then_some((None, 1, false))
}

const STEMS: &[(&str, Dimension)] =
    &[("byte", Dimension::Data), ("hertz", Dimension::Frequency), ("hz", Dimension::Frequency)];

/// Names, factor as DSP0004 has it, factor as data exporters mean it.
const PREFIXES: &[(&str, u128, u128)] = &[
    ("", 1, 1),
    ("kilo", 1_000, 1 << 10),
    ("mega", 1_000_000, 1 << 20),
    ("giga", 1_000_000_000, 1 << 30),
    ("tera", 1_000_000_000_000, 1 << 40),
    ("peta", 1_000_000_000_000_000, 1 << 50),
    ("k", 1_000, 1 << 10),
    ("m", 1_000_000, 1 << 20),
    ("g", 1_000_000_000, 1 << 30),
    ("kibi", 1 << 10, 1 << 10),
    ("mebi", 1 << 20, 1 << 20),
    ("gibi", 1 << 30, 1 << 30),
    ("tebi", 1 << 40, 1 << 40),
    ("pebi", 1 << 50, 1 << 50),
];

const SHORT: &[(&str, u128)] = &[
    ("b", 1),
    ("kb", 1 << 10),
    ("kib", 1 << 10),
    ("mb", 1 << 20),
    ("mib", 1 << 20),
    ("gb", 1 << 30),
    ("gib", 1 << 30),
    ("tb", 1 << 40),
    ("tib", 1 << 40),
];

/// Dimensionless units, and words that exporters put in their place.
const COUNTS: &[&str] =
    &["count", "percent", "disk", "disks", "processor cores", "processors", "cores"];

/// `quantity` of `unit` in bytes; without a unit, in `default`.
///
/// # Errors
/// When the unit is unknown or measures no data, or the amount is no whole 64-bit number.
pub fn bytes(quantity: &str, unit: Option<&str>, default: Unit) -> Result<u64, UnitError> {
    let unit = match unit.map(str::trim).filter(|unit| !unit.is_empty()) {
        None => default,
        Some(text) => {
            let unit = Unit::parse(text)?;
            if unit.dimension != Dimension::Data {
                let found = shorten(text);
                return Err(UnitError::Dimension { found, expected: "data" });
            }
            unit
        }
    };
    unit.apply(quantity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_table() {
        let data = [
            ("byte", 1),
            ("byte * 2^20", 1 << 20),
            ("byte*2^30", 1 << 30),
            ("byte * 2 ^ 30", 1 << 30),
            ("  byte  *  10^9 ", 1_000_000_000),
            ("byte * 1024", 1024),
            ("byte * 512 * 2^10", 512 << 10),
            ("2^20 * byte", 1 << 20),
            ("byte * 2^20 / 2", 1 << 19),
            ("bytes", 1),
            ("Bytes", 1),
            ("kibibyte", 1 << 10),
            ("gibibyte", 1 << 30),
            ("kilobyte", 1000),
            ("megabyte", 1_000_000),
            ("megabyte * 2^10", 1_024_000_000),
            ("MegaBytes", 1 << 20),
            ("megabytes", 1 << 20),
            ("GigaBytes", 1 << 30),
            ("MB", 1 << 20),
            ("GiB", 1 << 30),
        ];
        for (text, factor) in data {
            assert_eq!(bytes("1", Some(text), Unit::BYTE), Ok(factor), "{text}");
        }
        for text in ["hertz * 10^6", "MegaHertz", "MHz"] {
            let unit = Unit::parse(text).unwrap();
            assert_eq!((unit.dimension(), unit.apply("1")), (Dimension::Frequency, Ok(1_000_000)));
        }
        for text in ["Disk", "count", "Processor Cores", ""] {
            assert_eq!(Unit::parse(text).unwrap().dimension(), Dimension::Count, "{text}");
        }
        for text in [
            "bite",
            "byte *",
            "byte * * 2",
            "byte * byte",
            "2^999",
            "byte / 0",
            "byte+1",
            "^2",
            "byte * 2^-1",
        ] {
            assert!(Unit::parse(text).is_err(), "{text}");
        }
        assert!(Unit::parse(&"1*".repeat(UNIT_BYTES_MAX)).is_err());
    }

    #[test]
    fn quantities_table() {
        let table = [
            ("20", Some("byte * 2^30"), Some(20 << 30)),
            ("1.5", Some("gibibyte"), Some(3 << 29)),
            ("1.50", Some("byte * 2^1"), Some(3)),
            ("1.5", None, None),
            ("0.1", Some("kibibyte"), None),
            ("-1", None, None),
            ("+1", None, None),
            ("1e3", None, None),
            ("", None, None),
            ("5.", None, None),
            (" 7 ", Some("  "), Some(7)),
            ("18446744073709551615", None, Some(u64::MAX)),
            ("18446744073709551616", None, None),
            ("99999999999999999999999999999999", None, None),
            ("1", Some("hertz"), None),
        ];
        for (quantity, unit, expected) in table {
            assert_eq!(bytes(quantity, unit, Unit::BYTE).ok(), expected, "{quantity} {unit:?}");
        }
    }
}
