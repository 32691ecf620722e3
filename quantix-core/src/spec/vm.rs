//! The machine that a spec is rendered for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What rendering a spec needs to know about a machine.
///
/// A whole VM document of the platform may be given: fields that rendering does not use are kept
/// in `other` and reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpecVm {
    /// Id of the machine; the default instance-id.
    #[serde(default, alias = "uuid", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of the machine; else its id.
    #[serde(default)]
    pub name: String,
    /// Project of the machine; else the spec's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// Path of its folder, such as `/Prod/Web`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Number of the machine among those created together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Date of the rendering, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The instance-id to use; else the id. A guest that sees another instance-id runs its first
    /// boot again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Its network interfaces, in order.
    #[serde(default, alias = "network_interfaces", skip_serializing_if = "Vec::is_empty")]
    pub nics: Vec<SpecVmNic>,
    /// Fields that rendering does not use.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A network interface of a machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SpecVmNic {
    /// MAC address.
    #[serde(default, alias = "mac_address", skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Network that it is connected to.
    #[serde(default, alias = "network_id", skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Fields that rendering does not use.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}
