//! Machines whose size does not suit what they use.

use quantix_core::VmKey;
use serde::Serialize;

use super::super::{
    balance::DemandHistory,
    field::{Field, memory_of},
};

/// With fewer samples nothing is said about a machine.
const SAMPLES_MIN: usize = 12;
/// A machine that uses less than this part of its size, nearly always, is too large.
const IDLE_PERCENT: u64 = 40;
/// A machine that uses more than this part of it is too small.
const FULL_PERCENT: u64 = 95;
/// What is added to the use for the size that is suggested.
const HEADROOM_PERCENT: u64 = 25;
/// The most hints of a report.
const HINTS_MAX: usize = 1_000;

/// A machine that should have another size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hint {
    /// The machine.
    pub vm: VmKey,
    /// What is wrong.
    pub kind: HintKind,
    /// What it has, in thousandths of a core or MiB.
    pub has: u64,
    /// What nineteen of twenty samples do not exceed.
    pub p95: u64,
    /// What would suit it.
    pub suggested: u64,
}

/// What is wrong with the size of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HintKind {
    /// It has more CPU than it uses.
    TooMuchCpu,
    /// It has less CPU than it could use.
    TooLittleCpu,
    /// It has more memory than it uses.
    TooMuchMemory,
    /// It has less memory than it could use.
    TooLittleMemory,
}

/// Hints, the largest difference first.
pub(super) fn hints(field: &Field, history: &DemandHistory) -> Vec<Hint> {
    let mut hints = Vec::new();
    for (row, resident) in (0..).zip(&field.residents) {
        let shape = field.shape(row);
        let cpu = (shape.cpu_milli, 1000, HintKind::TooMuchCpu, HintKind::TooLittleCpu);
        let memory = (memory_of(shape), 256, HintKind::TooMuchMemory, HintKind::TooLittleMemory);
        for (samples, (has, unit, much, little)) in [
            (history.cpu_milli.get(&resident.id), cpu),
            (history.memory_mib.get(&resident.id), memory),
        ] {
            let Some(p95) = samples.and_then(|samples| p95(samples)) else { continue };
            let fits = p95.saturating_mul(100 + HEADROOM_PERCENT).div_ceil(100);
            let suggested = fits.div_ceil(unit).max(1).saturating_mul(unit);
            let part = u128::from(p95) * 100;
            let kind = if part < u128::from(has) * u128::from(IDLE_PERCENT) && suggested < has {
                much
            } else if part > u128::from(has) * u128::from(FULL_PERCENT) && suggested > has {
                little
            } else {
                continue;
            };
            hints.push(Hint { vm: resident.id.clone(), kind, has, p95, suggested });
        }
    }
    hints.sort_by(|a, b| {
        let part = |hint: &Hint| {
            u128::from(hint.has.abs_diff(hint.suggested)) * 1_000_000 / u128::from(hint.has.max(1))
        };
        part(b).cmp(&part(a)).then_with(|| (&a.vm, a.kind).cmp(&(&b.vm, b.kind)))
    });
    hints.truncate(HINTS_MAX);
    hints
}

/// What nineteen of twenty samples do not exceed.
fn p95(samples: &[u64]) -> Option<u64> {
    if samples.len() < SAMPLES_MIN {
        return None;
    }
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    Some(sorted[(sorted.len() * 19).div_ceil(20) - 1])
}
