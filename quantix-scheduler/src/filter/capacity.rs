//! Filters on amounts: CPU, memory, NUMA cells, GPUs.

use quantix_core::cluster::NumaPolicy;

use super::{Amount, Filter, Rejection, Scope, suffices};
use crate::snapshot::{Candidate, Extra, Shape, Snapshot, share};

/// The node has the CPU, overcommit included.
#[derive(Clone, Copy, Debug)]
pub struct CpuFilter;

impl Filter for CpuFilter {
    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Room
    }

    fn name(&self) -> &'static str {
        "cpu"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        suffices(shape.cpu_milli, node.free_cpu_milli())
    }
}

/// The node has the memory, overcommit included.
#[derive(Clone, Copy, Debug)]
pub struct MemoryFilter;

impl Filter for MemoryFilter {
    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Room
    }

    fn name(&self) -> &'static str {
        "memory"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        suffices(shape.memory_mib, node.free_memory_mib())
    }
}

/// A machine bound to NUMA cells fits them. A machine that is not bound floats over all cells, so
/// that for it the node's totals decide.
#[derive(Clone, Copy, Debug)]
pub struct NumaFilter;

impl Filter for NumaFilter {
    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Room
    }

    fn name(&self) -> &'static str {
        "numa"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        if node.numa_cells(shape).is_some() {
            return Ok(());
        }
        let cells = u32::try_from(node.cells().len()).unwrap_or(u32::MAX);
        let parts = if shape.numa == NumaPolicy::Even { cells } else { 1 };
        let (cpu, memory) = share(shape, parts);
        let free = node
            .cells()
            .iter()
            .map(|cell| format!("{} millicores and {} MiB", cell.cpu.max(0), cell.memory.max(0)));
        let whole = if parts == 1 { "in one cell" } else { "in every cell" };
        let asked = format!("{cpu} millicores and {memory} MiB {whole}");
        Err(Rejection { asked: asked.as_str().into(), free: free.collect() })
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.numa == NumaPolicy::Any
    }
}

/// The node has the GPUs.
#[derive(Clone, Copy, Debug)]
pub struct GpuFilter;

impl Filter for GpuFilter {
    fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
        Scope::Room
    }

    fn name(&self) -> &'static str {
        "gpus"
    }

    fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
        let fitting = node
            .gpus()
            .iter()
            .enumerate()
            .filter(|&(at, &free)| free >= shape.gpus.milli && node.gpu_will_do(at, shape))
            .count();
        suffices(u64::from(shape.gpus.count), fitting as u64)
    }

    fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
        shape.gpus.is_none()
    }
}

/// What of one kind of countables a machine asks for and a node has not.
fn check_extra(
    node: Candidate<'_>,
    shape: &Shape,
    is_kind: fn(&Extra) -> bool,
) -> Result<(), Rejection> {
    let mut short = shape
        .extra
        .iter()
        .filter(|(extra, count)| is_kind(extra) && node.free_extra(extra) < *count)
        .peekable();
    if short.peek().is_none() {
        return Ok(());
    }
    let (asked, free): (Vec<String>, Vec<String>) = short
        .map(|(extra, count)| {
            (format!("{count} x {extra}"), format!("{} x {extra}", node.free_extra(extra)))
        })
        .unzip();
    Err(Rejection { asked: Amount::Names(asked), free: Amount::Names(free) })
}

macro_rules! extra_filter {
    ($(#[$doc:meta])* $name:ident, $word:literal, $kind:pat) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Filter for $name {
            fn name(&self) -> &'static str {
                $word
            }

            fn check(&self, node: Candidate<'_>, shape: &Shape) -> Result<(), Rejection> {
                check_extra(node, shape, |extra| matches!(extra, $kind))
            }

            fn scope(&self, _: &Snapshot, _: &Shape) -> Scope {
                Scope::Room
            }

            fn is_idle(&self, _: &Snapshot, shape: &Shape) -> bool {
                !shape.extra.iter().any(|(extra, _)| matches!(extra, $kind))
            }
        }
    };
}

extra_filter! {
    /// The node has the huge pages, of each size that the machine asks for.
    HugePageFilter, "hugepages", Extra::Pages(_)
}
extra_filter! {
    /// The node has the PCI devices, of each product that the machine asks for.
    DeviceFilter, "devices", Extra::Device(_)
}
