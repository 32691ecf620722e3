//! What a cluster looks like before and after a plan.

use std::collections::BTreeMap;

use quantix_core::{
    NodeKey, VmKey,
    cluster::{NodeState, RuleKind},
};
use serde::Serialize;

use super::field::{Field, share};
use crate::snapshot::{NO_DOMAIN, NodeIndex, RuleEntry, small};

/// The most broken rules that a picture lists; further ones are counted.
pub const VIOLATIONS_MAX: usize = 1_000;

/// A cluster in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Nodes that take machines.
    pub nodes_ready: u32,
    /// Nodes that have machines.
    pub nodes_used: u32,
    /// Machines on nodes.
    pub vms: u32,
    /// CPU of the ready nodes, in thousandths of a core.
    pub cpu: Promised,
    /// Memory of the ready nodes, in MiB.
    pub memory: Promised,
    /// The node of which the largest part is promised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fullest: Option<NodeKey>,
    /// Rules that must hold and do not.
    pub violations: Vec<Violation>,
}

/// How much of a resource is promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Promised {
    /// What there is, overcommit included.
    pub capacity: u64,
    /// What machines ask for.
    pub used: u64,
    /// The largest part promised of one node, in millionths.
    pub most_ppm: u64,
    /// The standard deviation of the parts over the ready nodes, in millionths.
    pub spread_ppm: u64,
}

/// A rule that must hold and does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule, or `taints` for machines that a taint of their node drives away.
    pub rule: String,
    /// The machines that break it.
    pub vms: Vec<VmKey>,
    /// How.
    pub message: String,
}

impl Field {
    /// The cluster as it now is.
    pub(super) fn picture(&self) -> Picture {
        let ready = |node: &NodeIndex| self.snapshot.candidate(*node).state() == NodeState::Ready;
        let nodes: Vec<NodeIndex> = self.snapshot.node_indices().filter(ready).collect();
        let amounts = |cpu: bool| {
            let parts: Vec<(u64, i64)> = nodes
                .iter()
                .map(|node| {
                    let entry = &self.snapshot.nodes[node.at()];
                    let class = &self.snapshot.classes[entry.class as usize];
                    if cpu {
                        (class.cpu, entry.free_cpu)
                    } else {
                        (class.memory, entry.free_memory)
                    }
                })
                .collect();
            promised(&parts)
        };
        let used = self.on.iter().filter(|on| !on.is_empty()).count();
        let fullest =
            nodes.iter().copied().max_by_key(|&node| (self.load(node), std::cmp::Reverse(node)));
        Picture {
            nodes_ready: small(nodes.len()),
            nodes_used: small(used),
            vms: small(self.on.iter().map(std::collections::BTreeSet::len).sum()),
            cpu: amounts(true),
            memory: amounts(false),
            fullest: fullest.map(|node| self.snapshot.node_id(node).clone()),
            violations: self.violations(),
        }
    }

    /// The rules that must hold and do not, in document order, then taints.
    pub(super) fn violations(&self) -> Vec<Violation> {
        let mut all = Vec::new();
        for (rule, members) in self.snapshot.rules.iter().zip(&self.members) {
            if rule.must && all.len() < VIOLATIONS_MAX {
                all.extend(self.violation(rule, members));
            }
        }
        let rows = 0..small(self.residents.len());
        let evicted: Vec<VmKey> = rows
            .filter(|&row| self.is_evicted(row))
            .map(|row| self.resident(row).id.clone())
            .take(VIOLATIONS_MAX)
            .collect();
        if !evicted.is_empty() {
            let message = "a no_execute taint of their node drives them away".to_owned();
            all.push(Violation { rule: "taints".to_owned(), vms: evicted, message });
        }
        all
    }

    /// The machines of a rule that break it: for apart and together, those outside the domain that
    /// most of them are rightly in.
    fn violation(&self, rule: &RuleEntry, members: &[u32]) -> Option<Violation> {
        let vms: Vec<VmKey> = self
            .breakers(rule, members)
            .into_iter()
            .map(|row| self.resident(row).id.clone())
            .collect();
        let topology = rule.topology.as_str();
        let message = match rule.kind {
            RuleKind::VmHost => "on nodes that the rule does not list".to_owned(),
            RuleKind::AntiAffinity => {
                format!("with another of the rule's machines in one {topology}")
            }
            RuleKind::Spread => {
                format!("more than {} above the emptiest {topology}", rule.max_skew)
            }
            RuleKind::Affinity => format!("not in the {topology} of the rule's other machines"),
        };
        (!vms.is_empty()).then(|| Violation { rule: rule.name.clone(), vms, message })
    }

    /// The machines that would have to go elsewhere for a rule to hold.
    pub(super) fn breakers(&self, rule: &RuleEntry, members: &[u32]) -> Vec<u32> {
        let mut domains: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut wrong = Vec::new();
        for &row in members {
            let Some(node) = self.resident(row).node else { continue };
            let domain = rule.domain(node, &self.snapshot.nodes[node.at()]);
            match rule.kind {
                RuleKind::VmHost if rule.nodes.contains(&node) => {}
                RuleKind::VmHost => wrong.push(row),
                _ if domain == NO_DOMAIN => wrong.push(row),
                _ => domains.entry(domain).or_default().push(row),
            }
        }
        match rule.kind {
            RuleKind::VmHost => {}
            RuleKind::Spread => {
                let most = rule.fewest().saturating_add(rule.max_skew) as usize;
                wrong.extend(domains.into_values().flat_map(|rows| rows.into_iter().skip(most)));
            }
            // The first of each domain stays.
            RuleKind::AntiAffinity => {
                wrong.extend(domains.into_values().flat_map(|rows| rows.into_iter().skip(1)));
            }
            // The largest domain stays, the first of equals.
            RuleKind::Affinity => {
                let stays = domains
                    .iter()
                    .max_by_key(|(domain, rows)| (rows.len(), std::cmp::Reverse(**domain)));
                let stays = stays.map(|(&domain, _)| domain);
                let others = domains.into_iter().filter(|&(domain, _)| Some(domain) != stays);
                wrong.extend(others.flat_map(|(_, rows)| rows));
            }
        }
        wrong.sort_unstable();
        wrong
    }
}

fn promised(parts: &[(u64, i64)]) -> Promised {
    let shares: Vec<u64> = parts.iter().map(|&(all, free)| share(all, free)).collect();
    let capacity = parts.iter().map(|&(all, _)| all).sum::<u64>();
    let free: i64 = parts.iter().map(|&(_, free)| free).sum();
    let used = u64::try_from(i128::from(capacity) - i128::from(free)).unwrap_or(0);
    let most_ppm = shares.iter().copied().max().unwrap_or(0);
    Promised { capacity, used, most_ppm, spread_ppm: deviation(&shares) }
}

/// The standard deviation, rounded down.
pub(super) fn deviation(values: &[u64]) -> u64 {
    let count = values.len().max(1) as u128;
    let sum: u128 = values.iter().map(|&value| u128::from(value)).sum();
    let squares: u128 = values.iter().map(|&value| u128::from(value).pow(2)).sum();
    let variance = (squares * count).saturating_sub(sum * sum) / (count * count);
    u64::try_from(variance.isqrt()).unwrap_or(u64::MAX)
}
