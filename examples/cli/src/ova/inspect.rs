//! `quantix ova inspect`.

use std::path::PathBuf;

use clap::Args;
use quantix_core::{Bytes, MemoryMib};
use quantix_ova::ovf::{Bus, Firmware, Inspect, InspectDisk, InspectSystem, inspect};

use super::open;
use crate::{
    failure::Failure,
    ui::{Answer, BOLD, DIM, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova inspect appliance.ova
  quantix ova inspect --json appliance.ova | jq '.systems[].disks'
  quantix ova inspect folder/appliance.ovf
  quantix ova inspect https://example.org/appliance.ova

Only headers and the descriptor are read, so a large appliance takes no longer than a small one.
Exit code 0: it could be read; faults that leave no doubt about the machine are findings. 1: it is
broken, and the findings tell where.")]
pub(crate) struct InspectArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
}

impl InspectArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let package = open(&self.path)?;
        let answer = inspect(&package);
        ui.answer(&answer, describe)?;
        ui.findings(&answer.findings);
        Ok(Answer::yes_if(!answer.is_broken()))
    }
}

fn describe(answer: &Inspect) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: String| {
        text.push_str(&format!("{} {value}\n", styled(DIM, format_args!("{label:<12}"))));
    };
    let version = answer.ovf_version.as_deref().unwrap_or("unknown");
    line("OVF version", version.to_owned());
    if let Some(producer) = &answer.producer {
        line("made by", producer.clone());
    }
    if !answer.networks.is_empty() {
        line("networks", answer.networks.join(", "));
    }
    if !answer.deployment_options.is_empty() {
        let options = answer.deployment_options.iter().map(|option| match option.default {
            true => format!("{} (default)", option.id),
            false => option.id.clone(),
        });
        line("options", options.collect::<Vec<_>>().join(", "));
    }
    if !answer.eulas.is_empty() {
        line("licences", format!("{} to accept", answer.eulas.len()));
    }
    for system in &answer.systems {
        text.push('\n');
        text.push_str(&machine(system));
    }
    if !answer.properties.is_empty() {
        let mut table = Table::new(["property", "type", "value", "settable"]);
        for property in &answer.properties {
            let settable = if property.user_configurable { "yes" } else { "no" };
            let value = property.value.as_deref().unwrap_or_default();
            let cells = [property.qualified_key.as_str(), &property.kind, value, settable];
            table.row(cells);
        }
        text.push('\n');
        text.push_str(&table.render());
    }
    text
}

fn machine(system: &InspectSystem) -> String {
    let mut facts = Vec::new();
    facts.extend(system.cpus.map(|cpus| match system.cores_per_socket {
        Some(cores) => format!("{cpus} CPUs ({cores} per socket)"),
        None => format!("{cpus} CPUs"),
    }));
    facts.extend(system.memory_mib.map(|mib| format!("{} memory", MemoryMib(mib))));
    facts.push(match (system.firmware, system.secure_boot) {
        (Firmware::Bios, _) => "BIOS".to_owned(),
        (Firmware::Efi, false) => "UEFI".to_owned(),
        (Firmware::Efi, true) => "UEFI with secure boot".to_owned(),
    });
    if system.tpm {
        facts.push("TPM".to_owned());
    }
    let os = system.os.as_ref().and_then(|os| os.description.as_ref().or(os.vendor.as_ref()));
    facts.extend(os.cloned());
    let mut text = format!("{}: {}\n", styled(BOLD, &system.name), facts.join(", "));
    if !system.disks.is_empty() {
        let mut table = Table::new(["  disk", "size", "format", "attached to", "file"]);
        system.disks.iter().for_each(|disk| table.row(disk_row(disk)));
        text.push_str(&table.render());
    }
    if !system.nics.is_empty() {
        let mut table = Table::new(["  network", "model"]);
        for nic in &system.nics {
            let network = nic.network.as_deref().unwrap_or("-");
            table.row([format!("  {network}"), nic.model.clone().unwrap_or_default()]);
        }
        text.push_str(&table.render());
    }
    for drive in &system.cdroms {
        text.push_str(&format!("  CD drive: {}\n", drive.file.as_deref().unwrap_or("empty")));
    }
    text
}

fn disk_row(disk: &InspectDisk) -> [String; 5] {
    let bus = disk.controller.map(|bus| match bus {
        Bus::Ide => "ide",
        Bus::Scsi => "scsi",
        Bus::Sata => "sata",
        Bus::Nvme => "nvme",
        Bus::Virtio => "virtio",
        Bus::Usb => "usb",
    });
    let place = [disk.bus, disk.unit].into_iter().flatten().map(|number| number.to_string());
    let place = bus.into_iter().map(str::to_owned).chain(place).collect::<Vec<_>>().join(":");
    [
        format!("  {}", disk.id),
        disk.capacity_bytes.map_or_else(|| "unknown".to_owned(), |bytes| Bytes(bytes).to_string()),
        disk.format.clone().unwrap_or_default(),
        place,
        disk.file.clone().unwrap_or_else(|| "(empty)".to_owned()),
    ]
}
