//! Machines into shapes.

use std::{collections::BTreeMap, fmt::Display, sync::Arc};

use quantix_core::{
    Finding, NetworkKey, VmKey,
    cluster::{Disk, GpuDemand, HugePages, NumaPolicy, PlacedVm, Preference, Toleration, Vm},
};

use super::super::{Extra, PoolDemand, Shape, ShapeId, Snapshot, small};
use super::{CPU_MILLI_MAX, Faults, MEMORY_MIB_MAX, POOL_BYTES_MAX, SnapshotError};

/// The most weight that a preference may have.
const PREFERENCE_WEIGHT_MAX: u32 = 100;

/// What a machine of either document asks for.
#[derive(Debug)]
pub(crate) struct Wants<'a> {
    id: &'a VmKey,
    cpu_milli: u64,
    memory_mib: u64,
    disks: &'a [Disk],
    networks: &'a [NetworkKey],
    node_selector: &'a BTreeMap<String, String>,
    tolerations: &'a [Toleration],
    numa: NumaPolicy,
    gpus: &'a GpuDemand,
    preferences: &'a [Preference],
    hugepages: &'a [HugePages],
    devices: &'a BTreeMap<String, u32>,
    cpu_models: &'a [String],
    cpu_features: &'a [String],
    tenant: Option<&'a String>,
}

macro_rules! wants {
    ($document:ident) => {
        impl<'a> From<&'a $document> for Wants<'a> {
            fn from(vm: &'a $document) -> Self {
                Self {
                    id: &vm.id,
                    cpu_milli: vm.cpu_milli.0,
                    memory_mib: vm.memory_mib.0,
                    disks: &vm.disks,
                    networks: &vm.networks,
                    node_selector: &vm.node_selector,
                    tolerations: &vm.tolerations,
                    numa: vm.numa,
                    gpus: &vm.gpus,
                    preferences: &vm.preferences,
                    hugepages: &vm.hugepages,
                    devices: &vm.devices,
                    cpu_models: &vm.cpu_models,
                    cpu_features: &vm.cpu_features,
                    tenant: vm.tenant.as_ref(),
                }
            }
        }
    };
}

wants!(Vm);
wants!(PlacedVm);

/// Mebibytes that huge pages take, rounded up.
pub(super) fn pages_mib(pages: &[HugePages]) -> u64 {
    let bytes = pages.iter().map(|pages| u128::from(pages.size_bytes.0) * u128::from(pages.count));
    u64::try_from(bytes.sum::<u128>().div_ceil(1 << 20)).unwrap_or(u64::MAX)
}

/// Huge pages and devices, sorted; entries of one size are added up.
pub(super) fn extra(pages: &[HugePages], devices: &BTreeMap<String, u32>) -> Vec<(Extra, u64)> {
    if pages.is_empty() && devices.is_empty() {
        return Vec::new();
    }
    let mut extra: BTreeMap<Extra, u64> = BTreeMap::new();
    for pages in pages {
        let count = extra.entry(Extra::Pages(pages.size_bytes.0)).or_default();
        *count = count.saturating_add(pages.count);
    }
    for (product, &count) in devices {
        extra.insert(Extra::Device(product.clone()), count.into());
    }
    extra.into_iter().filter(|&(_, count)| count > 0).collect()
}

impl Snapshot {
    /// Interns what a machine asks for.
    ///
    /// # Errors
    /// When an amount is larger than any machine has; the paths begin at the machine.
    pub fn shape(&mut self, vm: &Vm) -> Result<ShapeId, SnapshotError> {
        let mut faults = Faults::default();
        let wants = Wants::from(vm);
        check_vm(&"vm", &wants, &mut faults);
        faults.finish()?;
        Ok(self.intern(&wants))
    }

    /// Interns a machine that was checked.
    pub(crate) fn intern(&mut self, vm: &Wants<'_>) -> ShapeId {
        let shape = self.describe(vm);
        self.intern_shape(shape)
    }

    /// Interns a shape that was made from others.
    pub(crate) fn intern_shape(&mut self, shape: Shape) -> ShapeId {
        if let Some(&id) = self.shape_ids.get(&shape) {
            return id;
        }
        let id = ShapeId(small(self.shapes.len()));
        self.profile.know(&shape);
        self.placed.push(0);
        let shape = Arc::new(shape);
        self.shapes.push(shape.clone());
        self.shape_ids.insert(shape, id);
        id
    }

    fn describe(&self, vm: &Wants<'_>) -> Shape {
        let gpus = if vm.gpus.is_none() { GpuDemand::default() } else { vm.gpus.clone() };
        let pools = self.pool_demands(vm.disks);
        let disks_with_pool = pools.iter().map(|demand| demand.disks).sum();
        Shape {
            cpu_milli: vm.cpu_milli,
            memory_mib: vm.memory_mib.saturating_sub(pages_mib(vm.hugepages)),
            pools,
            disks_with_pool,
            networks: sorted(vm.networks),
            node_selector: vm.node_selector.clone(),
            tolerations: sorted(vm.tolerations),
            numa: vm.numa,
            gpus,
            preferences: vm.preferences.to_vec(),
            cpu_models: sorted(vm.cpu_models),
            cpu_features: sorted(vm.cpu_features),
            tenant: vm.tenant.cloned(),
            extra: extra(vm.hugepages, vm.devices),
            rules: self.rules_of(vm.id),
        }
    }

    /// The sums of the disks per pool, in order of the pools' names.
    fn pool_demands(&self, disks: &[Disk]) -> Vec<PoolDemand> {
        let mut demands: Vec<PoolDemand> = Vec::new();
        for Disk { size_bytes, storage_pool_id, .. } in disks {
            let Some(pool) = storage_pool_id else { continue };
            let at = demands.binary_search_by(|demand| demand.pool.cmp(pool));
            let at = at.unwrap_or_else(|at| {
                let index = self.pool_index(pool);
                demands.insert(at, PoolDemand { pool: pool.clone(), index, bytes: 0, disks: 0 });
                at
            });
            let demand = &mut demands[at];
            demand.bytes = demand.bytes.saturating_add(size_bytes.0);
            demand.disks += 1;
        }
        demands
    }

    fn rules_of(&self, vm: &VmKey) -> Vec<super::RuleIndex> {
        if self.rules_of.is_empty() {
            return Vec::new();
        }
        self.rules_of.get(vm).cloned().unwrap_or_default()
    }
}

fn sorted<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    if items.is_empty() {
        return Vec::new();
    }
    let mut sorted = items.to_vec();
    sorted.sort();
    sorted.dedup();
    sorted
}

/// Reports what no machine can have.
pub(crate) fn check_vm(path: &dyn Display, vm: &Wants<'_>, faults: &mut Faults) {
    let mut large = |field: &str, amount: u64, limit: u64| {
        if amount > limit {
            let message = format!("{amount} is too large, expected at most {limit}");
            faults.error("quantity-too-large", format!("{path}.{field}"), message);
        }
    };
    large("cpu_milli", vm.cpu_milli, CPU_MILLI_MAX);
    large("memory_mib", vm.memory_mib, MEMORY_MIB_MAX);
    large("gpus.count", u64::from(vm.gpus.count), 1_000_000);
    large("gpus.milli", u64::from(vm.gpus.milli), 1_000_000);
    let bytes = vm.disks.iter().fold(0u64, |sum, disk| sum.saturating_add(disk.size_bytes.0));
    large("disks", bytes, POOL_BYTES_MAX);
    for (at, preference) in vm.preferences.iter().enumerate() {
        let field = format!("preferences[{at}].weight");
        large(&field, u64::from(preference.weight), u64::from(PREFERENCE_WEIGHT_MAX));
    }
    for (at, pages) in vm.hugepages.iter().enumerate() {
        large(&format!("hugepages[{at}].count"), pages.count, MEMORY_MIB_MAX);
    }
    if pages_mib(vm.hugepages) > vm.memory_mib {
        let message = format!(
            "the huge pages have {} MiB, more than the machine's {} MiB of memory",
            pages_mib(vm.hugepages),
            vm.memory_mib
        );
        faults.error("pages-exceed-memory", format!("{path}.hugepages"), message);
    }
    if vm.cpu_milli == 0 || vm.memory_mib == 0 {
        let message = format!("machine {} asks for no CPU or no memory", vm.id);
        faults.push(Finding::warning("asks-for-nothing", message).at(path.to_string()));
    }
    if vm.gpus.count > 0 && vm.gpus.milli == 0 {
        let message = format!("machine {} asks for nothing of each GPU", vm.id);
        faults.push(Finding::warning("asks-for-nothing", message).at(format!("{path}.gpus.milli")));
    }
}

impl Snapshot {
    /// As [`check_vm`], and names what the cluster does not have.
    pub(crate) fn check_vm(&self, path: &dyn Display, vm: &Wants<'_>, faults: &mut Faults) {
        check_vm(path, vm, faults);
        for (at, disk) in vm.disks.iter().enumerate() {
            if let Some(pool) = &disk.storage_pool_id
                && self.pool_index(pool).is_none()
            {
                let message = format!("machine {} wants pool {pool}, which no node reaches", vm.id);
                let path = format!("{path}.disks[{at}].storage_pool_id");
                faults.warning("unknown-pool", path, message);
            }
        }
    }

    /// The most CPU and the most memory that a node has.
    pub(crate) fn largest_node(&self) -> (u64, u64) {
        let largest = |amount: fn(&super::super::Class) -> u64| {
            self.classes.iter().map(amount).max().unwrap_or(0)
        };
        (largest(|class| class.cpu), largest(|class| class.memory))
    }
}
