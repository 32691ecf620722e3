//! What a spec asks of a guest, in the terms in which the guest can be asked back.

use std::collections::BTreeMap;

use quantix_core::{
    Secret,
    spec::{CustomizationSpec, LinuxSpec, Password},
};
use serde::Deserialize;

use super::{
    readback::key_identity,
    report::{Guest, Interface, User},
};

/// What is asked, with the hashes that only the comparison may see.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What the report shows.
    pub(crate) guest: Guest,
    /// Password hashes by user, where the spec gives one.
    pub(crate) hashes: BTreeMap<String, Secret>,
}

/// The part of a rendered network-config (version 2) that a guest can be asked about.
#[derive(Debug, Default, Deserialize)]
struct NetworkConfig {
    #[serde(default)]
    ethernets: BTreeMap<String, Ethernet>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Ethernet {
    r#match: Match,
    set_name: Option<String>,
    dhcp4: bool,
    addresses: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Match {
    macaddress: Option<String>,
}

/// What `spec` asks of the machine for which `hostname` and `network_config` were rendered.
pub(super) fn asked(
    spec: &CustomizationSpec,
    hostname: &str,
    network_config: Option<&[u8]>,
) -> Asked {
    let mut asked = Asked { guest: Guest::default(), hashes: BTreeMap::new() };
    asked.guest.first_boot = Some("done".to_owned());
    let (short, domain) = hostname.split_once('.').unwrap_or((hostname, ""));
    asked.guest.hostname = Some(short.to_owned());
    asked.guest.fqdn = (!domain.is_empty()).then(|| hostname.to_owned());
    asked.guest.timezone.clone_from(&spec.timezone);
    asked.guest.interfaces = network_config.map(interfaces).unwrap_or_default();
    let none = LinuxSpec::default();
    let linux = spec.linux.as_ref().unwrap_or(&none);
    if !spec.ssh_keys.is_empty() || spec.admin_password.is_some() || linux.admin_user.is_some() {
        let name = linux.admin_user.as_deref().unwrap_or("admin");
        add_user(&mut asked, name, &spec.ssh_keys, spec.admin_password.as_ref());
    }
    for user in &linux.users {
        add_user(&mut asked, &user.name, &user.ssh_keys, user.password.as_ref());
    }
    for package in &linux.packages {
        asked.guest.packages.insert(package.clone(), "installed".to_owned());
    }
    asked
}

fn add_user(asked: &mut Asked, name: &str, keys: &[String], password: Option<&Password>) {
    let mut ssh_keys: Vec<String> = keys.iter().filter_map(|key| key_identity(key)).collect();
    ssh_keys.sort();
    let user = User { password: password.map(|_| "set".to_owned()), ssh_keys };
    asked.guest.users.insert(name.to_owned(), user);
    if let Some(Password::Hash(hash)) = password {
        asked.hashes.insert(name.to_owned(), hash.clone());
    }
}

/// What a network-config asks, by hardware address. Interfaces that it matches otherwise, and
/// versions other than 2, cannot be compared and are left out.
fn interfaces(network_config: &[u8]) -> BTreeMap<String, Interface> {
    let text = String::from_utf8_lossy(network_config);
    let config: NetworkConfig = serde_saphyr::from_str(&text).unwrap_or_default();
    let by_mac = |ethernet: Ethernet| {
        let mac = ethernet.r#match.macaddress?.to_ascii_lowercase();
        let mut addresses = ethernet.addresses;
        if ethernet.dhcp4 {
            addresses.push("dhcp".to_owned());
        }
        Some((mac, Interface { name: ethernet.set_name, addresses }))
    };
    config.ethernets.into_values().filter_map(by_mac).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spec_and_the_rendered_network_say_what_is_asked() {
        let spec: CustomizationSpec = serde_json::from_str(
            r#"{"name": "a", "os_family": "linux", "timezone": "Europe/Vienna",
                "ssh_keys": ["ssh-ed25519 AAAA me"], "linux": {"packages": ["tree"],
                "users": [{"name": "joe", "ssh_keys": ["ssh-ed25519 BBBB"]}]}}"#,
        )
        .unwrap();
        let network = b"version: 2\nethernets:\n  id0:\n    match: {macaddress: '52:54:00:AA:00:01'}\n    set-name: lan0\n    dhcp4: true\n";
        let asked = asked(&spec, "web-1.example.test", Some(network)).guest;
        assert_eq!(asked.hostname.as_deref(), Some("web-1"));
        assert_eq!(asked.fqdn.as_deref(), Some("web-1.example.test"));
        assert_eq!(asked.users["admin"].ssh_keys, ["ssh-ed25519 AAAA"]);
        assert_eq!(asked.users["admin"].password, None);
        assert_eq!(asked.users["joe"].ssh_keys, ["ssh-ed25519 BBBB"]);
        assert_eq!(asked.packages["tree"], "installed");
        let interface = &asked.interfaces["52:54:00:aa:00:01"];
        assert_eq!(interface.name.as_deref(), Some("lan0"));
        assert_eq!(interface.addresses, ["dhcp"]);
    }
}
