//! What only Windows guests are told.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::Secret;

/// The part of a spec that only Windows guests have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(transform = crate::schema_types::both_spellings))]
#[serde(deny_unknown_fields, default)]
pub struct WindowsSpec {
    /// Product key, five groups of five; without one the image's own (or a KMS key) stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_key: Option<Secret>,
    /// Registered organisation.
    #[serde(alias = "organisation", skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Registered owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// Domain to join; excludes `workgroup`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain_join: Option<DomainJoin>,
    /// Workgroup to join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workgroup: Option<String>,
    /// How many times the administrator is logged on automatically; needs a plain password.
    #[serde(skip_serializing_if = "is_zero")]
    pub auto_logon_count: u32,
    /// Commands at the first logon, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub run_once: Vec<String>,
    /// Scripts for cloudbase-init.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<WindowsScript>,
    /// Locale of formats and system, such as `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Keyboard, such as `0409:00000409` or `en-US`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_locale: Option<String>,
    /// Whether the answer file is for 32-bit x86 rather than amd64.
    #[serde(skip_serializing_if = "is_false")]
    pub x86: bool,
    /// Server licence of old Windows Server versions, kept for specs that come from vSphere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<WindowsLicense>,
}

/// A domain to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DomainJoin {
    /// DNS name of the domain.
    pub domain: String,
    /// Account that may join machines.
    pub user: String,
    /// Its password; Sysprep takes no hash.
    pub password: Secret,
    /// Organisational unit as a distinguished name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ou: Option<String>,
}

/// A script for cloudbase-init.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WindowsScript {
    /// File name with the extension that chooses the interpreter: `.ps1`, `.cmd` or `.bat`.
    pub name: String,
    /// The script.
    pub content: String,
}

/// A per-seat or per-server licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WindowsLicense {
    /// Each client has a licence.
    PerSeat,
    /// The server has this many.
    PerServer(u32),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(value: &u32) -> bool {
    *value == 0
}
