//! Rules with the count of their machines per topology domain.

use std::collections::BTreeSet;

use quantix_core::cluster::{RuleKind, Topology};

use super::{NodeEntry, NodeIndex};

/// One rule of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleEntry {
    pub(crate) name: String,
    pub(crate) kind: RuleKind,
    pub(crate) topology: Topology,
    pub(crate) must: bool,
    pub(crate) nodes: BTreeSet<NodeIndex>,
    /// Placed machines of the rule per domain, sorted by domain.
    members: Vec<(u32, u32)>,
}

impl RuleEntry {
    pub(crate) fn new(
        name: String,
        rule: &quantix_core::cluster::Rule,
        nodes: BTreeSet<NodeIndex>,
    ) -> Self {
        let (kind, topology, must) = (rule.kind, rule.topology, rule.must);
        Self { name, kind, topology, must, nodes, members: Vec::new() }
    }

    /// The domain that a node is in for this rule.
    pub(crate) fn domain(&self, node: NodeIndex, entry: &NodeEntry) -> u32 {
        match self.topology {
            Topology::Host => node.0,
            Topology::Rack => entry.rack,
            Topology::Zone => entry.zone,
        }
    }

    /// How many of its machines are in a domain.
    pub(crate) fn count(&self, domain: u32) -> u32 {
        match self.members.binary_search_by_key(&domain, |&(domain, _)| domain) {
            Ok(at) => self.members[at].1,
            Err(_) => 0,
        }
    }

    /// Whether none of its machines is placed.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn add(&mut self, domain: u32) {
        match self.members.binary_search_by_key(&domain, |&(domain, _)| domain) {
            Ok(at) => self.members[at].1 += 1,
            Err(at) => self.members.insert(at, (domain, 1)),
        }
    }

    pub(crate) fn remove(&mut self, domain: u32) {
        if let Ok(at) = self.members.binary_search_by_key(&domain, |&(domain, _)| domain) {
            self.members[at].1 -= 1;
            if self.members[at].1 == 0 {
                self.members.remove(at);
            }
        }
    }
}
