//! Any text in any field: rendering never panics, and what is rendered reads back as it was meant.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use quantix_cloudinit::{
    spec::{Entropy, RenderOptions, Target, render},
    ssh_key::AuthorizedKey,
    timezone::TimeZone,
    vsphere, yaml,
};
use quantix_core::{CustomizationSpec, SpecVm};
use serde_json::{Value, json};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

/// Texts that YAML, shells and XML read as something else, and any other.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,24}",
        "[ -~\n\t]{0,24}",
        prop::sample::select(vec![
            "no",
            "0123",
            "1e3",
            "12:34:56",
            "~",
            "- a",
            "a: b",
            "a #b",
            "%x",
            "{{.VMName}}",
            "!!int 1",
            "'",
            "\"",
            "&a *a",
            "|\n x",
            "\u{85}",
            "\u{feff}x",
            "2026-01-01",
            "<a>&amp;",
            "$(id)",
            "`id`",
        ])
        .prop_map(str::to_owned),
    ]
}

fn spec_of(texts: &[String; 6], name: &str) -> Value {
    json!({
        "name": name, "os_family": "Linux", "hostname": "{{.VMName}}-{{.Random}}",
        "ssh_keys": [format!("{KEY} {}", texts[0])],
        "linux": {
            "final_message": texts[1],
            "users": [{"name": "app", "gecos": texts[2]}],
            "run_commands": [texts[3], ["printf", "%s", texts[4]]],
            "write_files": [{"path": "/etc/x", "content": texts[5]}],
        },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn texts_reach_the_guest_unchanged(texts in prop::array::uniform6(text()), vm_name in text(), seed: u64) {
        let spec: CustomizationSpec = serde_json::from_value(spec_of(&texts, "x")).unwrap();
        let vm = SpecVm { name: vm_name, id: Some("i-1".into()), ..SpecVm::default() };
        if let Ok(rendered) =
            render(&spec, &vm, RenderOptions::default(), &mut Entropy::from_seed(seed))
        {
            let user_data = std::str::from_utf8(rendered.file("user-data").unwrap()).unwrap();
            let value = yaml::parse(user_data).unwrap().unwrap().to_value();
            let found: Value = serde_json::to_value(&value).unwrap();
            prop_assert_eq!(&found["final_message"], &json!(texts[1]));
            prop_assert_eq!(&found["runcmd"], &json!([texts[3], ["printf", "%s", texts[4]]]));
            prop_assert_eq!(&found["write_files"][0]["content"], &json!(texts[5]));
            prop_assert_eq!(found["users"].as_array().unwrap().len(), 2, "no user is added");
            prop_assert_eq!(&found["users"][1]["gecos"], &json!(texts[2]));
            let keys = found["users"][0]["ssh_authorized_keys"].as_array().unwrap();
            prop_assert_eq!(keys.len(), 1);
        }
    }

    #[test]
    fn no_target_panics_and_every_refusal_has_a_fault(
        texts in prop::array::uniform6(text()), extra in text(), family in "(Linux|Windows)",
    ) {
        let mut spec = spec_of(&texts, &extra);
        spec["os_family"] = family.clone().into();
        for field in ["timezone", "hostname", "user_data", "meta_data", "network_config"] {
            spec[field] = extra.clone().into();
        }
        spec["windows"] = json!({"organization": extra, "run_once": [texts[0]], "workgroup": texts[1]});
        spec["network"] = json!({"nics": [{"mac": texts[2], "addresses": [texts[3]], "name": texts[4]}]});
        let spec: CustomizationSpec = serde_json::from_value(spec).unwrap();
        let vm = SpecVm { name: texts[5].clone(), ..SpecVm::default() };
        for target in [Target::NoCloud, Target::ConfigDrive, Target::Unattend, Target::Ignition] {
            let options = RenderOptions { target, ..RenderOptions::default() };
            if let Err(error) = render(&spec, &vm, options, &mut Entropy::from_seed(1)) {
                prop_assert!(error.faults().iter().any(quantix_core::Finding::is_error));
            }
        }
        for format in [vsphere::Format::Json, vsphere::Format::Xml] {
            if let Ok(exported) = vsphere::export(&spec, format) {
                prop_assert!(vsphere::import(&exported.text).is_ok(), "{}", exported.text);
            }
        }
    }

    #[test]
    fn parsers_take_any_text(text in "\\PC{0,200}", key in "(ssh-ed25519|ssh-rsa|restrict|from=\")[ ,=\"A-Za-z0-9+/]{0,90}") {
        let _ = text.parse::<AuthorizedKey>();
        let _ = text.parse::<TimeZone>();
        let _ = vsphere::import(&text);
        if let Ok(parsed) = key.parse::<AuthorizedKey>() {
            prop_assert_eq!(parsed.line().parse::<AuthorizedKey>(), Ok(parsed.clone()));
        }
    }
}

#[test]
fn keys_table() {
    let rsa_1024 = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDHOg1rWMH28pEAUxx9jNxyqBqf1khaBIxMbfaqqhPRKXsA9x6dYSMV9N2C7n4UvR4CcPLC1bGLrmqAoLRtLyoCz/dMPFQSJSLQn/cGqWmCUBzY8zhJ7oFBGbUXPIdT+fFpZWT8hIMcuJcAkXMvu3Yy6PJxs1uVWSWN1sA0cW1aMQ==";
    for (line, expected) in [
        (format!("{KEY} a: b #c"), Ok("a: b #c")),
        (format!("  {KEY}\t"), Ok("")),
        (format!("restrict,command=\"echo \\\"a b\\\"\" {KEY} x"), Ok("x")),
        (format!("from=\"10.0.0.0/8,!10.9.0.0/16\",no-pty {KEY}"), Ok("")),
        (format!("frm=\"x\" {KEY}"), Err("no key type")),
        (format!("restrict,nopty {KEY}"), Err("would ignore")),
        (format!("command=x {KEY}"), Err("must be in quotes")),
        (format!("command=\"x {KEY}"), Err("not closed")),
        (format!("{KEY}\n{KEY}"), Err("more than one line")),
        ("ssh-ed25519".to_owned(), Err("missing")),
        ("ssh-ed25519 AAAA".to_owned(), Err("damaged")),
        (KEY.replace("ssh-ed25519", "ssh-rsa"), Err("damaged")),
        ("ssh-dss AAAA".to_owned(), Err("DSA")),
        ("ssh-ed25519-cert-v01@openssh.com AAAA".to_owned(), Err("certificate")),
        ("-----BEGIN OPENSSH PRIVATE KEY-----".to_owned(), Err("private key")),
        ("PuTTY-User-Key-File-3: ssh-ed25519".to_owned(), Err("private key")),
        ("# a comment".to_owned(), Err("comment")),
        (rsa_1024.to_owned(), Err("")),
        ("x".repeat(20_000), Err("longer")),
        (String::new(), Err("empty")),
    ] {
        match (line.parse::<AuthorizedKey>(), expected) {
            (Ok(key), Ok(comment)) => assert_eq!(key.comment(), comment, "{line}"),
            (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{line}: {error}"),
            (found, _) => panic!("{line}: {found:?}"),
        }
    }
}
