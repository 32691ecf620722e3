//! `quantix ova edit`.

use std::path::PathBuf;

use clap::Args;
use quantix_core::MemoryMib;
use quantix_ova::ovf::edit::{Edit, EditedPackage, edit_package};

use super::{Blame, open, unwritten, watch::Bar};
use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova edit web.ova --to web-large.ova --cpus 8 --memory-mib 16384
  quantix ova edit web.ova --to web-2.ova --name web-2 --network 'VM Network=lan'
  quantix ova edit folder/web.ovf --to folder/web-2.ovf --property hostname=web-2
  quantix ova edit web.ova --to web-2.ova --edits changes.yaml

Changes as little of the descriptor as possible: what Quantix does not know stays to the byte. An
OVA gets a new manifest; a signature no longer fits and is left out. Where --to ends in .ovf, only
the descriptor is written. The edits of --edits come first. They are a list, in JSON or YAML:
  - {edit: add_nic, network: backup, model: VmxNet3}
  - {edit: set_nic, instance: '5', network: dmz}
  - {edit: add_disk, id: data, capacity_bytes: 20GiB}
  - {edit: set_capacity, disk: vmdisk1, capacity_bytes: 40GiB}
  - {edit: remove_device, instance: '7'}
  - {edit: set_firmware, firmware: efi, secure_boot: true}
  - {edit: set_os, id: 96, vendor: debian12_64Guest}
Also: set_name, set_cpus, set_memory, set_hardware, set_config {key, value, extra}, set_annotation,
add_eula, remove_eulas, set_property {key, option, value}, rename_network {from, to},
set_default_option. `system` names one of several machines, `option` a deployment option.
The JSON document is {\"path\",\"bytes\",\"findings\"}. Exit code 2: an edit cannot be made; nothing is
written then.")]
pub(crate) struct EditArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
    /// The OVA, or the descriptor, to write.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// The machine that is meant, where there are several.
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// The deployment option whose CPUs, memory and properties are meant.
    #[arg(long, value_name = "ID")]
    option: Option<String>,
    /// What the machine is called.
    #[arg(long)]
    name: Option<String>,
    /// How many virtual CPUs.
    #[arg(long, value_name = "N")]
    cpus: Option<u32>,
    /// How many of them are in a socket.
    #[arg(long, value_name = "N", requires = "cpus")]
    cores_per_socket: Option<u32>,
    /// How much memory, in MiB.
    #[arg(long, value_name = "MIB")]
    memory_mib: Option<u64>,
    /// The default value of a property; may be given several times.
    #[arg(long, value_name = "KEY=VALUE", value_parser = super::pair)]
    property: Vec<(String, String)>,
    /// Another name for a network; may be given several times.
    #[arg(long, value_name = "FROM=TO", value_parser = super::pair)]
    network: Vec<(String, String)>,
    /// A file with edits, JSON or YAML; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,
}

impl EditArgs {
    pub(crate) fn run(mut self, ui: &Ui) -> Result<Answer, Failure> {
        let mut edits: Vec<Edit> = match self.edits.take() {
            Some(path) => input::document(&path, "list of edits")?,
            None => Vec::new(),
        };
        let (path, to) = (self.path.clone(), self.to.clone());
        edits.extend(self.flags());
        if edits.is_empty() {
            let failure = Failure::input("nothing to edit");
            return Err(failure.hint("name what to change; see --help"));
        }
        let package = open(&path)?;
        let bar = Bar::new(ui, "writing");
        let answer = edit_package(&package, &edits, &to, &bar);
        drop(bar);
        let answer = answer.map_err(|error| {
            let blame = Blame::of(error.is_cancelled(), error.is_target());
            unwritten(&error, blame, &[])
        })?;
        ui.findings(&answer.findings);
        ui.answer(&answer, |answer: &EditedPackage| format!("{}\n", answer.path.display()))?;
        Ok(Answer::Yes)
    }

    /// The edits that options stand for.
    fn flags(self) -> Vec<Edit> {
        let Self { system, option, name, cpus, cores_per_socket, memory_mib, .. } = self;
        let mut edits = Vec::new();
        edits.extend(name.map(|name| Edit::SetName { system: system.clone(), name }));
        edits.extend(cpus.map(|cpus| Edit::SetCpus {
            system: system.clone(),
            option: option.clone(),
            cpus,
            cores_per_socket,
        }));
        edits.extend(memory_mib.map(|mib| Edit::SetMemory {
            system: system.clone(),
            option: option.clone(),
            memory_mib: MemoryMib(mib),
        }));
        let property = |(key, value)| Edit::SetProperty { key, option: option.clone(), value };
        edits.extend(self.property.into_iter().map(property));
        edits.extend(self.network.into_iter().map(|(from, to)| Edit::RenameNetwork { from, to }));
        edits
    }
}
