//! Closed lists of words: enums that are written as one word on the wire.

/// A word that is not in its list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {found:?}: expected one of {}", expected.join(", "))]
pub struct WordError {
    pub(crate) what: &'static str,
    pub(crate) found: String,
    pub(crate) expected: &'static [&'static str],
}

/// Declares an enum whose variants are words: their wire form, `as_str`, `ALL`, text both ways.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident $what:literal {
        $($(#[$doc:meta])* $variant:ident $word:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word of the wire form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::WordError;
            fn from_str(text: &str) -> Result<Self, $crate::WordError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::WordError {
                        what: $what,
                        found: text.chars().take(64).collect(),
                        expected: &[$($word),+],
                    }),
                }
            }
        }
    };
}

pub(crate) use words;

/// Reads the rest of an object whose word says everything. Serde itself would let unknown fields
/// pass there.
pub(crate) fn nothing_else<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<(), D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    let Nothing {} = serde::Deserialize::deserialize(deserializer)?;
    Ok(())
}
