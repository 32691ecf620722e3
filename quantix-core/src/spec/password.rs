//! [`Password`]: a crypt(3) hash, or a plain text that had to be named as such.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{REDACTED, Secret};

/// A password in a spec.
///
/// Wire form: a text is a crypt(3) hash (`$6$…`, `$y$…`, `$2b$…`); a plain text must be given as
/// `{"plain": "…"}`, so that none is stored by accident. `{"hash": "…"}` is the long form of the
/// first. Both are redacted when serialised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// A crypt(3) hash; checked by [`Password::problem`].
    Hash(Secret),
    /// A plain text, hashed when the spec is rendered wherever the guest accepts a hash.
    Plain(Secret),
}

/// The hash schemes of crypt(3) that guests know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CryptScheme {
    /// `$1$`, broken; accepted by every libcrypt.
    Md5,
    /// `$5$`.
    Sha256,
    /// `$6$`; accepted by every Linux guest.
    Sha512,
    /// `$2a$`, `$2b$`, `$2y$`; unknown to plain glibc (Debian 10, RHEL 8 and older).
    Bcrypt,
    /// `$y$`; since libxcrypt 4.3 (Debian 11, Ubuntu 20.10, Fedora 35).
    Yescrypt,
    /// `$7$`; libxcrypt only.
    Scrypt,
    /// `$gy$`; libxcrypt only.
    GostYescrypt,
}

/// How plain passwords are hashed for a guest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PasswordHashing {
    /// SHA-512-crypt, which every Linux guest knows.
    #[default]
    Sha512,
    /// yescrypt, the strongest; Debian 11, Ubuntu 22.04, Fedora 35 and newer.
    Yescrypt,
    /// bcrypt; guests with libxcrypt, and the BSDs.
    Bcrypt,
}

impl fmt::Display for CryptScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "md5-crypt",
            Self::Sha256 => "sha256-crypt",
            Self::Sha512 => "sha512-crypt",
            Self::Bcrypt => "bcrypt",
            Self::Yescrypt => "yescrypt",
            Self::Scrypt => "scrypt",
            Self::GostYescrypt => "gost-yescrypt",
        })
    }
}

impl CryptScheme {
    /// The scheme of a hash whose form is right, judged by its prefix, length and alphabet.
    #[must_use]
    pub fn of(hash: &str) -> Option<Self> {
        let crypt64 = |text: &str| {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'))
        };
        let mut parts = hash.strip_prefix('$')?.split('$');
        let id = parts.next()?;
        let mut rest: Vec<&str> = parts.collect();
        if matches!(id, "5" | "6") && rest.first().is_some_and(|r| is_rounds(r)) {
            rest.remove(0);
        }
        let salted = |salt_max: usize, digest: usize| match rest[..] {
            [salt, sum] => {
                salt.len() <= salt_max
                    && !salt.bytes().any(|b| b <= b' ' || b >= 0x7f || b == b':')
                    && sum.len() == digest
                    && crypt64(sum)
            }
            _ => false,
        };
        let three = |digest: usize| match rest[..] {
            [params, salt, sum] => {
                !params.is_empty()
                    && [params, salt, sum].into_iter().all(crypt64)
                    && sum.len() == digest
            }
            _ => false,
        };
        match id {
            "1" => salted(8, 22).then_some(Self::Md5),
            "5" => salted(16, 43).then_some(Self::Sha256),
            "6" => salted(16, 86).then_some(Self::Sha512),
            "2a" | "2b" | "2y" => match rest[..] {
                [cost, sum] => {
                    cost.len() == 2
                        && cost.parse::<u8>().is_ok_and(|cost| (4..=31).contains(&cost))
                        && sum.len() == 53
                        && crypt64(sum)
                }
                _ => false,
            }
            .then_some(Self::Bcrypt),
            "y" => three(43).then_some(Self::Yescrypt),
            "gy" => three(43).then_some(Self::GostYescrypt),
            "7" => match rest[..] {
                [salt, sum] => salt.len() > 11 && crypt64(salt) && sum.len() == 43 && crypt64(sum),
                _ => false,
            }
            .then_some(Self::Scrypt),
            _ => None,
        }
    }
}

fn is_rounds(text: &str) -> bool {
    text.strip_prefix("rounds=")
        .is_some_and(|n| !n.is_empty() && n.len() <= 9 && n.bytes().all(|b| b.is_ascii_digit()))
}

impl Password {
    /// Whether it is the empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let (Self::Hash(text) | Self::Plain(text)) = self;
        text.expose().is_empty()
    }

    /// What is wrong with it and what to do, without showing it.
    #[must_use]
    pub fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Hash(hash) if CryptScheme::of(hash.expose()).is_none() => Some(
                "not a crypt(3) hash: it looks like plain text; hash it (mkpasswd -m yescrypt), or \
                 write {\"plain\": \"…\"} to have it hashed when the spec is rendered",
            ),
            Self::Plain(text) if text.expose().chars().any(|c| c.is_control()) => {
                Some("control characters in a password cannot be typed at a login prompt")
            }
            Self::Hash(_) | Self::Plain(_) => None,
        }
    }
}

impl Serialize for Password {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Hash(_) => serializer.serialize_str(REDACTED),
            Self::Plain(_) => serializer.collect_map(std::iter::once(("plain", REDACTED))),
        }
    }
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Password;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a crypt(3) hash, or {\"plain\": \"…\"}")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Password, E> {
                secret(text).map(Password::Hash)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Password, A::Error> {
                const FIELDS: &[&str] = &["plain", "hash"];
                let Some(key) = map.next_key::<String>()? else {
                    return Err(de::Error::missing_field("plain"));
                };
                let password = match key.as_str() {
                    "plain" => Password::Plain(map.next_value()?),
                    "hash" => Password::Hash(map.next_value()?),
                    other => return Err(de::Error::unknown_field(other, FIELDS)),
                };
                match map.next_key::<String>()? {
                    None => Ok(password),
                    Some(other) => Err(de::Error::unknown_field(&other, &[])),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn secret<E: de::Error>(text: &str) -> Result<Secret, E> {
    Secret::deserialize(de::value::StrDeserializer::<E>::new(text))
}
