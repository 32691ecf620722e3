//! A string that cannot be printed or logged.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// What a secret looks like wherever it is shown or serialised.
pub const REDACTED: &str = "<redacted>";

/// A secret text: a password, a hash, a token.
///
/// It has no `Display`, its `Debug` and its serialised form are [`REDACTED`], and its memory is
/// cleared on drop. Reading [`REDACTED`] back is refused, so a redacted document cannot silently
/// become a machine whose password is that word. Comparison takes time that depends on lengths
/// only.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Call it only where the secret is consumed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |acc, (x, y)| acc | (x ^ y)) == 0
    }
}

impl Eq for Secret {}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == REDACTED {
            return Err(serde::de::Error::custom(
                "this document was redacted when it was written; put the secret back in",
            ));
        }
        Ok(Self::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_shows_and_never_reads_back_redacted() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), REDACTED);
        let json = serde_json::to_string(&secret).unwrap();
        assert!(!json.contains("hunter2"));
        assert!(serde_json::from_str::<Secret>(&json).is_err());
        assert_eq!(serde_json::from_str::<Secret>("\"hunter2\"").unwrap(), secret);
        assert_ne!(secret, Secret::new("hunter3"));
    }
}
