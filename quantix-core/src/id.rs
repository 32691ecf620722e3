//! Typed identifiers: [`Id`] for what Quantix creates, [`Key`] for what a document names.

use std::{borrow::Borrow, cmp::Ordering, fmt, hash, marker::PhantomData, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

/// Kinds of objects; they exist only in types.
pub mod kind {
    macro_rules! kinds { ($($(#[$doc:meta])* $kind:ident $noun:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl super::Kind for $kind { const NOUN: &'static str = $noun; }
    )* } }
    kinds! {
        /// A project (tenant).
        Project "project";
        /// A folder.
        Folder "folder";
        /// A virtual machine.
        Vm "vm";
        /// A hypervisor host.
        Node "node";
        /// A cluster of nodes.
        Cluster "cluster";
        /// A storage pool.
        StoragePool "storage pool";
        /// A volume in a storage pool.
        Volume "volume";
        /// A virtual disk of a machine.
        Disk "disk";
        /// A virtual network.
        Network "network";
        /// A pool of addresses.
        SubnetPool "address pool";
        /// A network interface of a machine.
        Nic "network interface";
        /// An image, ISO or template.
        Image "image";
        /// A customization spec.
        Spec "customization spec";
        /// A security group.
        SecurityGroup "security group";
        /// A port group of a distributed switch.
        PortGroup "port group";
        /// A distributed switch.
        Switch "distributed switch";
        /// An alert.
        Alert "alert";
        /// A placement rule.
        Rule "rule";
        /// A user, group or service account.
        Subject "subject";
    }
}

/// What an identifier identifies.
pub trait Kind: 'static {
    /// The noun for messages, such as `storage pool`.
    const NOUN: &'static str;
}

/// A UUID of one kind of object, issued by Quantix. A `ProjectId` cannot be passed for a `VmId`.
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

/// Identifies a project.
pub type ProjectId = Id<kind::Project>;
/// Identifies a folder.
pub type FolderId = Id<kind::Folder>;
/// Identifies a virtual machine.
pub type VmId = Id<kind::Vm>;
/// Identifies an image or template.
pub type ImageId = Id<kind::Image>;
/// Identifies a customization spec.
pub type SpecId = Id<kind::Spec>;

impl<K> Id<K> {
    /// Wraps a UUID.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// Wraps a UUID given as a number, most significant bits first.
    #[must_use]
    pub const fn from_u128(value: u128) -> Self {
        Self::from_uuid(Uuid::from_u128(value))
    }

    /// The UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl ProjectId {
    /// The project that exists everywhere and that `""` and `"default"` mean.
    pub const DEFAULT: Self = Self::from_u128(1);
}

impl Default for ProjectId {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl FolderId {
    /// The root folder of [`ProjectId::DEFAULT`].
    pub const DEFAULT_ROOT: Self = Self::from_u128(2);
}

/// An identifier that is not what its kind accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {noun} id {found:?}: expected {expected}")]
pub struct IdError {
    noun: &'static str,
    found: String,
    expected: &'static str,
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    /// Reads a hyphenated UUID, in either case. For a project, `""` and `"default"` mean
    /// [`ProjectId::DEFAULT`].
    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_project = std::any::TypeId::of::<K>() == std::any::TypeId::of::<kind::Project>();
        if is_project && (text.is_empty() || text == "default") {
            return Ok(Self::from_uuid(ProjectId::DEFAULT.0));
        }
        let expected = if is_project {
            "a UUID, or \"default\""
        } else {
            "a UUID such as 0192f0c1-2b3c-7d4e-8f50-112233445566"
        };
        let error = || IdError { noun: K::NOUN, found: shorten(text), expected };
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(error());
        }
        Uuid::try_parse(text).map(Self::from_uuid).map_err(|_| error())
    }
}

/// At most 64 characters of a text, for an error message.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> hash::Hash for Id<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The most bytes that a [`Key`] may have.
pub const KEY_BYTES_MAX: usize = 255;

/// The name by which a document refers to an object: a UUID, or what the caller's system calls it
/// (`ceph-pool-1`, `n7`).
///
/// 1 to [`KEY_BYTES_MAX`] bytes, no control characters, no white space at either end. Keys compare
/// byte by byte, are cheap to clone and order like text.
pub struct Key<K>(Arc<str>, PhantomData<fn() -> K>);

/// Names a virtual machine.
pub type VmKey = Key<kind::Vm>;
/// Names a node.
pub type NodeKey = Key<kind::Node>;
/// Names a storage pool.
pub type PoolKey = Key<kind::StoragePool>;
/// Names a disk of a machine.
pub type DiskKey = Key<kind::Disk>;
/// Names a network.
pub type NetworkKey = Key<kind::Network>;
/// Names a network interface of a machine.
pub type NicKey = Key<kind::Nic>;
/// Names an image.
pub type ImageKey = Key<kind::Image>;
/// Names a placement rule.
pub type RuleKey = Key<kind::Rule>;

impl<K> Key<K> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<K: Kind> FromStr for Key<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = if text.is_empty() {
            "at least one character"
        } else if text.len() > KEY_BYTES_MAX {
            "at most 255 bytes"
        } else if text.chars().any(char::is_control) {
            "no control characters"
        } else if text.trim() != text {
            "no white space at either end"
        } else {
            return Ok(Self(text.into(), PhantomData));
        };
        Err(IdError { noun: K::NOUN, found: shorten(text), expected })
    }
}

impl<K> From<Id<K>> for Key<K> {
    fn from(id: Id<K>) -> Self {
        Self(id.to_string().into(), PhantomData)
    }
}

impl<K> Clone for Key<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}
impl<K> PartialEq for Key<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Key<K> {}
impl<K> PartialOrd for Key<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Key<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> hash::Hash for Key<K> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> Borrow<str> for Key<K> {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl<K> fmt::Display for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl<K> fmt::Debug for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
impl<K> Serialize for Key<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Key<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_project_has_three_spellings() {
        for text in ["", "default", "00000000-0000-0000-0000-000000000001"] {
            assert_eq!(text.parse::<ProjectId>().unwrap(), ProjectId::DEFAULT, "{text:?}");
        }
        assert!("Default".parse::<ProjectId>().is_err());
        assert!("".parse::<VmId>().is_err(), "only projects have a default");
    }

    #[test]
    fn an_id_is_a_hyphenated_uuid() {
        let id: VmId = "0192F0C1-2B3C-7D4E-8F50-112233445566".parse().unwrap();
        assert_eq!(id.to_string(), "0192f0c1-2b3c-7d4e-8f50-112233445566");
        for bad in
            ["1", "0192f0c12b3c7d4e8f50112233445566", "{0192f0c1-2b3c-7d4e-8f50-112233445566}"]
        {
            assert!(bad.parse::<VmId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_accept_names_and_refuse_what_cannot_be_shown() {
        for good in ["n1", "ceph-pool-1", "0192f0c1-2b3c-7d4e-8f50-112233445566", "Größe 1"] {
            assert_eq!(good.parse::<NodeKey>().unwrap().as_str(), good);
        }
        let long = "x".repeat(KEY_BYTES_MAX + 1);
        assert!(long[1..].parse::<NodeKey>().is_ok());
        for bad in ["", " n1", "n1\n", "a\0b", &long] {
            assert!(bad.parse::<NodeKey>().is_err(), "{bad:?}");
        }
        assert_eq!(
            "".parse::<PoolKey>().unwrap_err().to_string(),
            "invalid storage pool id \"\": expected at least one character"
        );
    }
}
