//! Windows guests: the answer file, and the user-data of cloudbase-init.

use quantix_core::{
    Finding, Secret,
    spec::{Password, WindowsSpec},
};

use super::{
    network,
    render::{Common, Job},
};
use crate::{
    mime::{PartKind, UserDataPart},
    network::{Cidr, Destination, Ethernet},
    seed::SeedFile,
    windows::{Architecture, Identifier, Interface, Membership, Unattend},
    yaml,
};

/// The files for Windows Setup; `None` where a fault leaves none.
pub(super) fn unattend_files(job: &mut Job<'_>, common: &Common) -> Option<Vec<SeedFile>> {
    let spec = job.spec;
    for (path, given) in [
        ("user_data", spec.user_data.is_some()),
        ("meta_data", spec.meta_data.is_some()),
        ("network_config", spec.network_config.is_some()),
    ] {
        if given {
            let message = "an answer file has no place for it; use the target configdrive";
            job.fault(path, "unsupported-by-target", message);
        }
    }
    if !common.ssh_keys.is_empty() {
        let message = "an answer file has no SSH keys; use the target configdrive";
        job.findings.push(Finding::warning("dropped-setting", message).at("ssh_keys"));
    }
    if spec.install_agent {
        let message = "the agent is for Linux guests";
        job.fault("install_agent", "unsupported-by-target", message);
    }
    let none = WindowsSpec::default();
    let windows = spec.windows.as_ref().unwrap_or(&none);
    if !windows.scripts.is_empty() {
        let message = "an answer file carries commands only (run_once); use the target configdrive";
        job.fault("windows.scripts", "unsupported-by-target", message);
    }
    if windows.license.is_some() {
        let message = "per-seat and per-server licences ended with Windows Server 2003";
        job.findings.push(Finding::warning("dropped-setting", message).at("windows.license"));
    }
    let unattend = unattend(job, common, windows);
    match unattend.to_xml() {
        Ok(xml) => Some(vec![SeedFile::new("Unattend.xml", xml)]),
        Err(error) => {
            for mut fault in error.into_faults() {
                fault.path = Some(format!("Unattend.xml: {}", fault.path.unwrap_or_default()));
                job.findings.push(fault);
            }
            None
        }
    }
}

fn unattend(job: &mut Job<'_>, common: &Common, windows: &WindowsSpec) -> Unattend {
    let time_zone = windows_zone(job, common);
    let interfaces = interfaces(job);
    Unattend {
        computer_name: common.hostname.to_string(),
        time_zone,
        product_key: windows.product_key.clone(),
        organization: windows.organization.clone(),
        owner: windows.full_name.clone(),
        membership: membership(windows),
        administrator_password: plain_password(job),
        auto_logon_count: windows.auto_logon_count,
        first_logon_commands: windows.run_once.clone(),
        locale: windows.locale.clone(),
        input_locale: windows.input_locale.clone(),
        interfaces,
        search_domains: job.spec.network.as_ref().map(|n| n.search.clone()).unwrap_or_default(),
        architecture: if windows.x86 { Architecture::X86 } else { Architecture::Amd64 },
    }
}

/// The password in plain text: Windows takes no crypt(3) hash.
fn plain_password(job: &mut Job<'_>) -> Option<Secret> {
    match &job.spec.admin_password {
        Some(Password::Plain(text)) => Some(text.clone()),
        Some(Password::Hash(_)) => {
            let message = "Windows takes no hash, so it is left out and Windows asks for a password \
                           at its first boot; give {\"plain\": \"…\"} to set one";
            job.findings.push(Finding::warning("hash-for-windows", message).at("admin_password"));
            None
        }
        None => None,
    }
}

fn windows_zone(job: &mut Job<'_>, common: &Common) -> Option<String> {
    let zone = common.timezone?;
    if zone.windows().is_none() {
        job.fault(
            "timezone",
            "no-windows-timezone",
            format!("Windows has no counterpart of {zone}"),
        );
    }
    zone.windows().map(str::to_owned)
}

fn membership(windows: &WindowsSpec) -> Membership {
    match (&windows.domain_join, &windows.workgroup) {
        (Some(join), _) => {
            // `EXAMPLE\\joiner` and `joiner@example.com` name the account's own domain.
            let (user_domain, user) = match join.user.split_once('\\') {
                Some((domain, user)) => (domain, user),
                None => match join.user.split_once('@') {
                    Some((user, domain)) => (domain, user),
                    None => (join.domain.as_str(), join.user.as_str()),
                },
            };
            Membership::Domain {
                domain: join.domain.clone(),
                user: user.to_owned(),
                user_domain: user_domain.to_owned(),
                password: join.password.clone(),
                ou: join.ou.clone(),
            }
        }
        (None, Some(name)) => Membership::Workgroup(name.clone()),
        (None, None) => Membership::Unchanged,
    }
}

fn interfaces(job: &mut Job<'_>) -> Vec<Interface> {
    let Some(spec) = &job.spec.network else { return Vec::new() };
    let config = network::config(job, spec);
    config.ethernets.values().map(interface).collect()
}

fn interface(ethernet: &Ethernet) -> Interface {
    let mac = ethernet.match_by.as_ref().and_then(|by| by.macaddress);
    let common = &ethernet.common;
    let any = |is_v4: bool| match is_v4 {
        true => Cidr::new(std::net::Ipv4Addr::UNSPECIFIED.into(), 0),
        false => Cidr::new(std::net::Ipv6Addr::UNSPECIFIED.into(), 0),
    };
    let gateways =
        common.gateway4.map(Into::into).into_iter().chain(common.gateway6.map(Into::into));
    let mut routes: Vec<(Cidr, std::net::IpAddr)> =
        gateways.filter_map(|via: std::net::IpAddr| Some((any(via.is_ipv4())?, via))).collect();
    routes.extend(common.routes.iter().filter_map(|route| match route.to {
        Destination::Default => Some((any(route.via.is_ipv4())?, route.via)),
        Destination::Network(to) => Some((to, route.via)),
    }));
    Interface {
        identifier: mac.map_or_else(Identifier::default, Identifier::Mac),
        dhcp4: common.dhcp4 == Some(true),
        addresses: common.addresses.clone(),
        routes,
        name_servers: common.name_servers.clone(),
    }
}

/// User-data for cloudbase-init: a cloud-config with the modules that it has, then scripts.
pub(super) fn cloudbase_user_data(job: &mut Job<'_>, common: &Common) -> Option<String> {
    let spec = job.spec;
    let none = WindowsSpec::default();
    let windows = spec.windows.as_ref().unwrap_or(&none);
    plain_password(job);
    windows_zone(job, common);
    for (path, given) in [
        ("windows.domain_join", windows.domain_join.is_some()),
        ("windows.workgroup", windows.workgroup.is_some()),
        ("windows.product_key", windows.product_key.is_some()),
        ("windows.auto_logon_count", windows.auto_logon_count > 0),
        ("windows.locale", windows.locale.is_some()),
        ("windows.input_locale", windows.input_locale.is_some()),
        ("windows.organization", windows.organization.is_some()),
        ("windows.full_name", windows.full_name.is_some()),
    ] {
        if given {
            job.fault(path, "unsupported-by-target", "cloudbase-init cannot do it; use unattend");
        }
    }
    let mut config = yaml::Map::new();
    config.insert_some("timezone", common.timezone.map(|zone| zone.name()));
    config.insert_list("runcmd", &windows.run_once);
    let own = job.own_user_data();
    let config = match yaml::emit_with_header(crate::user_data::CLOUD_CONFIG_HEADER, &config.into())
    {
        Ok(text) => text,
        Err(error) => {
            job.fault("windows.run_once", "too-deep", error.to_string());
            return None;
        }
    };
    let mut parts = vec![UserDataPart::new("quantix.yaml", PartKind::CloudConfig, config.clone())];
    parts.extend(windows.scripts.iter().map(|script| {
        UserDataPart::new(script.name.as_str(), PartKind::Script, with_marker(script))
    }));
    parts.extend(own.unwrap_or_default());
    if parts.len() == 1 { Some(config) } else { job.message(&parts) }
}

/// cloudbase-init chooses the interpreter by the first line; both markers are comments.
fn with_marker(script: &quantix_core::spec::WindowsScript) -> String {
    let is_powershell = script.name.to_ascii_lowercase().ends_with(".ps1");
    let marker = if is_powershell { "#ps1" } else { "rem cmd" };
    let start = script.content.get(..marker.len()).unwrap_or("");
    if start.eq_ignore_ascii_case(marker) {
        return script.content.clone();
    }
    let line = if is_powershell { "#ps1_sysnative" } else { "rem cmd" };
    format!("{line}\r\n{}", script.content)
}
