//! The documents that the owner of a spec wrote, decoded and checked.

use base64::Engine as _;
use quantix_core::{
    Finding,
    spec::{Document, SPEC_TEXT_BYTES_MAX},
};

use super::render::Job;
use crate::{
    mime::{self, PartKind, UserDataPart},
    yaml,
};

/// How the owner's cloud-config joins the generated one: lists are appended, mappings joined, and
/// what both set stays as the spec has it. A document that says itself how it merges is believed.
const MERGE_TYPE: &str = "list(append)+dict(no_replace,recurse_list)+str()";

impl Job<'_> {
    /// The text of a document, decoded.
    pub(super) fn text(&mut self, path: &str, document: &Document) -> Option<String> {
        let (text, decoded) = match document {
            Document::Text(text) => (text.clone(), false),
            Document::Bare(text) => match decode(text).filter(|_| is_base64_by_look(text)) {
                Some(plain) => (plain, true),
                None => (text.clone(), false),
            },
            Document::Base64(text) => match decode(text) {
                Some(plain) => (plain, false),
                None => {
                    self.fault(path, "invalid-base64", "it is not base64 of UTF-8 text");
                    return None;
                }
            },
            Document::Tree(tree) => {
                let value = yaml::Value::from(serde_json::Value::Object(tree.clone()));
                match yaml::emit(&value) {
                    Ok(text) => (text, false),
                    Err(error) => {
                        self.fault(path, "too-deep", error.to_string());
                        return None;
                    }
                }
            }
        };
        if decoded {
            let message = "it was read as base64, which it is; write {\"base64\": …} to say so";
            self.findings.push(Finding::info("read-as-base64", message).at(path));
        }
        if text.len() > SPEC_TEXT_BYTES_MAX {
            let message = format!("{} bytes, at most {SPEC_TEXT_BYTES_MAX}", text.len());
            self.fault(path, "too-long", message);
            return None;
        }
        Some(text)
    }

    /// The owner's user-data in parts, each of a kind that the guest knows; a mapping is a
    /// cloud-config.
    pub(super) fn own_user_data(&mut self) -> Option<Vec<UserDataPart>> {
        let document = self.spec.user_data.as_ref()?;
        let mut text = self.text("user_data", document)?;
        if matches!(document, Document::Tree(_)) {
            text.insert_str(0, "#cloud-config\n");
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start().to_owned();
        let is_mime = ["content-type:", "mime-version:"].iter().any(|header| {
            text.get(..header.len()).is_some_and(|start| start.eq_ignore_ascii_case(header))
        });
        let kind = PartKind::of_text(text.as_bytes());
        let mut parts = match kind {
            _ if is_mime => self.own_parts(&text)?,
            Some(PartKind::Archive) => self.own_parts(&text)?,
            Some(kind) => vec![UserDataPart::new("user-data", kind, text)],
            None => {
                let message = "cloud-init would ignore it: its first line is none of #cloud-config, \
                               #!, #include, #cloud-boothook, ## template: jinja";
                self.fault("user_data", "unknown-user-data", message);
                return None;
            }
        };
        for part in &mut parts {
            if part.kind == PartKind::CloudConfig {
                let text = String::from_utf8_lossy(&part.content).into_owned();
                self.parse_map("user_data", &text)?;
            }
            if matches!(part.kind, PartKind::CloudConfig | PartKind::Jinja) {
                part.merge_type.get_or_insert_with(|| MERGE_TYPE.to_owned());
            }
        }
        Some(parts)
    }

    /// The parts of a document that has several, which join the generated one side by side.
    fn own_parts(&mut self, text: &str) -> Option<Vec<UserDataPart>> {
        match mime::split(text.as_bytes()) {
            Ok(split) => {
                self.findings.extend(split.findings.into_iter().map(|it| it.at("user_data")));
                if text.to_ascii_lowercase().contains("launch-index") {
                    let message = "a launch index is not kept: every machine gets every part";
                    let finding = Finding::warning("dropped-setting", message);
                    self.findings.push(finding.at("user_data"));
                }
                Some(split.parts)
            }
            Err(error) => {
                self.findings.push(error.to_finding().at("user_data"));
                None
            }
        }
    }

    /// A document that is a mapping.
    pub(super) fn own_map(&mut self, path: &str, document: &Document) -> Option<yaml::Map> {
        let text = self.text(path, document)?;
        self.parse_map(path, &text)
    }

    fn parse_map(&mut self, path: &str, text: &str) -> Option<yaml::Map> {
        match yaml::parse(text) {
            Ok(None) => Some(yaml::Map::new()),
            Ok(Some(node)) => match node.to_value() {
                yaml::Value::Map(map) => Some(map),
                yaml::Value::Null => Some(yaml::Map::new()),
                other => {
                    let message = format!("expected a mapping, found {}", other.kind());
                    self.fault(path, "not-a-mapping", message);
                    None
                }
            },
            Err(error) => {
                self.findings.push(error.to_finding().at(path));
                None
            }
        }
    }
}

/// Base64 never has `#`, `:` or a blank in a line, and all other forms do in their first.
fn is_base64_by_look(text: &str) -> bool {
    let alphabet =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\n' | b'\r');
    text.trim().len() >= 4 && text.trim().bytes().all(alphabet)
}

fn decode(text: &str) -> Option<String> {
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}
