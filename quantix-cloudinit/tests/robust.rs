//! No input makes the library panic, and arbitrary typed documents are read back as they were.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_batch_line, check_document},
    edit::Document,
    explain::{SeedSet, compare, explain},
    merge::{Part, merge},
    meta_data::MetaData,
    mime::split,
    network::{Bond, BondMode, Cidr, Ethernet, MacAddr, Match, NetworkV2, Vlan},
    user_data::{Command, Content, Sudo, User, UserData, WriteFile},
    yaml::parse,
};
use quantix_core::Secret;
use support::{PyYaml, plain};

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Bits of documents, put together at random.
const PIECES: &[&str] = &[
    "#cloud-config\n",
    "## template: jinja\n",
    "#cloud-config-archive\n",
    "#!/bin/sh\n",
    "#include\n",
    "MIME-Version: 1.0\n",
    "Content-Type: multipart/mixed; boundary=b\n\n",
    "--b\n",
    "--b--\n",
    "Content-Transfer-Encoding: base64\n\n",
    "users:\n",
    "  - name: a\n",
    "    sudo: x\n",
    "runcmd: [a]\n",
    "version: 2\n",
    "ethernets:\n",
    "  a: {dhcp4: true}\n",
    "network: ",
    "config:\n",
    "- type: physical\n",
    "merge_how: ",
    "dict(recurse_list)+list(append)",
    "instance-id: a\n",
    "{{ x }}",
    "{% if %}",
    "{",
    "}",
    "[",
    "]",
    ": ",
    "- ",
    "&a ",
    "*a",
    "|\n",
    "'",
    "\"",
    "\\",
    "\n",
    "  ",
    "\t",
    "é",
    "\u{feff}",
    "<<: ",
    "!",
];

fn any_document() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

#[test]
fn no_document_makes_anything_panic() {
    let mut runner = runner();
    let documents = any_document();
    for _ in 0..support::cases() {
        let bytes = documents.new_tree(&mut runner).unwrap().current();
        let kinds = [
            None,
            Some(DocumentKind::UserData),
            Some(DocumentKind::MetaData),
            Some(DocumentKind::NetworkConfig),
        ];
        for kind in kinds {
            let options = CheckOptions { kind, ..CheckOptions::default() };
            let report = check_document(&bytes, &options);
            assert_eq!(report.valid, !report.faults.iter().any(quantix_core::Finding::is_error));
            let _ = explain(&bytes, &options);
        }
        let _ = split(&bytes);
        let part = Part::parse("x", &bytes);
        let _ = merge(&part.into_iter().collect::<Vec<_>>());
        let seed = SeedSet { user_data: Some(bytes.clone()), ..SeedSet::default() };
        let _ = compare(&SeedSet::default(), &seed);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = check_batch_line(&text, &CheckOptions::default());
        if let Ok(mut document) = Document::parse(text) {
            let _ = document.set(&["users", "0", "name"], &"b".into());
            let _ = document.set(&["new"], &"b".into());
            let _ = document.remove(&["users"]);
        }
    }
}

fn any_line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{1,12}",
        "[0-9:.eE_+-]{1,6}",
        proptest::sample::select(
            &["no", "on", "~", "=", "<<", "a: b", "a #b", "é", "'", "\"x"] as &[&str]
        )
        .prop_map(str::to_owned),
    ]
    .prop_filter("a line of text", |line| !line.trim().is_empty())
}

fn any_user() -> impl Strategy<Value = User> {
    let key = proptest::collection::vec(any_line(), 0..3);
    ("[a-z_][a-z0-9_-]{0,8}", any_line(), key, any::<bool>()).prop_map(
        |(name, text, keys, flag)| User {
            gecos: Some(text.replace(':', "")).filter(|text| !text.is_empty()),
            ssh_authorized_keys: keys,
            sudo: if flag { Sudo::AllWithoutPassword } else { Sudo::Rules(vec![text]) },
            hashed_passwd: flag.then(|| Secret::new("$6$a$b")),
            ..User::named(name)
        },
    )
}

fn any_user_data() -> impl Strategy<Value = UserData> {
    let files = proptest::collection::vec((any::<String>(), any::<bool>()), 0..3);
    let commands = proptest::collection::vec(proptest::collection::vec(any_line(), 1..4), 0..3);
    (any_user(), files, commands, any::<String>()).prop_map(|(user, files, commands, message)| {
        let file = |(i, (text, is_bytes)): (usize, (String, bool))| WriteFile {
            content: if is_bytes { Content::Bytes(text.into_bytes()) } else { Content::Text(text) },
            ..WriteFile::text(format!("/f{i}"), "")
        };
        let command = |(i, words): (usize, Vec<String>)| {
            if i == 0 { Command::Shell(words.join(" ")) } else { Command::Args(words) }
        };
        UserData {
            users: vec![user],
            write_files: files.into_iter().enumerate().map(file).collect(),
            runcmd: commands.into_iter().enumerate().map(command).collect(),
            final_message: Some(message),
            ..UserData::default()
        }
    })
}

#[test]
fn arbitrary_user_data_comes_back_as_it_was() {
    let (mut judge, mut runner, documents) = (PyYaml::start(), runner(), any_user_data());
    for _ in 0..support::cases() {
        let user_data = documents.new_tree(&mut runner).unwrap().current();
        let text = user_data.to_yaml().unwrap_or_else(|error| panic!("{error}: {user_data:?}"));
        assert_eq!(judge.load(&text).as_ref(), Ok(&plain(&user_data.to_value())), "{text}");
        assert_eq!(parse(&text).unwrap().unwrap().to_value(), user_data.to_value());
        let report = check_document(text.as_bytes(), &CheckOptions::default());
        assert!(report.valid, "{report:#?}\n{text}");
    }
}

#[test]
fn references_of_a_network_are_checked() {
    let cidr = |text: &str| text.parse::<Cidr>().unwrap();
    let mac = |text: &str| text.parse::<MacAddr>().unwrap();
    let mut network = NetworkV2::default();
    let mut card = Ethernet {
        match_by: Some(Match::mac(mac("52:54:00:12:34:56"))),
        set_name: Some("lan0".into()),
        ..Ethernet::default()
    };
    card.common.addresses.push(cidr("10.0.0.5/24"));
    card.common.gateway4 = Some([10, 0, 0, 1].into());
    network.ethernets.insert("nic0".into(), card);
    let text = network.to_yaml().unwrap();
    assert!(text.contains("macaddress: \"52:54:00:12:34:56\""), "{text}");
    assert!(check_document(text.as_bytes(), &CheckOptions::default()).valid, "{text}");
    let bond = |members: &[&str]| Bond {
        interfaces: members.iter().map(|name| (*name).to_owned()).collect(),
        mode: BondMode::Lacp,
        mii_monitor_interval: Some(100),
        primary: None,
        common: Default::default(),
    };
    let codes = |network: &NetworkV2| -> Vec<String> {
        network
            .faults()
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.path.as_deref().unwrap()))
            .collect()
    };
    let mut broken = network.clone();
    broken.bonds.insert("bond0".into(), bond(&["nic0", "nic1"]));
    broken
        .vlans
        .insert("v".into(), Vlan { id: 5000, link: "v".into(), common: Default::default() });
    assert_eq!(
        codes(&broken),
        [
            "unknown-interface bonds.bond0.interfaces.1",
            "invalid-vlan-id vlans.v.id",
            "unknown-interface vlans.v.link",
            "interface-loop vlans.v",
        ]
    );
    network.bonds.insert("bond0".into(), bond(&["nic0"]));
    network
        .vlans
        .insert("v5".into(), Vlan { id: 5, link: "bond0".into(), common: Default::default() });
    let text = network.to_yaml().unwrap();
    let report = check_document(text.as_bytes(), &CheckOptions::default());
    assert!(report.valid, "{report:#?}\n{text}");
    assert!(MetaData::stable("0123").to_yaml().unwrap().contains("\"0123\""));
}

/// Documents that are long in one way each. None may take time that grows with the square of its
/// length: nextest ends what hangs.
#[test]
fn long_documents_of_every_shape_are_answered() {
    let many =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    let config = |body: String| format!("#cloud-config\n{body}");
    let documents: [(&str, String); 12] = [
        ("user-data", config(many(20_000, &|n| format!("k{n}: 1\n")))),
        ("user-data", config(many(20_000, &|n| format!("{n}: 1\n")))),
        ("user-data", config("a: 1\n".repeat(20_000))),
        ("user-data", config(format!("users:\n{}", many(8_000, &|n| format!("- nme: u{n}\n"))))),
        ("user-data", config(format!("packages:\n{}", "- [a, b, c]\n".repeat(8_000)))),
        (
            "user-data",
            config(format!("ssh_genkeytypes:\n{}", many(8_000, &|n| format!("- {{a: {n}}}\n")))),
        ),
        ("user-data", config(format!("runcmd:\n{}", "- curl x | sh\n".repeat(20_000)))),
        ("user-data", config(format!("x: '{}'\n", "'' ".repeat(100_000)))),
        ("user-data", config(format!("x: [{}]\n", "é,".repeat(50_000)))),
        (
            "network-config",
            format!(
                "version: 2\nethernets:\n{}",
                many(4_000, &|n| format!("  e{n}: {{gateway4: x, dhcp: true}}\n"))
            ),
        ),
        (
            "network-config",
            format!(
                "version: 1\nconfig:\n{}",
                "- {type: physical, name: e, subnets: [{type: foo}]}\n".repeat(2_000)
            ),
        ),
        ("meta-data", many(20_000, &|n| format!("instance_i{n}: 1\n"))),
    ];
    for versions in ["26.2", "all"] {
        for (kind, text) in &documents {
            let options =
                CheckOptions { versions: versions.parse().unwrap(), ..CheckOptions::default() };
            let options = options.with_kind(kind).unwrap();
            let report = check_document(text.as_bytes(), &options);
            assert!(!report.faults.is_empty() || !report.lint.is_empty(), "{text:.60}");
        }
    }
}
