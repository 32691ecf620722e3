//! Filters on rules that must hold.

use quantix_core::cluster::RuleKind;

use super::{Amount, Filter, Rejection};
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
    }
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
        RuleKind::AntiAffinity | RuleKind::Affinity
            if rule.domain(node.index(), node.entry) == NO_DOMAIN =>
        {
            Amount::Word(format!("the node has no label {topology}"))
        }
        RuleKind::AntiAffinity => {
            let count = rule.count(rule.domain(node.index(), node.entry));
            Amount::Word(format!("{count} of its machines in this {topology}"))
        }
        RuleKind::Affinity => Amount::Word(format!("its machines are in another {topology}")),
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
