//! The typed model against cloud-init's own schema: every property has a field, and whatever the
//! schema accepts is read, written and read again without a loss.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop at a surprise")]

mod support;

use std::collections::BTreeSet;

use quantix_cloudinit::{
    check::{CheckOptions, check_config},
    model::{
        CloudConfig, Model, NetworkConfigV1, from_value, network::NetworkConfigV2, read, to_value,
        write,
    },
    schema::{Kind, Schema, VersionRange},
    yaml::{Value, parse_value},
};
use serde_json::{Value as Json, json};
use support::{
    PyYaml, cases, plain,
    sample::{Dice, Sampler},
};

/// What has no type of its own, and why: the schema says nothing about what is in it.
const RAW: &[&str] = &[
    "autoinstall",             // the installer's own language
    "chef.initial_attributes", // attributes of cookbooks
    "cloud_config_modules",    // a module's own arguments
    "cloud_final_modules",     // the same
    "cloud_init_modules",      // the same
    "grub-dpkg",               // the old spelling, an object and no more
    "mcollective.conf",        // any setting of mcollective's file
    "power_state.condition",   // a list of anything
    "puppet.conf",             // sections of puppet's file
    "puppet.csr_attributes",   // attributes of a certificate request
    "reporting",               // handlers by name, each with what it needs
    "resolv_conf",             // lists and options of anything
    "rsyslog.remotes",         // remotes by name
    "salt_minion.conf",        // the minion's own settings
    "salt_minion.grains",      // grains by name
    "system_info",             // the distribution's own settings
    "yum_repos",               // any option of a repository
    "zypper.config",           // any option of zypper's file
    "zypper.repos",            // any option of a repository
];

fn newest(kind: Kind) -> Json {
    let schema = Schema::for_range(kind, VersionRange::NEWEST).pop().unwrap();
    serde_json::to_value(schema.document()).unwrap()
}

/// The paths of a document, with `[]` for places in lists.
fn paths(value: &Json, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Json::Object(map) => {
            for (key, inner) in map {
                let path = format!("{at}.{key}");
                paths(inner, &path, out);
                out.insert(path);
            }
        }
        Json::Array(items) => {
            items.iter().for_each(|item| paths(item, &format!("{at}[]"), out));
        }
        _ => {}
    }
}

/// The paths of the properties that a schema names.
fn properties(sampler: &Sampler<'_>, schema: &Json, at: &str, out: &mut BTreeSet<String>) {
    let schema = sampler.follow_any(schema);
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{at}.{key}");
        properties(sampler, inner, &path, out);
        if *inner != json!({}) {
            out.insert(path);
        }
    }
    for (pattern, inner) in schema["patternProperties"].as_object().into_iter().flatten() {
        let path = format!("{at}.{}", Sampler::key_of(pattern));
        properties(sampler, inner, &path, out);
    }
    if schema["items"].is_object() {
        properties(sampler, &schema["items"], &format!("{at}[]"), out);
    }
    for word in ["oneOf", "anyOf", "allOf"] {
        for inner in schema[word].as_array().into_iter().flatten() {
            properties(sampler, inner, at, out);
        }
    }
}

#[test]
fn every_property_of_the_schema_has_a_field() {
    let schema = newest(Kind::CloudConfig);
    let sampler = Sampler::new(&schema, 0);
    let mut named = BTreeSet::new();
    properties(&sampler, &schema, "", &mut named);
    assert!(named.len() > 400, "{}", named.len());
    // Names that are allowed and say nothing of their values.
    let bare: CloudConfig = read("migrate: true\nversion: 1\n").unwrap();
    assert!(bare.other.is_empty() && bare.version.is_some(), "{bare:?}");
    let (mut seen, mut dice, mut raw) = (BTreeSet::new(), Dice::new(4), BTreeSet::new());
    let (mut judge, mut count) = (PyYaml::start(), 0);
    while count < cases() || (!named.is_subset(&seen) && count < 100_000) {
        count += 1;
        let document = sampler.document(&mut dice);
        paths(&document, "", &mut seen);
        let config: CloudConfig = from_value(&Value::from(document.clone()))
            .unwrap_or_else(|error| panic!("{error}: {document}"));
        raw.extend(config.raw_paths());
        let text = again(&config, &document);
        if count % 10 == 0 {
            let value = to_value(&config).unwrap();
            assert_eq!(judge.load(&text).as_ref(), Ok(&plain(&value)), "PyYAML on {text:?}");
        }
    }
    println!("{count} documents, {} properties", named.len());
    let missed: Vec<_> = named.difference(&seen).collect();
    assert!(missed.is_empty(), "never tried: {missed:?}");
    let any = json!({"any": [1, null]});
    let open = json!({
        "autoinstall": {"version": 1, "any": 1}, "chef": {"initial_attributes": any},
        "grub-dpkg": any, "puppet": {"conf": {"main": any}, "csr_attributes": any},
        "reporting": {"a": {"type": "log", "any": 1}}, "rsyslog": {"remotes": any},
        "salt_minion": {"conf": any, "grains": any}, "system_info": any,
        "zypper": {"config": any, "repos": [{"id": "a", "baseurl": "b", "any": 1}]},
    });
    let config: CloudConfig = from_value(&Value::from(open.clone())).unwrap();
    again(&config, &open);
    raw.extend(config.raw_paths());
    let is_listed = |path: &&String| !RAW.iter().any(|it| path.starts_with(it));
    let untyped: Vec<_> = raw.iter().filter(is_listed).collect();
    assert!(untyped.is_empty(), "without a type and not listed: {untyped:?}");
    let idle = RAW.iter().filter(|listed| !raw.iter().any(|path| path.starts_with(**listed)));
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&&str>::new(), "listed for nothing: {raw:?}");
}

/// Written, read again, and still the same; the value is that of the document.
fn again<T: Model + PartialEq + std::fmt::Debug>(config: &T, document: &Json) -> String {
    let value = to_value(config).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), *document);
    let text = write("#cloud-config", config).unwrap();
    assert_eq!(parse_value(&text).unwrap().unwrap_or(Value::Null), value, "{text}");
    assert_eq!(&read::<T>(&text).unwrap(), config, "{text}");
    text
}

#[test]
fn every_property_of_network_configurations_has_a_field() {
    fn judge<T: Model + PartialEq + std::fmt::Debug>(kind: Kind, name: &str) {
        let schema = newest(kind);
        let root = &schema["$defs"][name];
        let sampler = Sampler::new(&schema, 0);
        let (mut named, mut seen, mut dice) = (BTreeSet::new(), BTreeSet::new(), Dice::new(5));
        properties(&sampler, root, "", &mut named);
        let mut count = 0;
        while count < 1_000 || (!named.is_subset(&seen) && count < 100_000) {
            count += 1;
            let document = sampler.of(root, &mut dice, 0);
            paths(&document, "", &mut seen);
            let config: T = from_value(&Value::from(document.clone()))
                .unwrap_or_else(|error| panic!("{error}: {document}"));
            assert_eq!(config.raw_paths(), Vec::<String>::new(), "{document}");
            again(&config, &document);
        }
        let missed: Vec<_> = named.difference(&seen).collect();
        assert!(missed.is_empty(), "{name}: never tried: {missed:?}");
    }
    judge::<NetworkConfigV1>(Kind::NetworkV1, "network_config_version1");
    judge::<NetworkConfigV2>(Kind::NetworkV2, "network_config_version2");
}

#[test]
fn netplans_own_sections_have_fields() {
    let text = "version: 2\nwifis:\n  wlan0:\n    dhcp4: true\n    regulatory-domain: DE\n    \
                access-points:\n      guest: {password: s3cret, mode: infrastructure, band: 5GHz}\n\
                tunnels:\n  wg0:\n    mode: wireguard\n    port: 5182\n    key: abc=\n    peers:\n      \
                - endpoint: 10.0.0.1:5182\n        allowed-ips: [0.0.0.0/0]\n        keys: {public: \
                abc=}\nvrfs:\n  blue: {table: 100, interfaces: [eth0]}\ndummy-devices:\n  dm0: \
                {addresses: [10.9.9.9/32]}\n";
    let config: NetworkConfigV2 = read(text).unwrap();
    assert_eq!(config.raw_paths(), Vec::<String>::new());
    let wifi = &config.wifis.as_ref().unwrap()["wlan0"];
    let point = &wifi.access_points.as_ref().unwrap()["guest"];
    assert_eq!(point.password.as_ref().unwrap().0.expose(), "s3cret");
    assert!(!format!("{config:?}").contains("s3cret"));
    assert_eq!(config.vrfs.as_ref().unwrap()["blue"].table, Some(100.into()));
    again(&config, &serde_json::to_value(parse_value(text).unwrap().unwrap()).unwrap());
}

#[test]
fn what_no_field_fits_is_kept_or_refused() {
    let config: CloudConfig = read("x-mine: {a: [1]}\nhostname: web\nntp: null\n").unwrap();
    assert_eq!(config.raw_paths(), ["x-mine"]);
    assert_eq!(write("", &config).unwrap(), "ntp: null\nhostname: web\nx-mine:\n  a:\n    - 1\n");
    for text in ["hostname: 5\n", "- a\n", "a: b: c\n", "runcmd: {}\n", "hostname: null\n"] {
        read::<CloudConfig>(text).unwrap_err();
    }
    assert_eq!(read::<CloudConfig>("").unwrap(), CloudConfig::default());
    let report = check_config(&to_value(&config).unwrap(), &CheckOptions::default());
    assert_eq!(report.faults[0].path.as_deref(), Some("x-mine"));
}

#[test]
fn secrets_are_in_no_log() {
    let all = json!({
        "users": [{"name": "a", "passwd": "s3cret", "hashed_passwd": "s3cret"}],
        "password": "s3cret",
        "rh_subscription": {"password": "s3cret", "activation_key": "s3cret"},
        "ubuntu_pro": {"token": "s3cret"},
        "landscape": {"client": {"registration_key": "s3cret"}},
        "chpasswd": {"users": [{"name": "a", "password": "s3cret"}]},
    });
    let config: CloudConfig = from_value(&Value::from(all)).unwrap();
    assert_eq!(config.raw_paths(), Vec::<String>::new());
    assert!(!format!("{config:?}").contains("s3cret"), "{config:?}");
    assert!(write("#cloud-config", &config).unwrap().contains("s3cret"));
}
