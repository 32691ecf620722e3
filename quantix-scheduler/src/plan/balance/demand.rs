//! What machines use over a window, added up per node.

use std::collections::{BTreeMap, BTreeSet};

use quantix_core::VmKey;
use serde::Serialize;

use super::{
    super::field::{Field, Row, memory_of},
    request::BalanceRequest,
};
use crate::snapshot::NodeIndex;

/// Use of one node, in millionths of its real CPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeUse {
    /// Mean of the window.
    pub mean_ppm: u64,
    /// What one sample in twenty exceeds.
    pub p95_ppm: u64,
    /// The newer half of the window less the older half.
    pub trend_ppm: i64,
}

/// Use of machines and nodes, and what it costs.
#[derive(Clone, Debug)]
pub(super) struct Demand {
    /// Samples of CPU, then of memory where it counts.
    width: usize,
    samples: usize,
    rows: Vec<u64>,
    nodes: Vec<u64>,
    /// Real CPU and memory of each node.
    real: Vec<[u64; 2]>,
    threshold_ppm: u64,
    costs: Vec<u64>,
    /// Nodes in order of the largest part of them that is used at any time.
    peaks: BTreeSet<(u64, u32)>,
    peak_of: Vec<u64>,
}

impl Demand {
    pub(super) fn new(field: &Field, request: &BalanceRequest) -> Self {
        let samples = request.window as usize;
        let parts = if request.history.memory_mib.is_empty() { 1 } else { 2 };
        let width = samples * parts;
        let real = field.snapshot.node_indices().map(|node| {
            let class = &field.snapshot.classes[field.snapshot.nodes[node.at()].class as usize];
            let once = |all: u64, times: u32| all.saturating_mul(1000) / u64::from(times.max(1));
            [once(class.cpu, class.overcommit.0), once(class.memory, class.overcommit.1)]
        });
        let nodes = field.snapshot.node_count();
        let mut demand = Self {
            width,
            samples,
            rows: Vec::with_capacity(field.residents.len() * width),
            nodes: vec![0; nodes * width],
            real: real.collect(),
            threshold_ppm: request.threshold_ppm,
            costs: vec![0; nodes],
            peaks: BTreeSet::new(),
            peak_of: vec![0; nodes],
        };
        for (row, resident) in (0..).zip(&field.residents) {
            let Some(node) = resident.node else { continue };
            let class = &field.snapshot.classes[field.snapshot.nodes[node.at()].class as usize];
            let shape = field.shape(row);
            let cpu = shape.cpu_milli.saturating_mul(1000) / u64::from(class.overcommit.0.max(1));
            let history = &request.history;
            demand.push(&history.cpu_milli, &resident.id, cpu, request.horizon);
            if parts == 2 {
                demand.push(&history.memory_mib, &resident.id, memory_of(shape), request.horizon);
            }
        }
        for row in 0..crate::snapshot::small(field.residents.len()) {
            if let Some(node) = field.resident(row).node {
                demand.add(row, node, 1);
            }
        }
        for node in 0..nodes {
            demand.peaks.insert((0, crate::snapshot::small(node)));
            demand.renew(NodeIndex(crate::snapshot::small(node)));
        }
        demand
    }

    /// Appends the window of one machine: its last samples, the first of them repeated where there
    /// are too few, with the trend continued.
    fn push(&mut self, of: &BTreeMap<VmKey, Vec<u64>>, vm: &VmKey, unknown: u64, horizon: u32) {
        let known = of.get(vm).map(Vec::as_slice).unwrap_or_default();
        let from = known.len().saturating_sub(self.samples);
        let known = &known[from..];
        let first = known.first().copied().unwrap_or(unknown);
        let start = self.rows.len();
        self.rows.extend(std::iter::repeat_n(first, self.samples - known.len()));
        self.rows.extend_from_slice(known);
        let window = &mut self.rows[start..];
        let ahead = trend(window).saturating_mul(i64::from(horizon));
        let ahead = ahead / i64::try_from(window.len().div_ceil(2)).unwrap_or(1);
        for sample in window {
            *sample = sample.saturating_add_signed(ahead);
        }
    }

    fn row(&self, row: Row) -> &[u64] {
        let at = row as usize * self.width;
        &self.rows[at..at + self.width]
    }

    fn node(&self, node: NodeIndex) -> &[u64] {
        let at = node.at() * self.width;
        &self.nodes[at..at + self.width]
    }

    fn add(&mut self, row: Row, node: NodeIndex, sign: i64) {
        let (from, at) = (row as usize * self.width, node.at() * self.width);
        for offset in 0..self.width {
            let used = self.rows[from + offset];
            let sum = &mut self.nodes[at + offset];
            *sum = if sign > 0 { sum.saturating_add(used) } else { sum.saturating_sub(used) };
        }
    }

    fn renew(&mut self, node: NodeIndex) {
        self.costs[node.at()] = self.cost_of(node, self.node(node).iter().copied());
        let peak = self.peak_with(node, None);
        let old = std::mem::replace(&mut self.peak_of[node.at()], peak);
        self.peaks.remove(&(old, node.0));
        self.peaks.insert((peak, node.0));
    }

    /// A machine went from one node to another.
    pub(super) fn moved(&mut self, row: Row, from: NodeIndex, to: NodeIndex) {
        self.add(row, from, -1);
        self.add(row, to, 1);
        self.renew(from);
        self.renew(to);
    }

    /// The part of a node that is used at the most, with one machine more.
    pub(super) fn peak_with(&self, node: NodeIndex, row: Option<Row>) -> u64 {
        let more = row.map(|row| self.row(row));
        let real = self.real[node.at()];
        let part = |(at, &used): (usize, &u64)| {
            let used = used.saturating_add(more.map_or(0, |more| more[at]));
            let real = real[at / self.samples].max(1);
            u64::try_from(u128::from(used) * 1_000_000 / u128::from(real)).unwrap_or(u64::MAX)
        };
        self.node(node).iter().enumerate().map(part).max().unwrap_or(0)
    }

    /// The mean excess over the threshold, in thousandths of a core; a GiB counts as a core.
    fn cost_of(&self, node: NodeIndex, used: impl Iterator<Item = u64>) -> u64 {
        let mut sums = [0u128; 2];
        let real = self.real[node.at()];
        let free = real.map(|real| {
            let most = u128::from(real) * u128::from(self.threshold_ppm) / 1_000_000;
            u64::try_from(most).unwrap_or(u64::MAX)
        });
        for (at, used) in used.enumerate() {
            let part = at / self.samples;
            sums[part] += u128::from(used.saturating_sub(free[part]));
        }
        let over = (sums[0] + sums[1] * 1000 / 1024) / self.samples as u128;
        u64::try_from(over).unwrap_or(u64::MAX)
    }

    /// What a node costs now.
    pub(super) fn cost(&self, node: NodeIndex) -> u64 {
        self.costs[node.at()]
    }

    /// What all nodes cost.
    pub(super) fn total(&self) -> u64 {
        self.costs.iter().fold(0, |sum, cost| sum.saturating_add(*cost))
    }

    /// What a node would cost less without a machine.
    pub(super) fn gain(&self, row: Row, node: NodeIndex) -> u64 {
        let less =
            self.node(node).iter().zip(self.row(row)).map(|(all, own)| all.saturating_sub(*own));
        self.cost(node).saturating_sub(self.cost_of(node, less))
    }

    /// What a node would cost more with a machine.
    pub(super) fn loss(&self, row: Row, node: NodeIndex) -> u64 {
        let more =
            self.node(node).iter().zip(self.row(row)).map(|(all, own)| all.saturating_add(*own));
        self.cost_of(node, more).saturating_sub(self.cost(node))
    }

    /// The nodes, the least used first.
    pub(super) fn by_peak(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.peaks.iter().map(|&(_, node)| NodeIndex(node))
    }

    /// Use of CPU as a document shows it.
    pub(super) fn shown(&self, node: NodeIndex) -> NodeUse {
        let real = u128::from(self.real[node.at()][0].max(1));
        let part = |used: u128| u64::try_from(used * 1_000_000 / real).unwrap_or(u64::MAX);
        let window = &self.node(node)[..self.samples];
        let sum: u128 = window.iter().map(|&used| u128::from(used)).sum();
        let mut sorted = window.to_vec();
        sorted.sort_unstable();
        let p95 = sorted[(sorted.len() * 19).div_ceil(20).saturating_sub(1)];
        let trend = trend(window);
        let size = i64::try_from(part(u128::from(trend.unsigned_abs()))).unwrap_or(i64::MAX);
        NodeUse {
            mean_ppm: part(sum / self.samples as u128),
            p95_ppm: part(u128::from(p95)),
            trend_ppm: if trend < 0 { -size } else { size },
        }
    }
}

/// The mean of the newer half less that of the older half.
fn trend(window: &[u64]) -> i64 {
    let half = window.len() / 2;
    let mean = |part: &[u64]| {
        let sum: u128 = part.iter().map(|&sample| u128::from(sample)).sum();
        i64::try_from(sum / part.len().max(1) as u128).unwrap_or(i64::MAX)
    };
    if half == 0 { 0 } else { mean(&window[window.len() - half..]) - mean(&window[..half]) }
}
