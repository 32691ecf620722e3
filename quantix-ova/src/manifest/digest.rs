//! Digest algorithms of manifests.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{
    Digest as _,
    digest::common::hazmat::{SerializableState, SerializedState},
};

/// A digest algorithm that manifests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SHA-1: detects accidents, not intent.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Reads `SHA256`, `sha-256`, `SHA2-256` and the like.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let letters = name.chars().filter(char::is_ascii_alphanumeric);
        match letters.map(|c| c.to_ascii_lowercase()).collect::<String>().as_str() {
            "sha1" => Some(Self::Sha1),
            "sha256" | "sha2256" => Some(Self::Sha256),
            "sha512" | "sha2512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The name as manifests write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    /// How many bytes its digests have.
    #[must_use]
    pub fn digest_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A digest, shown as lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Vec<u8>);

impl Digest {
    /// Reads hexadecimal digits of either case.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let pairs = text.as_bytes().chunks(2);
        let bytes = pairs.map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        });
        bytes.collect::<Option<_>>().map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Computes a digest piece by piece.
///
/// ```
/// use quantix_ova::manifest::{Algorithm, Hasher};
/// let mut hasher = Hasher::new(Algorithm::Sha1);
/// hasher.update(b"abc");
/// assert_eq!(hasher.finish().to_string(), "a9993e364706816aba3e25717850c26c9cd0d89d");
/// ```
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// A hasher that has seen nothing yet.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
        })
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of everything that was added.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(match self.0 {
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
        })
    }
}

impl Hasher {
    /// What it has seen, so that another process can go on.
    pub(crate) fn save(&self) -> Vec<u8> {
        match &self.0 {
            State::Sha1(state) => state.serialize().to_vec(),
            State::Sha256(state) => state.serialize().to_vec(),
            State::Sha512(state) => state.serialize().to_vec(),
        }
    }

    /// A hasher that goes on where another was saved; `None` when these are no bytes of one.
    pub(crate) fn restore(algorithm: Algorithm, saved: &[u8]) -> Option<Self> {
        fn state<S: SerializableState>(saved: &[u8]) -> Option<S> {
            S::deserialize(&SerializedState::<S>::try_from(saved).ok()?).ok()
        }
        Some(Self(match algorithm {
            Algorithm::Sha1 => State::Sha1(state(saved)?),
            Algorithm::Sha256 => State::Sha256(state(saved)?),
            Algorithm::Sha512 => State::Sha512(state(saved)?),
        }))
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Sha1(_) => "Hasher(SHA1)",
            State::Sha256(_) => "Hasher(SHA256)",
            State::Sha512(_) => "Hasher(SHA512)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_hasher_goes_on_where_it_was() {
        for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
            let mut whole = Hasher::new(algorithm);
            whole.update(&[7; 1000]);
            let mut half = Hasher::new(algorithm);
            half.update(&[7; 333]);
            let saved = half.save();
            let mut rest = Hasher::restore(algorithm, &saved).unwrap();
            rest.update(&[7; 667]);
            assert_eq!(rest.finish(), whole.finish());
            assert!(Hasher::restore(algorithm, &saved[1..]).is_none());
        }
    }
}
