//! Which NUMA cells and GPUs of a node a machine gets.

use quantix_core::cluster::NumaPolicy;

use super::{Assignment, Candidate, CellFree, Shape};

/// The part of a machine that lies on one of `cells` equal cells, rounded up.
pub(crate) fn share(shape: &Shape, cells: u32) -> (i64, i64) {
    let part = |amount: u64| i64::try_from(amount.div_ceil(u64::from(cells))).unwrap_or(i64::MAX);
    (part(shape.cpu_milli), part(shape.memory_mib))
}

impl Candidate<'_> {
    /// The NUMA cells for a machine: none for one that is not bound, `None` where it does not fit.
    ///
    /// A machine for a single cell gets the one that it fills best, the lowest of equals.
    #[must_use]
    pub fn numa_cells(self, shape: &Shape) -> Option<u32> {
        let cells = self.cells();
        if shape.numa == NumaPolicy::Any || cells.len() < 2 {
            return Some(0);
        }
        if shape.numa == NumaPolicy::Even {
            let count = super::small(cells.len());
            let (cpu, memory) = share(shape, count);
            let fits = cells.iter().all(|cell| cell.cpu >= cpu && cell.memory >= memory);
            return fits.then(|| u32::MAX >> (u32::BITS - count));
        }
        let (cpu, memory) = share(shape, 1);
        let left = |(at, cell): (usize, &CellFree)| {
            let fits = cell.cpu >= cpu && cell.memory >= memory;
            fits.then(|| (self.residual(at, cell.cpu - cpu, cell.memory - memory), at))
        };
        let (_, at) = cells.iter().enumerate().filter_map(left).min()?;
        Some(1 << at)
    }

    /// How much of a cell would be left, as the sum of squared shares.
    fn residual(self, cell: usize, cpu: i64, memory: i64) -> u128 {
        let (cpu_all, memory_all) = self.class.cells[cell];
        let square = |left: i64, all: u64| {
            let share = u128::try_from(left).unwrap_or(0) * 1_000_000 / u128::from(all.max(1));
            share * share
        };
        square(cpu, cpu_all) + square(memory, memory_all)
    }

    /// The GPUs for a machine, `None` where there are too few.
    ///
    /// A part of a GPU goes where the least is lost of what typical parts could still fill, of equals
    /// where the least is left; whole ones to the lowest free positions.
    #[must_use]
    pub fn gpu_choice(self, shape: &Shape) -> Option<u32> {
        let demand = &shape.gpus;
        let typical = self.snapshot().typical();
        let lost = |free: u32| match demand.count {
            1 => typical.lost(free, demand.milli),
            _ => 0,
        };
        let mut fitting: Vec<(u32, u32, usize)> = self
            .gpus()
            .iter()
            .enumerate()
            .filter(|&(at, &free)| free >= demand.milli && self.gpu_will_do(at, shape))
            .map(|(at, &free)| (lost(free), free, at))
            .collect();
        fitting.sort_unstable();
        let chosen = fitting.get(..demand.count as usize)?;
        Some(chosen.iter().fold(0, |mask, &(_, _, at)| mask | 1 << at))
    }

    pub(crate) fn gpu_will_do(self, at: usize, shape: &Shape) -> bool {
        let models = &shape.gpus.models;
        models.is_empty() || models.contains(&self.class.gpus[at].model)
    }

    /// Where on the node a machine would lie, `None` where cells or GPUs do not suffice.
    #[must_use]
    pub fn assignment(self, shape: &Shape) -> Option<Assignment> {
        let gpus = if shape.gpus.is_none() { 0 } else { self.gpu_choice(shape)? };
        Some(Assignment { cells: self.numa_cells(shape)?, gpus })
    }
}
