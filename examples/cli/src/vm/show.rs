//! `quantix vm list`, `show`, `xml` and `host`.

use std::fmt::Write as _;

use clap::Args;
use quantix_libvirt::{
    DomainList, DomainReport, DomainState, FirmwareDetails, HostReport, XmlKind,
};

use super::{Connection, One, failure};
use crate::{
    failure::Failure,
    ui::{Answer, BOLD, DIM, DOUBT, GOOD, Table, Ui, styled},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm list
  quantix vm list --running --json
  quantix vm list --uri qemu+ssh://root@host2/system")]
pub(crate) struct ListArgs {
    /// Only machines that are on.
    #[arg(long)]
    running: bool,
    #[command(flatten)]
    connection: Connection,
}

impl ListArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut list = self.connection.open()?.list().map_err(failure)?;
        if self.running {
            list.vms.retain(|vm| vm.state.is_active());
        }
        ui.answer(&list, machines)?;
        Ok(Answer::Yes)
    }
}

/// A state in its colour.
pub(super) fn state(state: DomainState) -> String {
    let style = match state {
        DomainState::Running => GOOD,
        DomainState::ShutOff => DIM,
        _ => DOUBT,
    };
    styled(style, state.as_str())
}

fn machines(list: &DomainList) -> String {
    let mut table = Table::new(["STATE", "ID", "NAME"]);
    for vm in &list.vms {
        table.row([state(vm.state), vm.id.to_string(), vm.name.clone()]);
    }
    table.render()
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm show web
  quantix vm show 0192f0c1-2b3c-7d4e-8f50-112233445566 --json")]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    one: One,
}

impl ShowArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let report = host.describe(domain.id).map_err(failure)?;
        ui.answer(&report, machine)?;
        Ok(Answer::Yes)
    }
}

fn machine(report: &DomainReport) -> String {
    let DomainReport { info, machine, tag } = report;
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut text = format!("{}  {}\n", styled(BOLD, &info.name), state(info.state));
    let firmware = match machine.firmware {
        FirmwareDetails::Bios => "BIOS",
        FirmwareDetails::Efi { secure_boot: true } => "UEFI, secure boot",
        FirmwareDetails::Efi { secure_boot: false } => "UEFI",
    };
    let mut line = |what: &str, value: String| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {what:<10} {value}");
    };
    line("id", info.id.to_string());
    line("cpus", info.cpus.to_string());
    line("memory", info.memory_max_mib.to_string());
    line("machine", format!("{} ({}), {firmware}", or(&machine.machine), machine.domain_type));
    line("autostart", if info.autostart { "yes" } else { "no" }.to_owned());
    for disk in &machine.disks {
        let format = disk.format.as_deref().unwrap_or("?");
        line("disk", format!("{} {format} {} {}", disk.target, disk.device, or(&disk.source)));
    }
    for nic in &machine.nics {
        line("nic", format!("{} {} {}", or(&nic.mac), nic.source_type, or(&nic.source)));
    }
    for screen in &machine.graphics {
        let port = screen.port.map_or_else(|| "-".to_owned(), |port| port.to_string());
        line("screen", format!("{} {} port {port}", screen.kind, or(&screen.address)));
    }
    if let Some(tag) = tag {
        line("made by", format!("{} ({})", tag.owner, tag.request));
    }
    text
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm xml web
  quantix vm xml web --next-boot > web.xml   # edit it, then: quantix vm plan web --from web.xml")]
pub(crate) struct XmlArgs {
    #[command(flatten)]
    one: One,
    /// What the next boot will use, rather than what runs.
    #[arg(long)]
    next_boot: bool,
}

impl XmlArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let kind = if self.next_boot { XmlKind::NextBoot } else { XmlKind::Current };
        let xml = host.xml(domain.id, kind).map_err(failure)?;
        ui.answer(
            &serde_json::json!({ "name": domain.name, "id": domain.id, "xml": xml }),
            |_| xml.clone(),
        )?;
        Ok(Answer::Yes)
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example:
  quantix vm host --json

KVM counts only if a tiny guest runs under it in a few seconds.")]
pub(crate) struct HostArgs {
    #[command(flatten)]
    connection: Connection,
}

impl HostArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let report = self.connection.open()?.report().map_err(failure)?;
        ui.answer(&report, host)?;
        Ok(Answer::Yes)
    }
}

fn host(report: &HostReport) -> String {
    let HostReport { node, execution } = report;
    format!(
        "{}  {} {}\n  libvirt    {}, {} {}\n  cpus       {} in {} NUMA node(s)\n  \
         memory     {}, {} free\n  executes   {}: {}\n",
        styled(BOLD, &node.hostname),
        node.arch,
        node.uri,
        node.libvirt_version,
        node.driver,
        node.hypervisor_version,
        node.cpus,
        node.numa_nodes,
        node.memory_mib,
        node.memory_free_mib,
        execution.domain_type.as_str(),
        execution.reason,
    )
}
