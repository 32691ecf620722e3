//! Answer files: those that others wrote are read, checked and written back byte for byte; those
//! that we write keep the same rules.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may stop at a surprise")]

mod support;

use std::collections::BTreeMap;

use quantix_cloudinit::{
    check::{CheckOptions, DocumentKind, check_document},
    windows::{ANSWER_FILE_BYTES_MAX, COMMAND_PATH_CHARS_MAX, Unattend, check_answer_file},
};
use quantix_core::{Finding, Secret};
use quantix_xml::Document;

fn brief(findings: &[Finding]) -> Vec<String> {
    let shown = |it: &Finding| {
        format!("{} {} {}", it.code, it.path.as_deref().unwrap_or("-"), it.line.unwrap_or(0))
    };
    findings.iter().map(shown).collect()
}

/// Every well-formed answer file of others is read and written back as it was; what they get wrong
/// is told, and nothing that Setup takes is an error.
#[test]
fn files_of_others_are_read_and_kept() {
    let Some(corpus) = support::corpus() else { return support::report(0) };
    let index = std::fs::read_to_string(corpus.join("unattend/INDEX.tsv")).unwrap();
    let (mut files, mut codes) = (0, BTreeMap::<String, usize>::new());
    for line in index.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let Ok(bytes) = std::fs::read(corpus.join("unattend").join(fields[0])) else { continue };
        let is_answer_file = fields[5].contains("Microsoft-Windows");
        let report = check_document(&bytes, &CheckOptions::default());
        if fields[4] != "yes" {
            assert!(!report.valid, "{line}: {report:#?}");
            continue;
        }
        assert_eq!(report.kind, DocumentKind::Unattend, "{line}");
        let document = Document::parse(&bytes).unwrap();
        assert_eq!(document.to_bytes(), bytes, "{line}");
        if is_answer_file {
            assert!(report.faults.iter().all(|it| it.line.is_some()), "{line}: {report:#?}");
            for finding in report.faults.iter().chain(&report.lint) {
                *codes.entry(format!("{:?} {}", finding.severity, finding.code)).or_default() += 1;
            }
            files += 1;
        }
    }
    println!("{files} answer files: {codes:?}");
    support::report(files);
}

fn file(components: &str) -> String {
    format!(
        "<unattend xmlns=\"urn:schemas-microsoft-com:unattend\" \
         xmlns:wcm=\"http://schemas.microsoft.com/WMIConfig/2002/State\">\n\
         <settings pass=\"oobeSystem\">\n{components}</settings>\n</unattend>\n"
    )
}

fn component(name: &str, inner: &str) -> String {
    format!(
        "<component name=\"{name}\" processorArchitecture=\"amd64\" \
         publicKeyToken=\"31bf3856ad364e35\" language=\"neutral\" versionScope=\"nonSxS\">{inner}\
         </component>\n"
    )
}

#[test]
fn what_setup_refuses_is_told_with_its_place() {
    let shell = |inner: &str| file(&component("Shell", inner));
    let command = |path: &str| {
        shell(&format!(
            "<RunSynchronous><RunSynchronousCommand wcm:action=\"add\"><Order>1</Order>\
             <Path>{path}</Path></RunSynchronousCommand></RunSynchronous>"
        ))
    };
    let password = |value: &str, plain: &str| {
        shell(&format!(
            "<UserAccounts><AdministratorPassword><Value>{value}</Value>\
             <PlainText>{plain}</PlainText></AdministratorPassword></UserAccounts>"
        ))
    };
    let order = |action: &str, second: u32| {
        shell(&format!(
            "<FirstLogonCommands><SynchronousCommand wcm:action=\"{action}\"><Order>1</Order>\
             <CommandLine>a</CommandLine></SynchronousCommand>\
             <SynchronousCommand wcm:action=\"add\"><Order>{second}</Order>\
             <CommandLine>b</CommandLine></SynchronousCommand></FirstLogonCommands>"
        ))
    };
    let none: &[&str] = &[];
    let at = "oobeSystem/Shell";
    let long = "x".repeat(COMMAND_PATH_CHARS_MAX + 1);
    let cases: Vec<(String, Vec<String>)> = vec![
        (shell(""), none.iter().map(|it| (*it).to_owned()).collect()),
        (
            file(&(component("A", "") + &component("A", ""))),
            vec!["component-twice oobeSystem/A 4".into()],
        ),
        (command(&long[1..]), vec![]),
        (
            command(&long),
            vec![format!("too-long {at}/RunSynchronous/RunSynchronousCommand/Path 3")],
        ),
        (command("${path}"), vec![]),
        (
            shell("<ComputerName>SIXTEEN-LETTERS-</ComputerName>"),
            vec![format!("invalid-hostname {at}/ComputerName 3")],
        ),
        (shell("<ComputerName>*</ComputerName>"), vec![]),
        (
            shell("<ComputerName>12345</ComputerName>"),
            vec![format!("invalid-hostname {at}/ComputerName 3")],
        ),
        (
            shell("<TimeZone>Europe/Berlin</TimeZone>"),
            vec![format!("unknown-timezone {at}/TimeZone 3")],
        ),
        (
            shell("<ProductKey>AAAAA-BBBBB</ProductKey>"),
            vec![format!("invalid-product-key {at}/ProductKey 3")],
        ),
        (
            password("secret", "true"),
            vec![format!("plain-password {at}/UserAccounts/AdministratorPassword/Value 3")],
        ),
        (
            password("c2VjcmV0", "false"),
            vec![format!("password-encoding {at}/UserAccounts/AdministratorPassword/Value 3")],
        ),
        (order("add", 2), vec![]),
        (
            order("add", 1),
            vec![format!("order-twice {at}/FirstLogonCommands/SynchronousCommand/Order 3")],
        ),
        (
            order("put", 2),
            vec![format!("unknown-action {at}/FirstLogonCommands/SynchronousCommand 3")],
        ),
        ("<a/>".into(), vec!["no-answer-file  1".into()]),
        ("<unattend/>".into(), vec!["wrong-namespace  1".into()]),
        ("<unattend".into(), vec!["not-xml - 1".into()]),
    ];
    for (text, expected) in cases {
        assert_eq!(brief(&check_answer_file(text.as_bytes())), expected, "{text}");
    }
    let large = vec![b' '; ANSWER_FILE_BYTES_MAX + 1];
    assert_eq!(brief(&check_answer_file(&large)), ["too-large - 0"]);
}

/// What this crate writes has no fault by the rules for files of others.
#[test]
fn files_of_ours_keep_the_rules() {
    let unattend = Unattend {
        computer_name: "WIN-01".into(),
        time_zone: Some("W. Europe Standard Time".into()),
        product_key: Some(Secret::new("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")),
        administrator_password: Some(Secret::new("p@ss <&> \"w\" grüße")),
        auto_logon_count: 2,
        first_logon_commands: vec!["cmd /c \"a & b\" > c".into(), "second".into()],
        locale: Some("de-DE".into()),
        ..Unattend::default()
    };
    let xml = unattend.to_xml().unwrap();
    assert_eq!(check_answer_file(xml.as_bytes()), [], "{xml}");
}
