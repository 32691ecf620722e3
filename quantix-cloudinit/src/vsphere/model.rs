//! The customization spec of the REST API. XML is read into it and written from it.

use quantix_core::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What `POST /vcenter/guest/customization-specs` takes. Fields that vCenter may add are ignored by
/// it and by us alike.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Item {
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    pub(super) spec: Spec,
    #[serde(skip)]
    pub(super) last_modified: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Spec {
    pub(super) configuration_spec: Configuration,
    #[serde(rename = "global_DNS_settings", alias = "global_dns_settings")]
    pub(super) global_dns: GlobalDns,
    pub(super) interfaces: Vec<Mapping>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Configuration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) windows_config: Option<Windows>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) linux_config: Option<Linux>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cloud_config: Option<Cloud>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct GlobalDns {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dns_suffix_list: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dns_servers: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Name {
    /// `FIXED`, `PREFIX`, `VIRTUAL_MACHINE`, `USER_INPUT_REQUIRED`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fixed_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prefix: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Linux {
    pub(super) hostname: Name,
    pub(super) domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) time_zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) script_text: Option<String>,
    #[serde(skip_serializing)]
    pub(super) compatible_customization_method: Option<String>,
    /// XML only: a password of root.
    #[serde(skip)]
    pub(super) password: Option<Password>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Windows {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reboot: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sysprep: Option<Sysprep>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sysprep_xml: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Sysprep {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) gui_run_once_commands: Vec<String>,
    pub(super) user_data: UserData,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<Domain>,
    pub(super) gui_unattended: GuiUnattended,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct UserData {
    pub(super) computer_name: Name,
    pub(super) full_name: String,
    pub(super) organization: String,
    pub(super) product_key: String,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Domain {
    /// `WORKGROUP` or `DOMAIN`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workgroup: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) domain_password: Option<Password>,
    #[serde(rename = "domain_OU", alias = "domain_ou", skip_serializing_if = "Option::is_none")]
    pub(super) domain_ou: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct GuiUnattended {
    pub(super) auto_logon: bool,
    pub(super) auto_logon_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<Password>,
    pub(super) time_zone: u32,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Cloud {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cloudinit: Option<Cloudinit>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Cloudinit {
    pub(super) metadata: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) userdata: Option<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Mapping {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mac_address: Option<String>,
    pub(super) adapter: Adapter,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Adapter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ipv4: Option<Ipv4>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ipv6: Option<Ipv6>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) windows: Option<WindowsAdapter>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Ipv4 {
    /// `DHCP`, `STATIC`, `USER_INPUT_REQUIRED`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prefix: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) gateways: Vec<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Ipv6 {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) ipv6: Vec<Ipv6Address>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) gateways: Vec<String>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Ipv6Address {
    pub(super) ip_address: String,
    pub(super) prefix: u8,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct WindowsAdapter {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dns_servers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) dns_domain: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) wins_servers: Vec<String>,
    #[serde(rename = "net_BIOS_mode", alias = "net_bios_mode", skip_serializing)]
    pub(super) net_bios_mode: Option<String>,
}

/// A password of vSphere; an encrypted one is of no use elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Password {
    pub(super) text: Secret,
    pub(super) is_plain: bool,
}

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { text: Secret::deserialize(deserializer)?, is_plain: true })
    }
}

impl Serialize for Password {
    /// The text itself: the document is made to be sent to vCenter.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text.expose())
    }
}
