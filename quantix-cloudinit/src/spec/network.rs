//! The network-config of a guest, from the spec's interfaces and the machine's.

use std::collections::BTreeMap;

use quantix_core::{
    Finding,
    spec::{NetworkSpec, NicSpec},
};

use super::render::Job;
use crate::network::{Cidr, Common, Destination, Ethernet, MacAddr, Match, NetworkV2, Route};

/// Builds the network-config from `network`. Faults are noted in the job.
pub(super) fn config(job: &mut Job<'_>, network: &NetworkSpec) -> NetworkV2 {
    let owners = owners(job, network);
    let mut ethernets = BTreeMap::new();
    for (index, nic) in network.nics.iter().enumerate() {
        let path = format!("network.nics[{index}]");
        let mac = nic.mac.clone().or_else(|| {
            let position = owners[index]?;
            job.vm.nics[position].mac.clone()
        });
        let match_by = match mac.as_deref().map(str::parse::<MacAddr>) {
            Some(Ok(mac)) => Some(Match::mac(mac)),
            Some(Err(error)) => {
                job.fault(format!("{path}.mac"), "invalid-mac", error.to_string());
                None
            }
            None => any_card(job, network, &path, nic),
        };
        let label = label(index, nic);
        let common = common(network, nic);
        let set_name = nic.name.clone().filter(|_| mac.is_some());
        ethernets.insert(label, Ethernet { match_by, set_name, wakeonlan: None, common });
    }
    NetworkV2 { ethernets, ..NetworkV2::default() }
}

/// What the document calls an interface of the spec.
pub(super) fn label(index: usize, nic: &NicSpec) -> String {
    nic.name.clone().unwrap_or_else(|| format!("nic{index}"))
}

/// Which of the machine's interfaces each entry is for: by MAC address, by network, then in order.
fn owners(job: &mut Job<'_>, network: &NetworkSpec) -> Vec<Option<usize>> {
    let vm = job.vm;
    let mut free: Vec<usize> = (0..vm.nics.len()).collect();
    let mut owners = vec![None; network.nics.len()];
    let mut claim = |index: usize, wanted: &dyn Fn(usize) -> bool| {
        let found = free.iter().position(|&at| wanted(at)).map(|at| free.remove(at));
        owners[index] = found;
        found.is_some()
    };
    let mut missing = Vec::new();
    for (index, nic) in network.nics.iter().enumerate() {
        let problem = if let Some(mac) = &nic.mac {
            let same = |at: usize| {
                vm.nics[at].mac.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(mac))
            };
            (!claim(index, &same)).then(|| format!("no interface has the MAC address {mac}"))
        } else if let Some(name) = &nic.network {
            let same = |at: usize| vm.nics[at].network.as_ref() == Some(name);
            (!claim(index, &same)).then(|| format!("no further interface is in {name:?}"))
        } else {
            None
        };
        missing.extend(problem.map(|problem| (index, problem)));
    }
    for (index, nic) in network.nics.iter().enumerate() {
        if nic.mac.is_none() && nic.network.is_none() && !claim(index, &|_| true) {
            missing.push((index, format!("it has only {} interfaces", vm.nics.len())));
        }
    }
    // A machine that lists no interfaces is one that does not know them.
    if !vm.nics.is_empty() {
        for (index, problem) in missing {
            let message = format!("the machine cannot have this interface: {problem}");
            job.fault(format!("network.nics[{index}]"), "no-such-nic", message);
        }
    }
    for at in free {
        let message = "the spec says nothing about this interface; the guest leaves it down";
        job.findings
            .push(Finding::warning("unconfigured-nic", message).at(format!("vm.nics[{at}]")));
    }
    owners
}

/// Without a MAC address a single interface can be found by what kernels call Ethernet cards.
fn any_card(job: &mut Job<'_>, network: &NetworkSpec, path: &str, nic: &NicSpec) -> Option<Match> {
    if network.nics.len() > 1 {
        let message = "its MAC address is not known, so the guest cannot tell it from the others: \
                       give mac here, or the machine's nics";
        job.fault(path, "unmatched-nic", message);
        return None;
    }
    if nic.name.is_some() {
        let message = "only an interface whose MAC address is known can be renamed: give mac here, \
                       or the machine's nics";
        job.fault(format!("{path}.name"), "unmatched-nic", message);
    }
    Some(Match { name: Some("e*".to_owned()), ..Match::default() })
}

/// Addresses, routes and name servers. What does not parse has been reported by the spec's checks.
fn common(network: &NetworkSpec, nic: &NicSpec) -> Common {
    let or = |own: &Vec<String>, all: &Vec<String>| {
        if own.is_empty() { all.clone() } else { own.clone() }
    };
    let name_servers = or(&nic.nameservers, &network.nameservers);
    let routes = nic.routes.iter().filter_map(|route| {
        let to = match route.to.as_str() {
            "default" => Destination::Default,
            text => Destination::Network(text.parse().ok()?),
        };
        let via = route.via.parse().ok()?;
        Some(Route { to, via, metric: route.metric, table: None, on_link: false })
    });
    Common {
        dhcp4: Some(nic.dhcp4.unwrap_or(nic.addresses.is_empty())),
        dhcp6: nic.dhcp6.then_some(true),
        addresses: nic.addresses.iter().filter_map(|text| text.parse::<Cidr>().ok()).collect(),
        gateway4: nic.gateway4.as_ref().and_then(|text| text.parse().ok()),
        gateway6: nic.gateway6.as_ref().and_then(|text| text.parse().ok()),
        name_servers: name_servers.iter().filter_map(|text| text.parse().ok()).collect(),
        search_domains: or(&nic.search, &network.search),
        mtu: nic.mtu,
        optional: nic.optional.then_some(true),
        routes: routes.collect(),
        ..Common::default()
    }
}
