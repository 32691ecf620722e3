//! From vSphere's spec to ours.

use quantix_core::{
    CustomizationSpec, Finding, OsFamily,
    spec::{
        self, Command, DomainJoin, LinuxSpec, NetworkSpec, NicSpec, RouteSpec, SpecFile,
        WindowsSpec,
    },
};
use serde_json::Value;

use super::{
    Imported, Problem, VSPHERE_BYTES_MAX, VsphereError,
    model::{Adapter, Cloudinit, Item, Linux, Mapping, Name, Password, Sysprep, Windows},
    xml_read, zones,
};
use crate::{timezone::TimeZone, yaml};

/// Where an imported script is put; vSphere runs it before and after.
const SCRIPT_PATH: &str = "/usr/local/sbin/vsphere-customization-script";

/// Reads a spec of vSphere, as JSON or XML, whichever it is.
///
/// # Errors
/// A text that is neither, that is too large, or that holds no spec.
pub fn import(text: &str) -> Result<Imported, VsphereError> {
    if text.len() > VSPHERE_BYTES_MAX {
        return Err(Problem::TooLarge(text.len()).into());
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let item = match text.trim_start().bytes().next() {
        Some(b'{') => from_json(text)?,
        Some(b'<') => xml_read::item(text)?,
        _ => return Err(Problem::Format.into()),
    };
    let mut job = Job { findings: Vec::new() };
    let spec = job.spec(item)?;
    Ok(Imported { spec, findings: job.findings })
}

/// Unwraps what `GET` puts around a spec. Passwords that vCenter returns are encrypted.
fn from_json(text: &str) -> Result<Item, Problem> {
    let mut value: Value = serde_json::from_str(text).map_err(Problem::Json)?;
    let mut outer = serde_json::Map::new();
    let mut is_returned = false;
    for _ in 0..4 {
        let Value::Object(map) = value else { return Err(Problem::Missing("JSON object")) };
        is_returned |= map.contains_key("fingerprint") || map.contains_key("last_modified");
        if map.contains_key("configuration_spec") {
            outer.insert("spec".into(), Value::Object(map));
            let modified = outer.get("last_modified").and_then(Value::as_str).map(str::to_owned);
            let mut item: Item =
                serde_json::from_value(Value::Object(outer)).map_err(Problem::Json)?;
            item.last_modified = modified;
            if is_returned {
                for password in passwords(&mut item) {
                    password.is_plain = false;
                }
            }
            return Ok(item);
        }
        let mut next = None;
        for (key, inner) in map {
            match key.as_str() {
                "spec" | "value" => next = Some(inner),
                "name" | "description" | "last_modified" => {
                    outer.insert(key, inner);
                }
                _ => {}
            }
        }
        value = next.ok_or(Problem::Missing("`configuration_spec`"))?;
    }
    Err(Problem::Missing("`configuration_spec`"))
}

fn passwords(item: &mut Item) -> impl Iterator<Item = &mut Password> {
    let sysprep =
        item.spec.configuration_spec.windows_config.as_mut().and_then(|w| w.sysprep.as_mut());
    sysprep.into_iter().flat_map(|sysprep| {
        let domain = sysprep.domain.as_mut().and_then(|domain| domain.domain_password.as_mut());
        sysprep.gui_unattended.password.as_mut().into_iter().chain(domain)
    })
}

struct Job {
    findings: Vec<Finding>,
}

impl Job {
    fn warn(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.findings.push(Finding::warning(code, message).at(path));
    }

    fn spec(&mut self, item: Item) -> Result<CustomizationSpec, Problem> {
        let configuration = item.spec.configuration_spec;
        let name = if item.name.is_empty() { "imported".to_owned() } else { item.name };
        let family = if configuration.windows_config.is_some() {
            OsFamily::Windows
        } else if configuration.linux_config.is_some() || configuration.cloud_config.is_some() {
            OsFamily::Linux
        } else {
            return Err(Problem::Missing("`linux_config`, `windows_config` or `cloud_config`"));
        };
        let mut out = CustomizationSpec::new(name, family);
        out.description = item.description;
        out.updated_at = item.last_modified;
        if let Some(windows) = configuration.windows_config {
            self.windows(&mut out, windows);
        }
        if let Some(linux) = configuration.linux_config {
            self.linux(&mut out, linux);
        }
        if let Some(cloudinit) = configuration.cloud_config.and_then(|cloud| cloud.cloudinit) {
            self.cloudinit(&mut out, cloudinit);
        }
        let dns = item.spec.global_dns;
        let interfaces = item.spec.interfaces.into_iter().enumerate();
        let nics: Vec<NicSpec> =
            interfaces.map(|(index, mapping)| self.nic(index, mapping)).collect();
        if !nics.is_empty() || !dns.dns_servers.is_empty() || !dns.dns_suffix_list.is_empty() {
            // Name servers alone belong to the one interface that there is.
            let nics = if nics.is_empty() { vec![NicSpec::default()] } else { nics };
            out.network = Some(NetworkSpec {
                nics,
                nameservers: dns.dns_servers,
                search: dns.dns_suffix_list,
            });
        }
        Ok(out)
    }

    fn hostname(&mut self, path: &str, name: &Name) -> Option<String> {
        match name.kind.as_str() {
            "FIXED" => name.fixed_name.clone(),
            "PREFIX" => {
                let prefix = name.prefix.as_deref().unwrap_or("").trim_end_matches('-');
                Some(format!("{prefix}-{{{{.Random}}}}"))
            }
            "VIRTUAL_MACHINE" => Some("{{.VMName}}".to_owned()),
            _ => {
                let message = "vSphere asks for the name, or a program makes it; the machine's name \
                               is taken: set hostname for another";
                self.warn(path, "name-is-asked-for", message);
                Some("{{.VMName}}".to_owned())
            }
        }
    }

    fn linux(&mut self, out: &mut CustomizationSpec, linux: Linux) {
        out.hostname = self.hostname("hostname", &linux.hostname);
        out.timezone = linux.time_zone.filter(|zone| !zone.is_empty());
        let mut spec = LinuxSpec {
            domain: Some(linux.domain).filter(|domain| !domain.is_empty()),
            ..LinuxSpec::default()
        };
        if let Some(script) = linux.script_text.filter(|script| !script.trim().is_empty()) {
            spec.write_files.push(SpecFile {
                path: SCRIPT_PATH.to_owned(),
                content: Some(script),
                permissions: Some("0700".to_owned()),
                ..SpecFile::default()
            });
            for stage in ["precustomization", "postcustomization"] {
                spec.run_commands
                    .push(Command::Words(vec![SCRIPT_PATH.to_owned(), stage.to_owned()]));
            }
            let message = "the script runs twice at the end of the first boot, with precustomization \
                           and with postcustomization";
            self.findings.push(Finding::info("script-stages", message).at("linux.run_commands"));
        }
        if linux.password.is_some() {
            self.warn("admin_password", "dropped-secret", "the password of root is left out");
        }
        if spec != LinuxSpec::default() {
            out.linux = Some(spec);
        }
    }

    fn windows(&mut self, out: &mut CustomizationSpec, windows: Windows) {
        if windows.sysprep_xml.is_some() {
            let message = "a ready answer file has no place in a spec; describe its settings";
            self.warn("windows", "dropped-setting", message);
        }
        if windows.reboot.is_some_and(|reboot| reboot != "REBOOT") {
            let message = "vSphere would not restart the guest; Windows always does here";
            self.warn("windows", "dropped-setting", message);
        }
        let Some(sysprep) = windows.sysprep else { return };
        out.hostname = self.hostname("hostname", &sysprep.user_data.computer_name);
        out.timezone = self.windows_zone(sysprep.gui_unattended.time_zone);
        let password = sysprep.gui_unattended.password.clone();
        out.admin_password = self.secret("admin_password", password).map(spec::Password::Plain);
        out.windows = Some(self.sysprep(sysprep));
    }

    fn sysprep(&mut self, sysprep: Sysprep) -> WindowsSpec {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let logon = &sysprep.gui_unattended;
        let mut out = WindowsSpec {
            full_name: filled(sysprep.user_data.full_name),
            organization: filled(sysprep.user_data.organization),
            product_key: filled(sysprep.user_data.product_key).map(quantix_core::Secret::new),
            auto_logon_count: if logon.auto_logon { logon.auto_logon_count } else { 0 },
            run_once: sysprep.gui_run_once_commands,
            ..WindowsSpec::default()
        };
        let Some(domain) = sysprep.domain else { return out };
        match domain.kind.as_str() {
            "WORKGROUP" => out.workgroup = domain.workgroup,
            _ => {
                let user = domain.domain_username.unwrap_or_default();
                let password = self.secret("windows.domain_join.password", domain.domain_password);
                let domain_name = domain.domain.unwrap_or_default();
                match password {
                    Some(password) => {
                        let ou = domain.domain_ou.filter(|ou| !ou.is_empty());
                        out.domain_join =
                            Some(DomainJoin { domain: domain_name, user, password, ou });
                    }
                    None => {
                        let message = format!(
                            "joining {domain_name} as {user} needs a password: add windows.domain_join"
                        );
                        self.warn("windows.domain_join", "dropped-setting", message);
                    }
                }
            }
        }
        out
    }

    fn secret(&mut self, path: &str, password: Option<Password>) -> Option<quantix_core::Secret> {
        let password = password?;
        if password.is_plain && !password.text.expose().is_empty() {
            return Some(password.text);
        }
        let message = "the password is encrypted with vCenter's certificate; set it again";
        self.warn(path, "dropped-secret", message);
        None
    }

    fn windows_zone(&mut self, index: u32) -> Option<String> {
        let zone = zones::windows_name(index).and_then(TimeZone::from_windows);
        if zone.is_none() {
            self.warn("timezone", "unknown-timezone", format!("{index} is no time zone index"));
        }
        zone.map(|zone| zone.name().to_owned())
    }

    /// Meta-data of vSphere's cloud-init also carries the name and the network.
    fn cloudinit(&mut self, out: &mut CustomizationSpec, cloudinit: Cloudinit) {
        if let Some(userdata) = cloudinit.userdata.filter(|text| !text.is_empty()) {
            out.user_data = Some(spec::Document::Text(userdata));
        }
        let node = match yaml::parse(&cloudinit.metadata) {
            Ok(node) => node,
            Err(error) => {
                let message = format!("the meta-data is not YAML and is left out: {error}");
                self.warn("meta_data", "dropped-setting", message);
                return;
            }
        };
        let Some(yaml::Value::Map(mut map)) = node.map(|node| node.to_value()) else { return };
        for key in ["instance-id", "instance_id"] {
            if map.remove(key).is_some() {
                self.warn("meta_data", "dropped-setting", "the instance id is the machine's own");
            }
        }
        for key in ["hostname", "local-hostname", "local_hostname"] {
            if let Some(yaml::Value::String(name)) = map.remove(key) {
                out.hostname = Some(name);
            }
        }
        if let Some(network) = map.remove("network") {
            out.network_config = document(&network);
        }
        if !map.is_empty() {
            out.meta_data = document(&map.into());
        }
    }

    fn nic(&mut self, index: usize, mapping: Mapping) -> NicSpec {
        let path = format!("network.nics[{index}]");
        let Adapter { ipv4, ipv6, windows } = mapping.adapter;
        let mut nic = NicSpec {
            mac: mapping
                .mac_address
                .filter(|mac| !mac.is_empty())
                .map(|mac| mac.to_ascii_lowercase()),
            ..NicSpec::default()
        };
        if let Some(ipv4) = ipv4 {
            match (ipv4.kind.as_str(), ipv4.ip_address, ipv4.prefix) {
                ("DHCP", _, _) => nic.dhcp4 = Some(true),
                ("STATIC", Some(address), Some(prefix)) => {
                    nic.addresses.push(format!("{address}/{prefix}"));
                }
                _ => {
                    let message = "vSphere asks for the address; DHCP is taken: set addresses";
                    self.warn(&path, "address-is-asked-for", message);
                    nic.dhcp4 = Some(true);
                }
            }
            add_gateways(&mut nic, ipv4.gateways, true);
        }
        if let Some(ipv6) = ipv6 {
            match ipv6.kind.as_str() {
                "DHCP" => nic.dhcp6 = true,
                "USER_INPUT_REQUIRED" => {
                    let message = "vSphere asks for the IPv6 address; none is set";
                    self.warn(&path, "address-is-asked-for", message);
                }
                _ => {}
            }
            let addresses = ipv6.ipv6.into_iter();
            nic.addresses.extend(addresses.map(|a| format!("{}/{}", a.ip_address, a.prefix)));
            add_gateways(&mut nic, ipv6.gateways, false);
        }
        if let Some(windows) = windows {
            nic.nameservers = windows.dns_servers;
            nic.search =
                windows.dns_domain.filter(|domain| !domain.is_empty()).into_iter().collect();
            if !windows.wins_servers.is_empty() {
                self.warn(&path, "dropped-setting", "WINS servers are left out");
            }
        }
        nic
    }
}

/// The first gateway is the interface's; further ones are routes that win less often.
fn add_gateways(nic: &mut NicSpec, gateways: Vec<String>, is_v4: bool) {
    for (index, via) in (0u32..).zip(gateways) {
        match (index, is_v4) {
            (0, true) => nic.gateway4 = Some(via),
            (0, false) => nic.gateway6 = Some(via),
            _ => nic.routes.push(RouteSpec {
                to: "default".to_owned(),
                via,
                metric: Some(1000 + index),
            }),
        }
    }
}

/// A document as a tree where it can be one.
fn document(value: &yaml::Value) -> Option<spec::Document> {
    match serde_json::to_value(value) {
        Ok(Value::Object(tree)) => Some(spec::Document::Tree(tree)),
        Ok(Value::String(text)) => Some(spec::Document::Bare(text)),
        _ => None,
    }
}
