//! Answers about machines, in the form in which every face of Quantix shows them.

use quantix_core::VmId;
use serde::Serialize;

use crate::{
    DomainDetails, DomainEntry, DomainInfo, DomainRef, DomainState, DomainXml, Execution, Host,
    NodeInfo, OwnerTag, Result, XmlKind,
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

impl Host {
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
