//! Addresses with a prefix, and MAC addresses.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::yaml::Value;

/// An address that does not parse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {noun} {found:?}: expected {expected}")]
pub struct AddressError {
    noun: &'static str,
    found: String,
    expected: &'static str,
}

/// An IP address and the length of its network prefix, such as `10.0.0.5/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// An address with a prefix, unless the prefix is longer than the address.
    #[must_use]
    pub fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= bits).then_some(Self { address, prefix })
    }

    /// The address.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.address
    }

    /// The length of the network prefix in bits.
    #[must_use]
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether the other address is on this network.
    #[must_use]
    pub fn contains(self, other: IpAddr) -> bool {
        let same =
            |a: u128, b: u128, bits: u8| self.prefix == 0 || (a ^ b) >> (bits - self.prefix) == 0;
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let parse = || {
            let (address, prefix) = text.split_once('/')?;
            let is_number = prefix.len() <= 3 && prefix.bytes().all(|b| b.is_ascii_digit());
            Self::new(address.parse().ok()?, is_number.then(|| prefix.parse().ok())??)
        };
        parse().ok_or_else(|| AddressError {
            noun: "address",
            found: text.chars().take(64).collect(),
            expected: "an address and its prefix length, such as 10.0.0.5/24 or 2001:db8::5/64",
        })
    }
}

impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl From<&Cidr> for Value {
    fn from(cidr: &Cidr) -> Self {
        Self::String(cidr.to_string())
    }
}

/// A MAC address; shown in lower case with colons, as Linux shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr(pub [u8; 6]);

impl FromStr for MacAddr {
    type Err = AddressError;

    /// Reads six hexadecimal bytes with colons or hyphens between them, in either case.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let parse = || {
            let mut bytes = [0; 6];
            let mut parts = text.split(if text.contains('-') { '-' } else { ':' });
            for byte in &mut bytes {
                let part = parts.next()?;
                let is_hex = part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
                *byte = is_hex.then(|| u8::from_str_radix(part, 16).ok())??;
            }
            parts.next().is_none().then_some(Self(bytes))
        };
        parse().ok_or_else(|| AddressError {
            noun: "MAC address",
            found: text.chars().take(64).collect(),
            expected: "six bytes such as 52:54:00:12:34:56",
        })
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02x}", if i > 0 { ":" } else { "" })?;
        }
        Ok(())
    }
}

impl From<MacAddr> for Value {
    fn from(mac: MacAddr) -> Self {
        Self::String(mac.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_exact() {
        for good in ["10.0.0.5/24", "0.0.0.0/0", "2001:db8::5/64", "::/0", "10.0.0.1/32"] {
            assert_eq!(good.parse::<Cidr>().unwrap().to_string(), good);
        }
        for bad in ["10.0.0.5", "10.0.0.5/33", "::/129", "10.0.0.300/8", "10.0.0.1/+8", "10/8"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
        let net: Cidr = "10.0.0.5/24".parse().unwrap();
        assert!(net.contains("10.0.0.254".parse().unwrap()));
        assert!(!net.contains("10.0.1.1".parse().unwrap()));
        assert!("::/0".parse::<Cidr>().unwrap().contains("fe80::1".parse().unwrap()));
    }

    #[test]
    fn mac_addresses_have_one_form() {
        for text in ["52:54:00:AB:cd:56", "52-54-00-ab-CD-56"] {
            assert_eq!(text.parse::<MacAddr>().unwrap().to_string(), "52:54:00:ab:cd:56");
        }
        for bad in
            ["", "52:54:00:12:34", "52:54:00:12:34:5g", "52:54:00:12:34:56:78", "+2:1:1:1:1:1"]
        {
            assert!(bad.parse::<MacAddr>().is_err(), "{bad}");
        }
    }
}
