//! What can be said about a shape once and for all.

use quantix_core::cluster::{RuleKind, Topology};

use crate::{
    filter::Scope,
    policy::Pipeline,
    score::Dependence,
    snapshot::{NodeIndex, Shape, Snapshot},
};

/// How the best node for a shape is found.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// By looking at every node: a filter that the index stands for is switched off.
    Scan,
    /// By looking at these nodes, the only ones that have what the shape asks for.
    Few(Vec<NodeIndex>),
    /// Through the index.
    Indexed(Indexed),
}

/// Filters and scores by what they depend on, as positions in the pipeline.
#[derive(Clone, Debug, Default)]
pub(super) struct Indexed {
    /// The classes whose nodes have what the shape asks for, with the points that all of them have.
    pub(super) classes: Vec<(u32, u64)>,
    pub(super) cluster_filters: Vec<usize>,
    pub(super) class_now_filters: Vec<usize>,
    pub(super) node_filters: Vec<usize>,
    pub(super) cluster_scores: Vec<usize>,
    pub(super) class_now_scores: Vec<usize>,
    pub(super) room_scores: Vec<usize>,
    pub(super) node_scores: Vec<usize>,
    /// The most that the scores on nodes can add.
    pub(super) node_bound: u64,
    /// Whether no filter and no score is on single nodes.
    pub(super) is_by_room: bool,
    /// Whether some are on classes as they are now.
    pub(super) has_class_now: bool,
    /// Whether rules keep the machine together with others on a host.
    company: bool,
}

impl Plan {
    pub(super) fn new(
        snapshot: &Snapshot,
        shape: &Shape,
        pipeline: &Pipeline,
        members: &[Vec<u32>],
    ) -> Self {
        let has = |name: &str| pipeline.filters.iter().any(|filter| filter.name() == name);
        if !INDEXED.into_iter().all(has) {
            return Self::Scan;
        }
        if let Some(few) = few(snapshot, shape, &has) {
            return Self::Few(few);
        }
        let company = has("affinity") && hosts_together(snapshot, shape).next().is_some();
        let mut plan = Self::by_scope(snapshot, shape, pipeline, members);
        plan.company = company;
        plan.is_by_room = plan.node_filters.is_empty() && plan.node_scores.is_empty();
        plan.has_class_now =
            !plan.class_now_filters.is_empty() || !plan.class_now_scores.is_empty();
        Self::Indexed(plan)
    }

    /// Sorts filters and scores by what they depend on, and asks those that are asked once.
    fn by_scope(
        snapshot: &Snapshot,
        shape: &Shape,
        pipeline: &Pipeline,
        members: &[Vec<u32>],
    ) -> Indexed {
        let mut plan = Indexed::default();
        let mut class_filters = Vec::new();
        for (at, filter) in pipeline.filters.iter().enumerate() {
            if filter.is_idle(snapshot, shape) {
                continue;
            }
            match filter.scope(snapshot, shape) {
                Scope::Cluster => plan.cluster_filters.push(at),
                Scope::Class => class_filters.push(at),
                Scope::ClassNow => plan.class_now_filters.push(at),
                Scope::Room if is_indexed(filter.name()) => {}
                Scope::Room | Scope::Node => plan.node_filters.push(at),
            }
        }
        let mut class_scores = Vec::new();
        for (at, (weight, score)) in pipeline.scores.iter().enumerate() {
            match score.depends_on(snapshot, shape) {
                Dependence::Cluster => plan.cluster_scores.push(at),
                Dependence::Class => class_scores.push(at),
                Dependence::ClassNow => plan.class_now_scores.push(at),
                Dependence::Room => plan.room_scores.push(at),
                Dependence::Node => {
                    plan.node_scores.push(at);
                    let bound = score.bound(snapshot, shape).min(score.best());
                    let bound = bound.saturating_mul(u64::from(*weight));
                    plan.node_bound = plan.node_bound.saturating_add(bound);
                }
            }
        }
        for (class, nodes) in (0..).zip(members) {
            let Some(&node) = nodes.first() else { continue };
            let node = snapshot.candidate(NodeIndex(node));
            let passes = |&at: &usize| pipeline.filters[at].passes(node, shape);
            if class_filters.iter().all(passes) {
                plan.classes.push((class, pipeline.sum(&class_scores, node, shape)));
            }
        }
        plan
    }
}

/// The built-in filters that the rankings answer.
const INDEXED: [&str; 7] = ["node_state", "cpu", "memory", "numa", "gpus", "hugepages", "devices"];

fn is_indexed(name: &str) -> bool {
    INDEXED.contains(&name)
}

/// The rules that keep a machine on the host of others.
fn hosts_together<'a>(
    snapshot: &'a Snapshot,
    shape: &'a Shape,
) -> impl Iterator<Item = &'a crate::snapshot::RuleEntry> {
    let rules = shape.rules.iter().map(|rule| &snapshot.rules[rule.at()]);
    rules.filter(|rule| {
        rule.must && rule.kind == RuleKind::Affinity && rule.topology == Topology::Host
    })
}

impl Indexed {
    /// The hosts of the machines that this one must be with, where some are placed.
    pub(super) fn company(&self, snapshot: &Snapshot, shape: &Shape) -> Option<Vec<NodeIndex>> {
        if !self.company {
            return None;
        }
        let rule = hosts_together(snapshot, shape).find(|rule| !rule.is_empty())?;
        Some(rule.domains().map(NodeIndex).collect())
    }
}

/// The nodes that have what only few have and the shape asks for.
fn few(snapshot: &Snapshot, shape: &Shape, has: &impl Fn(&str) -> bool) -> Option<Vec<NodeIndex>> {
    let leaves = &snapshot.leaves;
    let mut lists: Vec<Vec<NodeIndex>> = Vec::new();
    if has("node_selector") {
        for (key, value) in &shape.node_selector {
            if let Some(values) = leaves.labels.get(key) {
                lists.push(values.get(value).cloned().unwrap_or_default());
            }
        }
    }
    if has("storage_pool") {
        let pools = shape.pools.iter().filter_map(|demand| demand.index);
        lists.extend(pools.filter_map(|pool| leaves.pools.get(&pool).cloned()));
    }
    if has("networks") {
        let networks = shape.networks.iter();
        lists.extend(networks.filter_map(|network| leaves.networks.get(network).cloned()));
    }
    if has("vm_host") {
        for rule in &shape.rules {
            let rule = &snapshot.rules[rule.at()];
            if rule.must && rule.kind == quantix_core::cluster::RuleKind::VmHost {
                lists.push(rule.nodes.iter().copied().collect());
            }
        }
    }
    lists.into_iter().min_by_key(Vec::len)
}
