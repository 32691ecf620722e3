//! What every planner answers with: moves in steps, with reasons, costs and benefits.

use std::collections::BTreeMap;

use quantix_core::{NodeKey, VmKey};
use serde::Serialize;

use super::{
    cost::{Cost, Facts, Migration, MoveLimits, cost, migration},
    field::{Field, Row, is_attached, memory_of},
    steps::Step,
};
use crate::{
    place::{Detail, NodeRejection, Remedy, refusal},
    snapshot::{Assignment, NodeIndex, small},
};

/// One move of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedMove {
    /// The machine.
    pub vm: VmKey,
    /// Where it is.
    pub from: NodeKey,
    /// Where it goes.
    pub to: NodeKey,
    /// The NUMA cells that it gets there, for a machine bound to cells.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub numa_cells: Vec<u32>,
    /// The GPUs that it gets there, by position on the node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gpu_indices: Vec<u32>,
    /// Why.
    pub reason: MoveReason,
    /// The stage of the plan, counted from 0.
    pub stage: u32,
    /// The step of the stage, counted from 0: moves of one step may run at the same time, and the
    /// next step begins when they are done.
    pub step: u32,
    /// How much it matters: 1, which mends a rule, to 5, which barely pays; for balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Whether it may be carried out without asking; for balance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automatic: Option<bool>,
    /// What it costs.
    pub cost: Cost,
    /// What it is good for.
    pub benefit: Benefit,
}

/// How many blocked machines a plan explains node by node; the others it only names.
pub(super) const EXPLAINED_MAX: usize = 200;

/// Why a machine moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveReason {
    /// Its node is evacuated.
    Drain,
    /// A rule holds it together with a machine that moves.
    Together,
    /// It makes room for one that moves.
    MakesRoom,
    /// Its node is back.
    Return,
    /// A rule that must hold is broken where it is.
    MendsRule,
    /// Its node cannot serve what its machines use.
    Relieves,
    /// The load of nodes differs too much.
    Balances,
    /// Its node can be switched off.
    FreesNode,
    /// Its node was lost.
    Restart,
}

/// What a move is good for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Benefit {
    /// The node that it helps to empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empties: Option<NodeKey>,
    /// The restart priority of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Rules that hold with it and did not without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mends: Vec<String>,
    /// How much less the objective of the plan is, in its own unit.
    #[serde(skip_serializing_if = "is_zero")]
    pub objective: i64,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// A machine that a plan would move and cannot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blocked {
    /// The machine.
    pub vm: VmKey,
    /// Where it is.
    pub node: NodeKey,
    /// What is in the way.
    pub code: BlockedCode,
    /// The same in words.
    pub message: String,
    /// How many nodes failed each filter first.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected_by: BTreeMap<&'static str, usize>,
    /// The first filter that each node failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<NodeRejection>,
    /// The smallest changes with which it could move, the smallest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub would_fit_if: Vec<Remedy>,
}

/// What keeps a machine where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockedCode {
    /// No node will do.
    NoNode,
    /// It cannot move, by the facts given.
    CannotMove,
    /// It can only be stopped and started elsewhere, and the request does not allow that.
    OnlyCold,
    /// A rule holds it together with machines that cannot all go.
    Group,
    /// It could move, but not after the other moves of the plan.
    Order,
}

/// Moves that run one after the other in steps, as one part of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// The nodes that it is about.
    pub nodes: Vec<NodeKey>,
    /// Whether it reaches its goal.
    pub complete: bool,
    /// How many steps.
    pub steps: u32,
    /// How many moves.
    pub moves: u32,
    /// Memory over the links.
    pub copied_mib: u64,
    /// How long it takes, the steps one after the other.
    pub millis: u64,
    /// Into how many nodes the machines go.
    pub targets: u32,
}

/// Steps as moves of a document.
pub(super) struct Telling<'a> {
    pub(super) field: &'a Field,
    pub(super) facts: &'a Facts,
    pub(super) limits: &'a MoveLimits,
    pub(super) stage: u32,
}

impl Telling<'_> {
    /// The cost of moving a machine.
    pub(super) fn cost(&self, row: Row) -> Cost {
        let shape = self.field.shape(row);
        let facts = self.facts.get(&self.field.resident(row).id);
        cost(facts, memory_of(shape), is_attached(shape), self.limits)
    }

    /// The moves, and how the stage went.
    pub(super) fn moves(
        &self,
        steps: &[Step],
        mut why: impl FnMut(Row, NodeIndex) -> (MoveReason, Benefit),
    ) -> (Vec<PlannedMove>, Stage) {
        let id = |node: NodeIndex| self.field.snapshot.node_id(node).clone();
        let mut moves = Vec::new();
        let mut millis = 0u64;
        let mut targets = std::collections::BTreeSet::new();
        for (step, units) in (0..).zip(steps) {
            let mut longest = 0;
            for unit in units {
                // The machines of a group share the turn that the limits give to one.
                let mut together = 0u64;
                for hop in unit {
                    let (reason, benefit) = why(hop.row, hop.from);
                    let cost = self.cost(hop.row);
                    together = together.saturating_add(cost.millis);
                    targets.insert(hop.to);
                    moves.push(PlannedMove {
                        vm: self.field.resident(hop.row).id.clone(),
                        from: id(hop.from),
                        to: id(hop.to),
                        numa_cells: Assignment::positions(hop.lies.cells).collect(),
                        gpu_indices: Assignment::positions(hop.lies.gpus).collect(),
                        reason,
                        priority: None,
                        automatic: None,
                        stage: self.stage,
                        step,
                        cost,
                        benefit,
                    });
                }
                longest = longest.max(together);
            }
            millis = millis.saturating_add(longest);
        }
        let copied = moves.iter().fold(0u64, |sum, each| sum.saturating_add(each.cost.copied_mib));
        let stage = Stage {
            nodes: Vec::new(),
            complete: true,
            steps: small(steps.len()),
            moves: small(moves.len()),
            copied_mib: copied,
            millis,
            targets: small(targets.len()),
        };
        (moves, stage)
    }

    /// Why a machine stays, with the reasons that placement would give.
    pub(super) fn blocked(
        &self,
        field: &mut Field,
        row: Row,
        allow_cold: bool,
        told_before: usize,
    ) -> Option<Blocked> {
        let node = field.resident(row).node?;
        let (vm, node) = (field.resident(row).id.clone(), field.snapshot.node_id(node).clone());
        let plain = |code, message: String| Blocked {
            vm: vm.clone(),
            node: node.clone(),
            code,
            message,
            rejected_by: BTreeMap::new(),
            rejections: Vec::new(),
            would_fit_if: Vec::new(),
        };
        if let Some((code, message)) = self.immobile(field, row, allow_cold) {
            return Some(plain(code, message));
        }
        let mark = field.mark();
        field.lift(row);
        let told = refusal(&field.snapshot, &vm, field.shape(row), &field.pipeline, Detail::Brief);
        field.rollback(mark);
        let group = field.group(row).len();
        let message = if group > 1 {
            format!(
                "it and {} other machines must stay together, and no nodes take them all",
                group - 1
            )
        } else {
            "no other node will do".to_owned()
        };
        let fits = told.rejected_by.values().sum::<usize>() < field.snapshot.node_count();
        if fits {
            let message = "the moves before it leave it no room in time: plan again after them";
            return Some(plain(BlockedCode::Order, message.to_owned()));
        }
        let code = if group > 1 { BlockedCode::Group } else { BlockedCode::NoNode };
        if told_before >= EXPLAINED_MAX {
            return Some(Blocked { rejected_by: told.rejected_by, ..plain(code, message) });
        }
        Some(Blocked {
            rejected_by: told.rejected_by,
            rejections: told.rejections,
            // That it could stay is known.
            would_fit_if: told.would_fit_if.into_iter().filter(|way| way.node != node).collect(),
            ..plain(code, message)
        })
    }

    /// Why a machine may not move at all.
    pub(super) fn immobile(
        &self,
        field: &Field,
        row: Row,
        allow_cold: bool,
    ) -> Option<(BlockedCode, String)> {
        let facts = self.facts.get(&field.resident(row).id);
        let why = |else_say: &str| match facts {
            Some(facts) if !facts.why.is_empty() => facts.why.clone(),
            _ => else_say.to_owned(),
        };
        match migration(facts, is_attached(field.shape(row))) {
            Migration::None => Some((BlockedCode::CannotMove, why("it cannot move"))),
            Migration::Cold if !allow_cold => {
                let message = "it can only be stopped and started elsewhere: allow cold moves";
                Some((BlockedCode::OnlyCold, why(message)))
            }
            Migration::Live | Migration::Cold => None,
        }
    }
}
