//! Randomness as an argument.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A stream of random bytes from a key: SHA-256 of the key and a counter.
///
/// From the operating system's key ([`Entropy::from_os`]) it is fit for salts and names; from a
/// number ([`Entropy::from_seed`]) it is the same on every machine and in every release, which is
/// for previews and tests.
#[derive(Clone)]
pub struct Entropy {
    key: [u8; 32],
    counter: u64,
}

/// The operating system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct EntropyError(#[source] getrandom::Error);

impl Entropy {
    /// A stream from a key that the caller keeps secret.
    #[must_use]
    pub fn from_key(key: [u8; 32]) -> Self {
        Self { key, counter: 0 }
    }

    /// A stream that everybody who knows the number can repeat.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self::from_key(key)
    }

    /// A stream that nobody can repeat.
    ///
    /// # Errors
    /// When the operating system has no random bytes to give.
    pub fn from_os() -> Result<Self, EntropyError> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(EntropyError)?;
        Ok(Self::from_key(key))
    }

    /// Fills a buffer.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(32) {
            let mut digest = Sha256::new_with_prefix(self.key);
            digest.update(self.counter.to_le_bytes());
            self.counter = self.counter.wrapping_add(1);
            chunk.copy_from_slice(&digest.finalize()[..chunk.len()]);
        }
    }

    /// A number below `bound`, every one as likely as the next; 0 for a bound of 0.
    pub fn below(&mut self, bound: u8) -> u8 {
        if bound < 2 {
            return 0;
        }
        let fair = u8::MAX - (u8::MAX % bound + 1) % bound;
        loop {
            let mut byte = [0];
            self.fill(&mut byte);
            if byte[0] <= fair {
                return byte[0] % bound;
            }
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_repeat_and_numbers_are_fair() {
        let draw = |seed: u64| {
            let mut bytes = [0; 40];
            Entropy::from_seed(seed).fill(&mut bytes);
            bytes
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let mut counts = [0u32; 26];
        let mut entropy = Entropy::from_seed(1);
        for _ in 0..26_000 {
            counts[usize::from(entropy.below(26))] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!((entropy.below(0), entropy.below(1)), (0, 0));
        assert!(entropy.below(255) < 255);
        assert!(Entropy::from_os().is_ok());
    }
}
