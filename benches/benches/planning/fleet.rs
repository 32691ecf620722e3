//! A cluster of racks with machines of the usual sizes, the same in every run.

use quantix_core::cluster::Cluster;
use quantix_scheduler::plan::BalanceRequest;
use serde_json::json;

use crate::Outcome;

/// Hosts in racks of 40, with so many machines each.
pub(crate) fn cluster(hosts: usize, per_host: usize) -> Outcome<Cluster> {
    let mut random = Random(1);
    let sizes = [(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (4, 16), (8, 32)];
    let host = |at: usize| {
        json!({"id": format!("host-{at:04}"), "cpu_milli": 64_000, "memory_mib": 393_216,
               "overcommit": {"cpu": 4}, "labels": {"rack": format!("rack-{:02}", at / 40)}})
    };
    let hosts_made: Vec<_> = (0..hosts).map(host).collect();
    let mut vms = Vec::with_capacity(hosts * per_host);
    for at in 0..hosts {
        for number in 0..per_host {
            let (cores, gib) = sizes[random.below(sizes.len())];
            vms.push(json!({
                "id": format!("vm-{at:04}-{number:02}"), "node": format!("host-{at:04}"),
                "cpu_milli": cores * 1000, "memory_mib": gib * 1024, "priority": random.below(3),
            }));
        }
    }
    // A service in three copies per hundred machines, apart by rack.
    let copies = |at: usize| {
        let vm = |copy: usize| format!("vm-{:04}-00", (at + copy * 40) % hosts);
        json!({"id": format!("apart-{at}"), "kind": "anti_affinity", "topology": "rack",
               "vms": [vm(0), vm(1), vm(2)]})
    };
    let rules: Vec<_> = (0..40).map(copies).collect();
    Ok(serde_json::from_value(json!({"nodes": hosts_made, "vms": vms, "rules": rules}))?)
}

/// An hour of demand: one host in twenty is used too much.
pub(crate) fn demand(cluster: &Cluster) -> Outcome<BalanceRequest> {
    let mut random = Random(2);
    let mut cpu = serde_json::Map::new();
    for vm in &cluster.vms {
        let host = vm.node.as_ref().map_or("", |node| node.as_str());
        let busy = host.ends_with("00") || host.ends_with("20") || host.ends_with("40");
        let percent = if busy || host.ends_with("60") || host.ends_with("80") { 75 } else { 35 };
        let sample = |_| {
            let noise = 50 + random.below(100) as u64;
            vm.cpu_milli.0 * percent * noise / 10_000
        };
        cpu.insert(vm.id.to_string(), (0..12).map(sample).collect::<Vec<u64>>().into());
    }
    Ok(serde_json::from_value(json!({"history": {"cpu_milli": cpu}}))?)
}

/// Random numbers that are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from((self.0 >> 33) % limit.max(1) as u64).unwrap_or(0)
    }
}
