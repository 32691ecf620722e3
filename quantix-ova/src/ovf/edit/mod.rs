//! Editing a descriptor by what it means: each edit changes as few bytes as it can, and what the
//! model does not know stays as it is.
//!
//! ```
//! use quantix_ova::ovf::{Descriptor, edit::{Edit, edit}};
//! # let ovf = quantix_ova::ovf::write::Appliance::new("web", 2, quantix_core::MemoryMib(2048)).to_ovf()?;
//! let edits: Vec<Edit> = serde_json::from_str(
//!     r#"[{"edit":"set_cpus","cpus":4},{"edit":"add_nic","network":"backup","model":"VmxNet3"}]"#,
//! )?;
//! let edited = edit(&ovf, &edits)?;
//! let descriptor = Descriptor::parse(&edited.bytes)?;
//! let machine = descriptor.machine(descriptor.systems()[0], None);
//! assert_eq!((machine.cpus, machine.nics.len()), (Some(4), 1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod about;
mod devices;
mod draft;
mod machine;
mod package;

use quantix_core::{Bytes, Finding, MemoryMib};
use serde::{Deserialize, Serialize};

use self::draft::Draft;
pub(crate) use self::draft::{ovf_name, sibling_name};
pub use self::package::{EditedPackage, PackageEditError, edit_package};
use super::{Descriptor, Firmware, OvfError};

/// The most edits that are made in one go.
pub const EDITS_MAX: usize = 10_000;

/// One change of a descriptor.
///
/// A `system` that is left out is the only one there is. An `option` is a deployment option; left
/// out, what holds for all options is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "edit", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the fields are what they are called; see the variants")]
pub enum Edit {
    /// Gives a system its name; its id, to which others refer, stays.
    SetName { system: Option<String>, name: String },
    /// Sets the number of virtual CPUs, and how many of them are in a socket.
    SetCpus {
        system: Option<String>,
        option: Option<String>,
        cpus: u32,
        cores_per_socket: Option<u32>,
    },
    /// Sets the memory, in the unit that is there where that comes out even.
    SetMemory { system: Option<String>, option: Option<String>, memory_mib: MemoryMib },
    /// Sets the hardware family, such as `vmx-13`.
    SetHardware { system: Option<String>, family: String },
    /// Sets the guest operating system: CIM's number, and VMware's name for it.
    SetOs { system: Option<String>, id: u16, vendor: Option<String>, description: Option<String> },
    /// Sets how the machine starts.
    SetFirmware {
        system: Option<String>,
        firmware: Firmware,
        #[serde(default)]
        secure_boot: bool,
    },
    /// Sets a `vmw:Config`, or with `extra` a `vmw:ExtraConfig`; without a value, removes it.
    SetConfig {
        system: Option<String>,
        key: String,
        value: Option<String>,
        #[serde(default)]
        extra: bool,
    },
    /// Sets the notes of a system.
    SetAnnotation { system: Option<String>, text: String },
    /// Adds a licence to accept.
    AddEula { system: Option<String>, text: String },
    /// Removes all licences.
    RemoveEulas,
    /// Sets the default value of a property, by its key, qualified or not.
    SetProperty { key: String, option: Option<String>, value: String },
    /// Gives a network another name, everywhere.
    RenameNetwork { from: String, to: String },
    /// Adds a network interface.
    AddNic { system: Option<String>, network: String, model: Option<String> },
    /// Puts a network interface, by its instance id, into another network, or changes its model.
    SetNic {
        system: Option<String>,
        instance: String,
        network: Option<String>,
        model: Option<String>,
    },
    /// Adds a disk that starts empty, on the controller of the first disk.
    AddDisk { system: Option<String>, id: String, capacity_bytes: Bytes },
    /// Sets the size of a disk.
    SetCapacity { disk: String, capacity_bytes: Bytes },
    /// Removes a device, by its instance id; a disk goes with its entry and its file, unless
    /// something else uses them.
    RemoveDevice { system: Option<String>, instance: String },
    /// Makes a deployment option the default one.
    SetDefaultOption { option: String },
}

impl Edit {
    /// Its name, as in a document.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::SetName { .. } => "set_name",
            Self::SetCpus { .. } => "set_cpus",
            Self::SetMemory { .. } => "set_memory",
            Self::SetHardware { .. } => "set_hardware",
            Self::SetOs { .. } => "set_os",
            Self::SetFirmware { .. } => "set_firmware",
            Self::SetConfig { .. } => "set_config",
            Self::SetAnnotation { .. } => "set_annotation",
            Self::AddEula { .. } => "add_eula",
            Self::RemoveEulas => "remove_eulas",
            Self::SetProperty { .. } => "set_property",
            Self::RenameNetwork { .. } => "rename_network",
            Self::AddNic { .. } => "add_nic",
            Self::SetNic { .. } => "set_nic",
            Self::AddDisk { .. } => "add_disk",
            Self::SetCapacity { .. } => "set_capacity",
            Self::RemoveDevice { .. } => "remove_device",
            Self::SetDefaultOption { .. } => "set_default_option",
        }
    }
}

/// A descriptor after its edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The descriptor.
    pub bytes: Vec<u8>,
    /// What is wrong with it that was not wrong before.
    pub findings: Vec<Finding>,
}

/// Edits that were not made; the descriptor is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The descriptor cannot be read.
    #[error("the descriptor cannot be read")]
    Ovf(#[source] OvfError),
    /// An edit speaks of something that is not there, or cannot be made.
    #[error("edit {number} ({name}): {reason}")]
    Edit {
        /// Which edit, counted from 1.
        number: usize,
        /// What it is called.
        name: &'static str,
        /// Why it cannot be made.
        reason: String,
    },
    /// There are too many.
    #[error("more than the limit of {EDITS_MAX} edits")]
    Limit,
}

/// Makes edits, one after the other, all or none.
///
/// # Errors
/// When the descriptor cannot be read, or one of the edits cannot be made.
pub fn edit(descriptor: &[u8], edits: &[Edit]) -> Result<Edited, EditError> {
    if edits.len() > EDITS_MAX {
        return Err(EditError::Limit);
    }
    let before = Descriptor::parse(descriptor).map_err(EditError::Ovf)?;
    let known: Vec<(String, String)> = before.findings().iter().map(named).collect();
    let mut draft = Draft::new(before);
    for (number, edit) in (1..).zip(edits) {
        draft.apply(edit).map_err(|reason| EditError::Edit {
            number,
            name: edit.name(),
            reason,
        })?;
    }
    let bytes = draft.into_bytes();
    let after = Descriptor::parse(&bytes).map_err(EditError::Ovf)?;
    let is_new = |finding: &&Finding| !known.contains(&named(finding));
    let findings = after.findings().iter().filter(is_new).cloned().collect();
    Ok(Edited { bytes, findings })
}

/// A finding without its place, which edits move.
fn named(finding: &Finding) -> (String, String) {
    (finding.code.to_string(), finding.message.clone())
}

impl Draft {
    fn apply(&mut self, edit: &Edit) -> Result<(), String> {
        match edit {
            Edit::SetName { system, name } => self.set_name(system.as_deref(), name),
            Edit::SetCpus { system, option, cpus, cores_per_socket } => {
                self.set_cpus(system.as_deref(), option.as_deref(), *cpus, *cores_per_socket)
            }
            Edit::SetMemory { system, option, memory_mib } => {
                self.set_memory(system.as_deref(), option.as_deref(), *memory_mib)
            }
            Edit::SetHardware { system, family } => self.set_hardware(system.as_deref(), family),
            Edit::SetOs { system, id, vendor, description } => {
                let (vendor, description) = (vendor.as_deref(), description.as_deref());
                self.set_os(system.as_deref(), *id, vendor, description)
            }
            Edit::SetFirmware { system, firmware, secure_boot } => {
                self.set_firmware(system.as_deref(), *firmware, *secure_boot)
            }
            Edit::SetConfig { system, key, value, extra } => {
                self.set_config(system.as_deref(), key, value.as_deref(), *extra)
            }
            Edit::SetAnnotation { system, text } => self.set_annotation(system.as_deref(), text),
            Edit::AddEula { system, text } => self.add_eula(system.as_deref(), text),
            Edit::RemoveEulas => self.remove_eulas(),
            Edit::SetProperty { key, option, value } => {
                self.set_property(key, option.as_deref(), value)
            }
            Edit::RenameNetwork { from, to } => self.rename_network(from, to),
            Edit::AddNic { system, network, model } => {
                self.add_nic(system.as_deref(), network, model.as_deref())
            }
            Edit::SetNic { system, instance, network, model } => {
                self.set_nic(system.as_deref(), instance, network.as_deref(), model.as_deref())
            }
            Edit::AddDisk { system, id, capacity_bytes } => {
                self.add_disk(system.as_deref(), id, *capacity_bytes)
            }
            Edit::SetCapacity { disk, capacity_bytes } => self.set_capacity(disk, *capacity_bytes),
            Edit::RemoveDevice { system, instance } => {
                self.remove_device(system.as_deref(), instance)
            }
            Edit::SetDefaultOption { option } => self.set_default_option(option),
        }
    }
}
