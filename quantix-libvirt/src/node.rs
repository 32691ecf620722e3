//! One document about a host for those who keep a list of hosts: what it is, has, can run and runs.

use quantix_core::{Finding, MemoryMib};
use serde::Serialize;

use crate::{
    Class, Error, Execution, Host, NetworkInfo, NodeDeviceInfo, NodeInfo, PoolInfo, Result,
    StatsGroups, usage,
    view::{Capabilities, CapabilitiesXml, NumaCell},
};

/// What a host is, has, can run and runs: the body of a heartbeat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeReport {
    /// Name, versions, CPUs, memory.
    #[serde(flatten)]
    pub node: NodeInfo,
    /// Its UUID, by which it is known after its name has changed.
    pub host_uuid: Option<String>,
    /// How machines are executed there.
    pub execution: Execution,
    /// Its CPUs.
    pub cpu: NodeCpu,
    /// Its NUMA nodes.
    pub numa: Vec<NumaNode>,
    /// The machine types that it runs.
    pub machine_types: Vec<String>,
    /// The CPU modes that machines may have.
    pub cpu_modes: Vec<String>,
    /// The named CPU models that work.
    pub cpu_models: Vec<String>,
    /// Whether it can pass devices through; absent where it does not say.
    pub iommu: Option<bool>,
    /// The ways by which machines move to and from it, such as `tcp`.
    pub migration_transports: Vec<String>,
    /// The machines, in numbers.
    pub vms: NodeLoad,
    /// Its storage pools.
    pub pools: Vec<PoolInfo>,
    /// Its networks.
    pub networks: Vec<NetworkInfo>,
    /// Its devices that can be passed through, or that lead to networks and storage.
    pub devices: Vec<NodeDeviceInfo>,
    /// What could not be read, and why.
    pub findings: Vec<Finding>,
}

/// The CPUs of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeCpu {
    /// Such as `Skylake-Client-IBRS`.
    pub model: Option<String>,
    /// Such as `Intel`.
    pub vendor: Option<String>,
    /// Sockets, of each NUMA node.
    pub sockets: Option<u64>,
    /// Dies of a socket.
    pub dies: Option<u64>,
    /// Cores of a die.
    pub cores: Option<u64>,
    /// Threads of a core.
    pub threads: Option<u64>,
    /// Its features beyond the model.
    pub features: Vec<String>,
    /// The sizes of pages that it has, in KiB.
    pub page_sizes_kib: Vec<u64>,
}

/// A NUMA node of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NumaNode {
    /// Its number.
    pub id: u64,
    /// Its memory.
    pub memory_mib: MemoryMib,
    /// Its CPUs by their numbers.
    pub cpus: Vec<u64>,
    /// Pages that are set aside, by their size.
    pub hugepages: Vec<HugePages>,
    /// How far the others are, as the firmware says; 10 is here.
    pub distances: Vec<NumaDistanceTo>,
}

/// Large pages that are set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HugePages {
    /// The size of one.
    pub size_kib: u64,
    /// How many.
    pub count: u64,
}

/// How far a NUMA node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NumaDistanceTo {
    /// The other node.
    pub node: u64,
    /// How far it is.
    pub distance: u64,
}

/// What a host runs, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeLoad {
    /// Machines that are there, active or not.
    pub defined: u64,
    /// Machines that are active.
    pub active: u64,
    /// Virtual CPUs of the active ones.
    pub active_cpus: u64,
    /// Memory that the active ones may use.
    pub active_memory_mib: MemoryMib,
}

fn owned(text: Option<std::borrow::Cow<'_, str>>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn kib(size: Option<u64>, unit: Option<&str>) -> Option<u64> {
    match unit {
        None | Some("KiB") => size,
        Some("MiB") => size?.checked_mul(1024),
        Some("GiB") => size?.checked_mul(1024 * 1024),
        Some(_) => None,
    }
}

fn cpu_of(capabilities: Capabilities<'_>) -> NodeCpu {
    let sizes = capabilities.pages().into_iter();
    let features = capabilities.cpu_features().into_iter();
    NodeCpu {
        model: owned(capabilities.host_cpu_model()),
        vendor: owned(capabilities.host_cpu_vendor()),
        sockets: capabilities.host_cpu_topology_sockets(),
        dies: capabilities.host_cpu_topology_dies(),
        cores: capabilities.host_cpu_topology_cores(),
        threads: capabilities.host_cpu_topology_threads(),
        features: features.filter_map(|feature| owned(feature.name())).collect(),
        page_sizes_kib: sizes.filter_map(|s| kib(s.size(), s.unit().as_deref())).collect(),
    }
}

fn numa_of(cell: NumaCell<'_>) -> Option<NumaNode> {
    let pages = cell.pages().into_iter().filter_map(|pages| {
        let size_kib = kib(pages.size(), pages.unit().as_deref())?;
        Some(HugePages { size_kib, count: pages.text()? })
    });
    let distances = cell.distances().into_iter();
    let cpus = cell.cpus().into_iter();
    Some(NumaNode {
        id: cell.id()?,
        memory_mib: MemoryMib(cell.memory().unwrap_or(0) / 1024),
        cpus: cpus.filter_map(super::view::NumaCpu::id).collect(),
        // The smallest are those that nobody sets aside.
        hugepages: pages.filter(|pages| pages.size_kib > 64 && pages.count > 0).collect(),
        distances: distances
            .filter_map(|d| Some(NumaDistanceTo { node: d.id()?, distance: d.value()? }))
            .collect(),
    })
}

/// A part of the report that a host may lack; what could not be read is told.
fn part<T: Default>(
    outcome: Result<T>,
    at: &'static str,
    findings: &mut Vec<Finding>,
) -> Result<T> {
    let told = |code, error: &Error| Finding::warning(code, error.to_string()).at(at);
    match outcome {
        Err(error) if error.class() == Class::Unsupported => {
            findings.push(told("unsupported", &error));
            Ok(T::default())
        }
        Err(error) if matches!(error.class(), Class::Denied | Class::Failed | Class::Busy) => {
            findings.push(told("unread", &error));
            Ok(T::default())
        }
        outcome => outcome,
    }
}

impl Host {
    /// What this host is, has, can run and runs, in about ten calls. What the host lacks is empty,
    /// and told in `findings`.
    ///
    /// # Errors
    /// When the host cannot be asked at all.
    pub async fn node_report(&self) -> Result<NodeReport> {
        let mut findings = Vec::new();
        let node = self.node_info().await?;
        let execution = self.usable_domain_type().await?;
        let xml = part(self.capabilities_xml().await, "capabilities", &mut findings)?;
        let xml = if xml.is_empty() { "<capabilities/>".to_owned() } else { xml };
        let xml = CapabilitiesXml::parse(xml)?;
        let capabilities = xml.get();
        let kind = execution.domain_type.as_str();
        let domain = self.domain_capabilities(&node.arch, "", kind).await.map(Some);
        let domain = part(domain, "cpu_modes", &mut findings)?.unwrap_or_default();
        let guests = capabilities.guests().into_iter();
        let guests = guests.filter(|guest| guest.arch_name().as_deref() == Some(&*node.arch));
        let machines = guests.flat_map(crate::view::GuestSupport::machines);
        let mut machine_types: Vec<String> = machines.filter_map(|m| owned(m.text())).collect();
        machine_types.sort();
        machine_types.dedup();
        let transports = capabilities.migration_uris().into_iter();
        Ok(NodeReport {
            host_uuid: owned(capabilities.host_uuid()),
            cpu: cpu_of(capabilities),
            numa: capabilities.cells().into_iter().filter_map(numa_of).collect(),
            machine_types,
            cpu_modes: domain.cpu_modes,
            cpu_models: domain.cpu_models,
            iommu: capabilities.host_iommu_support(),
            migration_transports: transports.filter_map(|uri| owned(uri.text())).collect(),
            vms: part(self.load().await, "vms", &mut findings)?,
            pools: part(self.pools().await, "pools", &mut findings)?,
            networks: part(self.networks().await, "networks", &mut findings)?,
            devices: part(self.node_devices().await, "devices", &mut findings)?,
            node,
            execution,
            findings,
        })
    }

    /// What runs here, in numbers, from one bulk call.
    async fn load(&self) -> Result<NodeLoad> {
        let stats = self.stats(StatsGroups::USUAL).await?;
        let mut load = NodeLoad::default();
        for stats in &stats {
            load.defined += 1;
            if !usage::state_of(stats).is_active() {
                continue;
            }
            let number = |name: &str| stats.params.get(name).and_then(crate::Param::as_u64);
            load.active += 1;
            load.active_cpus = load.active_cpus.saturating_add(number("vcpu.current").unwrap_or(0));
            let mib = number("balloon.maximum").unwrap_or(0) / 1024;
            load.active_memory_mib = MemoryMib(load.active_memory_mib.0.saturating_add(mib));
        }
        Ok(load)
    }
}
