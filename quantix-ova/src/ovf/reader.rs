//! What every part of the reader shares: names, places and findings.

use std::{borrow::Cow, collections::BTreeMap};

use quantix_core::Finding;
use quantix_xml::{Element, Position};

/// The most findings that one descriptor yields; the rest are counted, not listed.
pub const FINDINGS_MAX: usize = 1000;

/// The namespace of CIM's resource allocation settings, in which `Item` children live.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Collects findings while a descriptor is read.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    findings: Vec<Finding>,
    suppressed: usize,
    /// Localised texts by message id.
    pub(crate) strings: BTreeMap<String, String>,
    /// Whether an oVirt engine wrote the descriptor, which uses CIM's numbers in its own way.
    pub(crate) is_ovirt: bool,
    /// Whether there was content of a type that is not read; it has its own finding.
    pub(crate) has_unknown_content: bool,
}

impl Reader {
    pub(crate) fn error(&mut self, code: &'static str, at: Position, message: impl Into<String>) {
        self.push(Finding::error(code, message), at);
    }

    pub(crate) fn warn(&mut self, code: &'static str, at: Position, message: impl Into<String>) {
        self.push(Finding::warning(code, message), at);
    }

    pub(crate) fn info(&mut self, code: &'static str, at: Position, message: impl Into<String>) {
        self.push(Finding::info(code, message), at);
    }

    fn push(&mut self, finding: Finding, at: Position) {
        self.add(finding.at_position(at.line, at.column));
    }

    /// Adds a finding that has its place already.
    pub(crate) fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.suppressed += 1;
        }
    }

    /// All findings, in the order of the text.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        if self.suppressed > 0 {
            let message = format!("{} more findings are not listed", self.suppressed);
            self.findings.push(Finding::warning("more-findings", message));
        }
        self.findings.sort_by_key(|f| (f.line.unwrap_or(u32::MAX), f.column.unwrap_or(u32::MAX)));
        self.findings
    }

    /// The text of an element in the reader's language: its `ovf:msgid` looked up, else its own.
    pub(crate) fn text(&self, element: Element<'_>) -> Option<String> {
        let localised =
            element.attr_local("msgid").and_then(|id| self.strings.get(id.as_ref()).cloned());
        localised.or_else(|| trimmed(&element.text()))
    }

    /// [`Reader::text`] of a child.
    pub(crate) fn child_text(&self, element: Element<'_>, name: &str) -> Option<String> {
        element.child(name).and_then(|child| self.text(child))
    }

    /// A number in an attribute; one that is no number is a finding.
    pub(crate) fn number(&mut self, element: Element<'_>, name: &str) -> Option<u64> {
        let attribute = element.attribute_local(name)?;
        let value = attribute.value();
        match value.trim().parse() {
            Ok(number) => Some(number),
            Err(_) => {
                let message =
                    format!("`{name}` is {:?}: expected a number of 0 or more", shorten(&value));
                self.error("invalid-number", attribute.value_position(), message);
                None
            }
        }
    }
}

/// Text without white space around it; `None` when nothing is left.
pub(crate) fn trimmed(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// At most 80 characters, for a message.
pub(crate) fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(80) {
        Some((at, _)) => Cow::Owned(format!("{}…", &text[..at])),
        None => Cow::Borrowed(text),
    }
}

/// A non-empty attribute of this local name.
pub(crate) fn attr(element: Element<'_>, name: &str) -> Option<String> {
    element.attr_local(name).and_then(|value| trimmed(&value))
}

/// `true` and `1`, in any case.
pub(crate) fn is_true(value: &str) -> bool {
    matches!(value.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes")
}

/// Words separated by white space.
pub(crate) fn words(value: Option<String>) -> Vec<String> {
    value.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// What kind of section an element is, by the name of OVF 1.x: OVF 0.9 and oVirt write
/// `<Section xsi:type="ovf:DiskSection_Type">` for `<DiskSection>`.
pub(crate) fn section_name(element: Element<'_>) -> Cow<'_, str> {
    let name = element.local_name();
    if name != "Section" && name != "Content" {
        return Cow::Borrowed(name);
    }
    let is_type = |attribute: &quantix_xml::Attribute<'_>| {
        attribute.local_name() == "type"
            && (attribute.namespace().is_none_or(|uri| uri == XSI) || attribute.prefix().is_some())
    };
    let Some(attribute) = element.attributes().find(is_type) else {
        return Cow::Borrowed(name);
    };
    let value = attribute.value();
    let local = value.rsplit(':').next().unwrap_or_default().trim();
    Cow::Owned(local.strip_suffix("_Type").unwrap_or(local).to_owned())
}
