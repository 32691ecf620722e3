//! Addresses of network interfaces.

use std::{fmt, str::FromStr};

use quantix_core::VmId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The address of a network interface; written `52:54:00:12:34:56`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

/// A text that is not the address of one network interface.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid MAC address {found:?}: expected {expected}")]
pub struct MacError {
    found: String,
    expected: &'static str,
}

impl Mac {
    /// From its bytes; `None` for a group address, which no interface may have.
    #[must_use]
    pub fn new(bytes: [u8; 6]) -> Option<Self> {
        (bytes[0] & 1 == 0).then_some(Self(bytes))
    }

    /// The address of a machine's interface, from QEMU's range and always the same: what is made
    /// again after a failure keeps its address, and what the guest was told about it stays true.
    #[must_use]
    pub fn derived(machine: VmId, index: u32) -> Self {
        // FNV-1a: spreads well, has no secret to keep, and will never change.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in machine.uuid().as_bytes().iter().copied().chain(index.to_be_bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let [.., a, b, c] = (hash ^ (hash >> 32)).to_be_bytes();
        Self([0x52, 0x54, 0x00, a, b, c])
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(self) -> [u8; 6] {
        self.0
    }
}

impl FromStr for Mac {
    type Err = MacError;

    fn from_str(text: &str) -> Result<Self, MacError> {
        let expected = "six hexadecimal bytes such as 52:54:00:12:34:56";
        let error = |expected| MacError { found: text.chars().take(32).collect(), expected };
        let mut bytes = [0u8; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().ok_or_else(|| error(expected))?;
            if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(error(expected));
            }
            *byte = u8::from_str_radix(part, 16).map_err(|_| error(expected))?;
        }
        if parts.next().is_some() {
            return Err(error(expected));
        }
        Self::new(bytes).ok_or_else(|| error("the address of one interface, not of a group"))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_interface_and_nothing_else() {
        for (text, expected) in [
            ("52:54:00:AB:cd:01", Some("52:54:00:ab:cd:01")),
            ("52-54-00-ab-cd-01", Some("52:54:00:ab:cd:01")),
            ("01:54:00:ab:cd:01", None),
            ("52:54:00:ab:cd", None),
            ("52:54:00:ab:cd:01:02", None),
            ("52:54:0:ab:cd:01", None),
            ("52:54:+1:ab:cd:01", None),
            ("", None),
        ] {
            let read = text.parse::<Mac>().map(|mac| mac.to_string()).ok();
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn derived_addresses_are_stable_and_differ() {
        let vm = VmId::from_u128(7);
        assert_eq!(Mac::derived(vm, 0), Mac::derived(vm, 0));
        assert_ne!(Mac::derived(vm, 0), Mac::derived(vm, 1));
        assert_ne!(Mac::derived(vm, 0), Mac::derived(VmId::from_u128(8), 0));
        assert_eq!(Mac::derived(vm, 0).bytes()[..3], [0x52, 0x54, 0]);
    }
}
