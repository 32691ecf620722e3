//! Reading an inventory of 1,000 machines, against plain serde into the same types.

use std::{error::Error, hint::black_box, time::Duration};

use quantix_core::{
    Bytes, MemoryMib, VmId,
    document::{ReadMode, read},
    model::{DiskSpec, Inventory, NicSpec, PoolKind, PowerState, StoragePool, Vm, VmSpec},
};

use crate::table::{per_step, show};

const MACHINES: u128 = 1000;

/// What reading the same text took.
pub(crate) struct Answer {
    bytes: usize,
    plain: Duration,
    checked: Duration,
    faulty: Duration,
}

fn inventory() -> Result<Inventory, Box<dyn Error>> {
    let mut inventory = Inventory::default();
    let pool =
        serde_json::json!({"id": "pool-1", "kind": PoolKind::Dir, "capacity_bytes": "90TiB"});
    inventory.storage_pools.push(serde_json::from_value::<StoragePool>(pool)?);
    let network = serde_json::json!({
        "id": "net-1", "name": "LAN", "transport": {"kind": "external", "bridge": "br0"},
    });
    inventory.networks.push(serde_json::from_value(network)?);
    for number in 1..=MACHINES {
        let mut spec = VmSpec::new(4, MemoryMib(8192));
        for disk in 0..2 {
            let mut disk = DiskSpec::new(format!("disk{disk}").parse()?, Bytes(100 << 30));
            disk.storage_pool_id = Some("pool-1".parse()?);
            spec.disks.push(disk);
        }
        let mut nic = NicSpec::new("nic0".parse()?, "net-1".parse()?);
        nic.mac_address =
            Some(format!("52:54:00:00:{:02x}:{:02x}", number >> 8, number & 255).parse()?);
        spec.network_interfaces.push(nic);
        let mut vm = Vm::new(VmId::from_u128(number), format!("machine-{number}"), spec);
        vm.power_state = PowerState::Stopped;
        vm.labels.insert("tier".to_owned(), "web".to_owned());
        inventory.vms.push(vm);
    }
    Ok(inventory)
}

pub(crate) fn measure() -> Result<Answer, Box<dyn Error>> {
    let text = serde_json::to_string(&inventory()?)?;
    assert!(read::<Inventory>(&text, ReadMode::Strict).document.is_some(), "the text is valid");
    let plain = per_step(20, || {
        for _ in 0..20 {
            black_box(serde_json::from_str::<Inventory>(&text)).expect("the text is valid");
        }
    });
    let checked = per_step(20, || {
        for _ in 0..20 {
            black_box(read::<Inventory>(&text, ReadMode::Strict));
        }
    });
    let wrong = text.replacen("\"cores\"", "\"core\"", 1);
    let faulty = per_step(5, || {
        for _ in 0..5 {
            black_box(read::<Inventory>(&wrong, ReadMode::Strict));
        }
    });
    Ok(Answer { bytes: text.len(), plain, checked, faulty })
}

impl Answer {
    #[expect(clippy::print_stdout, reason = "the table is what a benchmark is for")]
    pub(crate) fn print(&self) {
        let times = |duration: Duration| duration.as_secs_f64() / self.plain.as_secs_f64();
        println!("\n## Inventory of {MACHINES} machines, {} KB of JSON\n", self.bytes / 1000);
        println!("| | time | times plain serde |\n|---|---|---|");
        for (name, duration) in [
            ("serde_json into the same types", self.plain),
            ("read and validate", self.checked),
            ("read and find every fault (one unknown field)", self.faulty),
        ] {
            println!("| {name} | {} | {:.2} |", show(duration), times(duration));
        }
    }
}
