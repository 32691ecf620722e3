//! Host name templates.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;
use quantix_cloudinit::{
    hostname::{Hostname, HostnameContext, HostnameTemplate, NameRules, TEMPLATE_BYTES_MAX},
    spec::Entropy,
};

const CONTEXT: HostnameContext<'_> = HostnameContext {
    vm_name: "Web Server_01",
    project_id: Some("00000000-0000-0000-0000-000000000001"),
    folder: Some("/Prod/Größe & Maß/"),
    index: Some(7),
    date: Some("2026-11-21"),
};

fn render(template: &str, rules: NameRules) -> Result<String, String> {
    let template: HostnameTemplate = template.parse().map_err(|e| format!("{e}"))?;
    template
        .render(&CONTEXT, rules, &mut Entropy::from_seed(1), &|_| false)
        .map(|name| name.to_string())
        .map_err(|e| e.to_string())
}

#[test]
fn templates_give_these_names() {
    let linux = NameRules::Rfc1123;
    let windows = NameRules::NetBios;
    for (template, rules, expected) in [
        ("prod-web-01", linux, "prod-web-01"),
        ("dev-{{.VMName}}", linux, "dev-web-server-01"),
        ("{{.VMName}}-{{.Random}}", linux, "web-server-01-bcdjps"),
        ("{{ .VMName }}-{{ .Random 3 }}", linux, "web-server-01-bcd"),
        ("{{.Folder}}", linux, "grosse-mass"),
        ("{{.ProjectID 8}}-{{.Index:03}}", linux, "00000000-007"),
        ("n{{.Index}}.{{.Date}}.Example.COM", linux, "n7.20261121.example.com"),
        ("WIN-{{.Random}}", windows, "WIN-BCDJPS"),
        ("{{.VMName}}-{{.Random}}", windows, "Web-Serv-BCDJPS"),
        ("{{.VMName}}-{{.Random 9}}", windows, "Web-S-BCDJPSWGQ"),
        ("LONGPREFIX-{{.Random}}", windows, "LONGPREFIX-BCDJ"),
    ] {
        assert_eq!(render(template, rules), Ok(expected.to_owned()), "{template}");
    }
}

#[test]
fn faults_say_where_and_what_instead() {
    for (template, expected) in [
        ("", "it is empty at byte 0"),
        ("web_01", "'_' cannot be in a host name; use letters, digits and - at byte 3"),
        ("a: b", "':' cannot be in a host name; use letters, digits and - at byte 1"),
        ("x-{{.VmName}}", "unknown placeholder \"VmName\"; did you mean {{.VMName}}? at byte 4"),
        ("{{.Randm}}", "unknown placeholder \"Randm\"; did you mean {{.Random}}? at byte 2"),
        ("{{VMName}}", "a placeholder starts with a dot; did you mean {{.VMName}}? at byte 2"),
        ("{{.VMName", "`{{` without `}}` at byte 0"),
        ("{.VMName}", "a single brace; placeholders are written {{.VMName}} at byte 0"),
        (
            "{{.Random 0}}",
            "expected a blank and a number of characters, 1 to 63, or nothing at byte 9",
        ),
        ("{{.Index:3}}", "expected `:0` and a number of digits, such as {{.Index:03}} at byte 8"),
        ("{{.Date 3}}", "Date takes no argument at byte 7"),
        ("grüße", "'ü' cannot be in a host name; use letters, digits and - at byte 2"),
    ] {
        let error = template.parse::<HostnameTemplate>().unwrap_err().to_string();
        assert_eq!(error, format!("invalid host name template: {expected}"), "{template}");
    }
    assert!("a".repeat(TEMPLATE_BYTES_MAX + 1).parse::<HostnameTemplate>().is_err());
    for (template, rules, expected) in [
        ("-x", NameRules::Rfc1123, "starts or ends with -"),
        ("a..b", NameRules::Rfc1123, "a label is empty"),
        ("x.y", NameRules::NetBios, "a dot is not allowed"),
        ("{{.Index}}", NameRules::NetBios, "digits only"),
        ("SIXTEEN-LETTERS-", NameRules::NetBios, "16 characters, at most 15"),
        ("{{.Random 16}}", NameRules::NetBios, "16 characters, at most 15"),
    ] {
        let error = render(template, rules).unwrap_err();
        assert!(error.contains(expected), "{template}: {error}");
    }
    let template: HostnameTemplate = "{{.Folder}}".parse().unwrap();
    let none = HostnameContext { vm_name: "§§", ..HostnameContext::default() };
    let error = template
        .render(&none, NameRules::Rfc1123, &mut Entropy::from_seed(1), &|_| false)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the host name template uses {{.Folder}}, but the machine has none"
    );
}

#[test]
fn taken_names_are_avoided() {
    let entropy = &mut Entropy::from_seed(1);
    let template: HostnameTemplate = "{{.VMName}}-{{.Random}}".parse().unwrap();
    let name = template
        .render(&CONTEXT, NameRules::Rfc1123, entropy, &|name| name == "web-server-01-bcdjps")
        .unwrap();
    assert_ne!(name.as_str(), "web-server-01-bcdjps");
    let error = template.render(&CONTEXT, NameRules::Rfc1123, entropy, &|_| true).unwrap_err();
    assert!(error.is_collision());
    let fixed: HostnameTemplate = "{{.VMName}}".parse().unwrap();
    let error = fixed.render(&CONTEXT, NameRules::Rfc1123, entropy, &|_| true).unwrap_err();
    assert!(error.to_string().contains("is taken"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn whatever_the_machine_is_called_the_name_is_valid(
        vm_name in "\\PC{0,80}", folder in "\\PC{0,40}", seed: u64, index: u64,
        template in "[a-zA-Z0-9-]{0,4}(\\{\\{\\.(VMName|Random|Folder|Index|VMName 9|Random 5)\\}\\}-?){1,3}",
    ) {
        let context = HostnameContext {
            vm_name: &vm_name, folder: Some(&folder), index: Some(index), ..CONTEXT
        };
        let template: HostnameTemplate = template.parse().unwrap();
        for rules in [NameRules::Rfc1123, NameRules::NetBios] {
            if let Ok(name) = template.render(&context, rules, &mut Entropy::from_seed(seed), &|_| false) {
                prop_assert!(name.as_str().len() <= 253);
                prop_assert_eq!(&Hostname::new(name.as_str(), rules).unwrap(), &name);
                prop_assert!(name.short().len() <= rules.chars_max());
            }
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(\\{\\{|\\}\\}|\\.|VMName|Random|Index|:0| |[0-9]|\\PC){0,12}") {
        let _ = text.parse::<HostnameTemplate>();
    }
}
