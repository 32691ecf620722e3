//! Files to write.

use base64::Engine as _;

use crate::yaml::{Map, Value};

/// A file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteFile {
    /// Where, absolute.
    pub path: String,
    /// What.
    pub content: Content,
    /// The permission bits, at most `0o7777`. cloud-init's default is `0o644`.
    pub mode: Option<u32>,
    /// `user` or `user:group`. A user of the same document needs `defer`.
    pub owner: Option<String>,
    /// Whether the content goes to the end of what is there.
    pub append: bool,
    /// Whether the file is written late, after users and packages.
    pub defer: bool,
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, written as it is.
    Text(String),
    /// Bytes, carried as base64.
    Bytes(Vec<u8>),
}

impl WriteFile {
    /// A text file with cloud-init's default owner and mode.
    #[must_use]
    pub fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, content) = (path.into(), Content::Text(text.into()));
        Self { path, content, mode: None, owner: None, append: false, defer: false }
    }

    /// The same file with these permission bits.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = Some(mode);
        self
    }
}

impl From<&WriteFile> for Value {
    fn from(file: &WriteFile) -> Self {
        let mut map = Map::new();
        map.insert("path", &file.path);
        match &file.content {
            Content::Text(text) => {
                map.insert("content", text);
            }
            Content::Bytes(bytes) => {
                map.insert("encoding", "b64");
                map.insert("content", base64::engine::general_purpose::STANDARD.encode(bytes));
            }
        }
        // A text: cloud-init would read an unquoted 0644 as the number 420.
        map.insert_some("permissions", file.mode.map(|mode| format!("{mode:04o}")));
        map.insert_some("owner", file.owner.as_ref());
        map.insert_some("append", file.append.then_some(true));
        map.insert_some("defer", file.defer.then_some(true));
        map.into()
    }
}
