//! Quantities whose unit is in the type: [`Bytes`], [`MemoryMib`], [`Millicores`].
//!
//! Each reads what people write (`8GiB`, `2.5 vCPU`) exactly, in integers, and refuses what does
//! not fit or would have to be rounded.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text that is not a quantity of the wanted unit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} {found:?}: {problem}")]
pub struct QuantityError {
    what: &'static str,
    found: String,
    problem: &'static str,
}

/// Splits `12.5 GiB` into the number, as an integer and a power of ten, and the unit.
fn split_quantity(text: &str) -> Result<(u128, u32, &str), &'static str> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim_start());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || (number.contains('.') && fraction.is_empty()) {
        return Err("expected a number such as 8 or 2.5, then a unit");
    }
    if fraction.contains('.') {
        return Err("more than one decimal point");
    }
    if whole.len() + fraction.len() > 30 {
        return Err("more digits than any machine has");
    }
    let mut value = 0u128;
    for digit in whole.bytes().chain(fraction.bytes()) {
        value = value * 10 + u128::from(digit - b'0');
    }
    let scale = u32::try_from(fraction.len()).map_err(|_| "more digits than any machine has")?;
    Ok((value, scale, unit))
}

/// `value / 10^scale * factor / divisor`, exactly, or why not.
fn exact(value: u128, scale: u32, factor: u64, divisor: u64) -> Result<u64, &'static str> {
    let product = value.checked_mul(u128::from(factor)).ok_or("too large")?;
    let per = 10u128.pow(scale) * u128::from(divisor);
    if product % per != 0 {
        return Err("not a whole number of the smallest unit");
    }
    u64::try_from(product / per).map_err(|_| "too large")
}

/// Bytes per unit: IEC (`KiB`), SI (`kB`), and the bare letters that people use for IEC (`8G`).
fn bytes_per_unit(unit: &str) -> Option<u64> {
    const UNITS: &[(&str, u64)] = &[
        ("b", 1),
        ("byte", 1),
        ("bytes", 1),
        ("k", 1 << 10),
        ("kib", 1 << 10),
        ("kb", 1_000),
        ("m", 1 << 20),
        ("mib", 1 << 20),
        ("mb", 1_000_000),
        ("g", 1 << 30),
        ("gib", 1 << 30),
        ("gb", 1_000_000_000),
        ("t", 1 << 40),
        ("tib", 1 << 40),
        ("tb", 1_000_000_000_000),
        ("p", 1 << 50),
        ("pib", 1 << 50),
        ("pb", 1_000_000_000_000_000),
    ];
    UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name)).map(|&(_, bytes)| bytes)
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $what:literal, $expecting:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// The sum, or `None` on overflow.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or `None` below zero.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }

        impl FromStr for $name {
            type Err = QuantityError;
            fn from_str(text: &str) -> Result<Self, QuantityError> {
                Self::parse(text).map(Self).map_err(|problem| QuantityError {
                    what: $what,
                    found: text.chars().take(64).collect(),
                    problem,
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u64(self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// Reads a number in the unit of the type, or a text with its unit.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<$name, E> {
                        Ok($name(value))
                    }
                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<$name, E> {
                        u64::try_from(value).map($name).map_err(|_| {
                            E::invalid_value(de::Unexpected::Signed(value), &self)
                        })
                    }
                    fn visit_str<E: de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Visitor)
            }
        }
    };
}

quantity! {
    /// A number of bytes.
    ///
    /// ```
    /// use quantix_core::Bytes;
    /// assert_eq!("1.5 GiB".parse(), Ok(Bytes(1_610_612_736)));
    /// assert_eq!("20GB".parse(), Ok(Bytes(20_000_000_000)));
    /// assert!("1.5B".parse::<Bytes>().is_err());
    /// ```
    Bytes, "size", "a number of bytes, or a text such as \"8GiB\""
}

quantity! {
    /// Memory in MiB (2²⁰ bytes).
    ///
    /// A bare number is MiB; a text may carry any byte unit that is a whole number of MiB.
    ///
    /// ```
    /// use quantix_core::MemoryMib;
    /// assert_eq!("8GiB".parse(), Ok(MemoryMib(8192)));
    /// assert_eq!("512".parse(), Ok(MemoryMib(512)));
    /// assert!("1000 KiB".parse::<MemoryMib>().is_err());
    /// ```
    MemoryMib, "memory size", "a number of MiB, or a text such as \"8GiB\""
}

quantity! {
    /// CPU time in thousandths of a virtual CPU.
    ///
    /// A bare whole number in a document is millicores; in text, a bare number or one with a unit
    /// of `cpu`, `cpus`, `vcpu`, `vcpus`, `core` or `cores` is whole CPUs, and `m` is millicores,
    /// as in Kubernetes.
    ///
    /// ```
    /// use quantix_core::Millicores;
    /// assert_eq!("2.5 vCPU".parse(), Ok(Millicores(2500)));
    /// assert_eq!("250m".parse(), Ok(Millicores(250)));
    /// ```
    Millicores, "CPU amount", "a number of millicores, or a text such as \"2.5 vCPU\""
}

impl Bytes {
    fn parse(text: &str) -> Result<u64, &'static str> {
        let (value, scale, unit) = split_quantity(text)?;
        let unit = if unit.is_empty() { "b" } else { unit };
        let factor = bytes_per_unit(unit)
            .ok_or("unknown unit: use B, KiB, MiB, GiB, TiB, kB, MB, GB or TB")?;
        exact(value, scale, factor, 1)
    }

    /// Whole MiB, rounded up.
    #[must_use]
    pub fn mib_rounded_up(self) -> MemoryMib {
        MemoryMib(self.0.div_ceil(1 << 20))
    }
}

impl MemoryMib {
    fn parse(text: &str) -> Result<u64, &'static str> {
        let (value, scale, unit) = split_quantity(text)?;
        let unit = if unit.is_empty() { "mib" } else { unit };
        let factor = bytes_per_unit(unit).ok_or("unknown unit: use MiB, GiB or TiB")?;
        exact(value, scale, factor, 1 << 20)
    }

    /// The same amount in bytes, or `None` where it exceeds 64 bits.
    #[must_use]
    pub fn bytes(self) -> Option<Bytes> {
        self.0.checked_mul(1 << 20).map(Bytes)
    }
}

impl Millicores {
    fn parse(text: &str) -> Result<u64, &'static str> {
        let (value, scale, unit) = split_quantity(text)?;
        let factor = match unit.to_ascii_lowercase().as_str() {
            "" | "cpu" | "cpus" | "vcpu" | "vcpus" | "core" | "cores" => 1000,
            "m" => 1,
            _ => return Err("unknown unit: use vCPU, cores or m"),
        };
        exact(value, scale, factor, 1)
    }
}

impl fmt::Display for Bytes {
    /// The largest binary unit that shows the value exactly, else one decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 5] = [
            ("PiB", 1 << 50),
            ("TiB", 1 << 40),
            ("GiB", 1 << 30),
            ("MiB", 1 << 20),
            ("KiB", 1 << 10),
        ];
        for (name, size) in UNITS {
            if self.0 >= size {
                let (whole, rest) = (self.0 / size, self.0 % size);
                if rest == 0 {
                    return write!(f, "{whole} {name}");
                }
                let tenths = u128::from(rest) * 10 / u128::from(size);
                return write!(f, "{whole}.{tenths} {name}");
            }
        }
        write!(f, "{} B", self.0)
    }
}

impl fmt::Display for MemoryMib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes() {
            Some(bytes) => bytes.fmt(f),
            None => write!(f, "{} MiB", self.0),
        }
    }
}

impl fmt::Display for Millicores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, milli) = (self.0 / 1000, self.0 % 1000);
        if milli == 0 {
            return write!(f, "{whole} vCPU");
        }
        let text = format!("{milli:03}");
        write!(f, "{whole}.{} vCPU", text.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_table() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("8GiB", Some(8 << 30)),
            ("8 g", Some(8 << 30)),
            ("2kB", Some(2000)),
            ("1.5KiB", Some(1536)),
            (" 7 B ", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("16777216 TiB", None),
            ("-1", None),
            ("1.2.3", None),
            ("GiB", None),
            ("", None),
            ("1e3", None),
            (".5G", None),
            ("5.G", None),
            ("0.1KiB", None),
            ("١GiB", None),
        ] {
            assert_eq!(text.parse::<Bytes>().ok(), expected.map(Bytes), "{text:?}");
        }
    }

    #[test]
    fn millicores_and_memory_tables() {
        for (text, expected) in [
            ("2", Some(2000)),
            ("2.5 vCPU", Some(2500)),
            ("100m", Some(100)),
            ("0.0001", None),
            ("2 GHz", None),
        ] {
            assert_eq!(text.parse::<Millicores>().ok(), expected.map(Millicores), "{text:?}");
        }
        for (text, expected) in
            [("512", Some(512)), ("1TiB", Some(1 << 20)), ("1 GB", None), ("1KiB", None)]
        {
            assert_eq!(text.parse::<MemoryMib>().ok(), expected.map(MemoryMib), "{text:?}");
        }
    }

    #[test]
    fn documents_may_use_numbers_or_texts() {
        assert_eq!(serde_json::from_str::<MemoryMib>("2048").unwrap(), MemoryMib(2048));
        assert_eq!(serde_json::from_str::<MemoryMib>("\"2GiB\"").unwrap(), MemoryMib(2048));
        assert!(serde_json::from_str::<MemoryMib>("-1").is_err());
        assert!(serde_json::from_str::<MemoryMib>("1.5").is_err());
        assert_eq!(serde_json::to_string(&Millicores(1500)).unwrap(), "1500");
    }

    #[test]
    fn shown_as_people_write_it() {
        assert_eq!(Bytes(1_610_612_736).to_string(), "1.5 GiB");
        assert_eq!(Bytes(1023).to_string(), "1023 B");
        assert_eq!(MemoryMib(2048).to_string(), "2 GiB");
        assert_eq!(Millicores(2500).to_string(), "2.5 vCPU");
        assert_eq!(Millicores(2000).to_string(), "2 vCPU");
    }
}
