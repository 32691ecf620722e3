//! The cluster document: nodes, storage pools, machines and placement rules as one file.
//!
//! This is what `quantix place --cluster` reads and what the planners work on. It is a wire form:
//! every optional thing may be left out, every unknown field is refused with its place, and nothing
//! is checked across objects. What refers to what is checked when a planner reads the document, so
//! that all faults can be reported at once.
//!
//! ```
//! use quantix_core::cluster::Cluster;
//! let cluster: Cluster = serde_json::from_str(
//!     r#"{"nodes": [{"id": "n1", "cpu_milli": 32000, "memory_mib": "128GiB", "pools": ["ceph"]}],
//!         "pools": [{"id": "ceph", "capacity_bytes": "10TiB"}]}"#,
//! )?;
//! assert_eq!(cluster.nodes[0].memory_mib.0, 131_072);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod node;
mod ratio;
mod rule;
mod vm;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{Bytes, Faults, NodeKey, PoolKey, Validate};

pub use node::{
    Gpu, HugePages, Node, NodeState, NumaCell, Overcommit, Reserved, Taint, TaintEffect,
};
pub use ratio::{RATIO_MAX, Ratio, RatioError};
pub use rule::{Rule, RuleKind, Topology};
pub use vm::{
    Disk, GpuDemand, NumaPolicy, PlacedVm, Preference, Toleration, TolerationOperator, Vm, VmList,
};

/// A cluster: what there is to place machines on, and what runs there already.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The hypervisor hosts.
    pub nodes: Vec<Node>,
    /// The storage pools. Left out, pools that nodes name have no known capacity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pools: Option<Vec<Pool>>,
    /// The machines that exist; those with a node use its resources.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vms: Vec<PlacedVm>,
    /// Rules between machines and nodes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

/// A storage pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// Its name.
    pub id: PoolKey,
    /// How much it holds.
    pub capacity_bytes: Bytes,
    /// How much of it is taken, the disks of the existing machines included. Left out, it is the
    /// sum of these disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<Bytes>,
    /// Whether several nodes reach the same data. Left out, a pool that several nodes name is
    /// shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    /// How many times its capacity may be promised to thin disks; 1 when left out.
    #[serde(default, skip_serializing_if = "Ratio::is_one")]
    pub overcommit: Ratio,
}

impl Validate for Cluster {
    /// What the document itself can tell: a planner looks closer. Rules may name machines that are
    /// still to be placed.
    fn validate(&self, faults: &mut Faults) {
        faults.unique("nodes", &self.nodes, "id", |node| Some(&node.id));
        let pools = self.pools.as_deref().unwrap_or_default();
        faults.unique("pools", pools, "id", |pool| Some(&pool.id));
        faults.unique("vms", &self.vms, "id", |vm| Some(&vm.id));
        let nodes: HashSet<&NodeKey> = self.nodes.iter().map(|node| &node.id).collect();
        let known: HashSet<&PoolKey> = pools.iter().map(|pool| &pool.id).collect();
        let unknown_node = |id: &NodeKey| {
            (!nodes.contains(id)).then(|| format!("there is no node {id} in `nodes`"))
        };
        faults.each("nodes", &self.nodes, |faults, node| {
            let named = node.pools.iter().filter(|_| self.pools.is_some());
            for pool in named.filter(|pool| !known.contains(pool)) {
                let message = format!("there is no pool {pool} in `pools`");
                faults.warning("pools", "unknown-pool", message);
            }
        });
        faults.each("pools", pools, |faults, pool| {
            if let Some(taken) = pool.allocated_bytes.filter(|taken| *taken > pool.capacity_bytes) {
                let message = format!("{taken} of {} are taken", pool.capacity_bytes);
                faults.warning("allocated_bytes", "over-capacity", message);
            }
        });
        faults.each("vms", &self.vms, |faults, vm| {
            if let Some(message) = vm.node.as_ref().and_then(unknown_node) {
                faults.error("node", "unknown-node", message);
            }
        });
        faults.each("rules", &self.rules, |faults, rule| {
            faults.each("nodes", &rule.nodes, |faults, id| {
                if let Some(message) = unknown_node(id) {
                    faults.error("", "unknown-node", message);
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_whole_wire_form_and_writes_it_back() {
        let text = include_str!("full.json");
        let cluster: Cluster = serde_json::from_str(text).unwrap();
        assert_eq!(cluster.nodes.len(), 2);
        assert_eq!(cluster.vms[0].node.as_ref().map(crate::NodeKey::as_str), Some("n1"));
        let written = serde_json::to_string(&cluster).unwrap();
        assert_eq!(serde_json::from_str::<Cluster>(&written).unwrap(), cluster);
    }

    #[test]
    fn what_refers_to_nothing_is_told() {
        let cluster: Cluster = serde_json::from_str(
            r#"{"nodes":[{"id":"n","cpu_milli":1,"memory_mib":1,"pools":["q"]},
                {"id":"n","cpu_milli":1,"memory_mib":1}],
                "pools":[{"id":"p","capacity_bytes":1,"allocated_bytes":2}],
                "vms":[{"id":"v","cpu_milli":1,"memory_mib":1,"node":"x"}],
                "rules":[{"kind":"vm_host","vms":["w"],"nodes":["n","y"]}]}"#,
        )
        .unwrap();
        let shown: Vec<_> = cluster
            .findings()
            .into_iter()
            .map(|finding| format!("{} {}", finding.path.unwrap_or_default(), finding.code))
            .collect();
        let expected = [
            "nodes[1].id duplicate",
            "nodes[0].pools unknown-pool",
            "pools[0].allocated_bytes over-capacity",
            "vms[0].node unknown-node",
            "rules[0].nodes[1] unknown-node",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn refuses_what_it_does_not_know_and_says_where() {
        for (text, expected) in [
            (r#"{"nodes":[],"hosts":[]}"#, "unknown field `hosts`"),
            (r#"{"nodes":[{"id":"n","cpu_milli":1,"memory_mib":1,"cpus":2}]}"#, "`cpus`"),
            (r#"{"nodes":[{"id":"","cpu_milli":1,"memory_mib":1}]}"#, "at least one character"),
            ("{\"nodes\":[{\"id\":\"n\",\"cpu_milli\":-1,\"memory_mib\":1}]}", "line 1 column 34"),
            (r#"{"nodes":[{"id":"n","cpu_milli":1}]}"#, "missing field `memory_mib`"),
            (r#"{"nodes":[],"rules":[{"kind":"together","vms":[]}]}"#, "anti_affinity"),
            (
                r#"{"nodes":[],"vms":[{"id":"v","cpu_milli":1,"memory_mib":1,"host":"n"}]}"#,
                "unknown field `host`",
            ),
            (r#"{"nodes":[],"pools":[{"id":"p"}]}"#, "missing field `capacity_bytes`"),
        ] {
            let error = serde_json::from_str::<Cluster>(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
