//! Machines into shapes.

use std::{collections::BTreeMap, sync::Arc};

use quantix_core::{
    Finding, PoolKey, VmKey,
    cluster::{Disk, Vm},
};

use super::super::{PoolDemand, Shape, ShapeId, Snapshot, small};
use super::{CPU_MILLI_MAX, Faults, MEMORY_MIB_MAX, POOL_BYTES_MAX, SnapshotError};

/// The most weight that a preference may have.
const PREFERENCE_WEIGHT_MAX: u32 = 100;

impl Snapshot {
    /// Interns what a machine asks for.
    ///
    /// # Errors
    /// When an amount is larger than any machine has; the paths begin at the machine.
    pub fn shape(&mut self, vm: &Vm) -> Result<ShapeId, SnapshotError> {
        let mut faults = Faults::default();
        check_vm("vm", vm, &mut faults);
        faults.finish()?;
        Ok(self.intern(vm))
    }

    /// Interns a machine that was checked.
    pub(crate) fn intern(&mut self, vm: &Vm) -> ShapeId {
        let shape = self.describe(vm);
        if let Some(&id) = self.shape_ids.get(&shape) {
            return id;
        }
        let id = ShapeId(small(self.shapes.len()));
        let shape = Arc::new(shape);
        self.shapes.push(shape.clone());
        self.shape_ids.insert(shape, id);
        id
    }

    fn describe(&self, vm: &Vm) -> Shape {
        let mut pools: BTreeMap<&PoolKey, (u64, u32)> = BTreeMap::new();
        for Disk { size_bytes, storage_pool_id, .. } in &vm.disks {
            let Some(pool) = storage_pool_id else { continue };
            let (bytes, disks) = pools.entry(pool).or_default();
            *bytes = bytes.saturating_add(size_bytes.0);
            *disks += 1;
        }
        let disks_with_pool = pools.values().map(|&(_, disks)| disks).sum();
        let demand = |(pool, (bytes, disks)): (&PoolKey, (u64, u32))| PoolDemand {
            pool: pool.clone(),
            index: self.pool_index(pool),
            bytes,
            disks,
        };
        let mut gpus = vm.gpus.clone();
        if gpus.is_none() {
            gpus = Default::default();
        }
        Shape {
            cpu_milli: vm.cpu_milli.0,
            memory_mib: vm.memory_mib.0,
            pools: pools.into_iter().map(demand).collect(),
            disks_with_pool,
            networks: sorted(&vm.networks),
            node_selector: vm.node_selector.clone(),
            tolerations: sorted(&vm.tolerations),
            numa: vm.numa,
            gpus,
            preferences: vm.preferences.clone(),
            cpu_features: sorted(&vm.cpu_features),
            rules: self.rules_of(&vm.id),
        }
    }

    fn rules_of(&self, vm: &VmKey) -> Vec<super::RuleIndex> {
        self.rules_of.get(vm).cloned().unwrap_or_default()
    }
}

fn sorted<T: Ord + Clone>(items: &[T]) -> Vec<T> {
    let mut sorted = items.to_vec();
    sorted.sort();
    sorted.dedup();
    sorted
}

/// Reports what no machine can have.
pub(crate) fn check_vm(path: &str, vm: &Vm, faults: &mut Faults) {
    let mut large = |field: &str, amount: u64, limit: u64| {
        if amount > limit {
            let message = format!("{amount} is too large, expected at most {limit}");
            faults.error("quantity-too-large", format!("{path}.{field}"), message);
        }
    };
    large("cpu_milli", vm.cpu_milli.0, CPU_MILLI_MAX);
    large("memory_mib", vm.memory_mib.0, MEMORY_MIB_MAX);
    large("gpus.count", u64::from(vm.gpus.count), 1_000_000);
    large("gpus.milli", u64::from(vm.gpus.milli), 1_000_000);
    let bytes = vm.disks.iter().fold(0u64, |sum, disk| sum.saturating_add(disk.size_bytes.0));
    large("disks", bytes, POOL_BYTES_MAX);
    for (at, preference) in vm.preferences.iter().enumerate() {
        let field = format!("preferences[{at}].weight");
        large(&field, u64::from(preference.weight), u64::from(PREFERENCE_WEIGHT_MAX));
    }
    if vm.cpu_milli.0 == 0 || vm.memory_mib.0 == 0 {
        let message = format!("machine {} asks for no CPU or no memory", vm.id);
        faults.push(Finding::warning("asks-for-nothing", message).at(path));
    }
    if vm.gpus.count > 0 && vm.gpus.milli == 0 {
        let message = format!("machine {} asks for nothing of each GPU", vm.id);
        faults.push(Finding::warning("asks-for-nothing", message).at(format!("{path}.gpus.milli")));
    }
}

impl Snapshot {
    /// As [`check_vm`], and names what the cluster does not have.
    pub(crate) fn check_vm(&self, path: &str, vm: &Vm, faults: &mut Faults) {
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
