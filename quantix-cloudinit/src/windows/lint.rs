//! Answer files that others wrote: what Windows Setup refuses, and what is doubtful.
//!
//! The rules are those of Setup's own documentation, and the ones that its users run into: Setup
//! says no more than that it could not parse the file.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use quantix_core::Finding;
use quantix_xml::{Document, Element};

use super::{COMMAND_CHARS_MAX, COMPUTER_NAME_CHARS_MAX};
use crate::{check::nearest, timezone::TimeZone};

/// The most bytes of an answer file that is read.
pub const ANSWER_FILE_BYTES_MAX: usize = 4 << 20;
/// The most characters of the path of a command that Setup runs before the first logon.
pub const COMMAND_PATH_CHARS_MAX: usize = 259;

const NAMESPACE: &str = "urn:schemas-microsoft-com:unattend";
const PASSES: [&str; 7] = [
    "windowsPE",
    "offlineServicing",
    "generalize",
    "specialize",
    "auditSystem",
    "auditUser",
    "oobeSystem",
];
const ARCHITECTURES: [&str; 6] = ["amd64", "arm", "arm64", "ia64", "wow64", "x86"];
/// Parents of a `Value` and a `PlainText`.
const PASSWORDS: [&str; 4] =
    ["Password", "AdministratorPassword", "OfflineAdministratorPassword", "AdminPassword"];

/// Everything that is wrong or doubtful about an answer file, with places.
///
/// An error is what makes Setup refuse the file or a setting; a warning is what it takes, and does
/// otherwise than most people expect. Values that a tool fills in later (`${…}`, `{{…}}`, `%…%`)
/// are left alone.
///
/// ```
/// use quantix_cloudinit::windows::check_answer_file;
/// let text = r#"<unattend xmlns="urn:schemas-microsoft-com:unattend">
///   <settings pass="specialise"/></unattend>"#;
/// let findings = check_answer_file(text.as_bytes());
/// assert!(findings[0].message.contains("did you mean \"specialize\"?"));
/// ```
#[must_use]
pub fn check_answer_file(bytes: &[u8]) -> Vec<Finding> {
    if bytes.len() > ANSWER_FILE_BYTES_MAX {
        let message = format!("{} bytes, at most {ANSWER_FILE_BYTES_MAX}", bytes.len());
        return vec![Finding::error("too-large", message)];
    }
    let document = match Document::parse(bytes) {
        Ok(document) => document,
        Err(error) => {
            let at = error.position();
            return vec![
                Finding::error("not-xml", error.to_string()).at_position(at.line, at.column),
            ];
        }
    };
    let mut lint = Lint { findings: Vec::new() };
    lint.root(document.root());
    lint.findings
}

struct Lint {
    findings: Vec<Finding>,
}

/// Where an element is: its name and those above it, with the pass and the component by name.
fn path(element: Element<'_>) -> String {
    let mut names = Vec::new();
    let mut next = Some(element);
    while let Some(element) = next {
        let name = match element.local_name() {
            "settings" => element.attr("pass"),
            "component" => element.attr("name"),
            _ => None,
        };
        names.push(name.map_or_else(|| element.local_name().to_owned(), |name| name.into_owned()));
        next = element.parent();
    }
    names.pop();
    names.reverse();
    names.join("/")
}

/// Whether a tool fills the value in later.
fn is_open(text: &str) -> bool {
    ["${", "{{", "{%", "@@", "<%"].iter().any(|mark| text.contains(mark))
        || text.matches('%').count() > 1
        || text.len() > 2 && text.starts_with('$') && text.ends_with('$')
}

impl Lint {
    fn error(&mut self, at: Element<'_>, code: &'static str, message: impl Into<String>) {
        let place = at.position();
        let finding = Finding::error(code, message).at(path(at));
        self.findings.push(finding.at_position(place.line, place.column));
    }

    fn warn(&mut self, at: Element<'_>, code: &'static str, message: impl Into<String>) {
        let place = at.position();
        let finding = Finding::warning(code, message).at(path(at));
        self.findings.push(finding.at_position(place.line, place.column));
    }

    fn root(&mut self, root: Element<'_>) {
        if root.local_name() != "unattend" {
            let message = format!("expected <unattend>, found <{}>", root.local_name());
            return self.error(root, "no-answer-file", message);
        }
        if root.namespace().as_deref() != Some(NAMESPACE) {
            let message = format!("expected xmlns=\"{NAMESPACE}\"; Setup ignores the file");
            self.error(root, "wrong-namespace", message);
        }
        let mut seen: BTreeMap<(String, String, String), u32> = BTreeMap::new();
        for settings in root.elements_named("settings") {
            let pass = settings.attr("pass").unwrap_or_default().into_owned();
            if !PASSES.contains(&pass.as_str()) {
                let meant = nearest(&pass, PASSES.into_iter())
                    .map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
                self.error(settings, "unknown-pass", format!("{pass:?} is no pass{meant}"));
            }
            for component in settings.elements_named("component") {
                self.component(component, &pass, &mut seen);
            }
        }
    }

    fn component(
        &mut self,
        component: Element<'_>,
        pass: &str,
        seen: &mut BTreeMap<(String, String, String), u32>,
    ) {
        let attr = |name: &str| component.attr(name).unwrap_or_default().into_owned();
        let (name, architecture) = (attr("name"), attr("processorArchitecture"));
        for needed in
            ["name", "processorArchitecture", "publicKeyToken", "language", "versionScope"]
        {
            if component.attr(needed).is_none() {
                let message = format!("a component needs the attribute {needed}");
                self.error(component, "missing-attribute", message);
            }
        }
        if !ARCHITECTURES.contains(&architecture.as_str()) && !is_open(&architecture) {
            let message = format!("{architecture:?} is no architecture such as amd64");
            self.error(component, "unknown-architecture", message);
        }
        let key = (pass.to_owned(), name.clone(), architecture);
        let line = component.position().line;
        if let Some(before) = seen.insert(key, line) {
            let message = format!(
                "{name} is in the pass {pass} already, at line {before}: Setup cannot parse the \
                 file; join the two"
            );
            self.error(component, "component-twice", message);
        }
        self.actions(component);
        for element in component.descendants() {
            self.element(element);
        }
    }

    /// `wcm:action` and the order of what has one.
    fn actions(&mut self, component: Element<'_>) {
        for list in component.descendants() {
            let mut orders = BTreeSet::new();
            for item in list.elements() {
                if let Some(action) = item.attr_local("action")
                    && !matches!(&*action, "add" | "modify" | "remove")
                {
                    let message =
                        format!("{action:?} is no action: expected add, modify or remove");
                    self.error(item, "unknown-action", message);
                }
                let Some(order) = item.child("Order") else { continue };
                let text = order.text().trim().to_owned();
                match text.parse::<u32>() {
                    _ if is_open(&text) => {}
                    Ok(1..=500) => {
                        if !orders.insert((item.local_name().to_owned(), text.clone())) {
                            let message =
                                format!("there is an entry with the order {text} already");
                            self.error(order, "order-twice", message);
                        }
                    }
                    _ => {
                        let message = format!("{text:?} is no order: expected 1 to 500");
                        self.error(order, "invalid-order", message);
                    }
                }
            }
        }
    }

    fn element(&mut self, element: Element<'_>) {
        let text = element.text();
        let text = text.trim();
        match element.local_name() {
            _ if is_open(text) => {}
            "ComputerName" if element.elements().next().is_none() => {
                self.computer_name(element, text);
            }
            "Path" if is_command(element) => {
                self.too_long(element, text, COMMAND_PATH_CHARS_MAX);
            }
            "CommandLine" => self.too_long(element, text, COMMAND_CHARS_MAX),
            "ProductKey" if element.elements().next().is_none() => self.product_key(element, text),
            "Key" if element.parent().is_some_and(|it| it.local_name() == "ProductKey") => {
                self.product_key(element, text);
            }
            "TimeZone" if !text.is_empty() && TimeZone::from_windows(text).is_none() => {
                let meant = text.parse::<TimeZone>().ok().and_then(TimeZone::windows);
                let meant =
                    meant.map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
                let message = format!("{text:?} is no time zone of Windows{meant}");
                self.warn(element, "unknown-timezone", message);
            }
            name if PASSWORDS.contains(&name) => self.password(element, name),
            "LogonCount" if text.parse::<u32>().is_err() => {
                self.error(element, "invalid-number", format!("{text:?} is no number"));
            }
            _ => {}
        }
    }

    fn computer_name(&mut self, element: Element<'_>, name: &str) {
        let is_char = |c: char| c.is_alphanumeric() || c == '-';
        if name == "*" {
            // Setup makes one up.
        } else if name.is_empty() {
            self.warn(element, "invalid-hostname", "Windows asks for a name: give one, or *");
        } else if name.chars().count() > COMPUTER_NAME_CHARS_MAX {
            let message = format!("{name:?} has more than {COMPUTER_NAME_CHARS_MAX} characters");
            self.error(element, "invalid-hostname", message);
        } else if !name.chars().all(is_char) || name.bytes().all(|b| b.is_ascii_digit()) {
            let message = format!("{name:?}: expected letters, digits and -, not only digits");
            self.error(element, "invalid-hostname", message);
        }
    }

    fn too_long(&mut self, element: Element<'_>, text: &str, chars_max: usize) {
        let chars = text.chars().count();
        if chars > chars_max {
            let message = format!(
                "{chars} characters, at most {chars_max}: Setup cannot parse the file; put the \
                 command in a script"
            );
            self.error(element, "too-long", message);
        } else if text.is_empty() {
            self.error(element, "empty-command", "a command is missing");
        }
    }

    fn product_key(&mut self, element: Element<'_>, key: &str) {
        let groups: Vec<&str> = key.split('-').collect();
        let is_group =
            |group: &&str| group.len() == 5 && group.bytes().all(|b| b.is_ascii_alphanumeric());
        let is_key = groups.len() == 5 && groups.iter().all(is_group);
        if !key.is_empty() && !is_key {
            let message = "a product key is five groups of five letters and digits";
            self.error(element, "invalid-product-key", message);
        }
    }

    /// A password is hidden (UTF-16 of it and of the element's name, in base64) or plain.
    fn password(&mut self, element: Element<'_>, name: &str) {
        let (value, plain) = (element.child("Value"), element.child("PlainText"));
        let Some(value) = value else { return };
        let text = value.text();
        let text = text.trim();
        let is_plain = plain.map(|plain| plain.text().trim().to_ascii_lowercase());
        match is_plain.as_deref() {
            _ if is_open(text) || text.is_empty() => {}
            None | Some("true" | "1") => {
                let message = "a password in plain text; PlainText false with the hidden form is \
                               no secret either, so keep the file from others";
                self.warn(value, "plain-password", message);
            }
            Some("false" | "0") => {
                if !is_hidden(text, name) {
                    let message = format!(
                        "PlainText is false, but this is not base64 of UTF-16 that ends in \
                         {name:?}: Setup sets another password"
                    );
                    self.error(value, "password-encoding", message);
                }
            }
            Some(other) => {
                let message = format!("{other:?}: expected true or false");
                self.error(element, "invalid-flag", message);
            }
        }
    }
}

/// Whether a `Path` is that of a command, not of a file.
fn is_command(element: Element<'_>) -> bool {
    let parent = element.parent().map(|parent| parent.local_name());
    matches!(parent, Some("RunSynchronousCommand" | "RunAsynchronousCommand"))
}

fn is_hidden(text: &str, name: &str) -> bool {
    let packed: String = text.split_whitespace().collect();
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) else { return false };
    if bytes.len() % 2 == 1 {
        return false;
    }
    let units = bytes.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    String::from_utf16(&units.collect::<Vec<_>>()).is_ok_and(|text| text.ends_with(name))
}
