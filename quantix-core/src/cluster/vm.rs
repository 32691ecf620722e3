//! Machines as a cluster document and a list of machines to place describe them.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        self, MapAccess, SeqAccess,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};

use super::HugePages;
use crate::{Bytes, DiskKey, MemoryMib, Millicores, NetworkKey, NodeKey, PoolKey, VmKey};

macro_rules! machine {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident : $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Its name.
            pub id: VmKey,
            $($(#[$field_doc])* pub $field: $type,)*
            /// The CPU that it asks for.
            pub cpu_milli: Millicores,
            /// The memory that it asks for.
            pub memory_mib: MemoryMib,
            /// Its disks.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub disks: Vec<Disk>,
            /// The networks that it must be attached to.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub networks: Vec<NetworkKey>,
            /// Labels that its node must have, with these values.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub node_selector: BTreeMap<String, String>,
            /// The taints that it tolerates.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub tolerations: Vec<Toleration>,
            /// How it lies on the node's NUMA cells.
            #[serde(default, skip_serializing_if = "NumaPolicy::is_any")]
            pub numa: NumaPolicy,
            /// The GPUs that it asks for.
            #[serde(default, skip_serializing_if = "GpuDemand::is_none")]
            pub gpus: GpuDemand,
            /// Nodes that it would rather run on.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub preferences: Vec<Preference>,
            /// The huge pages that back a part of its memory; the rest is ordinary memory.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub hugepages: Vec<HugePages>,
            /// PCI devices that it gets: how many of each product.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub devices: BTreeMap<String, u32>,
            /// The CPU models that will do; any when left out.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub cpu_models: Vec<String>,
            /// Whose it is, or under which licence it runs: nodes that are kept for tenants take
            /// machines of theirs only.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub tenant: Option<String>,
            /// CPU features that its node must have.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub cpu_features: Vec<String>,
            /// Which machines matter more; higher first, 0 when left out.
            #[serde(default, skip_serializing_if = "is_zero")]
            pub priority: i32,
        }
    };
}

machine! {
    /// A machine to place.
    Vm {}
}

machine! {
    /// A machine of a cluster, with the node that it runs on.
    PlacedVm {
        /// Where it runs or is about to run; left out, it uses nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<NodeKey>,
        /// The NUMA cells that it lies on, for a machine that is bound to cells.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        numa_cells: Vec<u32>,
        /// The GPUs of the node that it has, by position.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        gpu_indices: Vec<u32>,
    }
}

impl From<PlacedVm> for Vm {
    fn from(vm: PlacedVm) -> Self {
        Self {
            id: vm.id,
            cpu_milli: vm.cpu_milli,
            memory_mib: vm.memory_mib,
            disks: vm.disks,
            networks: vm.networks,
            node_selector: vm.node_selector,
            tolerations: vm.tolerations,
            numa: vm.numa,
            gpus: vm.gpus,
            preferences: vm.preferences,
            hugepages: vm.hugepages,
            devices: vm.devices,
            cpu_models: vm.cpu_models,
            tenant: vm.tenant,
            cpu_features: vm.cpu_features,
            priority: vm.priority,
        }
    }
}

impl Vm {
    /// A machine that asks for CPU and memory only.
    #[must_use]
    pub fn new(id: VmKey, cpu_milli: Millicores, memory_mib: MemoryMib) -> Self {
        Self {
            id,
            cpu_milli,
            memory_mib,
            disks: Vec::new(),
            networks: Vec::new(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            numa: NumaPolicy::Any,
            gpus: GpuDemand::default(),
            preferences: Vec::new(),
            hugepages: Vec::new(),
            devices: BTreeMap::new(),
            cpu_models: Vec::new(),
            tenant: None,
            cpu_features: Vec::new(),
            priority: 0,
        }
    }
}

impl Vm {
    /// The same machine, running on a node.
    #[must_use]
    pub fn on(self, node: NodeKey) -> PlacedVm {
        PlacedVm {
            id: self.id,
            node: Some(node),
            numa_cells: Vec::new(),
            gpu_indices: Vec::new(),
            cpu_milli: self.cpu_milli,
            memory_mib: self.memory_mib,
            disks: self.disks,
            networks: self.networks,
            node_selector: self.node_selector,
            tolerations: self.tolerations,
            numa: self.numa,
            gpus: self.gpus,
            preferences: self.preferences,
            hugepages: self.hugepages,
            devices: self.devices,
            cpu_models: self.cpu_models,
            tenant: self.tenant,
            cpu_features: self.cpu_features,
            priority: self.priority,
        }
    }
}

fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// A disk of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<DiskKey>,
    /// Its size.
    pub size_bytes: Bytes,
    /// The pool that it must lie in; left out or empty, any storage will do.
    #[serde(default, deserialize_with = "pool", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "crate::schema_types::key_or_empty"))]
    pub storage_pool_id: Option<PoolKey>,
}

fn pool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PoolKey>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        None => Ok(None),
        Some(text) if text.is_empty() => Ok(None),
        Some(text) => text.parse().map(Some).map_err(de::Error::custom),
    }
}

/// What a machine tolerates, as in Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Toleration {
    /// The taint's key; left out with [`TolerationOperator::Exists`], every taint.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// How the value is compared.
    #[serde(default)]
    pub operator: TolerationOperator,
    /// The taint's value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The effect that is tolerated; every effect when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<super::TaintEffect>,
}

/// How a toleration compares values.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum TolerationOperator {
    /// The value must be the same.
    #[default]
    #[serde(alias = "Equal")]
    Equal,
    /// Any value will do.
    #[serde(alias = "Exists")]
    Exists,
}

impl Toleration {
    /// Whether it tolerates a taint.
    #[must_use]
    pub fn covers(&self, taint: &super::Taint) -> bool {
        let effect = self.effect.is_none_or(|effect| effect == taint.effect);
        let exists = self.operator == TolerationOperator::Exists;
        let key = self.key == taint.key || (self.key.is_empty() && exists);
        effect && key && (exists || self.value == taint.value)
    }
}

/// How a machine lies on the NUMA cells of its node.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum NumaPolicy {
    /// Anywhere.
    #[default]
    Any,
    /// Within one cell.
    Single,
    /// In equal parts on every cell.
    Even,
}

impl NumaPolicy {
    fn is_any(&self) -> bool {
        *self == Self::Any
    }
}

/// The GPUs that a machine asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GpuDemand {
    /// How many.
    pub count: u32,
    /// How much of each, in thousandths; the whole of it when left out.
    #[serde(default = "whole", skip_serializing_if = "is_whole")]
    pub milli: u32,
    /// The models that will do; any when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

fn whole() -> u32 {
    1000
}

fn is_whole(milli: &u32) -> bool {
    *milli == 1000
}

impl GpuDemand {
    /// Whether no GPU is asked for.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.count == 0
    }
}

/// Nodes that a machine would rather run on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// The labels of the preferred nodes.
    pub node_selector: BTreeMap<String, String>,
    /// How much it matters, 1 to 100; 1 when left out.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// Machines to place: a document that is a list, or an object with the list in `vms`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VmList {
    /// The machines, in the order in which they are placed.
    pub vms: Vec<Vm>,
}

impl<'de> Deserialize<'de> for VmList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Named {
            vms: Vec<Vm>,
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = VmList;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of machines, or an object with the list in `vms`")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<VmList, A::Error> {
                let vms = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
                Ok(VmList { vms })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<VmList, A::Error> {
                let named = Named::deserialize(MapAccessDeserializer::new(map))?;
                Ok(VmList { vms: named.vms })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_be_bare_or_named() {
        let one = r#"[{"id":"v","cpu_milli":1000,"memory_mib":1024}]"#;
        let bare: VmList = serde_json::from_str(one).unwrap();
        let named: VmList = serde_json::from_str(&format!("{{\"vms\":{one}}}")).unwrap();
        assert_eq!((bare.vms.len(), &bare), (1, &named));
        let error = serde_json::from_str::<VmList>(r#"{"vms":[],"x":1}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `x`"), "{error}");
        let error = serde_json::from_str::<VmList>(r#"[{"id":"v"}]"#).unwrap_err();
        assert!(error.to_string().contains("missing field `cpu_milli`"), "{error}");
    }

    #[test]
    fn tolerations_follow_kubernetes() {
        let taint: super::super::Taint =
            serde_json::from_str(r#"{"key":"k","value":"v","effect":"no_schedule"}"#).unwrap();
        for (text, expected) in [
            (r#"{"key":"k","value":"v"}"#, true),
            (r#"{"key":"k","value":"w"}"#, false),
            (r#"{"key":"k","operator":"exists"}"#, true),
            (r#"{"operator":"Exists"}"#, true),
            ("{}", false),
            (r#"{"key":"k","value":"v","effect":"NoExecute"}"#, false),
            (r#"{"key":"k","value":"v","effect":"NoSchedule"}"#, true),
        ] {
            let toleration: Toleration = serde_json::from_str(text).unwrap();
            assert_eq!(toleration.covers(&taint), expected, "{text}");
        }
    }
}
