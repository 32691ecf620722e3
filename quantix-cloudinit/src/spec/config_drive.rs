//! The files of OpenStack's `ConfigDrive`, read by cloud-init and by cloudbase-init.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use quantix_core::{Finding, OsFamily, spec::Password};
use serde_json::{Map, Value, json};

use super::{
    agent, network, nocloud,
    render::{Common, Job},
    windows,
};
use crate::{
    network::{Cidr, Destination, Ethernet, NetworkV2},
    seed::{SeedDocuments, SeedFile, SeedSource},
};

/// The files, in the order of their names; `None` where a fault leaves none.
pub(super) fn files(job: &mut Job<'_>, common: &Common) -> Option<Vec<SeedFile>> {
    let user_data = match job.spec.os_family {
        OsFamily::Linux => nocloud::user_data(job, common),
        OsFamily::Windows => windows::cloudbase_user_data(job, common),
    };
    let meta_data = meta_data(job, common);
    let network_config = network_data(job);
    let documents = SeedDocuments {
        user_data: user_data?.into_bytes(),
        meta_data: Some(pretty(&meta_data?)),
        vendor_data: None,
        network_config: network_config.as_ref().map(pretty),
    };
    match documents.files(SeedSource::ConfigDrive) {
        Ok(mut files) => {
            files.extend(agent::seed_files(job));
            files.sort_by(|a, b| a.name.cmp(&b.name));
            Some(files)
        }
        Err(error) => {
            job.fault("network_config", "invalid-document", error.to_string());
            None
        }
    }
}

/// JSON with sorted keys and a final line end.
fn pretty(value: &Value) -> Vec<u8> {
    format!("{value:#}\n").into_bytes()
}

fn meta_data(job: &mut Job<'_>, common: &Common) -> Option<Value> {
    let extra = nocloud::own_meta_data(job)?;
    let mut out = Map::new();
    out.insert("uuid".into(), common.instance_id.as_str().into());
    out.insert("hostname".into(), common.hostname.as_str().into());
    out.insert("name".into(), job.vm.name.as_str().into());
    if let Some(index) = job.vm.index {
        out.insert("launch_index".into(), index.into());
    }
    let mut meta = Map::new();
    for (key, value) in extra.iter() {
        match (key.as_str(), value.as_str()) {
            (Some(key), Some(value)) => {
                meta.insert(key.to_owned(), value.into());
            }
            _ => job.fault(
                "meta_data",
                "not-a-text",
                format!(
                    "a config drive carries texts only; {} is {}",
                    key.key_text(),
                    value.kind()
                ),
            ),
        }
    }
    if !meta.is_empty() {
        out.insert("meta".into(), meta.into());
    }
    if job.spec.os_family == OsFamily::Windows {
        let keys: Map<String, Value> = common
            .ssh_keys
            .iter()
            .enumerate()
            .map(|(index, key)| (format!("key{index}"), key.line().into()))
            .collect();
        if !keys.is_empty() {
            out.insert("public_keys".into(), keys.into());
        }
        if let Some(Password::Plain(password)) = &job.spec.admin_password {
            out.insert("admin_pass".into(), password.expose().into());
        }
    }
    Some(out.into())
}

/// `network_data.json`, from the spec's interfaces or as the owner wrote it.
fn network_data(job: &mut Job<'_>) -> Option<Value> {
    let spec = job.spec;
    if let Some(network) = &spec.network {
        let config = network::config(job, network);
        return convert(job, &config);
    }
    let map = job.own_map("network_config", spec.network_config.as_ref()?)?;
    let is_network_data = map.get("links").is_some() && map.get("networks").is_some();
    match serde_json::to_value(crate::yaml::Value::from(map)) {
        Ok(value) if is_network_data => Some(value),
        _ => {
            let message = "a config drive wants OpenStack's network_data (links, networks, \
                           services); describe the interfaces in `network` instead";
            job.fault("network_config", "wrong-network-format", message);
            None
        }
    }
}

fn convert(job: &mut Job<'_>, config: &NetworkV2) -> Option<Value> {
    let (mut links, mut networks, mut services) = (Vec::new(), Vec::new(), Vec::<Value>::new());
    for (index, (id, ethernet)) in config.ethernets.iter().enumerate() {
        let mac = ethernet.match_by.as_ref().and_then(|by| by.macaddress);
        let Some(mac) = mac else {
            let message = "a config drive needs the MAC address: give mac, or the machine's nics";
            job.fault(format!("network.nics[{index}]"), "unmatched-nic", message);
            continue;
        };
        let mut link = json!({ "id": id, "type": "phy", "ethernet_mac_address": mac.to_string() });
        if let Some(mtu) = ethernet.common.mtu {
            link["mtu"] = mtu.into();
        }
        if let Some(name) = &ethernet.set_name {
            link["name"] = name.as_str().into();
        }
        links.push(link);
        networks.extend(networks_of(id, ethernet));
        for address in &ethernet.common.name_servers {
            let service = json!({ "type": "dns", "address": address.to_string() });
            if !services.contains(&service) {
                services.push(service);
            }
        }
        if ethernet.common.optional == Some(true) {
            let message = "a config drive cannot say that an interface is optional";
            let finding = Finding::warning("dropped-setting", message);
            job.findings.push(finding.at(format!("network.nics[{index}].optional")));
        }
    }
    Some(json!({ "links": links, "networks": networks, "services": services }))
}

/// One entry for DHCP, and one for each address; routes (the gateways among them) go with the first
/// entry of their family, name servers and search domains with the first of all. The name servers
/// are services of the whole machine too, as OpenStack has them; but those netplan's renderer gives
/// only to interfaces that have no search domain.
fn networks_of(link: &str, ethernet: &Ethernet) -> Vec<Value> {
    let common = &ethernet.common;
    let mut out: Vec<Value> = Vec::new();
    let mut push = |kind: &str, mut fields: Value| {
        fields["id"] = format!("{link}-{}", out.len()).into();
        fields["link"] = link.into();
        fields["type"] = kind.into();
        if out.is_empty() {
            let servers: Vec<String> =
                common.name_servers.iter().map(ToString::to_string).collect();
            if !servers.is_empty() {
                fields["dns_nameservers"] = servers.into();
            }
            if !common.search_domains.is_empty() {
                fields["dns_search"] = common.search_domains.clone().into();
            }
        }
        out.push(fields);
    };
    if common.dhcp4 == Some(true) {
        push("ipv4_dhcp", json!({}));
    }
    if common.dhcp6 == Some(true) {
        push("ipv6_dhcpv6-stateful", json!({}));
    }
    for is_v4 in [true, false] {
        let addresses = common.addresses.iter().filter(|cidr| cidr.address().is_ipv4() == is_v4);
        for (index, cidr) in addresses.enumerate() {
            let mut fields = json!({
                "ip_address": cidr.address().to_string(),
                "netmask": netmask(*cidr),
            });
            if index == 0 {
                let routes = routes(ethernet, is_v4);
                if !routes.is_empty() {
                    fields["routes"] = routes.into();
                }
            }
            push(if is_v4 { "ipv4" } else { "ipv6" }, fields);
        }
    }
    out
}

fn routes(ethernet: &Ethernet, is_v4: bool) -> Vec<Value> {
    let any = match is_v4 {
        true => Cidr::new(Ipv4Addr::UNSPECIFIED.into(), 0),
        false => Cidr::new(Ipv6Addr::UNSPECIFIED.into(), 0),
    };
    let entry = |to: Cidr, via: IpAddr| {
        json!({
            "network": to.address().to_string(),
            "netmask": netmask(to),
            "gateway": via.to_string(),
        })
    };
    let common = &ethernet.common;
    let gateway = match is_v4 {
        true => common.gateway4.map(IpAddr::from),
        false => common.gateway6.map(IpAddr::from),
    };
    let mut out: Vec<Value> = Vec::new();
    out.extend(any.zip(gateway).map(|(any, via)| entry(any, via)));
    for route in common.routes.iter().filter(|route| route.via.is_ipv4() == is_v4) {
        let to = match route.to {
            Destination::Default => any,
            Destination::Network(to) => Some(to),
        };
        let Some(mut entry) = to.map(|to| entry(to, route.via)) else { continue };
        if let Some(metric) = route.metric {
            entry["metric"] = metric.into();
        }
        out.push(entry);
    }
    out
}

/// The prefix as a mask: `255.255.255.0`, `ffff:ffff::`.
fn netmask(cidr: Cidr) -> String {
    let prefix = u32::from(cidr.prefix());
    if cidr.address().is_ipv4() {
        Ipv4Addr::from(u32::MAX.checked_shl(32 - prefix).unwrap_or(0)).to_string()
    } else {
        Ipv6Addr::from(u128::MAX.checked_shl(128 - prefix).unwrap_or(0)).to_string()
    }
}
