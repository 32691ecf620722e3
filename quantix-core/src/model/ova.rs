//! [`OvaMetadata`]: what the descriptor of an appliance says, as far as choosing it needs.

use serde::{Deserialize, Serialize};

use super::{Firmware, device::is_false, text};
use crate::{Bytes, DiskKey, Faults, MemoryMib, Validate};

/// The most entries of any list of an appliance's description.
pub const OVA_ITEMS_MAX: usize = 1024;

/// What an appliance is and asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OvaMetadata {
    /// The name of its system.
    pub name: String,
    /// The product.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub vendor: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// The operating system, as the descriptor calls it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub os: String,
    /// What it asks for.
    pub hardware: OvaHardware,
    /// Its disks.
    #[serde(default)]
    pub disks: Vec<OvaDisk>,
    /// Its networks.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Settings that its owner may give it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<OvaProperty>,
    /// Sizes that it comes in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deployment_options: Vec<OvaOption>,
    /// Licences that its owner must accept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eulas: Vec<String>,
}

/// What an appliance asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OvaHardware {
    /// Virtual CPUs.
    pub cpus: u32,
    /// How many of them share a socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cores_per_socket: Option<u32>,
    /// Memory.
    pub memory_mib: MemoryMib,
    /// Firmware.
    #[serde(default)]
    pub firmware: Firmware,
    /// Whether the firmware only starts signed loaders.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secure_boot: bool,
}

/// One disk of an appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OvaDisk {
    /// Its id in the descriptor.
    pub id: DiskKey,
    /// Its size as the guest sees it.
    pub capacity_bytes: Bytes,
    /// The file that holds it; none for an empty disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// One setting of an appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OvaProperty {
    /// Its key.
    pub key: String,
    /// Its type, as the descriptor says it.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value unless the owner gives another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Whether the owner may give another.
    #[serde(default)]
    pub user_configurable: bool,
}

/// One size that an appliance comes in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OvaOption {
    /// Its id.
    pub id: String,
    /// What people read.
    pub label: String,
    /// Whether it is chosen unless the owner chooses.
    #[serde(default)]
    pub default: bool,
}

impl Validate for OvaMetadata {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &(0..=255));
        for (field, len) in [
            ("disks", self.disks.len()),
            ("networks", self.networks.len()),
            ("properties", self.properties.len()),
            ("deployment_options", self.deployment_options.len()),
            ("eulas", self.eulas.len()),
        ] {
            faults.count(field, len, OVA_ITEMS_MAX);
        }
        faults.unique("disks", &self.disks, "id", |disk| Some(&disk.id));
        faults.unique("deployment_options", &self.deployment_options, "id", |o| Some(&o.id));
        if self.deployment_options.iter().filter(|option| option.default).count() > 1 {
            faults.error("deployment_options", "two-defaults", "only one size is the default");
        }
    }
}
