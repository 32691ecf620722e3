//! `quantix deploy`: an appliance becomes the machine that was asked for.
//!
//! Everything that can be refused is refused before the long work begins; what the long work made
//! is removed when a later step fails; and the same request again finds the machine that it made.

mod asked;
mod drives;
mod hardware;
mod nodes;
mod readback;
mod remove;
mod report;
mod request;
mod target;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use quantix_cloudinit::{
    seed::ImageFormat,
    spec::{Entropy, RenderOptions, Rendered},
};
use quantix_core::{
    CustomizationSpec, Finding, NetworkKey, PoolKey, SpecVm,
    cluster::{Cluster, Disk, Vm},
    spec::SpecVmNic,
};
use quantix_libvirt::{Class, CreateOptions, Host, Libvirt, NicSource, OwnerTag};
use quantix_ova::{
    convert::{Conversion, Options, convert_appliance},
    import,
};
use quantix_scheduler::{Detail, PlaceAnswer, place_documents};

pub(crate) use self::remove::UndeployArgs;
use self::{
    asked::{Asked, asked},
    drives::Drives,
    hardware::{Files, Hardware},
    nodes::Local,
    report::{DeployReport, human, rows},
    request::Request,
    target::MachineFolder,
};
use crate::{
    failure::Failure,
    input, ova, place,
    ui::{Answer, Ui},
};

/// Who owns the machines that this command makes.
const OWNER: &str = "quantix-deploy";

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix deploy appliance.ova --spec spec.yaml
  quantix deploy appliance.ova --spec spec.yaml --cluster cluster.yaml --name web --to /srv/vms
  quantix deploy appliance.ova --spec spec.yaml --network 'VM Network=bridge:br0' --no-wait
  quantix deploy appliance.ova --spec spec.yaml --option large --property hostname=web-1

The appliance is verified and converted in one pass, a node is chosen among the local host and the
nodes of the cluster file, the spec is rendered to a seed image, images and properties of the
appliance are put into optical drives, the machine is started, and what was asked is compared with what the guest got. The same command again only compares. Exit code 1:
a digest differs, no node fits, or the guest differs from what was asked.")]
pub(crate) struct DeployArgs {
    /// The OVA, the OVF descriptor, or the folder with one.
    ova: PathBuf,
    /// The customization spec, JSON or YAML.
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// Further nodes, pools, machines and rules to place by, JSON or YAML.
    #[arg(long, value_name = "FILE")]
    cluster: Option<PathBuf>,
    /// The placement policy; the default one when left out.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The libvirt host.
    #[arg(long, default_value = "qemu:///system")]
    uri: String,
    /// The name of the machine; else the appliance's.
    #[arg(long)]
    name: Option<String>,
    /// Which system of the appliance; needed where it has several.
    #[arg(long, value_name = "ID")]
    system: Option<String>,
    /// The deployment option; else the appliance's default.
    #[arg(long, value_name = "ID")]
    option: Option<String>,
    /// Which drivers the guest may be trusted to have.
    #[arg(long, value_enum, default_value_t = Drivers::Known)]
    drivers: Drivers,
    /// The value of a property of the appliance; may be repeated.
    #[arg(long = "property", value_name = "KEY=VALUE", value_parser = ova::pair)]
    properties: Vec<(String, String)>,
    /// The folder in which the machine gets its own folder.
    #[arg(long, value_name = "DIR", default_value = "/var/lib/quantix/machines")]
    to: PathBuf,
    /// The storage pool that the folder belongs to; a node must reach it.
    #[arg(long, value_name = "POOL", default_value = "appliances")]
    pool: PoolKey,
    /// What a network of the appliance is here: `user`, `network:NAME` or `bridge:NAME`. Networks
    /// that are not named are `user`: address translation by the hypervisor.
    #[arg(long, value_name = "NETWORK=SOURCE", value_parser = request::network)]
    network: Vec<(String, NicSource)>,
    /// Seconds to wait for the guest's first boot.
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    timeout: u64,
    /// Do not wait for the guest.
    #[arg(long)]
    no_wait: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Drivers {
    /// Paravirtual devices for guests that are known to bring their drivers.
    Known,
    /// Paravirtual devices throughout.
    Virtio,
    /// Devices that every system knows throughout.
    Generic,
}

impl From<Drivers> for import::Drivers {
    fn from(drivers: Drivers) -> Self {
        match drivers {
            Drivers::Known => Self::Known,
            Drivers::Virtio => Self::Virtio,
            Drivers::Generic => Self::Generic,
        }
    }
}

impl DeployArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| Failure::environment("cannot start").because(error))?;
        runtime.block_on(Deployment::new(self, ui)?.run())
    }
}

/// One run of the command.
struct Deployment<'u> {
    ui: &'u Ui,
    args: DeployArgs,
    start: Instant,
    spec: CustomizationSpec,
    declared: Option<Cluster>,
    request: Request,
    decisions: Vec<import::Decision>,
    hardware: Hardware,
    drives: Drives,
    findings: Vec<Finding>,
}

impl<'u> Deployment<'u> {
    /// Reads and checks everything that was given.
    fn new(args: DeployArgs, ui: &'u Ui) -> Result<Self, Failure> {
        let start = Instant::now();
        let spec: CustomizationSpec = input::document(&args.spec, "customization spec")?;
        let declared = args
            .cluster
            .as_deref()
            .map(|path| input::document(path, "cluster file"))
            .transpose()?;
        let (request, import, mut findings) = request::read(&args)?;
        let hardware = Hardware::new(&import, request.id);
        findings.extend(hardware.findings.iter().cloned());
        let drives = Drives::new(&import);
        let decisions = import.report;
        Ok(Self { ui, args, start, spec, declared, request, decisions, hardware, drives, findings })
    }

    async fn run(mut self) -> Result<Answer, Failure> {
        let rendered = self.render()?;
        let asked = asked(&self.spec, rendered.hostname(), rendered.file("network-config"));
        let host = connect(&self.args.uri).await?;
        if self.is_deployed(&host).await? {
            return self.compare(&host, &asked, self.answer(&asked, None)).await;
        }
        let local = self.local(&host).await?;
        let placement = self.place(&local)?;
        if !placement.is_complete() {
            let mut report = self.answer(&asked, Some(&placement));
            report.node = None;
            self.ui.answer(&report, |_| String::new())?;
            return Ok(Answer::No);
        }
        let execution = host.usable_domain_type().await.map_err(unreachable)?;
        self.ui.note(format_args!("{}: {}", execution.domain_type.as_str(), execution.reason));
        let folder = MachineFolder::create(&self.args.to, &self.request.name)?;
        let Some(conversion) = self.convert(folder.path())? else {
            let mut report = self.answer(&asked, Some(&placement));
            report.matches = Some(false);
            self.ui.answer(&report, |_| String::new())?;
            return Ok(Answer::No);
        };
        let files = self.write_files(&folder, &rendered, &conversion)?;
        let networks: BTreeMap<_, _> = self.args.network.iter().cloned().collect();
        let (disks, drives, tag) = (&files.disks, &files.drives, files.tag.clone());
        let domain = self.hardware.domain(
            &self.request.name,
            self.request.id,
            execution.domain_type,
            Files { disks, seed: &files.seed, drives, console: &files.console, tag },
            &networks,
        );
        host.create(&domain, CreateOptions { start: true }).await.map_err(refused)?;
        folder.keep();
        let mut report = self.answer(&asked, Some(&placement));
        report.domain_type = Some(execution.domain_type.as_str().to_owned());
        report.files = files.tag.files;
        report.conversion = Some(conversion);
        self.compare(&host, &asked, report).await
    }

    /// Renders the spec for this machine. The randomness comes from the request, so that the same
    /// request asks for the same host name again.
    fn render(&mut self) -> Result<Rendered, Failure> {
        let nics = self.hardware.vm.network_interfaces.iter().zip(&self.hardware.macs);
        let nics = nics.map(|(nic, mac)| SpecVmNic {
            mac: Some(mac.to_string()),
            network: Some(nic.network_id.to_string()),
            ..SpecVmNic::default()
        });
        let vm = SpecVm {
            id: Some(self.request.id.to_string()),
            name: self.request.name.clone(),
            nics: nics.collect(),
            ..SpecVm::default()
        };
        let mut entropy = Entropy::from_key(self.request.key);
        let options = RenderOptions::default();
        let rendered = quantix_cloudinit::spec::render(&self.spec, &vm, options, &mut entropy)
            .map_err(|error| {
                Failure::input(format!("{} cannot be rendered", self.args.spec.display()))
                    .with_findings(error.faults().to_vec())
            })?;
        self.findings.extend(rendered.findings().iter().cloned());
        self.ui.findings(&self.findings);
        self.ui.note(report::changes(&self.decisions));
        Ok(rendered)
    }

    /// Whether this request has made the machine already; a stopped one is started.
    async fn is_deployed(&self, host: &Host) -> Result<bool, Failure> {
        let name = &self.request.name;
        let Some(there) = host.domain_by_name(name).await.map_err(unreachable)? else {
            return Ok(false);
        };
        let tag = host.tag(there.id).await.map_err(unreachable)?;
        if !tag.is_some_and(|tag| tag.owner == OWNER && tag.request == self.request.digest) {
            return Err(Failure::input(format!(
                "there is a machine `{name}` already, and it was not made by this request"
            ))
            .hint(format!("choose another --name, or remove it with `quantix undeploy {name}`")));
        }
        if !host.state(there.id).await.map_err(unreachable)?.is_active() {
            host.start(there.id).await.map_err(refused)?;
        }
        Ok(true)
    }

    async fn local(&self, host: &Host) -> Result<Local, Failure> {
        let nics = self.hardware.vm.network_interfaces.iter();
        let mut networks: Vec<NetworkKey> = nics.map(|nic| nic.network_id.clone()).collect();
        networks.sort();
        networks.dedup();
        Local::describe(host, &self.args.pool, &self.args.to, networks).await
    }

    /// Chooses a node and says why every other one was rejected.
    fn place(&self, local: &Local) -> Result<PlaceAnswer, Failure> {
        let cluster = local.join(self.declared.clone());
        // By its name where that can name a machine, which it nearly always can.
        let key = self.request.name.parse().unwrap_or_else(|_| self.request.id.into());
        let mut vm = Vm::new(
            key,
            quantix_core::Millicores(u64::from(self.hardware.vm.cpu.cores) * 1000),
            self.hardware.memory(),
        );
        vm.disks = self.hardware.vm.disks.iter().map(|disk| self.demand(disk)).collect();
        vm.networks = local.networks().to_vec();
        let policy = place::policy(self.args.policy.as_ref())?;
        let answer =
            place_documents(&cluster, &[vm], &policy, Detail::Full).map_err(place::failure)?;
        self.ui.note(place::human(&answer, &place::most_terms(&policy)?));
        if let Some(placement) = answer.placements.first()
            && placement.node != *local.node()
        {
            return Err(Failure::input(format!(
                "the best node is {}, and this command reaches only {}",
                placement.node,
                local.node()
            ))
            .hint("run it there, or cordon that node in the cluster file"));
        }
        Ok(answer)
    }

    fn demand(&self, disk: &quantix_core::model::DiskSpec) -> Disk {
        Disk {
            id: Some(disk.id.clone()),
            size_bytes: disk.size_bytes,
            storage_pool_id: Some(self.args.pool.clone()),
        }
    }

    /// Verifies and converts; `None` where a digest differs, which is then among the findings.
    fn convert(&mut self, folder: &Path) -> Result<Option<Conversion>, Failure> {
        let bar = ova::Bar::new(self.ui, "verifying and converting");
        let options = Options::default();
        let result = convert_appliance(&self.request.package, folder, &options, &bar);
        drop(bar);
        match result {
            Ok(conversion) => {
                self.ui.findings(&conversion.findings);
                Ok(Some(conversion))
            }
            Err(error) => match error.failed_verification() {
                Some(verification) => {
                    self.ui.note(format_args!("{error}; nothing was deployed"));
                    self.ui.findings(&verification.findings);
                    self.findings.extend(verification.findings.iter().cloned());
                    Ok(None)
                }
                None => Err(ova::convert_failure(error)),
            },
        }
    }

    fn write_files(
        &self,
        folder: &MachineFolder,
        rendered: &Rendered,
        conversion: &Conversion,
    ) -> Result<Written, Failure> {
        let disks = self.hardware.disk_paths(&conversion.disks)?;
        let (seed, console) = (folder.file("seed.iso")?, folder.file("console.log")?);
        rendered
            .seed_image(ImageFormat::default())
            .and_then(|image| image.write_to(Path::new(&seed)))
            .map_err(|error| Failure::environment("cannot write the seed image").because(error))?;
        let mut tag = OwnerTag::new(OWNER, &self.request.digest);
        let drives = self.drives.write(&self.request.package, folder)?;
        for file in disks.iter().chain([&seed, &console]).chain(&drives) {
            tag = tag.file(file.as_str());
        }
        Ok(Written { disks, seed, drives, console, tag })
    }

    fn answer(&self, asked: &Asked, placement: Option<&PlaceAnswer>) -> DeployReport {
        let chosen = placement.and_then(|answer| answer.placements.first());
        DeployReport {
            vm: self.request.name.clone(),
            uuid: self.request.id.to_string(),
            node: chosen.map(|placement| placement.node.to_string()),
            domain_type: None,
            already_deployed: placement.is_none(),
            placement: placement.cloned(),
            decisions: self.decisions.clone(),
            conversion: None,
            asked: asked.guest.clone(),
            got: None,
            matches: None,
            files: Vec::new(),
            seconds: 0,
            findings: self.findings.clone(),
        }
    }

    /// Waits for the guest, compares, and prints the report.
    async fn compare(
        &self,
        host: &Host,
        asked: &Asked,
        mut report: DeployReport,
    ) -> Result<Answer, Failure> {
        if report.already_deployed {
            self.complete(host, &mut report).await?;
        }
        if !self.args.no_wait {
            let bar = self.ui.progress("waiting for the guest's first boot");
            let limit = Duration::from_secs(self.args.timeout);
            let id = self.request.id;
            let first_boot = readback::first_boot(host, id, limit).await.map_err(silent)?;
            bar.say("asking the guest");
            let mut got = readback::guest(host, id, asked).await.map_err(silent)?;
            got.first_boot = Some(first_boot);
            report.matches = Some(rows(&asked.guest, &got).iter().all(|row| row.met));
            report.got = Some(got);
        }
        report.seconds = self.start.elapsed().as_secs();
        self.ui.answer(&report, human)?;
        Ok(Answer::yes_if(report.matches != Some(false)))
    }

    /// What the report says of a machine that was there already.
    async fn complete(&self, host: &Host, report: &mut DeployReport) -> Result<(), Failure> {
        let info = host.node_info().await.map_err(unreachable)?;
        let tag = host.tag(self.request.id).await.map_err(unreachable)?;
        report.node = Some(info.hostname);
        report.files = tag.map(|tag| tag.files).unwrap_or_default();
        Ok(())
    }
}

/// What was written for the machine.
struct Written {
    disks: Vec<String>,
    seed: String,
    drives: Vec<String>,
    console: String,
    tag: OwnerTag,
}

async fn connect(uri: &str) -> Result<Host, Failure> {
    Host::connect(Libvirt::new(uri)).await.map_err(unreachable)
}

/// The host cannot be reached or does not answer.
fn unreachable(error: quantix_libvirt::Error) -> Failure {
    let hint = error.remedy().map(str::to_owned);
    let failure = Failure::environment("libvirt cannot be used").because(error);
    failure.hint(hint.unwrap_or_else(|| "check that libvirtd runs, and --uri".to_owned()))
}

/// The host refuses the machine.
fn refused(error: quantix_libvirt::Error) -> Failure {
    let hint = error.remedy().map(str::to_owned);
    let failure = match error.class() {
        Class::Conflict | Class::Invalid => Failure::input("libvirt refuses the machine"),
        _ => Failure::environment("the machine could not be started"),
    };
    let failure = failure.because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The guest does not answer.
fn silent(error: quantix_libvirt::Error) -> Failure {
    Failure::environment("the machine runs, but its guest does not answer")
        .because(error)
        .hint("look at its console; the same command again goes on waiting")
}
