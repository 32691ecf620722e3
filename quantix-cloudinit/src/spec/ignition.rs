//! A Linux guest's cloud-config said in Ignition's words.

use super::{
    agent, ignition_user_data, linux, network,
    render::{Common, Job},
};
use crate::{
    ignition::{File, Group, Ignition, Link, Unit, User},
    network::{Destination, Ethernet},
    seed::SeedFile,
    user_data::{Command, Content, UserData, WriteFile},
};

/// The script with the commands of the first boot, and the unit that runs it.
const COMMANDS_PATH: &str = "/usr/local/bin/quantix-first-boot";
const COMMANDS_UNIT: &str = "quantix-first-boot.service";
const DONE_PATH: &str = "/var/lib/quantix-first-boot-done";

/// The files; `None` where a fault leaves none.
pub(super) fn files(job: &mut Job<'_>, common: &Common) -> Option<Vec<SeedFile>> {
    let spec = job.spec;
    for (path, given) in
        [("meta_data", spec.meta_data.is_some()), ("network_config", spec.network_config.is_some())]
    {
        if given {
            job.fault(path, "unsupported-by-target", "an Ignition config has no place for it");
        }
    }
    agent::refuse_on_seed(job);
    let data = linux::user_data(job, common);
    refuse_unsupported(job, &data);
    let mut out = Ignition {
        groups: data
            .groups
            .iter()
            .map(|group| Group { name: group.name.clone(), gid: None })
            .collect(),
        ..Ignition::default()
    };
    out.files.push(File::text("/etc/hostname", format!("{}\n", common.hostname)));
    if let Some(zone) = common.timezone {
        let target = format!("../usr/share/zoneinfo/{zone}");
        out.links.push(Link { path: "/etc/localtime".to_owned(), target });
    }
    if let Some(locale) = &data.locale {
        out.files.push(File::text("/etc/locale.conf", format!("LANG={}\n", quote(locale))));
    }
    if let Some(layout) = &data.keyboard_layout {
        out.files.push(File::text("/etc/vconsole.conf", format!("KEYMAP={}\n", quote(layout))));
    }
    users(&data, &mut out);
    for file in &data.write_files {
        out.files.push(file_of(file));
    }
    commands(job, &data, &mut out);
    if let Some(network) = &spec.network {
        let config = network::config(job, network);
        for (index, (label, ethernet)) in config.ethernets.iter().enumerate() {
            connection(job, index, label, ethernet, &mut out);
        }
    }
    ignition_user_data::add(job, &mut out);
    match out.to_json() {
        Ok(json) => Some(vec![SeedFile::new("config.ign", json)]),
        Err(error) => {
            job.findings.extend(error.into_faults());
            None
        }
    }
}

fn refuse_unsupported(job: &mut Job<'_>, data: &UserData) {
    for (path, given) in [
        ("linux.packages", !data.packages.is_empty()),
        ("linux.package_upgrade", data.package_upgrade.is_some()),
        ("linux.ntp_servers", data.ntp.is_some()),
        ("linux.ssh_password_auth", data.ssh_pwauth.is_some()),
        ("linux.keep_default_user", data.keep_default_user),
    ] {
        if given {
            let message = "systems that Ignition sets up are images: put it into the image";
            job.fault(path, "unsupported-by-target", message);
        }
    }
}

fn users(data: &UserData, out: &mut Ignition) {
    for user in &data.users {
        if user.primary_group.as_ref() == Some(&user.name) {
            out.groups.push(Group { name: user.name.clone(), gid: None });
        }
        out.users.push(User {
            name: user.name.clone(),
            gecos: user.gecos.clone(),
            groups: user.groups.clone(),
            home_dir: user.homedir.clone(),
            password_hash: user.hashed_passwd.clone(),
            primary_group: user.primary_group.clone(),
            shell: user.shell.clone(),
            ssh_authorized_keys: user.ssh_authorized_keys.clone(),
            system: user.system,
            uid: user.uid,
        });
        let rules: String =
            user.sudo.rules().iter().map(|rule| format!("{} {rule}\n", user.name)).collect();
        if !rules.is_empty() {
            let path = format!("/etc/sudoers.d/90-{}", user.name.replace('.', "_"));
            out.files.push(File::text(path, rules).mode(0o440));
        }
    }
}

fn file_of(file: &WriteFile) -> File {
    let owner = file.owner.as_deref().filter(|owner| !matches!(*owner, "root" | "root:root"));
    let owner = owner.map(|owner| {
        let (user, group) = owner.split_once(':').unwrap_or((owner, "root"));
        (user.to_owned(), group.to_owned())
    });
    File {
        path: file.path.clone(),
        contents: match &file.content {
            Content::Text(text) => text.clone().into_bytes(),
            Content::Bytes(bytes) => bytes.clone(),
        },
        mode: file.mode.unwrap_or(0o644),
        append: file.append,
        owner,
    }
}

/// A word for `sh`: in single quotes unless it is plainly harmless.
fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn commands(job: &Job<'_>, data: &UserData, out: &mut Ignition) {
    let scripts = job.spec.linux.as_ref().map(|linux| &*linux.scripts).unwrap_or_default();
    let mut once = String::new();
    for script in scripts {
        let is_once = script.when == quantix_core::spec::ScriptWhen::Once;
        let folder = if is_once { "per-instance" } else { "per-boot" };
        let path = format!("/var/lib/cloud/scripts/{folder}/{}", script.name);
        if is_once {
            once.push_str(&format!("{}\n", quote(&path)));
        } else {
            let name = format!("quantix-script-{}.service", script.name);
            out.units.push(unit(name, &path, ""));
        }
    }
    for command in &data.runcmd {
        match command {
            Command::Shell(line) => once.push_str(line),
            Command::Args(words) => {
                let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
                once.push_str(&words.join(" "));
            }
        }
        once.push('\n');
    }
    if !once.is_empty() {
        // As cloud-init's runcmd does, a failing command does not keep the next from running.
        let script = format!("#!/bin/sh\n{once}: > {DONE_PATH}\n");
        out.files.push(File::text(COMMANDS_PATH, script).mode(0o700));
        let condition = format!("ConditionPathExists=!{DONE_PATH}\n");
        out.units.push(unit(COMMANDS_UNIT.to_owned(), COMMANDS_PATH, &condition));
    }
}

/// A unit that runs a program when the network is up. Its path has no character of systemd's own.
fn unit(name: String, path: &str, condition: &str) -> Unit {
    let contents = format!(
        "[Unit]\nWants=network-online.target\nAfter=network-online.target\n{condition}\n\
         [Service]\nType=oneshot\nExecStart={path}\nRemainAfterExit=yes\n\n\
         [Install]\nWantedBy=multi-user.target\n"
    );
    Unit { name, enabled: Some(true), contents: Some(contents), dropins: Vec::new() }
}

/// A NetworkManager profile, and a link file where the interface gets a name.
fn connection(
    job: &mut Job<'_>,
    index: usize,
    label: &str,
    ethernet: &Ethernet,
    out: &mut Ignition,
) {
    let mac = ethernet.match_by.as_ref().and_then(|by| by.macaddress);
    let common = &ethernet.common;
    let mut text = format!("[connection]\nid={label}\ntype=ethernet\n\n[ethernet]\n");
    if let Some(mac) = mac {
        text.push_str(&format!("mac-address={mac}\n"));
    }
    if let Some(mtu) = common.mtu {
        text.push_str(&format!("mtu={mtu}\n"));
    }
    for is_v4 in [true, false] {
        text.push_str(&ip_section(ethernet, is_v4));
    }
    let path = format!("/etc/NetworkManager/system-connections/{label}.nmconnection");
    out.files.push(File::text(path, text).mode(0o600));
    match (&ethernet.set_name, mac) {
        (Some(name), Some(mac)) => {
            let text = format!("[Match]\nMACAddress={mac}\n\n[Link]\nName={name}\n");
            out.files.push(File::text(format!("/etc/systemd/network/10-{name}.link"), text));
        }
        (Some(_), None) => {
            let path = format!("network.nics[{index}].name");
            job.fault(path, "unmatched-nic", "only an interface with a known MAC can be renamed");
        }
        (None, _) => {}
    }
}

fn ip_section(ethernet: &Ethernet, is_v4: bool) -> String {
    let common = &ethernet.common;
    let family = |is_ipv4: bool| is_ipv4 == is_v4;
    let dhcp = if is_v4 { common.dhcp4 } else { common.dhcp6 } == Some(true);
    let addresses: Vec<_> =
        common.addresses.iter().filter(|cidr| family(cidr.address().is_ipv4())).collect();
    let method = match (dhcp, addresses.is_empty(), is_v4) {
        (true, ..) => "auto",
        (false, false, _) => "manual",
        (false, true, true) => "disabled",
        (false, true, false) => "auto",
    };
    let mut out = format!("\n[{}]\nmethod={method}\n", if is_v4 { "ipv4" } else { "ipv6" });
    for (index, cidr) in addresses.iter().enumerate() {
        out.push_str(&format!("address{}={cidr}\n", index + 1));
    }
    let gateway = match is_v4 {
        true => common.gateway4.map(|address| address.to_string()),
        false => common.gateway6.map(|address| address.to_string()),
    };
    if let Some(gateway) = gateway {
        out.push_str(&format!("gateway={gateway}\n"));
    }
    let servers = common.name_servers.iter().filter(|address| family(address.is_ipv4()));
    let servers: String = servers.map(|address| format!("{address};")).collect();
    if !servers.is_empty() {
        out.push_str(&format!("dns={servers}\n"));
    }
    if is_v4 && !common.search_domains.is_empty() {
        out.push_str(&format!("dns-search={};\n", common.search_domains.join(";")));
    }
    let routes = common.routes.iter().filter(|route| family(route.via.is_ipv4()));
    for (index, route) in routes.enumerate() {
        let to = match route.to {
            Destination::Network(cidr) => cidr.to_string(),
            Destination::Default if is_v4 => "0.0.0.0/0".to_owned(),
            Destination::Default => "::/0".to_owned(),
        };
        let metric = route.metric.map(|metric| format!(",{metric}")).unwrap_or_default();
        out.push_str(&format!("route{}={to},{}{metric}\n", index + 1, route.via));
    }
    out
}
