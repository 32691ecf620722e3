//! Filters on what a node is: its state, labels, taints, features and networks.

use quantix_core::cluster::{NodeState, Taint, TaintEffect};

use super::{Amount, Filter, Rejection, Scope};
use crate::snapshot::{Candidate, Shape, Snapshot};

/// The node is ready: neither cordoned nor down.
#[derive(Clone, Copy, Debug)]
pub struct NodeStateFilter;

impl Filter for NodeStateFilter {
    fn name(&self) -> &'static str {
        "node_state"
    }

    fn check(&self, node: Candidate<'_>, _: &Shape) -> Result<(), Rejection> {
        match node.state() {
            NodeState::Ready => Ok(()),
            state @ (NodeState::Cordoned | NodeState::Down) => {
                Err(Rejection { asked: "ready".into(), free: state.as_str().into() })
            }
        }
    }

    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Room
    }
}

/// [`Scope::Class`], unless the shape asks for what is kept per node.
fn class_unless(own: bool) -> Scope {
    if own { Scope::Node } else { Scope::Class }
}

/// The node has every label of the machine's selector.
#[derive(Clone, Copy, Debug)]
pub struct NodeSelectorFilter;

impl Filter for NodeSelectorFilter {
    fn name(&self) -> &'static str {
        "node_selector"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let mut wrong = shape
            .node_selector
            .iter()
            .filter(|(key, value)| node.label(key) != Some(value.as_str()))
            .peekable();
        if wrong.peek().is_none() {
            return Ok(());
        }
        let (asked, free): (Vec<String>, Vec<Option<String>>) = wrong
            .map(|(key, value)| {
                let found = node.label(key).map(|found| format!("{key}={found}"));
                (format!("{key}={value}"), found)
            })
            .unzip();
        Err(Rejection { asked: Amount::Names(asked), free: free.into_iter().flatten().collect() })
    }

    fn scope(&self, snapshot: &Snapshot, shape: &Shape) -> Scope {
        let labels = &snapshot.leaves.labels;
        class_unless(shape.node_selector.keys().any(|key| labels.contains_key(key)))
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.node_selector.is_empty()
    }
}

/// The machine tolerates every taint that keeps new machines away.
#[derive(Clone, Copy, Debug)]
pub struct TaintFilter;

/// The taints of an effect that a machine does not tolerate.
pub(crate) fn intolerable<'a>(
    node: Candidate<'a>,
    shape: &'a Shape,
    hard: bool,
) -> impl Iterator<Item = &'a Taint> {
    node.class.taints.iter().filter(move |taint| {
        (taint.effect != TaintEffect::PreferNoSchedule) == hard
            && !shape.tolerations.iter().any(|toleration| toleration.covers(taint))
    })
}

impl Filter for TaintFilter {
    fn name(&self) -> &'static str {
        "taints"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let mut taints = intolerable(node, shape, true).peekable();
        if taints.peek().is_none() {
            return Ok(());
        }
        let asked = taints
            .map(|taint| format!("{}={}:{}", taint.key, taint.value, taint.effect.as_str()))
            .collect();
        let free = shape.tolerations.iter().map(|toleration| toleration.key.as_str()).collect();
        Err(Rejection { asked, free })
    }

    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Class
    }
}

/// The node's CPU has every feature that the machine asks for.
#[derive(Clone, Copy, Debug)]
pub struct CpuFeatureFilter;

impl Filter for CpuFeatureFilter {
    fn name(&self) -> &'static str {
        "cpu_features"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let has = &node.class.cpu_features;
        let missing =
            |feature: &&String| has.binary_search_by(|has| has.as_str().cmp(feature)).is_err();
        if shape.cpu_features.iter().any(|feature| missing(&feature)) {
            let asked = shape.cpu_features.iter().filter(missing).collect();
            return Err(Rejection { asked, free: has.iter().collect() });
        }
        Ok(())
    }

    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Class
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.cpu_features.is_empty()
    }
}

/// The node's CPU is of a model that will do. A node whose model is not told does not pass.
#[derive(Clone, Copy, Debug)]
pub struct CpuModelFilter;

impl Filter for CpuModelFilter {
    fn name(&self) -> &'static str {
        "cpu_model"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let model = node.class.cpu_model.as_ref();
        if shape.cpu_models.is_empty()
            || model.is_some_and(|model| shape.cpu_models.binary_search(model).is_ok())
        {
            return Ok(());
        }
        let free = model.map_or("unknown", String::as_str).into();
        Err(Rejection { asked: shape.cpu_models.iter().collect(), free })
    }

    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Class
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.cpu_models.is_empty()
    }
}

/// A node that is kept for tenants or licences takes machines of theirs only.
#[derive(Clone, Copy, Debug)]
pub struct IsolationFilter;

impl Filter for IsolationFilter {
    fn name(&self) -> &'static str {
        "isolation"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let kept = &node.class.tenants;
        let is_theirs = |tenant: &String| kept.binary_search(tenant).is_ok();
        if kept.is_empty() || shape.tenant.as_ref().is_some_and(is_theirs) {
            return Ok(());
        }
        let asked = shape.tenant.as_deref().unwrap_or("no tenant").into();
        Err(Rejection { asked, free: kept.iter().collect() })
    }

    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Class
    }
}

/// The node can attach the machine to every network that it asks for.
#[derive(Clone, Copy, Debug)]
pub struct NetworkFilter;

impl Filter for NetworkFilter {
    fn name(&self) -> &'static str {
        "networks"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        if shape.networks.iter().all(|network| node.attaches(network)) {
            return Ok(());
        }
        let asked = shape.networks.iter().filter(|network| !node.attaches(network)).collect();
        let own = node.entry.own.iter().flat_map(|own| &own.networks);
        Err(Rejection { asked, free: node.class.networks.iter().chain(own).collect() })
    }

    fn scope(&self, snapshot: &Snapshot, shape: &Shape) -> Scope {
        let networks = &snapshot.leaves.networks;
        class_unless(shape.networks.iter().any(|network| networks.contains_key(network)))
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.networks.is_empty()
    }
}
