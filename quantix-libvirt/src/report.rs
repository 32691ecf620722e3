//! Answers about machines, in the form in which every face of Quantix shows them.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use quantix_core::VmId;
use serde::Serialize;

use crate::{
    DomainDetails, DomainEntry, DomainInfo, DomainRef, DomainState, DomainStats, DomainXml,
    Execution, GuestInterface, GuestOs, GuestTimezone, GuestUser, Host, MigrateRequest,
    MigrationReport, NetworkInfo, NodeInfo, OwnerTag, PoolInfo, Result, SnapshotInfo, StatsGroups,
    StopReport, VolumeInfo, XmlKind,
};

/// The machines of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainList {
    /// By name.
    pub vms: Vec<DomainEntry>,
}

/// Everything about one machine that needs no answer from its guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainReport {
    /// What the host says.
    #[serde(flatten)]
    pub info: DomainInfo,
    /// What runs; of a machine that is off, what its next boot will be.
    pub machine: DomainDetails,
    /// The mark of Quantix, where it made the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<OwnerTag>,
}

/// A machine and what it is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateReport {
    /// The machine.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// What it is doing.
    pub state: DomainState,
}

/// A host and how it executes machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostReport {
    /// The host.
    #[serde(flatten)]
    pub node: NodeInfo,
    /// How machines are executed there.
    pub execution: Execution,
}

/// How a stop went, with the machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoppedReport {
    /// The machine.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// How it went.
    #[serde(flatten)]
    pub report: StopReport,
}

/// The XML of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct XmlReport {
    /// The machine.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// Its XML.
    pub xml: String,
}

/// The statistics of machines.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatsReport {
    /// By machine, as the host lists them.
    pub vms: Vec<DomainStats>,
}

/// The snapshots of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SnapshotList {
    /// Oldest first.
    pub snapshots: Vec<SnapshotInfo>,
}

/// The storage pools of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PoolList {
    /// By name.
    pub pools: Vec<PoolInfo>,
}

/// The volumes of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeList {
    /// By name.
    pub volumes: Vec<VolumeInfo>,
}

/// The networks of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkList {
    /// By name.
    pub networks: Vec<NetworkInfo>,
}

/// The addresses of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddressList {
    /// By hardware address.
    pub interfaces: Vec<GuestInterface>,
}

/// What a guest says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GuestInfo {
    /// Its host name.
    pub host_name: String,
    /// Its operating system.
    pub os: GuestOs,
    /// Its time zone.
    pub timezone: GuestTimezone,
    /// Its network interfaces.
    pub interfaces: Vec<GuestInterface>,
    /// Who is logged in.
    pub users: Vec<GuestUser>,
}

/// A file of a guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Where it is in the guest.
    pub path: String,
    /// How many bytes it has.
    pub bytes: usize,
    /// Its content as text; what is not UTF-8 is replaced.
    pub text: String,
    /// Its content.
    pub base64: String,
}

impl FileReport {
    /// The report of a file with a content.
    #[must_use]
    pub fn new(path: &str, content: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            bytes: content.len(),
            text: String::from_utf8_lossy(content).into_owned(),
            base64: BASE64.encode(content),
        }
    }
}

/// A move that was checked and perhaps made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedReport {
    /// What stands in its way, or is doubtful about it.
    #[serde(flatten)]
    pub check: MigrationReport,
    /// Whether the machine is at the destination now.
    pub moved: bool,
    /// The destination.
    pub destination: String,
}

impl Host {
    /// The statistics of some machines, or of all where none is named.
    ///
    /// # Errors
    /// [`crate::Class::NotFound`] for a machine that is not there; else as every call.
    pub async fn report_stats(&self, machines: &[String]) -> Result<StatsReport> {
        if machines.is_empty() {
            return Ok(StatsReport { vms: self.stats(StatsGroups::USUAL).await? });
        }
        let mut ids = Vec::with_capacity(machines.len());
        for machine in machines {
            ids.push(self.find(machine).await?.id);
        }
        Ok(StatsReport { vms: self.stats_of(StatsGroups::USUAL, &ids).await? })
    }

    /// What a guest says about itself, through its agent.
    ///
    /// # Errors
    /// As [`crate::Agent::call`].
    pub async fn report_guest(&self, id: VmId) -> Result<GuestInfo> {
        let agent = self.agent(id);
        Ok(GuestInfo {
            host_name: agent.host_name().await?,
            os: agent.os().await?,
            timezone: agent.timezone().await?,
            interfaces: agent.interfaces().await?,
            users: agent.users().await?,
        })
    }

    /// Checks a move, and makes it where nothing stands in the way and `only_check` is false. It
    /// ends by the deadline of this host; the check has the same deadline for each of its calls.
    ///
    /// # Errors
    /// As [`Host::check_migration`] and [`Host::migrate`].
    pub async fn check_and_migrate(
        &self,
        domain: &DomainRef,
        destination: &Host,
        request: &MigrateRequest,
        only_check: bool,
    ) -> Result<MovedReport> {
        let check = self.check_migration(domain, destination, request).await?;
        let moves = check.ok && !only_check;
        if moves {
            self.migrate(domain, request, |_| ()).await?;
        }
        Ok(MovedReport { check, moved: moves, destination: request.destination.clone() })
    }

    /// The machines of this host.
    ///
    /// # Errors
    /// As every call; see [`crate::Class`].
    pub async fn list(&self) -> Result<DomainList> {
        Ok(DomainList { vms: self.domains().await? })
    }

    /// Everything about one machine that needs no answer from its guest.
    ///
    /// # Errors
    /// As every call; see [`crate::Class`].
    pub async fn describe(&self, id: VmId) -> Result<DomainReport> {
        let info = self.info(id).await?;
        let machine = DomainXml::parse(self.xml(id, XmlKind::Current).await?)?.details();
        Ok(DomainReport { info, machine, tag: self.tag(id).await? })
    }

    /// A machine and what it is doing now.
    ///
    /// # Errors
    /// As every call; see [`crate::Class`].
    pub async fn report_state(&self, domain: &DomainRef) -> Result<StateReport> {
        Ok(StateReport { domain: domain.clone(), state: self.state(domain.id).await? })
    }

    /// The host and how it executes machines.
    ///
    /// # Errors
    /// As [`Host::usable_domain_type`].
    pub async fn report(&self) -> Result<HostReport> {
        let node = self.node_info().await?;
        Ok(HostReport { node, execution: self.usable_domain_type().await? })
    }
}
