//! The kinds of documents and their schemas.

use std::sync::OnceLock;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    CustomizationSpec, Validate,
    admission::AdmissionPolicy,
    alerting::AlertRules,
    cluster,
    folder::{FolderInfo, FolderPolicy, FolderTreeDocument},
    ipam::SubnetPool,
    model::{
        Alert, Cluster, DistributedSwitch, Image, Inventory, Node, SecurityGroup, StoragePool,
        VirtualNetwork, Vm, VmSpec, Volume,
    },
    word::words,
};

/// A type that is a document of the platform.
pub trait Document: Validate + Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: DocumentKind;
}

/// Something to be done with the type of a kind.
pub(super) trait Visitor {
    type Answer;
    fn visit<T: Document + Serialize + DeserializeOwned>(self) -> Self::Answer;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $word:literal $type:ty;)+) => {
        words! {
            /// A kind of document.
            DocumentKind "document kind" { $($(#[$doc])* $kind $word,)+ }
        }

        $(impl Document for $type {
            const KIND: DocumentKind = DocumentKind::$kind;
        })+

        impl DocumentKind {
            /// The JSON Schema (draft 2020-12) of the kind, as text.
            ///
            /// Besides the standard's, it uses these formats: `key`, `key-or-empty`, `project-id`, `folder-name`,
            /// `folder-path`, `bytes`, `memory-mib`, `millicores`, `mac-address`, `cidr`, `uuid-or-empty`, `os-family`.
            #[must_use]
            pub const fn schema(self) -> &'static str {
                match self {
                    $(Self::$kind => include_str!(concat!("../../schema/", $word, ".json")),)+
                }
            }

            pub(super) fn visit<V: Visitor>(self, visitor: V) -> V::Answer {
                match self { $(Self::$kind => visitor.visit::<$type>(),)+ }
            }

            /// The schema as it is generated from the type.
            #[cfg(test)]
            pub(super) fn generated_schema(self) -> schemars::Schema {
                match self {
                    $(Self::$kind => schemars::SchemaGenerator::default().into_root_schema_for::<$type>(),)+
                }
            }
        }
    };
}

kinds! {
    /// A machine.
    Vm "vm" Vm;
    /// What a machine is asked to be.
    VmSpec "vm_spec" VmSpec;
    /// A folder.
    Folder "folder" FolderInfo;
    /// What the machines in a folder are given or held to.
    FolderPolicy "folder_policy" FolderPolicy;
    /// All folders of a project.
    FolderTree "folder_tree" FolderTreeDocument;
    /// A node.
    Node "node" Node;
    /// A cluster of nodes, with its settings.
    Cluster "cluster" Cluster;
    /// A storage pool.
    StoragePool "storage_pool" StoragePool;
    /// A volume.
    Volume "volume" Volume;
    /// An image.
    Image "image" Image;
    /// A virtual network.
    Network "network" VirtualNetwork;
    /// A distributed switch.
    Switch "switch" DistributedSwitch;
    /// A security group.
    SecurityGroup "security_group" SecurityGroup;
    /// An alert.
    Alert "alert" Alert;
    /// Rules that raise alerts, and silences.
    AlertRules "alert_rules" AlertRules;
    /// Rules for what machines may be.
    AdmissionPolicy "admission_policy" AdmissionPolicy;
    /// A pool of addresses, and who has which.
    SubnetPool "subnet_pool" SubnetPool;
    /// How guests are set up on their first boot. Its secrets are redacted in what is given back.
    CustomizationSpec "customization_spec" CustomizationSpec;
    /// Nodes, pools, machines and rules to place machines by.
    ClusterDocument "cluster_document" cluster::Cluster;
    /// Everything that a platform knows.
    Inventory "inventory" Inventory;
}

impl DocumentKind {
    /// The schema as a value.
    pub(super) fn schema_value(self) -> &'static Value {
        const KINDS: usize = DocumentKind::ALL.len();
        static VALUES: [OnceLock<Value>; KINDS] = [const { OnceLock::new() }; KINDS];
        // The schemas are compiled in, and a test parses each.
        VALUES[self as usize]
            .get_or_init(|| serde_json::from_str(self.schema()).unwrap_or(Value::Bool(true)))
    }
}
