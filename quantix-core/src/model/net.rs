//! Addresses: [`MacAddress`] and [`Cidr`].

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A text that is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {what} {found:?}: {problem}")]
pub struct AddressError {
    what: &'static str,
    found: String,
    problem: &'static str,
}

impl AddressError {
    fn new(what: &'static str, found: &str, problem: &'static str) -> Self {
        Self { what, found: found.chars().take(64).collect(), problem }
    }
}

/// An Ethernet address, shown as `52:54:00:12:34:56`.
///
/// Read with `:` or `-` between its six bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// Why no interface may have this address, if so.
    pub(crate) fn check_host_address(self) -> Result<(), &'static str> {
        if self.0 == [0; 6] {
            Err("is all zero: give a real address, or none to have one chosen")
        } else if self.0[0] & 1 == 1 {
            Err("is a group address: the lowest bit of its first byte must be 0")
        } else {
            Ok(())
        }
    }
}

impl FromStr for MacAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let fail = || {
            let problem = "expected six bytes in hexadecimal such as 52:54:00:12:34:56";
            AddressError::new("MAC address", text, problem)
        };
        let separator = if text.contains('-') { '-' } else { ':' };
        let mut pieces = text.split(separator);
        let mut bytes = [0; 6];
        for byte in &mut bytes {
            let piece = pieces.next().filter(|p| p.len() == 2).ok_or_else(fail)?;
            if !piece.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(fail());
            }
            *byte = u8::from_str_radix(piece, 16).map_err(|_| fail())?;
        }
        if pieces.next().is_some() { Err(fail()) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An IP network, shown as `10.0.0.0/24`: its host bits are zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// The first address.
    #[must_use]
    pub fn network(self) -> IpAddr {
        self.network
    }

    /// How many leading bits all addresses share.
    #[must_use]
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// The last address; of an IPv4 network, usually the broadcast address.
    #[must_use]
    pub fn last(self) -> IpAddr {
        match self.network {
            IpAddr::V4(ip) => IpAddr::V4(
                (ip.to_bits() | u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0)).into(),
            ),
            IpAddr::V6(ip) => IpAddr::V6(
                (ip.to_bits() | u128::MAX.checked_shr(self.prefix.into()).unwrap_or(0)).into(),
            ),
        }
    }

    /// Whether an address lies in the network.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.network.is_ipv4()
            && (self.network..=self.last()).contains(&address)
    }

    /// Whether two networks share an address.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.network) || other.contains(self.network)
    }
}

impl FromStr for Cidr {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let fail = |problem| AddressError::new("network", text, problem);
        let expected = "expected an address and a prefix length such as 10.0.0.0/24";
        let (address, prefix) = text.split_once('/').ok_or_else(|| fail(expected))?;
        let network: IpAddr = address.parse().map_err(|_| fail(expected))?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let is_number = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|p: &u8| is_number && *p <= bits);
        let prefix = prefix.ok_or_else(|| fail("the prefix length exceeds the address"))?;
        let cidr = Self { network, prefix };
        let host_bits = match network {
            IpAddr::V4(ip) => {
                u128::from(ip.to_bits() & u32::MAX.checked_shr(prefix.into()).unwrap_or(0))
            }
            IpAddr::V6(ip) => ip.to_bits() & u128::MAX.checked_shr(prefix.into()).unwrap_or(0),
        };
        if host_bits == 0 {
            Ok(cidr)
        } else {
            Err(fail("bits after the prefix are set: write the first address of the network"))
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! text_wire {
    ($($name:ident)*) => { $(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )* };
}
text_wire! { MacAddress Cidr }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_table() {
        for (text, shown) in [
            ("52:54:00:12:34:56", Some("52:54:00:12:34:56")),
            ("52-54-00-AB-CD-EF", Some("52:54:00:ab:cd:ef")),
            ("525400123456", None),
            ("52:54:00:12:34", None),
            ("52:54:00:12:34:56:78", None),
            ("52:54:00:12:34:+6", None),
            ("52:54-00:12-34:56", None),
            ("", None),
        ] {
            let read = text.parse::<MacAddress>().ok().map(|mac| mac.to_string());
            assert_eq!(read.as_deref(), shown, "{text:?}");
        }
        assert!(MacAddress([1, 0, 0, 0, 0, 1]).check_host_address().is_err());
        assert!(MacAddress([0; 6]).check_host_address().is_err());
    }

    #[test]
    fn network_table() {
        for (text, last) in [
            ("10.0.0.0/24", Some("10.0.0.255")),
            ("0.0.0.0/0", Some("255.255.255.255")),
            ("10.0.0.7/32", Some("10.0.0.7")),
            ("2001:db8::/64", Some("2001:db8::ffff:ffff:ffff:ffff")),
            ("::/0", Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
            ("10.0.0.1/24", None),
            ("10.0.0.0/33", None),
            ("10.0.0.0/+8", None),
            ("10.0.0.0/", None),
            ("10.0.0.0", None),
            ("10.0.0/24", None),
        ] {
            let read = text.parse::<Cidr>().ok();
            assert_eq!(read.map(|cidr| cidr.last().to_string()).as_deref(), last, "{text:?}");
            if let Some(cidr) = read {
                assert_eq!(cidr.to_string(), text);
                assert!(cidr.contains(cidr.network()) && cidr.contains(cidr.last()));
            }
        }
        let cidr = |text: &str| text.parse::<Cidr>().unwrap();
        assert!(cidr("10.0.0.0/8").overlaps(cidr("10.1.0.0/16")));
        assert!(!cidr("10.0.0.0/16").overlaps(cidr("10.1.0.0/16")));
        assert!(!cidr("0.0.0.0/0").contains("::1".parse().unwrap()));
    }
}
