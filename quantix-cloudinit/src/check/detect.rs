//! What a document is, from its first bytes.

use std::{borrow::Cow, io::Read as _};

use quantix_core::Finding;

use super::{
    CheckOptions, CheckReport, DocumentKind, Source, cloud_config, jinja, parse_bytes, template,
};
use crate::{
    butane::is_butane,
    lint,
    mime::{self, PartKind},
    yaml::{Value, parse_value},
};

/// The most bytes that compressed user-data may unpack to.
pub const UNPACKED_BYTES_MAX: usize = crate::yaml::DOCUMENT_BYTES_MAX;

/// How often user-data may be wrapped in gzip or base64.
const WRAPPINGS_MAX: usize = 4;

/// What user-data is, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Header {
    CloudConfig,
    Jinja,
    Archive,
    Script,
    Boothook,
    Include,
    PartHandler,
    Mime,
    Jsonp,
    Unknown,
}

fn header(text: &str) -> Header {
    let start = text.trim_start();
    // Longer ones first: `#cloud-config` starts some of the others.
    let table = [
        ("#cloud-config-archive", Header::Archive),
        ("#cloud-config-jsonp", Header::Jsonp),
        ("#cloud-config", Header::CloudConfig),
        ("## template: jinja", Header::Jinja),
        ("#!", Header::Script),
        ("#cloud-boothook", Header::Boothook),
        ("#include", Header::Include),
        ("#part-handler", Header::PartHandler),
        ("content-type:", Header::Mime),
        ("mime-version:", Header::Mime),
    ];
    let fits = |prefix: &str| {
        start.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    table.iter().find(|(prefix, _)| fits(prefix)).map_or(Header::Unknown, |(_, h)| *h)
}

/// The kind of a document that nobody named.
pub(super) fn kind(bytes: &[u8]) -> DocumentKind {
    if is_xml(bytes) {
        return DocumentKind::Unattend;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return DocumentKind::UserData };
    if header(text) != Header::Unknown {
        return DocumentKind::UserData;
    }
    match parse_value(text) {
        Ok(Some(value)) => kind_of_value(&value),
        _ => DocumentKind::UserData,
    }
}

/// Whether a text starts as XML does, in UTF-8 or UTF-16.
fn is_xml(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let is_utf16 = bytes.starts_with(b"\xff\xfe<\0") || bytes.starts_with(b"\xfe\xff\0<");
    is_utf16 || bytes.trim_ascii_start().starts_with(b"<")
}

/// The kind of a document that has no header.
pub(super) fn kind_of_value(value: &Value) -> DocumentKind {
    let has = |key: &str| value.get(key).is_some();
    let has_section =
        ["ethernets", "bonds", "bridges", "vlans", "config", "wifis"].iter().any(|key| has(key));
    let is_network = has("network")
        || has("version") && (has_section || value.as_map().is_some_and(|m| m.len() == 1));
    if is_butane(value) {
        DocumentKind::Butane
    } else if is_network {
        DocumentKind::NetworkConfig
    } else if has("instance-id") || has("local-hostname") || has("instance_id") {
        DocumentKind::MetaData
    } else {
        DocumentKind::UserData
    }
}

/// Checks user-data or vendor-data of any form.
pub(super) fn check_user_data(bytes: &[u8], options: &CheckOptions, report: &mut CheckReport) {
    let told = lint::size(bytes, options.platform);
    let to = if options.platform.is_some() { &mut report.faults } else { &mut report.lint };
    to.extend(told);
    let mut bytes = Cow::Borrowed(bytes);
    let mut wrappings = 0;
    while bytes.starts_with(&[0x1f, 0x8b]) {
        wrappings += 1;
        match gunzip(&bytes) {
            Some(inner) if wrappings <= WRAPPINGS_MAX => bytes = Cow::Owned(inner),
            _ => {
                let message = format!(
                    "expected gzip data of at most {UNPACKED_BYTES_MAX} bytes, wrapped at most \
                     {WRAPPINGS_MAX} times"
                );
                return report.faults.push(Finding::error("bad-gzip", message));
            }
        }
        if wrappings == 2 {
            let message = "compressed twice; cloud-init unpacks user-data once";
            report.faults.push(Finding::error("double-encoding", message));
        }
    }
    let Ok(text) = std::str::from_utf8(&bytes) else {
        parse_bytes(&bytes, report);
        return;
    };
    if mime::is_message(&bytes) || header(text) == Header::Archive {
        check_parts(&bytes, options, report);
    } else {
        check_text(text, options, report);
    }
}

/// Checks every part; its name stands in front of paths, and lines are those of the part.
fn check_parts(bytes: &[u8], options: &CheckOptions, report: &mut CheckReport) {
    let parts = match mime::split(bytes) {
        Ok(parts) => parts,
        Err(error) => return report.faults.push(error.to_finding()),
    };
    let (errors, doubts) = parts.findings.into_iter().partition(Finding::is_error);
    let (mut errors, doubts): (Vec<_>, Vec<_>) = (errors, doubts);
    report.faults.append(&mut errors);
    report.lint.extend(doubts);
    for (i, part) in parts.parts.iter().enumerate() {
        let Ok(text) = std::str::from_utf8(&part.content) else { continue };
        let mut inner = CheckReport::new(report.kind);
        match part.kind {
            PartKind::CloudConfig => {
                if let Some(source) = parse_bytes(&part.content, &mut inner) {
                    cloud_config::check(source.as_ref(), options, &mut inner);
                }
            }
            PartKind::Jinja | PartKind::Script => check_text(text, options, &mut inner),
            _ => {}
        }
        let name = part.filename.clone().unwrap_or_else(|| format!("part-{:03}", i + 1));
        let named = |mut finding: Finding| {
            finding.path = Some(match &finding.path {
                Some(path) => format!("{name}: {path}"),
                None => name.clone(),
            });
            finding
        };
        report.faults.extend(inner.faults.into_iter().map(named));
        report.deprecations.extend(inner.deprecations.into_iter().map(named));
        report.lint.extend(inner.lint.into_iter().map(named));
    }
}

fn check_text(text: &str, options: &CheckOptions, report: &mut CheckReport) {
    match header(text) {
        Header::CloudConfig => {
            check_header_line(text, report);
            if let Some(source) = parse_bytes(text.as_bytes(), report) {
                cloud_config::check(source.as_ref(), options, report);
            }
        }
        Header::Jinja => check_jinja(text, options, report),
        Header::Unknown => unknown_header(text, report),
        Header::Script if text.contains("\r\n") => {
            let message = "lines end in CR LF; the guest looks for an interpreter whose name ends \
                           in CR: save the script with LF";
            report.lint.push(Finding::warning("crlf-script", message).at_position(1, 1));
        }
        _ => {}
    }
}

fn check_header_line(text: &str, report: &mut CheckReport) {
    let first = text.lines().next().unwrap_or_default();
    if first.trim_end() != crate::user_data::CLOUD_CONFIG_HEADER {
        let message = format!("expected the first line to be `#cloud-config`, found {first:?}");
        report.lint.push(Finding::warning("header", message).at_position(1, 1));
    }
}

/// A template is checked with a word in place of every expression; what is said about lines with
/// expressions is left out, since it may be right once they are filled in.
fn check_jinja(text: &str, options: &CheckOptions, report: &mut CheckReport) {
    template::check(text, &mut report.lint);
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    if header(body) != Header::CloudConfig {
        return;
    }
    let mut inner = CheckReport::new(report.kind);
    match Source::parse(&jinja::mask(text)) {
        Ok(source) => cloud_config::check(source.as_ref(), options, &mut inner),
        Err(error) => {
            let at = error.position();
            let message = "the template reads as YAML only after its variables are filled in; \
                           render it to have the result checked";
            let finding = Finding::info("jinja", message).at_position(at.line, at.column);
            return report.lint.push(finding);
        }
    }
    let lines: Vec<&str> = text.split('\n').collect();
    let is_sure = |finding: &Finding| {
        let at = finding.line.and_then(|line| usize::try_from(line).ok());
        let line = at.and_then(|line| lines.get(line.checked_sub(1)?));
        line.is_none_or(|line| !line.contains("{{") && !line.contains("{%"))
    };
    report.faults.extend(inner.faults.into_iter().filter(is_sure));
    report.deprecations.extend(inner.deprecations.into_iter().filter(is_sure));
    report.lint.extend(inner.lint.into_iter().filter(is_sure));
}

fn unknown_header(text: &str, report: &mut CheckReport) {
    let first: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
    if let Some(inner) = unbase64(text.trim()) {
        let is_user_data = inner.starts_with(&[0x1f, 0x8b])
            || std::str::from_utf8(&inner).is_ok_and(|text| header(text) != Header::Unknown);
        if is_user_data {
            let message = "this is base64 of user-data; a seed carries user-data as it is: decode \
                           it first";
            return report
                .faults
                .push(Finding::error("double-encoding", message).at_position(1, 1));
        }
    }
    if text.trim().is_empty() {
        let message = "the document is empty; leave it out or give it a key";
        return report.lint.push(Finding::warning("empty-document", message).at_position(1, 1));
    }
    let message = format!(
        "the guest ignores user-data whose first line is {first:?}: expected `#cloud-config`, \
         `#!/bin/sh`, `## template: jinja`, `#cloud-boothook`, `#include`, \
         `#cloud-config-archive`, `#part-handler` or a MIME header"
    );
    report.faults.push(Finding::error("no-header", message).at_position(1, 1));
}

fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut inner = Vec::new();
    let limit = u64::try_from(UNPACKED_BYTES_MAX).unwrap_or(u64::MAX);
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limit.saturating_add(1));
    reader.read_to_end(&mut inner).ok()?;
    (inner.len() <= UNPACKED_BYTES_MAX).then_some(inner)
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let clean: String = text.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(clean).ok()
}
