//! Network configurations: what the typed models write, judged by cloud-init's own parser and
//! renderers, and the goldens of cloud-init's own tests.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judges;
mod support;

use std::{collections::BTreeMap, fs};

use judges::{python, run, text};
use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, NetworkRenderer, check_document},
    network::{
        Bond, BondMode, BondV1, Bridge, BridgeV1, Cidr, Common, Destination, Ethernet, MacAddr,
        Match, NetworkV1, NetworkV2, PhysicalV1, Route, Subnet, Vlan, VlanV1, network_data,
    },
    schema::{Kind, ProblemKind, Schema},
    yaml::{parse, parse_value},
};
use serde_json::Value as Json;

fn mac(last: u8) -> MacAddr {
    MacAddr([0x52, 0x54, 0, 0x12, 0x34, last])
}

fn cidr(text: &str) -> Cidr {
    text.parse().unwrap()
}

fn fixed(address: &str, gateway: Option<&str>) -> Subnet {
    Subnet::Static { address: cidr(address), gateway: gateway.map(|it| it.parse().unwrap()) }
}

/// Two cards, a bond of them, a VLAN on it, a bridge on that.
fn version_1() -> NetworkV1 {
    let card = |name: &str, last| PhysicalV1 {
        name: name.into(),
        mac_address: Some(mac(last)),
        ..PhysicalV1::default()
    };
    let named =
        |name: &str, subnets| PhysicalV1 { name: name.into(), subnets, ..PhysicalV1::default() };
    NetworkV1 {
        physical: vec![card("p0", 1), card("p1", 2)],
        bonds: vec![BondV1 {
            interface: named("bond0", vec![fixed("10.0.0.5/24", Some("10.0.0.1"))]),
            members: vec!["p0".into(), "p1".into()],
            mode: BondMode::ActiveBackup,
            mii_monitor_interval: Some(100),
            primary: Some("p0".into()),
        }],
        bridges: vec![BridgeV1 {
            interface: named("br0", vec![fixed("10.7.0.5/24", None), Subnet::Dhcp6]),
            members: vec!["v7".into()],
            stp: Some(false),
            forward_delay: Some(4),
        }],
        vlans: vec![VlanV1 {
            interface: PhysicalV1 { mtu: Some(1400), ..named("v7", vec![]) },
            id: 7,
            link: "bond0".into(),
        }],
        name_servers: vec!["10.0.0.2".parse().unwrap()],
        search_domains: vec!["example.com".into()],
    }
}

fn version_2() -> NetworkV2 {
    let card = |last| Ethernet { match_by: Some(Match::mac(mac(last))), ..Ethernet::default() };
    let mut out = NetworkV2::default();
    out.ethernets.insert("p0".into(), Ethernet { set_name: Some("p0".into()), ..card(1) });
    out.ethernets.insert("p1".into(), Ethernet { set_name: Some("p1".into()), ..card(2) });
    let common = Common {
        addresses: vec![cidr("10.0.0.5/24"), cidr("2001:db8::5/64")],
        gateway4: Some("10.0.0.1".parse().unwrap()),
        name_servers: vec!["10.0.0.2".parse().unwrap()],
        search_domains: vec!["example.com".into()],
        ..Common::default()
    };
    let bond = Bond {
        interfaces: vec!["p0".into(), "p1".into()],
        mode: BondMode::Lacp,
        mii_monitor_interval: Some(100),
        primary: None,
        common,
    };
    out.bonds.insert("bond0".into(), bond);
    let vlan = Vlan { id: 7, link: "bond0".into(), common: Common::default() };
    out.vlans.insert("v7".into(), vlan);
    let common = Common { addresses: vec![cidr("10.7.0.5/24")], ..Common::default() };
    let bridge = Bridge { interfaces: vec!["v7".into()], common, ..Bridge::default() };
    out.bridges.insert("br0".into(), bridge);
    out
}

/// cloud-init's own converter, loaded once. It changes its own settings as it runs, so that every
/// document gets a process of its own.
const CONVERT: &str = r"
import json, os, sys, tempfile
from cloudinit.cmd.devel import net_convert
def convert(config, renderer, kind, top):
    source, out, files = top + '/config', top + '/out', {}
    os.mkdir(out)
    with open(source, 'w') as file:
        file.write(config)
    distro = 'rhel' if renderer in ('sysconfig', 'network-manager') else 'debian'
    args = net_convert.get_parser().parse_args(['-p', source, '-k', kind, '-d', out, '-D', distro,
        '-O', renderer, '-m', 'p0,52:54:00:12:34:01', '-m', 'p1,52:54:00:12:34:02'])
    try:
        net_convert.handle_args('net-convert', args)
    except Exception as error:
        return {'error': repr(error)}
    for folder, _, names in os.walk(out):
        for name in names:
            path = os.path.join(folder, name)
            files[os.path.relpath(path, out)] = open(path).read()
    return {'files': files}
answers = []
kind = sys.argv[2]
for config, renderer in json.load(open(sys.argv[1])):
    with tempfile.TemporaryDirectory() as top:
        child = os.fork()
        if child == 0:
            os.dup2(2, 1)
            answer = convert(config, renderer, kind, top)
            with open(top + '/answer', 'w') as file:
                json.dump(answer, file)
            os._exit(0)
        os.waitpid(child, 0)
        answers.append(json.load(open(top + '/answer')))
print(json.dumps(answers))
";

/// What became of a document: the files that a renderer writes, by path, or why it fails.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Converted {
    Files(BTreeMap<String, String>),
    Error(String),
}

/// Gives each document to cloud-init's own renderer.
fn convert(documents: &[(String, NetworkRenderer)]) -> Vec<Converted> {
    convert_from("yaml", documents)
}

fn convert_from(kind: &str, documents: &[(String, NetworkRenderer)]) -> Vec<Converted> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let list: Vec<_> = documents.iter().map(|(config, to)| (config, to.name())).collect();
    fs::write(file.path(), serde_json::to_string(&list).unwrap()).unwrap();
    serde_json::from_str(&python("cloud-init", CONVERT, &[text(file.path()), kind])).unwrap()
}

/// What a config drive carries of a bond, a VLAN on it and a card of its own, as every renderer of
/// cloud-init writes it into the guest.
#[test]
fn cloud_inits_renderers_take_network_data() {
    let mut network = version_2();
    network.bridges.clear();
    let bond = network.bonds.get_mut("bond0").unwrap();
    bond.common.routes.push(Route {
        to: Destination::Network(cidr("10.9.0.0/16")),
        via: "10.0.0.9".parse().unwrap(),
        metric: Some(50),
        table: None,
        on_link: false,
    });
    network.vlans.get_mut("v7").unwrap().common.addresses = vec![cidr("10.7.0.5/24")];
    let data = network_data(&serde_json::to_value(network.to_value()).unwrap()).unwrap();
    let told: Vec<_> = data
        .findings
        .iter()
        .map(|it| format!("{} {}: {}", it.path.as_deref().unwrap(), it.code, it.message))
        .collect();
    assert_eq!(
        told,
        [
            "vlans.v7 renamed-interface: cloud-init calls this interface \"bond0.7\" on a config drive"
        ]
    );
    let text = data.document.to_string();
    let documents = NetworkRenderer::ALL.map(|renderer| (text.clone(), renderer));
    for ((_, renderer), converted) in
        documents.iter().zip(convert_from("network_data.json", &documents))
    {
        let name = renderer.name();
        let all: String = match converted {
            Converted::Files(files) => {
                files.iter().map(|(path, text)| format!("{path}\n{text}\n")).collect()
            }
            Converted::Error(error) => panic!("{name}: {error}\n{text}"),
        };
        let words =
            ["10.0.0.5", "10.7.0.5", "2001:db8::5", "10.0.0.1", "10.9.0.0", "bond0", "bond0.7"];
        for word in words {
            assert!(all.contains(word), "{name}: no {word}\n{text}\n{all}");
        }
    }
}

/// What a config drive cannot say is told with its place; what the guest would miss is an error.
#[test]
fn what_a_config_drive_cannot_say_is_told() {
    let of = |text: &str| {
        let value = serde_json::to_value(parse_value(text).unwrap()).unwrap();
        network_data(&value).map(|data| {
            let shown = |it: &quantix_core::Finding| {
                let severity = if it.is_error() { "error" } else { "warning" };
                format!("{severity} {} {}", it.path.as_deref().unwrap(), it.code)
            };
            data.findings.iter().map(shown).collect::<Vec<_>>()
        })
    };
    for (more, expected) in [
        ("", &[][..]),
        ("    optional: true\n", &["warning ethernets.p0.optional dropped-setting"]),
        (
            "    routes: [{to: default, via: 10.0.0.1, on-link: true}, {to: '::/0', via: 'fe80::1'}]\n",
            &[
                "warning ethernets.p0.routes.0.on-link dropped-setting",
                "warning ethernets.p0.routes.1 dropped-setting",
            ],
        ),
        (
            "    routes: [{to: x, via: 10.0.0.1}]\n",
            &["error ethernets.p0.routes.0.to invalid-route"],
        ),
        ("  p9: {dhcp4: true}\n", &["error ethernets.p9 unmatched-nic"]),
        ("bridges: {br0: {interfaces: [p0]}}\n", &["error bridges.br0 unsupported-interface"]),
        (
            "bonds: {b: {interfaces: [p7], parameters: {mode: 802.3ad, ad-select: count}}}\n",
            &[
                "warning bonds.b renamed-interface",
                "error bonds.b.interfaces.0 unknown-interface",
                "warning bonds.b.parameters.ad-select dropped-setting",
            ],
        ),
        ("vlans: {v: {id: 7, link: q}}\n", &["error vlans.v.link unknown-interface"]),
        ("vlans: {v: {id: 7}}\n", &["error vlans.v incomplete-vlan"]),
        ("vlans: {p0.7: {id: 7, link: p0}}\n", &[]),
    ] {
        assert_eq!(of(&format!("{CARD}{more}")).unwrap(), expected, "{more}");
    }
    assert!(of(CARD_V1).unwrap_err().contains("version 2"));
    assert!(of("version: 2\nethernets: {p0: {addresses: [10.0.0.300/24]}}\n").is_err());
}

/// Every renderer of cloud-init takes both, and none loses an address, a bond or a VLAN.
#[test]
fn cloud_inits_renderers_take_what_the_models_write() {
    let texts = [version_1().to_yaml().unwrap(), version_2().to_yaml().unwrap()];
    let documents: Vec<_> = texts
        .iter()
        .flat_map(|config| NetworkRenderer::ALL.map(|renderer| (config.clone(), renderer)))
        .collect();
    for ((config, renderer), converted) in documents.iter().zip(convert(&documents)) {
        let name = renderer.name();
        let all: String = match converted {
            Converted::Files(files) => {
                files.iter().map(|(path, text)| format!("{path}\n{text}\n")).collect()
            }
            Converted::Error(error) => panic!("{name}: {error}\n{config}"),
        };
        // This one leaves out the name servers of a whole machine, which version 1 has.
        let has_names = config == &texts[1] || *renderer != NetworkRenderer::NetworkManager;
        let names = has_names.then_some("10.0.0.2");
        for word in ["10.0.0.5", "10.7.0.5", "bond0", "br0", "v7"].into_iter().chain(names) {
            assert!(all.contains(word), "{name}: no {word}\n{config}\n{all}");
        }
    }
}

#[test]
fn version_1_is_held_to_the_rules_of_version_2() {
    let codes = |network: &NetworkV1| -> Vec<String> {
        let faults = network.faults().into_iter();
        faults.map(|it| format!("{} {}", it.path.unwrap_or_default(), it.code)).collect()
    };
    assert!(version_1().faults().is_empty(), "{:?}", version_1().faults());
    let changed = |change: fn(&mut NetworkV1)| {
        let mut network = version_1();
        change(&mut network);
        codes(&network)
    };
    let none: [&str; 0] = [];
    assert_eq!(changed(|_| {}), none);
    assert_eq!(
        changed(|it| it.bonds[0].members[1] = "p9".into()),
        ["config.2.bond_interfaces.1 unknown-interface"]
    );
    assert_eq!(
        changed(|it| it.bonds[0].primary = Some("p9".into())),
        ["config.2.params.bond-primary unknown-interface"]
    );
    assert_eq!(
        changed(|it| it.bridges[0].members[0] = "x".into()),
        ["config.3.bridge_interfaces.0 unknown-interface"]
    );
    assert_eq!(changed(|it| it.vlans[0].id = 4095), ["config.4.vlan_id invalid-vlan-id"]);
    assert_eq!(
        changed(|it| it.vlans[0].link = "x".into()),
        ["config.4.vlan_link unknown-interface"]
    );
    assert_eq!(
        changed(|it| it.vlans[0].interface.name = "p0".into()),
        ["config.4.name duplicate-interface"]
    );
    let looped = changed(|it| it.bonds[0].members = vec!["br0".into()]);
    assert!(
        looped.iter().all(|it| it.ends_with("interface-loop") || it.contains("primary")),
        "{looped:?}"
    );
    assert_eq!(changed(|it| it.physical[0].mtu = Some(9)), ["config.0.mtu invalid-mtu"]);
}

const CARD: &str = "version: 2\nethernets:\n  p0:\n    match: {macaddress: '52:54:00:12:34:01'}\n    \
                    set-name: p0\n    addresses: [10.0.0.5/24]\n";
const CARD_V1: &str = "version: 1\nconfig:\n  - type: physical\n    name: p0\n    \
                       mac_address: '52:54:00:12:34:01'\n    \
                       subnets: [{type: static, address: 10.0.0.5/24}]\n";

/// A setting, what follows the card in the document, and words of which one stands for the setting
/// in a renderer's files.
const SETTINGS: &[(&str, &str, &[&str])] = &[
    ("wakeonlan", "    wakeonlan: true\n", &["wol", "wake", "WakeOnLan"]),
    ("routing-policy", "    routing-policy: [{from: 10.0.0.0/24, table: 1234}]\n", &["1234"]),
    ("optional", "    optional: true\n", &["optional", "RequiredForOnline", "ONBOOT=no"]),
    ("route-metric", "    dhcp4: true\n    dhcp4-overrides: {route-metric: 4321}\n", &["4321"]),
    (
        "use-dns",
        "    dhcp4: true\n    dhcp4-overrides: {use-dns: false}\n",
        &["use-dns", "UseDNS", "PEERDNS"],
    ),
    (
        "use-dns",
        "    dhcp6: true\n    dhcp6-overrides: {use-dns: false}\n",
        &["use-dns", "UseDNS", "PEERDNS"],
    ),
    ("accept-ra", "    accept-ra: false\n", &["accept-ra", "IPv6AcceptRA", "IPV6_"]),
    ("mtu", "    mtu: 1399\n", &["1399"]),
    ("macaddress", "    macaddress: '02:00:00:aa:bb:cc'\n", &["02:00:00:aa:bb:cc"]),
    ("addresses", "    nameservers: {addresses: [10.0.0.99]}\n", &["10.0.0.99"]),
    ("search", "    nameservers: {search: [marker.example]}\n", &["marker.example"]),
    ("to", "    routes: [{to: 10.77.0.0/16, via: 10.0.0.9}]\n", &["10.77.0.0"]),
    ("metric", "    routes: [{to: 10.77.0.0/16, via: 10.0.0.9, metric: 4321}]\n", &["4321"]),
    ("table", "    routes: [{to: 10.77.0.0/16, via: 10.0.0.9, table: 1234}]\n", &["1234"]),
    ("link-local", "    link-local: []\n", &["link-local", "LinkLocal"]),
    ("wlmark", "wifis:\n  wlmark:\n    dhcp4: true\n    access-points: {x: {}}\n", &["wlmark"]),
    (
        "tunmark",
        "tunnels:\n  tunmark: {mode: gre, local: 10.0.0.5, remote: 10.0.0.6}\n",
        &["tunmark"],
    ),
    (
        "bond0",
        "bonds:\n  bond0:\n    interfaces: [p0]\n    parameters: {mode: active-backup}\n",
        &["active-backup"],
    ),
    (
        "mii-monitor-interval",
        "bonds:\n  bond0:\n    interfaces: [p0]\n    parameters: {mii-monitor-interval: 321}\n",
        &["321"],
    ),
    (
        "forward-delay",
        "bridges:\n  br0:\n    interfaces: [p0]\n    parameters: {forward-delay: 27}\n    dhcp4: true\n",
        &["27"],
    ),
    (
        "stp",
        "bridges:\n  br0:\n    interfaces: [p0]\n    parameters: {stp: false}\n",
        &["stp", "STP"],
    ),
    ("id", "vlans:\n  v7:\n    id: 707\n    link: p0\n    dhcp4: true\n", &["707"]),
    ("id", "vlans:\n  p0.707:\n    id: 707\n    link: p0\n    dhcp4: true\n", &["707"]),
];
const SETTINGS_V1: &[(&str, &str, &[&str])] = &[
    ("type", "  - {type: nameserver, address: [10.0.0.99]}\n", &["10.0.0.99"]),
    ("type", "  - {type: route, destination: 10.77.0.0/16, gateway: 10.0.0.9}\n", &["10.77.0.0"]),
];

/// The lint says that a renderer loses a setting where cloud-init's own renderer does. Versions
/// after that of Debian 12 may write more, never less.
#[test]
fn the_lint_of_renderers_is_what_cloud_init_does() {
    let said = run("cloud-init", "cloud-init", &["--version"]);
    let said = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    let is_exact = said.contains(" 22.4");
    let settings = SETTINGS.iter().map(|it| (CARD, it));
    let settings: Vec<_> = settings.chain(SETTINGS_V1.iter().map(|it| (CARD_V1, it))).collect();
    let documents: Vec<_> = settings
        .iter()
        .flat_map(|(card, (_, more, _))| {
            NetworkRenderer::ALL.map(|renderer| (format!("{card}{more}"), renderer))
        })
        .collect();
    let all = settings.iter().flat_map(|it| NetworkRenderer::ALL.map(|_| it));
    let mut wrong = Vec::new();
    for (((_, (field, _, words)), (config, renderer)), converted) in
        all.zip(&documents).zip(convert(&documents))
    {
        let shown = format!("{converted:?}");
        let is_written = match converted {
            Converted::Files(files) => files.iter().any(|(path, text)| {
                let text = format!("{path}\n{text}").to_lowercase();
                words.iter().any(|word| text.contains(&word.to_lowercase()))
            }),
            // What fails on the whole document writes nothing of it.
            Converted::Error(_) => false,
        };
        let options = CheckOptions { renderer: Some(*renderer), ..CheckOptions::default() };
        let lint = check_document(config.as_bytes(), &options).lint;
        let is_told = lint.iter().any(|it| {
            let path = it.path.as_deref().unwrap_or_default();
            let is_whole = path.split('.').count() <= 2;
            it.code == "renderer"
                && !path.ends_with("set-name")
                && (is_whole || path.ends_with(field))
        });
        if is_told == is_written && (is_exact || !is_written) {
            let name = renderer.name();
            wrong.push(format!(
                "{name} {field}: written {is_written}, told {is_told}\n{config}{shown}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The verdicts of a JSON Schema validator that is not ours.
const VALIDATE: &str = r"
import json, sys
from jsonschema import Draft4Validator
schemas = {kind: Draft4Validator(json.load(open(path))) for kind, path in zip('12', sys.argv[2:])}
print(json.dumps([schemas[str(kind)].is_valid(value) for kind, value in json.load(open(sys.argv[1]))]))
";

/// The inputs of cloud-init's own tests of its renderers, some of which its schemas refuse.
#[test]
fn the_goldens_of_cloud_init_get_the_official_verdict() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let goldens = fs::read_to_string(corpus.join("network_render_golden.json")).unwrap();
    let goldens: serde_json::Map<String, Json> = serde_json::from_str(&goldens).unwrap();
    let (mut names, mut cases, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    for (name, golden) in &goldens {
        for field in ["yaml", "yaml_v1", "yaml_v2"] {
            let Some(text) = golden[field].as_str() else { continue };
            let value = parse(text).unwrap().unwrap().to_value();
            let inner = value.get("network").unwrap_or(&value);
            let (version, kind) = match inner.get("version") == Some(&2.into()) {
                true => (2, Kind::NetworkV2),
                false => (1, Kind::NetworkV1),
            };
            let problems = Schema::newest(kind).validate(inner);
            let is_valid = !problems.iter().any(|it| it.kind == ProblemKind::Error);
            let options =
                CheckOptions { kind: Some(DocumentKind::NetworkConfig), ..CheckOptions::default() };
            let report = check_document(text.as_bytes(), &options);
            assert_eq!(report.valid, is_valid, "{name} {field}: {report:#?}");
            names.push(format!("{name} {field}"));
            cases.push((version, serde_json::to_value(inner).unwrap()));
            ours.push(is_valid);
        }
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), serde_json::to_string(&cases).unwrap()).unwrap();
    let schema = |name: &str| corpus.join("schemas").join(name).display().to_string();
    let (v1, v2) = (
        schema("26.1-schema-network-config-v1.json"),
        schema("24.4-schema-network-config-v2.json"),
    );
    let theirs = python("python3-jsonschema", VALIDATE, &[text(file.path()), &v1, &v2]);
    let theirs: Vec<bool> = serde_json::from_str(&theirs).unwrap();
    for ((name, ours), theirs) in names.iter().zip(&ours).zip(&theirs) {
        assert_eq!(ours, theirs, "{name}");
    }
    println!("{} documents", names.len());
    support::report(1);
}
