//! Rules with the count of their machines per topology domain.

use std::collections::{BTreeMap, BTreeSet};

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
    /// For a `spread` rule, how many more machines than the emptiest domain another may have.
    pub(crate) max_skew: u32,
    /// How many domains there are.
    pub(crate) domain_count: usize,
    /// Placed machines of the rule per domain.
    members: BTreeMap<u32, u32>,
    /// How many domains have so many of them.
    levels: BTreeMap<u32, u32>,
}

impl RuleEntry {
    pub(crate) fn new(
        name: String,
        rule: &quantix_core::cluster::Rule,
        nodes: BTreeSet<NodeIndex>,
        domain_count: usize,
    ) -> Self {
        Self {
            name,
            kind: rule.kind,
            topology: rule.topology,
            must: rule.must,
            nodes,
            max_skew: rule.max_skew.get(),
            domain_count,
            members: BTreeMap::new(),
            levels: BTreeMap::new(),
        }
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
        self.members.get(&domain).copied().unwrap_or(0)
    }

    /// Whether none of its machines is placed.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The domains that have some of its machines.
    pub(crate) fn domains(&self) -> impl Iterator<Item = u32> + '_ {
        self.members.keys().copied()
    }

    /// How many of its machines the domain with the fewest has.
    pub(crate) fn fewest(&self) -> u32 {
        let known = self.members.len() - usize::from(self.members.contains_key(&super::NO_DOMAIN));
        if known < self.domain_count {
            return 0;
        }
        self.levels.keys().next().copied().unwrap_or(0)
    }

    /// How many of its machines the domain with the most has, for a `spread` rule.
    pub(crate) fn most(&self) -> u32 {
        self.levels.keys().next_back().copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, domain: u32) {
        let count = self.members.entry(domain).or_default();
        *count += 1;
        let count = *count;
        self.level(domain, count - 1, count);
    }

    pub(crate) fn remove(&mut self, domain: u32) {
        let Some(count) = self.members.get_mut(&domain) else { return };
        *count -= 1;
        let count = *count;
        if count == 0 {
            self.members.remove(&domain);
        }
        self.level(domain, count + 1, count);
    }

    /// A domain had so many machines and now has others.
    fn level(&mut self, domain: u32, before: u32, after: u32) {
        if self.kind != RuleKind::Spread || domain == super::NO_DOMAIN {
            return;
        }
        if after > 0 {
            *self.levels.entry(after).or_default() += 1;
        }
        if let Some(domains) = self.levels.get_mut(&before) {
            *domains -= 1;
            if *domains == 0 {
                self.levels.remove(&before);
            }
        }
    }
}
