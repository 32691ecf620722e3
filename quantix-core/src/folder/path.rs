//! [`FolderPath`]: where a folder is, as text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::name::{FolderName, FolderNameError, NAME_CHARS_MAX, escaped_offset, unescape};

/// The most segments that a path may have: how deep folders nest below the root.
pub const FOLDER_DEPTH_MAX: usize = 32;

/// The most bytes that one name takes in a path.
pub(super) const SEGMENT_BYTES_MAX: usize = 4 * NAME_CHARS_MAX;

/// The most bytes that the text of a path may have: [`FOLDER_DEPTH_MAX`] separators, each followed
/// by a name of [`NAME_CHARS_MAX`] characters of at most four bytes. No folder in a tree exceeds it.
pub const FOLDER_PATH_BYTES_MAX: usize = FOLDER_DEPTH_MAX * (1 + SEGMENT_BYTES_MAX);

/// An absolute path of folders, in its one canonical spelling.
///
/// `/` is the root; `/Production/Web` is two segments. Within a segment a slash is written `%2f`, a
/// backslash `%5c` and a percent sign `%25`, as in vSphere; any other percent sequence is refused.
/// Parsing puts the text in Unicode NFC, writes escapes in lower case and drops one trailing slash;
/// two paths that parse to the same value are the same text. Case is kept: whether `/prod` and
/// `/Prod` are one folder is for a [`FolderTree`](super::FolderTree) to say.
///
/// Limits: [`NAME_CHARS_MAX`] characters per name, [`FOLDER_DEPTH_MAX`] segments and
/// [`FOLDER_PATH_BYTES_MAX`] bytes.
///
/// ```
/// use quantix_core::{FolderName, FolderPath};
/// let path: FolderPath = "/Production/TCP%2FIP/".parse()?;
/// assert_eq!(path.as_str(), "/Production/TCP%2fIP");
/// assert_eq!(path.names().map(|name| name.to_string()).collect::<Vec<_>>(), ["Production", "TCP/IP"]);
/// assert_eq!(path.parent().unwrap().join(&"50%".parse()?)?.as_str(), "/Production/50%25");
/// let error = "/a/../b".parse::<FolderPath>().unwrap_err();
/// assert_eq!((error.offset(), error.code()), (3, "dot-segment"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FolderPath(Box<str>);

impl FolderPath {
    /// The root, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Whether this is the root.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.len() == 1
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments as they are written in the path, outermost first; none for the root.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        // The root is one empty piece, which is no segment.
        self.0[1..].split('/').filter(|segment| !segment.is_empty())
    }

    /// The names of the folders, outermost first; none for the root.
    pub fn names(&self) -> impl DoubleEndedIterator<Item = FolderName> {
        self.segments().map(FolderName::from_canonical_segment)
    }

    /// How many segments there are.
    #[must_use]
    pub fn depth(&self) -> usize {
        if self.is_root() { 0 } else { self.0.bytes().filter(|&byte| byte == b'/').count() }
    }

    /// The name of the last folder, or `None` for the root.
    #[must_use]
    pub fn name(&self) -> Option<FolderName> {
        self.names().next_back()
    }

    /// The path of the enclosing folder, or `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let end = self.0.rfind('/').filter(|_| !self.is_root())?;
        Some(Self(self.0[..end.max(1)].into()))
    }

    /// The path of a folder of that name in this one.
    ///
    /// # Errors
    /// When the result would be deeper than [`FOLDER_DEPTH_MAX`].
    pub fn join(&self, name: &FolderName) -> Result<Self, FolderPathError> {
        if self.depth() >= FOLDER_DEPTH_MAX {
            return Err(FolderPathError { offset: self.0.len(), reason: Reason::TooDeep });
        }
        let base = if self.is_root() { "" } else { &*self.0 };
        Ok(Self::from_canonical(format!("{base}/{}", name.to_segment())))
    }

    /// Whether this is `ancestor` or lies below it, comparing names exactly.
    #[must_use]
    pub fn starts_with(&self, ancestor: &Self) -> bool {
        ancestor.is_root()
            || self
                .0
                .strip_prefix(&*ancestor.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether this is `ancestor` or lies below it, by the case rule of a
    /// [`FolderTree`](super::FolderTree).
    #[must_use]
    pub fn is_in_by_case_rule(&self, ancestor: &Self) -> bool {
        let mut own = self.segments();
        ancestor
            .segments()
            .all(|name| own.next().is_some_and(|own| super::fold::same(own.as_bytes(), name)))
    }

    /// Wraps a text that was composed of canonical segments.
    pub(super) fn from_canonical(text: String) -> Self {
        debug_assert!(text.parse::<Self>().is_ok_and(|path| *path.0 == *text), "{text:?}");
        Self(text.into())
    }
}

/// A text that is not a [`FolderPath`], and the byte where it stops being one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid folder path: {reason} at byte {offset}")]
pub struct FolderPathError {
    offset: usize,
    reason: Reason,
}

impl FolderPathError {
    /// The byte offset in the text that was given.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The stable code of the reason: `not-absolute`, `empty-segment`, `too-deep`, `too-long`, or a
    /// code of [`FolderNameError::code`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.reason {
            Reason::NotAbsolute => "not-absolute",
            Reason::EmptySegment => "empty-segment",
            Reason::TooDeep => "too-deep",
            Reason::TooLong => "too-long",
            Reason::Name(error) => error.code(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Reason {
    #[error("expected a leading slash")]
    NotAbsolute,
    #[error("expected a name between two slashes")]
    EmptySegment,
    #[error("expected at most {FOLDER_DEPTH_MAX} names")]
    TooDeep,
    #[error("expected at most {FOLDER_PATH_BYTES_MAX} bytes")]
    TooLong,
    #[error("{}", .0.reason())]
    Name(FolderNameError),
}

impl FromStr for FolderPath {
    type Err = FolderPathError;

    fn from_str(text: &str) -> Result<Self, FolderPathError> {
        let fail = |offset, reason| Err(FolderPathError { offset, reason });
        if text.len() > FOLDER_PATH_BYTES_MAX {
            return fail(FOLDER_PATH_BYTES_MAX, Reason::TooLong);
        }
        let Some(rest) = text.strip_prefix('/') else {
            return fail(0, Reason::NotAbsolute);
        };
        if rest.is_empty() {
            return Ok(Self::root());
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let mut canonical = String::with_capacity(text.len());
        let mut offset = 1;
        for (depth, segment) in rest.split('/').enumerate() {
            if segment.is_empty() {
                return fail(offset, Reason::EmptySegment);
            }
            if depth == FOLDER_DEPTH_MAX {
                return fail(offset, Reason::TooDeep);
            }
            match canonical_segment(segment) {
                Ok(segment) => canonical.extend(["/", &*segment]),
                Err(error) => return fail(offset + error.offset(), Reason::Name(error)),
            }
            offset += segment.len() + 1;
        }
        Ok(Self(canonical.into()))
    }
}

/// The canonical spelling of one non-empty segment, or what is wrong with it at which byte of it.
fn canonical_segment(segment: &str) -> Result<String, FolderNameError> {
    let name = unescape(segment)?;
    // Escapes shift offsets, so a fault of the unescaped name is placed where its byte came from.
    let name =
        FolderName::new(&name).map_err(|error| error.moved(|at| escaped_offset(segment, at)))?;
    Ok(name.to_segment().into_owned())
}

impl fmt::Display for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FolderPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Serialize for FolderPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FolderPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
