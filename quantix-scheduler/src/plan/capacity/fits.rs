//! How many more machines of a shape fit, and what the rest of the room is lost to.

use std::collections::BTreeMap;

use quantix_core::{
    Finding, MemoryMib, Millicores,
    cluster::{Cluster, NodeState, Vm},
};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        answer::{Blocked, PlannedMove},
        balance::DemandHistory,
        field::Field,
        picture::Picture,
        request::request_fault,
    },
    hints::{Hint, hints},
};
use crate::{
    engine::Engine,
    filter::Scope,
    place::{Detail, PlaceError, refusal},
    policy::{Pipeline, Policy},
    snapshot::{Faults, Snapshot, small},
};

/// The most shapes of one request.
pub const SHAPES_MAX: usize = 100;
/// How many machines of a shape are counted at the most.
pub const FITS_MAX: u32 = 1_000_000;
/// How many kinds of machines are asked about when the request names none.
const KINDS_SHOWN: usize = 5;

/// What is to fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CapacityRequest {
    /// The machines; the most frequent sizes of the cluster when left out.
    pub shapes: Vec<ShapeRequest>,
    /// What machines used: for hints about their size.
    pub history: DemandHistory,
}

/// A machine to count, and how many of them come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShapeRequest {
    /// The machine.
    pub vm: Vm,
    /// How many more there are every 30 days; 0 when not known.
    #[serde(default)]
    pub per_30_days: u32,
}

/// How much more fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CapacityReport {
    /// One entry per shape.
    pub shapes: Vec<Room>,
    /// Machines that are too large or too small for what they use.
    pub hints: Vec<Hint>,
    /// The cluster.
    pub before: Picture,
    /// The same: nothing moves.
    pub after: Picture,
    /// None.
    pub moves: Vec<PlannedMove>,
    /// None.
    pub blocked: Vec<Blocked>,
    /// The policy whose filters hold.
    pub policy: String,
    /// What was doubtful about the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
}

/// How many machines of one shape fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Room {
    /// CPU of the machine.
    pub cpu_milli: Millicores,
    /// Its memory.
    pub memory_mib: MemoryMib,
    /// How many fit beside what is there.
    pub fits: u32,
    /// How many would fit if the free CPU and memory of all nodes were one.
    pub by_volume: u32,
    /// The part of these that is lost to fragments, in millionths.
    pub fragmented_ppm: u32,
    /// For how many days that lasts; left out when no more come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runway_days: Option<u32>,
    /// Which filter keeps the next one off how many nodes.
    pub limited_by: BTreeMap<&'static str, usize>,
}

/// Tells how many more machines of some shapes fit, each shape alone.
///
/// For equal machines without rules the number is exact: nodes do not depend on each other.
///
/// # Errors
/// When a document has faults.
///
/// # Example
/// ```
/// use quantix_core::cluster::Cluster;
/// use quantix_scheduler::{Policy, plan::{CapacityRequest, capacity}};
/// let cluster: Cluster = serde_json::from_str(
///     r#"{"nodes": [{"id": "n1", "cpu_milli": 3000, "memory_mib": 8192},
///                   {"id": "n2", "cpu_milli": 3000, "memory_mib": 8192}]}"#,
/// )?;
/// let request: CapacityRequest = serde_json::from_str(
///     r#"{"shapes": [{"vm": {"id": "x", "cpu_milli": 2000, "memory_mib": 1024}, "per_30_days": 1}]}"#,
/// )?;
/// let report = capacity(&cluster, &request, &Policy::default())?;
/// let room = &report.shapes[0];
/// assert_eq!((room.fits, room.by_volume, room.runway_days), (2, 3, Some(60)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn capacity(
    cluster: &Cluster,
    request: &CapacityRequest,
    policy: &Policy,
) -> Result<CapacityReport, PlaceError> {
    let field = Field::build(cluster, policy)?;
    let mut faults = Faults::default();
    if request.shapes.len() > SHAPES_MAX {
        let message = format!("expected at most {SHAPES_MAX}");
        request_fault(&mut faults, "shapes".to_owned(), message);
    }
    faults.finish()?;
    let findings = field.snapshot.findings().to_vec();
    let asked = if request.shapes.is_empty() { frequent(cluster) } else { request.shapes.clone() };
    let mut shapes = Vec::with_capacity(asked.len());
    let mut engine = Engine::new(field.snapshot.clone(), Pipeline::new(policy)?);
    for shape in &asked {
        shapes.push(room(&mut engine, shape)?);
    }
    let picture = field.picture();
    Ok(CapacityReport {
        shapes,
        hints: hints(&field, &request.history),
        after: picture.clone(),
        before: picture,
        moves: Vec::new(),
        blocked: Vec::new(),
        policy: policy.name.clone(),
        findings,
    })
}

/// The sizes that machines have most often, without what else they ask for.
pub(super) fn frequent(cluster: &Cluster) -> Vec<ShapeRequest> {
    let mut kinds: BTreeMap<(u64, u64), (usize, &quantix_core::cluster::PlacedVm)> =
        BTreeMap::new();
    for vm in &cluster.vms {
        kinds.entry((vm.cpu_milli.0, vm.memory_mib.0)).or_insert((0, vm)).0 += 1;
    }
    let mut kinds: Vec<_> = kinds.into_iter().collect();
    kinds.sort_by_key(|&(kind, (count, _))| (std::cmp::Reverse(count), kind));
    let shape =
        |((cpu, memory), (_, vm)): ((u64, u64), (usize, &quantix_core::cluster::PlacedVm))| {
            let vm = Vm::new(vm.id.clone(), Millicores(cpu), MemoryMib(memory));
            ShapeRequest { vm, per_30_days: 0 }
        };
    kinds.into_iter().take(KINDS_SHOWN).map(shape).collect()
}

/// Places one machine after the other until none fits, and takes them back.
fn room(engine: &mut Engine, asked: &ShapeRequest) -> Result<Room, PlaceError> {
    let shape = engine.shape(&asked.vm)?;
    let by_volume = volume(engine.snapshot(), engine.pipeline(), shape);
    let checkpoint = engine.checkpoint();
    let mut fits = 0;
    // A machine of the cluster could have the name: it is then passed over.
    let mut number = 0u64;
    while fits < FITS_MAX {
        number += 1;
        let Ok(id) = format!("one more {number}").parse() else { break };
        match engine.place(&id, shape) {
            Ok(Some(_)) => fits += 1,
            Ok(None) => break,
            Err(_) if number > 2 * u64::from(FITS_MAX) => break,
            Err(_) => {}
        }
    }
    let snapshot = engine.snapshot();
    let entry = snapshot.shape_by_id(shape);
    let told = refusal(snapshot, &asked.vm.id, entry, engine.pipeline(), Detail::Brief);
    engine.undo(checkpoint);
    let lost = u64::from(by_volume.saturating_sub(fits)) * 1_000_000;
    let days = u64::from(fits) * 30;
    Ok(Room {
        cpu_milli: asked.vm.cpu_milli,
        memory_mib: asked.vm.memory_mib,
        fits,
        by_volume,
        fragmented_ppm: small(usize::try_from(lost / u64::from(by_volume.max(1))).unwrap_or(0)),
        runway_days: days
            .checked_div(u64::from(asked.per_30_days))
            .map(|days| u32::try_from(days).unwrap_or(u32::MAX)),
        limited_by: told.rejected_by,
    })
}

/// How many would fit if the room of all nodes that may have them were one.
fn volume(snapshot: &Snapshot, pipeline: &Pipeline, id: crate::ShapeId) -> u32 {
    let shape = snapshot.shape_by_id(id);
    let by_kind: Vec<_> = pipeline
        .filters
        .iter()
        .filter(|filter| matches!(filter.scope(snapshot, shape), Scope::Class | Scope::Node))
        .collect();
    let (mut cpu, mut memory) = (0u64, 0u64);
    for node in snapshot.node_indices() {
        let candidate = snapshot.candidate(node);
        let will_do = candidate.state() == NodeState::Ready
            && by_kind.iter().all(|filter| filter.check(candidate, shape).is_ok());
        if will_do {
            cpu = cpu.saturating_add(candidate.free_cpu_milli());
            memory = memory.saturating_add(candidate.free_memory_mib());
        }
    }
    let count = (cpu / shape.cpu_milli.max(1)).min(memory / shape.memory_mib.max(1));
    u32::try_from(count).unwrap_or(u32::MAX).min(FITS_MAX)
}
