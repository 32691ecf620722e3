//! The counters of fake domains. They go on with each reading: a fake world has no clock.

use quantix_core::VmId;
use quantix_xml::Document;

use super::{record, world::Inner};
use crate::{DomainRef, DomainState, DomainStats, Param, Params};

/// How far each counter goes between two readings.
const CPU_NANOSECONDS: u64 = 50_000_000;
const BYTES: u64 = 1 << 20;
const REQUESTS: u64 = 16;

fn count(params: &mut Params, name: &[&str], value: u64) {
    params.insert(name.concat(), Param::Unsigned(value));
}

/// Reads the counters of some domains, or of all.
pub(super) fn read(inner: &mut Inner, ids: &[VmId]) -> Vec<DomainStats> {
    let chosen = inner.domains.iter_mut().filter(|(id, _)| ids.is_empty() || ids.contains(id));
    chosen
        .map(|(&id, domain)| {
            let is_active = domain.state.is_active();
            if domain.state == DomainState::Running {
                domain.readings += 1;
            }
            let mut params = Params::new();
            let state = match domain.state {
                DomainState::Running => 1,
                DomainState::Paused => 3,
                _ => 5,
            };
            params.insert("state.state".to_owned(), Param::Int(state));
            let xml = domain.live_xml.as_ref().unwrap_or(&domain.xml);
            count(&mut params, &["vcpu.current"], record::number(xml, "vcpu"));
            count(&mut params, &["balloon.maximum"], record::memory_kib(xml));
            if is_active {
                count(&mut params, &["balloon.current"], record::memory_kib(xml));
                count(&mut params, &["cpu.time"], domain.readings * CPU_NANOSECONDS);
                devices(&mut params, xml, domain.readings);
            }
            DomainStats { domain: DomainRef { name: domain.name.clone(), id }, params }
        })
        .collect()
}

fn devices(params: &mut Params, xml: &str, readings: u64) {
    let Ok(document) = Document::parse(xml) else { return };
    let all = document.root().child("devices").into_iter();
    let all: Vec<_> = all.flat_map(|devices| devices.elements()).collect();
    let of = |kind: &str| {
        let devices = all.iter().filter(|device| device.local_name() == kind);
        let named = devices.filter_map(|device| device.child("target")?.attr("dev"));
        named.map(std::borrow::Cow::into_owned).collect::<Vec<String>>()
    };
    for (family, kind, ways) in
        [("block", "disk", ["rd", "wr"]), ("net", "interface", ["rx", "tx"])]
    {
        let names = of(kind);
        count(params, &[family, ".count"], names.len() as u64);
        for (number, name) in names.into_iter().enumerate() {
            let number = number.to_string();
            params.insert([family, ".", &number, ".name"].concat(), Param::Text(name));
            for way in ways {
                let requests = if family == "block" { ".reqs" } else { ".pkts" };
                count(params, &[family, ".", &number, ".", way, ".bytes"], readings * BYTES);
                count(params, &[family, ".", &number, ".", way, requests], readings * REQUESTS);
            }
        }
    }
}
