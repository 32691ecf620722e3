//! Processors, memory, firmware and settings.

use quantix_core::{
    MemoryMib,
    model::{CpuSpec, Firmware, MemorySpec, TpmSpec, VmSpec},
};

use super::{Choices, Decision, Import, device, guest};
use crate::ovf::{self, Hardware, Machine, VirtualSystem};

/// CPUs of a machine whose descriptor names none.
pub const CPUS_DEFAULT: u32 = 1;
/// Memory of a machine whose descriptor names none.
pub const MEMORY_MIB_DEFAULT: u64 = 1024;

pub(super) fn build(
    import: &mut Import,
    system: &VirtualSystem,
    machine: &Machine,
    choices: &Choices,
) {
    let (cpus, memory) = (machine.cpus.unwrap_or(CPUS_DEFAULT), machine.memory_mib);
    import.vm = VmSpec::new(cpus, MemoryMib(memory.unwrap_or(MEMORY_MIB_DEFAULT)));
    import.vm.guest_os = guest::family(system.os.as_ref());
    processors(import, system, machine);
    import.vm.memory = MemorySpec::new(MemoryMib(memory.unwrap_or(MEMORY_MIB_DEFAULT)));
    let amount = import.vm.memory.size_mib.to_string();
    import.report.push(match memory {
        Some(_) => Decision::kept("memory", amount),
        None => {
            let reason = "the appliance does not say how much memory it needs";
            Decision::changed("memory", None, amount, reason)
        }
    });
    operating_system(import, system);
    firmware(import, machine);
    if let Some(hardware) = system.hardware.first() {
        device::devices(import, system, machine, choices);
        reservations(import, hardware);
        settings(import, hardware);
    }
    if let Some(second) = system.hardware.get(1) {
        let reason = "the first hardware section is used; this one is an alternative to it";
        let families = second.families.join(" ");
        import.report.push(Decision::dropped("hardware", Some(families), reason).at(second.at));
    }
}

fn processors(import: &mut Import, system: &VirtualSystem, machine: &Machine) {
    let cpus = machine.cpus.unwrap_or(CPUS_DEFAULT);
    let mut spec = CpuSpec::new(cpus);
    let decision = match (machine.cpus, machine.cores_per_socket) {
        (None, _) => {
            let reason = "the appliance does not say how many CPUs it needs";
            Decision::changed("CPUs", None, cpus.to_string(), reason)
        }
        (Some(_), Some(cores)) if cores > 0 && cpus.is_multiple_of(cores) => {
            spec.sockets = cpus / cores;
            let plural = if spec.sockets == 1 { "" } else { "s" };
            Decision::kept("CPUs", format!("{cpus} in {} socket{plural}", spec.sockets))
        }
        (Some(_), Some(cores)) => {
            let from = format!("{cpus} with {cores} cores per socket");
            let reason = "the sockets would not be full, so all CPUs are in one";
            Decision::changed("CPUs", Some(from), cpus.to_string(), reason)
        }
        // VMware gives each CPU a socket of its own; licences and old systems count sockets.
        (Some(_), None) => Decision::kept("CPUs", cpus.to_string())
            .because("in one socket, as the appliance does not arrange them"),
    };
    import.vm.cpu = spec;
    import.report.push(decision.at(system.at));
}

fn operating_system(import: &mut Import, system: &VirtualSystem) {
    let Some(os) = &system.os else { return };
    let said = os.description.clone().or(os.vendor.clone()).or(os.id.map(|id| id.to_string()));
    let family = import.vm.guest_os.to_string();
    let reason = "decides which drivers the guest is trusted to have";
    let mut decision = Decision::kept("guest", family).because(reason);
    decision.from = said;
    import.report.push(decision.at(os.at));
}

fn firmware(import: &mut Import, machine: &Machine) {
    import.vm.firmware = match machine.firmware {
        ovf::Firmware::Bios => Firmware::Bios,
        ovf::Firmware::Efi => Firmware::Efi,
    };
    import.report.push(Decision::kept("firmware", import.vm.firmware.to_string()));
    if machine.is_secure_boot {
        import.vm.secure_boot = true;
        import.report.push(Decision::kept("secure boot", "on"));
    }
    if machine.has_tpm {
        import.vm.tpm = Some(TpmSpec::default());
        let reason =
            "a new TPM; secrets in the old one (such as keys of encrypted disks) stay there";
        import.report.push(Decision::kept("TPM", "2.0").because(reason));
    }
    if let Some(nvram) = &machine.nvram {
        let reason = "the file is in VMware's format; the firmware finds its boot loader by itself";
        import.report.push(Decision::dropped("firmware settings", Some(nvram.clone()), reason));
    }
}

/// CPU time and memory that are set aside or limited.
fn reservations(import: &mut Import, hardware: &Hardware) {
    for item in &hardware.items {
        let (name, at) = match item.resource_type {
            Some(3) => ("CPU", item.at.unwrap_or(hardware.at)),
            Some(4) => ("memory", item.at.unwrap_or(hardware.at)),
            _ => continue,
        };
        let reason = "how much a machine is guaranteed is decided on the platform";
        for (what, value) in [("reservation", &item.reservation), ("limit", &item.limit)] {
            if let Some(value) = value.as_ref().filter(|value| *value != "0") {
                let item = format!("{name} {what}");
                import.report.push(Decision::dropped(item, Some(value.clone()), reason).at(at));
            }
        }
    }
}

/// Settings that are used elsewhere.
const USED: &[&str] = &[
    "firmware",
    "bootoptions.efisecurebootenabled",
    "uefi.secureboot.enabled",
    "cpuid.corespersocket",
    "nvram",
];

fn settings(import: &mut Import, hardware: &Hardware) {
    let all = hardware.config.iter().chain(&hardware.extra_config);
    for setting in all.filter(|s| !USED.contains(&s.key.to_ascii_lowercase().as_str())) {
        let reason = match setting.is_required {
            true => "a setting of VMware's that the appliance says it needs; KVM has no such thing",
            false => "a setting of VMware's without meaning on KVM",
        };
        let item = format!("setting {}", setting.key);
        let value = Some(setting.value.clone());
        import.report.push(Decision::dropped(item, value, reason).at(setting.at));
    }
}
