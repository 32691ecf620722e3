//! Filters on rules that must hold.

use quantix_core::cluster::{RuleKind, Topology};

use super::{Amount, Filter, Rejection, Scope};
use crate::snapshot::{Candidate, NO_DOMAIN, RuleEntry, Shape, Snapshot};

/// The rules of one kind that name the machine and must hold, or are only wished.
pub(crate) fn rules_of<'a>(
    snapshot: &'a Snapshot,
    shape: &'a Shape,
    kind: RuleKind,
    must: bool,
) -> impl Iterator<Item = &'a RuleEntry> {
    shape
        .rules
        .iter()
        .map(|rule| &snapshot.rules[rule.at()])
        .filter(move |rule| rule.kind == kind && rule.must == must)
}

/// Whether a rule would hold with one more of its machines on a node.
pub(crate) fn holds(rule: &RuleEntry, node: Candidate<'_>) -> bool {
    let domain = rule.domain(node.index(), node.entry);
    match rule.kind {
        RuleKind::VmHost => rule.nodes.contains(&node.index()),
        RuleKind::AntiAffinity => domain != NO_DOMAIN && rule.count(domain) == 0,
        RuleKind::Affinity => domain != NO_DOMAIN && (rule.is_empty() || rule.count(domain) > 0),
        RuleKind::Spread => {
            domain != NO_DOMAIN && rule.count(domain) < rule.fewest().saturating_add(rule.max_skew)
        }
    }
}

/// Whether rules are on racks or zones that are part of the nodes' classes.
pub(crate) fn is_by_class<'a>(
    snapshot: &Snapshot,
    mut rules: impl Iterator<Item = &'a RuleEntry>,
) -> bool {
    rules.all(|rule| match (rule.kind, rule.topology) {
        (RuleKind::VmHost, _) | (_, Topology::Host) => false,
        (_, topology @ (Topology::Rack | Topology::Zone)) => {
            let labels = &snapshot.leaves.labels;
            !labels.keys().any(|key| is_label_of(topology, key))
        }
    })
}

/// Whether a label gives the rack or zone.
fn is_label_of(topology: Topology, key: &str) -> bool {
    key.strip_prefix("topology.kubernetes.io/").unwrap_or(key) == topology.as_str()
}

fn check_kind(node: Candidate<'_>, shape: &Shape, kind: RuleKind) -> Result<(), Rejection> {
    let mut broken =
        rules_of(node.snapshot(), shape, kind, true).filter(|rule| !holds(rule, node)).peekable();
    let Some(&first) = broken.peek() else { return Ok(()) };
    let free = describe(first, node);
    Err(Rejection { asked: broken.map(|rule| rule.name.as_str()).collect(), free })
}

/// What the node is to a rule that it would break.
fn describe(rule: &RuleEntry, node: Candidate<'_>) -> Amount {
    let topology = rule.topology.as_str();
    match rule.kind {
        RuleKind::VmHost => {
            rule.nodes.iter().map(|&listed| node.snapshot().node_id(listed)).collect()
        }
        RuleKind::AntiAffinity | RuleKind::Affinity | RuleKind::Spread
            if rule.domain(node.index(), node.entry) == NO_DOMAIN =>
        {
            Amount::Word(format!("the node has no label {topology}"))
        }
        RuleKind::AntiAffinity => {
            let count = rule.count(rule.domain(node.index(), node.entry));
            Amount::Word(format!("{count} of its machines in this {topology}"))
        }
        RuleKind::Affinity => Amount::Word(format!("its machines are in another {topology}")),
        RuleKind::Spread => {
            let count = rule.count(rule.domain(node.index(), node.entry));
            let (fewest, most) = (rule.fewest(), rule.max_skew);
            Amount::Word(format!(
                "{count} of its machines in this {topology}, {fewest} in another, \
                 and {most} more is the most"
            ))
        }
    }
}

macro_rules! rule_filter {
    ($(#[$doc:meta])* $name:ident, $word:literal, $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Filter for $name {
            fn name(&self) -> &'static str {
                $word
            }

            fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
                check_kind(node, shape, RuleKind::$kind)
            }

            fn passes(&self, node: Candidate<'_>, shape: &Shape) -> bool {
                rules_of(node.snapshot(), shape, RuleKind::$kind, true)
                    .all(|rule| holds(rule, node))
            }

            fn scope(&self, snapshot: &Snapshot, shape: &Shape) -> Scope {
                let rules = rules_of(snapshot, shape, RuleKind::$kind, true);
                if is_by_class(snapshot, rules) { Scope::ClassNow } else { Scope::Node }
            }

            fn is_idle(&self, snapshot: &Snapshot, shape: &Shape) -> bool {
                rules_of(snapshot, shape, RuleKind::$kind, true).next().is_none()
            }
        }
    };
}

rule_filter! {
    /// Machines of a `vm_host` rule run on its nodes only.
    VmHostFilter, "vm_host", VmHost
}
rule_filter! {
    /// No two machines of an `anti_affinity` rule in one host, rack or zone. A node without the
    /// label is in no known rack or zone and does not pass.
    AntiAffinityFilter, "anti_affinity", AntiAffinity
}
rule_filter! {
    /// All machines of an `affinity` rule in one host, rack or zone. A node without the label is in
    /// no known rack or zone and does not pass.
    AffinityFilter, "affinity", Affinity
}
rule_filter! {
    /// The machines of a `spread` rule evenly over hosts, racks or zones: none has more than
    /// `max_skew` more of them than the one with the fewest. A node without the label does not
    /// pass.
    SpreadFilter, "spread", Spread
}
