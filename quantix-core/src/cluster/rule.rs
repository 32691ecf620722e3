//! Placement rules of a cluster document.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::{NodeKey, RuleKey, VmKey};

/// A rule between machines, or between machines and nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name in explanations; `rules[N]` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RuleKey>,
    /// What it demands.
    pub kind: RuleKind,
    /// The machines that it is about, existing or to come.
    pub vms: Vec<VmKey>,
    /// The nodes of a [`RuleKind::VmHost`] rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeKey>,
    /// How far apart is apart and how near is together.
    #[serde(default)]
    pub topology: Topology,
    /// Whether it must hold, or is only wished; a rule must hold when left out.
    #[serde(default = "yes")]
    pub must: bool,
    /// For a [`RuleKind::Spread`] rule, how many more of the machines than the emptiest host, rack
    /// or zone another may have; 1 when left out.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub max_skew: NonZeroU32,
}

fn yes() -> bool {
    true
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

fn is_one(number: &NonZeroU32) -> bool {
    *number == NonZeroU32::MIN
}

/// What a [`Rule`] demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// No two of the machines in one host, rack or zone.
    AntiAffinity,
    /// All of the machines in one host, rack or zone.
    Affinity,
    /// The machines on the listed nodes only.
    VmHost,
    /// The machines evenly over all hosts, racks or zones of the cluster.
    Spread,
}

impl RuleKind {
    /// The word of the wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AntiAffinity => "anti_affinity",
            Self::Affinity => "affinity",
            Self::VmHost => "vm_host",
            Self::Spread => "spread",
        }
    }
}

/// How far apart is apart: a rack is the node label `rack`, a zone the node label `zone`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topology {
    /// The same node.
    #[default]
    Host,
    /// The same rack.
    Rack,
    /// The same zone.
    Zone,
}

impl Topology {
    /// The word of the wire form, which is also the name of the node label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Rack => "rack",
            Self::Zone => "zone",
        }
    }
}
