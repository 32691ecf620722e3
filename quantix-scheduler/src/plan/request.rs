//! What requests have in common: names that must exist, limits that must be sane.

use std::collections::BTreeSet;

use quantix_core::NodeKey;

use super::{
    cost::{Facts, MoveLimits},
    field::Field,
};
use crate::snapshot::{Faults, NodeIndex};

/// A fault of the request; the path begins at the request.
pub(super) fn request_fault(faults: &mut Faults, path: String, message: String) {
    faults.error("invalid-request", format!("request.{path}"), message);
}

/// The nodes that a request names, by id or by rack.
pub(super) fn named_nodes(
    field: &Field,
    nodes: &[NodeKey],
    racks: &[String],
    faults: &mut Faults,
) -> BTreeSet<NodeIndex> {
    let mut named = BTreeSet::new();
    for (at, id) in nodes.iter().enumerate() {
        match field.snapshot.node_index(id) {
            Some(node) => drop(named.insert(node)),
            None => request_fault(faults, format!("nodes[{at}]"), format!("there is no node {id}")),
        }
    }
    for (at, rack) in racks.iter().enumerate() {
        let found = rack_nodes(field, rack);
        if found.is_empty() {
            let message = format!("no node has the label rack={rack}");
            request_fault(faults, format!("racks[{at}]"), message);
        }
        named.extend(found);
    }
    named
}

/// The nodes with a value of the label `rack`.
fn rack_nodes(field: &Field, rack: &str) -> Vec<NodeIndex> {
    let here = |node: &NodeIndex| field.snapshot.candidate(*node).label("rack") == Some(rack);
    field.snapshot.node_indices().filter(here).collect()
}

pub(super) fn check_limits(limits: &MoveLimits, faults: &mut Faults) {
    if let Some((name, expected)) = limits.fault() {
        request_fault(faults, format!("limits.{name}"), expected);
    }
}

/// Facts about machines that are not there are doubtful, no fault: machines come and go.
pub(super) fn check_facts(field: &Field, facts: &Facts, faults: &mut Faults) {
    for vm in facts.keys().filter(|vm| field.row(vm).is_none()) {
        let message = format!("there is no machine {vm} on a node: what is said of it is ignored");
        faults.warning("unknown-machine", format!("request.vms.{vm}"), message);
    }
}
