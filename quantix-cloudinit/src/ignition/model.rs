//! The parts of a config and their wire form.

use base64::Engine as _;
use quantix_core::Secret;
use serde::{Serialize, Serializer};

use super::{IGNITION_VERSION, Ignition};

/// A group to create.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The name.
    pub name: String,
    /// The group id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
}

/// A user to create or to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The login name.
    pub name: String,
    /// The full name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gecos: Option<String>,
    /// Further groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// The home directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub home_dir: Option<String>,
    /// A crypt(3) hash.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "exposed")]
    pub password_hash: Option<Secret>,
    /// The primary group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_group: Option<String>,
    /// The login shell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<String>,
    /// Public keys, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ssh_authorized_keys: Vec<String>,
    /// Whether it is a system account.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub system: bool,
    /// The user id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
}

/// The guest needs the hash itself; only the config is made of it.
fn exposed<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// A file to write; it replaces what is there.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Where, absolute.
    pub path: String,
    /// What.
    pub contents: Vec<u8>,
    /// The permission bits.
    pub mode: u32,
    /// Whether the contents go to the end of what is there.
    pub append: bool,
    /// The owner and the group, where they are not root.
    pub owner: Option<(String, String)>,
}

/// Shows the size only: files hold secrets.
impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({:?}, {} bytes, {:04o})", self.path, self.contents.len(), self.mode)
    }
}

impl File {
    /// A text file of root that everybody can read.
    #[must_use]
    pub fn text(path: impl Into<String>, text: impl Into<String>) -> Self {
        let contents = text.into().into_bytes();
        Self { path: path.into(), contents, mode: 0o644, append: false, owner: None }
    }

    /// The same file with these permission bits.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }
}

/// A symbolic link; it replaces what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Where, absolute.
    pub path: String,
    /// What it points to.
    pub target: String,
}

/// A systemd unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unit {
    /// The name with its suffix.
    pub name: String,
    /// Whether it is started at boot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The unit file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// Parts that change a unit of the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dropins: Vec<Dropin>,
}

/// A part of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Dropin {
    /// The file name.
    pub name: String,
    /// The text.
    pub contents: String,
}

/// Bytes as a data URL, percent-encoded or in base64, whichever is shorter.
///
/// ```
/// # use quantix_cloudinit::ignition::data_url;
/// assert_eq!(data_url(b"a b\n"), "data:,a%20b%0A");
/// assert_eq!(data_url(&[0, 1, 2, 3, 4, 5]), "data:;base64,AAECAwQF");
/// ```
#[must_use]
pub fn data_url(bytes: &[u8]) -> String {
    let mut plain = String::from("data:,");
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                plain.push(char::from(*byte));
            }
            _ => plain.push_str(&format!("%{byte:02X}")),
        }
    }
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    let base64 = format!("data:;base64,{encoded}");
    if base64.len() < plain.len() { base64 } else { plain }
}

/// The whole config in its wire form.
#[derive(Serialize)]
pub(super) struct Config<'a> {
    ignition: Meta,
    #[serde(skip_serializing_if = "Option::is_none")]
    passwd: Option<Passwd<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage: Option<Storage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    systemd: Option<Systemd<'a>>,
}

#[derive(Serialize)]
struct Meta {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Merged>,
}

#[derive(Serialize)]
struct Merged {
    merge: Vec<Source>,
}

#[derive(Serialize)]
struct Passwd<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    groups: &'a [Group],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    users: &'a [User],
}

#[derive(Serialize)]
struct Storage<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<WireFile<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<WireLink<'a>>,
}

#[derive(Serialize)]
struct Systemd<'a> {
    units: &'a [Unit],
}

#[derive(Serialize)]
struct WireFile<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    overwrite: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<Source>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    append: Vec<Source>,
    mode: u32,
}

#[derive(Serialize)]
struct WireLink<'a> {
    #[serde(flatten)]
    link: &'a Link,
    overwrite: bool,
}

#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Source {
    source: String,
}

impl<'a> Config<'a> {
    pub(super) fn of(config: &'a Ignition) -> Self {
        let Ignition { groups, users, files, links, units, merge } = config;
        let has_storage = !files.is_empty() || !links.is_empty();
        let storage = has_storage.then(|| Storage {
            files: files.iter().map(WireFile::of).collect(),
            links: links.iter().map(|link| WireLink { link, overwrite: true }).collect(),
        });
        let merge: Vec<Source> = merge
            .iter()
            .map(|json| Source { source: data_url(json.expose().as_bytes()) })
            .collect();
        let merged = (!merge.is_empty()).then_some(Merged { merge });
        Self {
            ignition: Meta { version: IGNITION_VERSION, config: merged },
            passwd: (!groups.is_empty() || !users.is_empty()).then_some(Passwd { groups, users }),
            storage,
            systemd: (!units.is_empty()).then_some(Systemd { units }),
        }
    }
}

impl<'a> WireFile<'a> {
    fn of(file: &'a File) -> Self {
        let source = Source { source: data_url(&file.contents) };
        let (contents, append) =
            if file.append { (None, vec![source]) } else { (Some(source), Vec::new()) };
        let owner = file.owner.as_ref();
        Self {
            path: &file.path,
            overwrite: (!file.append).then_some(true),
            user: owner.map(|(name, _)| Named { name }),
            group: owner.map(|(_, name)| Named { name }),
            contents,
            append,
            mode: file.mode,
        }
    }
}
