//! From an OVF descriptor to the machine that Quantix runs.
//!
//! [`import`] chooses a system and a deployment option, resolves the properties, maps every device
//! to what KVM has, and reports each decision: what was kept, changed or dropped, why, and where
//! in the descriptor it stands. [`Environment`] is the document by which the guest reads its
//! properties.
//!
//! ```
//! use quantix_core::model::{DiskBus, GuestOs, NicModel};
//! use quantix_ova::{import::{Choices, Verdict, import}, ovf::Descriptor};
//! # use quantix_core::{Bytes, MemoryMib};
//! # use quantix_ova::ovf::write::{Appliance, ApplianceDisk, ApplianceNic};
//! # let mut web = Appliance::new("web", 2, MemoryMib(2048));
//! # web.os.vendor = Some("debian12_64Guest".to_owned());
//! # web.disks.push(ApplianceDisk::new("web-disk1.vmdk", Bytes(20 << 30)));
//! # web.nics.push(ApplianceNic::new("lan"));
//! # let ovf = web.to_ovf().unwrap();
//! let descriptor = Descriptor::parse(ovf).unwrap();
//! let import = import(&descriptor, &Choices::default())?;
//! assert_eq!(import.vm.guest_os, GuestOs::Debian);
//! assert_eq!(import.vm.disks[0].bus, DiskBus::Virtio); // it was on an LSI Logic controller
//! assert_eq!(import.vm.network_interfaces[0].model, NicModel::Virtio);
//! assert!(import.report.iter().any(|decision| decision.verdict == Verdict::Changed));
//! # Ok::<(), quantix_ova::import::ImportError>(())
//! ```
//!
//! It refuses to guess between several systems, and to take a property value that the descriptor
//! does not allow.

mod device;
mod environment;
mod explain;
mod guest;
mod machine;
mod property;
mod report;

use std::collections::BTreeMap;

use quantix_core::{Finding, NetworkKey, model::VmSpec};
use serde::{Deserialize, Serialize};

pub use self::machine::{CPUS_DEFAULT, MEMORY_MIB_DEFAULT};
pub use self::{
    environment::{Environment, Platform},
    explain::{ExplainError, Explanation, explain},
    property::{PropertyValue, VALUE_CHARS_MAX, Value},
    report::{Decision, Verdict},
};
use self::{machine::build, property::resolve};
use crate::ovf::{Descriptor, VirtualSystem};

/// What the deployer decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    /// The id of the system; needed where there are several.
    pub system: Option<String>,
    /// The id of the deployment option; without one, the default.
    pub option: Option<String>,
    /// Values of properties, by key or by qualified key.
    pub properties: BTreeMap<String, String>,
    /// Which network of the platform each network of the appliance is; one that is not listed
    /// keeps its name.
    pub networks: BTreeMap<String, NetworkKey>,
    /// Which drivers the guest may be trusted to have.
    pub drivers: Drivers,
}

/// Which drivers an imported guest may be trusted to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drivers {
    /// Paravirtual devices for guests that are known to bring the drivers to the first boot, and
    /// devices that every system knows for the rest.
    #[default]
    Known,
    /// Paravirtual devices throughout.
    Virtio,
    /// Devices that every system knows throughout.
    Generic,
}

/// A machine made from an appliance, and how it came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The id of the system.
    pub system: String,
    /// A name for the machine.
    pub name: String,
    /// The deployment option.
    pub option: Option<String>,
    /// The machine.
    pub vm: VmSpec,
    /// The file behind each disk of the machine, in the same order; `None` for one that starts
    /// empty.
    pub sources: Vec<Option<String>>,
    /// Images in CD drives.
    pub cdroms: Vec<String>,
    /// The saved firmware settings, in VMware's format.
    pub nvram: Option<String>,
    /// Property values, as the guest gets them.
    pub properties: Vec<PropertyValue>,
    /// Every decision, in the order of the descriptor.
    pub report: Vec<Decision>,
    /// What was noticed about properties and choices.
    pub findings: Vec<Finding>,
}

/// An appliance that cannot be imported as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is no machine in it.
    #[error("the appliance has no system")]
    NoSystem,
    /// Several systems, and none was chosen.
    #[error("the appliance has several systems: choose one of {}", ids.join(", "))]
    ManySystems {
        /// Their ids.
        ids: Vec<String>,
    },
    /// A choice that the descriptor does not offer.
    #[error("there is no {what} {found:?}: expected one of {}", offered(known))]
    Unknown {
        /// What was chosen.
        what: &'static str,
        /// The choice.
        found: String,
        /// What there is.
        known: Vec<String>,
    },
    /// Property values that the descriptor does not allow.
    #[error("property values are not allowed: {} faults, first {}", findings.len(),
        findings.first().map(Finding::to_string).unwrap_or_default())]
    Properties {
        /// Every fault.
        findings: Vec<Finding>,
    },
}

fn offered(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

/// Makes a machine from an appliance.
///
/// # Errors
/// When a choice is missing or does not exist, or a property value is not allowed.
pub fn import(descriptor: &Descriptor, choices: &Choices) -> Result<Import, ImportError> {
    let system = choose_system(descriptor, choices.system.as_deref())?;
    let option = choose_option(descriptor, choices.option.as_deref())?;
    let (properties, findings) = resolve(descriptor, system, option, &choices.properties)?;
    let machine = descriptor.machine(system, option);
    let mut import = Import {
        system: system.id.clone(),
        name: system.name.clone().unwrap_or_else(|| system.id.clone()),
        option: machine.option.clone(),
        vm: VmSpec::new(1, quantix_core::MemoryMib(0)),
        sources: Vec::new(),
        cdroms: Vec::new(),
        nvram: machine.nvram.clone(),
        properties,
        report: Vec::new(),
        findings,
    };
    build(&mut import, system, &machine, choices);
    import
        .report
        .sort_by_key(|decision| (decision.line.unwrap_or(0), decision.column.unwrap_or(0)));
    Ok(import)
}

fn choose_system<'d>(
    descriptor: &'d Descriptor,
    chosen: Option<&str>,
) -> Result<&'d VirtualSystem, ImportError> {
    let systems = descriptor.systems();
    let ids = || systems.iter().map(|system| system.id.clone()).collect();
    match (chosen, systems.as_slice()) {
        (_, []) => Err(ImportError::NoSystem),
        (None, [only]) => Ok(only),
        (None, _) => Err(ImportError::ManySystems { ids: ids() }),
        (Some(id), _) => systems.iter().find(|system| system.id == id).copied().ok_or_else(|| {
            ImportError::Unknown { what: "system", found: id.to_owned(), known: ids() }
        }),
    }
}

fn choose_option<'d>(
    descriptor: &'d Descriptor,
    chosen: Option<&str>,
) -> Result<Option<&'d str>, ImportError> {
    let Some(id) = chosen else {
        return Ok(descriptor.default_option().map(|option| option.id.as_str()));
    };
    let found = descriptor.options.iter().find(|option| option.id == id);
    found.map(|option| Some(option.id.as_str())).ok_or_else(|| ImportError::Unknown {
        what: "deployment option",
        found: id.to_owned(),
        known: descriptor.options.iter().map(|option| option.id.clone()).collect(),
    })
}
