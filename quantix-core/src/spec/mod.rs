//! [`CustomizationSpec`]: what a new guest is told about itself, kept once and used for many
//! machines.
//!
//! This module is the wire form (JSON and YAML files, the REST body, the database row) and the
//! checks that need no table and no parser. Turning a spec into files for a guest is the business
//! of `quantix-cloudinit`, which also checks time zones, host name templates, keys and documents.

mod document;
mod expose;
mod linux;
mod network;
mod password;
mod validate;
mod vm;
mod windows;

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{Faults, ProjectId, Secret, SpecId, Validate};

pub use document::Document;
pub use linux::{Command, LinuxSpec, ScriptWhen, SpecFile, SpecScript, SpecUser};
pub use network::{NetworkSpec, NicSpec, RouteSpec};
pub use password::{CryptScheme, Password, PasswordHashing};
pub use validate::{
    LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX, SPEC_ITEMS_MAX, SPEC_NAME_BYTES_MAX,
    SPEC_TEXT_BYTES_MAX,
};
pub use vm::{SpecVm, SpecVmNic};
pub use windows::{DomainJoin, WindowsLicense, WindowsScript, WindowsSpec};

/// The family of operating systems that a spec is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OsFamily {
    /// Linux with cloud-init (or Ignition).
    Linux,
    /// Windows with Sysprep or cloudbase-init.
    Windows,
}

/// A text that names no [`OsFamily`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown os family {found:?}: expected \"Linux\" or \"Windows\"")]
pub struct OsFamilyError {
    found: String,
}

impl FromStr for OsFamily {
    type Err = OsFamilyError;

    /// Reads `Linux` or `Windows`, in any case.
    fn from_str(text: &str) -> Result<Self, OsFamilyError> {
        [Self::Linux, Self::Windows]
            .into_iter()
            .find(|family| text.eq_ignore_ascii_case(family.as_str()))
            .ok_or_else(|| OsFamilyError { found: text.chars().take(64).collect() })
    }
}

impl OsFamily {
    /// The name in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "Linux",
            Self::Windows => "Windows",
        }
    }
}

impl fmt::Display for OsFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for OsFamily {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OsFamily {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A reusable description of how a guest is customised at its first boot.
///
/// Only `name` and `os_family` are required. An empty string, `null` and an absent field mean the
/// same: not asked for. Unknown fields are refused. Secrets are redacted when a spec is
/// serialised, and a redacted spec is refused when it is read back.
///
/// # Example
/// ```
/// use quantix_core::spec::CustomizationSpec;
/// let spec: CustomizationSpec = serde_json::from_str(
///     r#"{"name": "web", "os_family": "linux", "hostname": "{{.VMName}}", "timezone": "UTC"}"#,
/// )?;
/// assert_eq!(spec.hostname.as_deref(), Some("{{.VMName}}"));
/// assert!(spec.validate().is_empty());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CustomizationSpec {
    /// The id that the platform gave it.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "crate::schema_types::id_or_empty"))]
    pub id: Option<SpecId>,
    /// The name, unique in its project; 1 to [`SPEC_NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// What it is for.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub description: String,
    /// The project that owns it.
    #[serde(default = "default_project", deserialize_with = "project")]
    #[cfg_attr(test, schemars(with = "Option<ProjectId>"))]
    pub project_id: ProjectId,
    /// Linux or Windows.
    pub os_family: OsFamily,
    /// IANA time zone, such as `Europe/Berlin`; mapped to its Windows name for Windows guests.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Template of the host name, such as `{{.VMName}}-{{.Random}}`.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Whether the guest installs the Quantix agent at its first boot.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "is_false")]
    #[cfg_attr(test, schemars(with = "Option<bool>"))]
    pub install_agent: bool,
    /// The control plane that the agent reports to: an `https` URL.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub control_plane_url: Option<String>,
    /// How the agent is fetched and proven; required where `install_agent` is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentSpec>,
    /// User-data of the owner, merged with what this spec generates.
    #[serde(default, deserialize_with = "document", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "crate::schema_types::spec_document"))]
    pub user_data: Option<Document>,
    /// Additional meta-data.
    #[serde(default, deserialize_with = "document", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "crate::schema_types::spec_document"))]
    pub meta_data: Option<Document>,
    /// A complete network-config (version 1 or 2); excludes `network`.
    #[serde(default, deserialize_with = "document", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schemars(schema_with = "crate::schema_types::spec_document"))]
    pub network_config: Option<Document>,
    /// OpenSSH public keys of the administrator.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, schemars(with = "Option<Vec<String>>"))]
    pub ssh_keys: Vec<String>,
    /// Password of the administrator: a crypt(3) hash, or `{"plain": "…"}`.
    #[serde(default, deserialize_with = "password", skip_serializing_if = "Option::is_none")]
    pub admin_password: Option<Password>,
    /// Labels of the spec itself.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(test, schemars(with = "Option<BTreeMap<String, String>>"))]
    pub labels: BTreeMap<String, String>,
    /// When it was created, in RFC 3339.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
    /// When it was last changed, in RFC 3339.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// What only Linux guests have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linux: Option<LinuxSpec>,
    /// What only Windows guests have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsSpec>,
    /// Addresses, routes and name servers, per network interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSpec>,
}

impl CustomizationSpec {
    /// A spec that asks for nothing.
    #[must_use]
    pub fn new(name: impl Into<String>, os_family: OsFamily) -> Self {
        Self {
            id: None,
            name: name.into(),
            description: String::new(),
            project_id: ProjectId::DEFAULT,
            os_family,
            timezone: None,
            hostname: None,
            install_agent: false,
            control_plane_url: None,
            agent: None,
            user_data: None,
            meta_data: None,
            network_config: None,
            ssh_keys: Vec::new(),
            admin_password: None,
            labels: BTreeMap::new(),
            created_at: None,
            updated_at: None,
            linux: None,
            windows: None,
            network: None,
        }
    }

    /// The same spec with a host name template.
    #[must_use]
    pub fn with_hostname(mut self, template: impl Into<String>) -> Self {
        self.hostname = Some(template.into());
        self
    }

    /// The same spec with an IANA time zone.
    #[must_use]
    pub fn with_timezone(mut self, zone: impl Into<String>) -> Self {
        self.timezone = Some(zone.into());
        self
    }

    /// The same spec with these SSH public keys.
    #[must_use]
    pub fn with_ssh_keys<I: IntoIterator<Item: Into<String>>>(mut self, keys: I) -> Self {
        self.ssh_keys = keys.into_iter().map(Into::into).collect();
        self
    }

    /// The same spec with this password of the administrator.
    #[must_use]
    pub fn with_admin_password(mut self, password: Password) -> Self {
        self.admin_password = Some(password);
        self
    }

    /// The same spec with this user-data merged in.
    #[must_use]
    pub fn with_user_data(mut self, document: Document) -> Self {
        self.user_data = Some(document);
        self
    }

    /// The same spec, installing the agent or not.
    #[must_use]
    pub fn with_quantix_agent_install(mut self, agent: Option<AgentSpec>) -> Self {
        (self.install_agent, self.agent) = (agent.is_some(), agent);
        self
    }

    /// The same spec with the control plane that the agent reports to.
    #[must_use]
    pub fn with_control_plane_url(mut self, url: impl Into<String>) -> Self {
        self.control_plane_url = Some(url.into());
        self
    }
}

impl Validate for CustomizationSpec {
    fn validate(&self, faults: &mut Faults) {
        faults.extend(Self::validate(self));
    }
}

/// How a guest gets the Quantix agent, and how it knows that it is the right one: by the digest of
/// the binary, by a signature, or by both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// SHA-256 of the binary, 64 hexadecimal digits, per architecture as `uname -m` names it
    /// (`x86_64`, `aarch64`).
    #[serde(default)]
    pub sha256: BTreeMap<String, String>,
    /// The Ed25519 key that the binary is signed with: the line of an OpenSSH public key
    /// (`ssh-ed25519 AAAA…`) or base64 of its 32 bytes. The signature, 64 bytes over the whole
    /// binary, lies beside it under the same address with `.sig`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ed25519: Option<String>,
    /// URL of the binary with `{arch}` for the architecture; else
    /// `CONTROL_PLANE_URL/api/agent/linux-{arch}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether the binary lies on the seed itself, for guests without a network. Whoever renders
    /// the spec gives it; its digest is pinned as it is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_seed: bool,
    /// One-time token by which this machine enrols.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment_token: Option<Secret>,
}

fn default_project() -> ProjectId {
    ProjectId::DEFAULT
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_false(value: &bool) -> bool {
    !value
}

fn project<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ProjectId, D::Error> {
    Ok(Option::<ProjectId>::deserialize(deserializer)?.unwrap_or(ProjectId::DEFAULT))
}

/// `null` means the default, as writers in other languages put it for an empty list.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// An empty text means absent.
fn filled<'de, D: Deserializer<'de>, T: FromStr<Err: fmt::Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(text) if !text.is_empty() => text.parse().map(Some).map_err(de::Error::custom),
        _ => Ok(None),
    }
}

fn document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Document>, D::Error> {
    Ok(Option::<Document>::deserialize(deserializer)?.filter(|document| !document.is_empty()))
}

fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Password>, D::Error> {
    Ok(Option::<Password>::deserialize(deserializer)?.filter(|password| !password.is_empty()))
}

#[cfg(test)]
mod tests;
