//! The documents that the owner of a spec wrote, decoded and checked.

use base64::Engine as _;
use quantix_core::{
    Finding,
    spec::{Document, SPEC_TEXT_BYTES_MAX},
};

use super::render::Job;
use crate::{user_data::CLOUD_CONFIG_HEADER, yaml};

/// First lines of user-data and the MIME type that cloud-init gives them, longest first.
const HEADERS: [(&str, &str); 9] = [
    ("#cloud-config-archive", "text/cloud-config-archive"),
    ("#cloud-config-jsonp", "text/cloud-config-jsonp"),
    ("#cloud-boothook", "text/cloud-boothook"),
    ("#include-once", "text/x-include-once-url"),
    ("## template: jinja", "text/jinja2"),
    ("#part-handler", "text/part-handler"),
    (CLOUD_CONFIG_HEADER, "text/cloud-config"),
    ("#include", "text/x-include-url"),
    ("#!", "text/x-shellscript"),
];

/// User-data of the owner.
pub(super) struct OwnUserData {
    pub(super) text: String,
    /// `None` for a document that is multi-part itself.
    pub(super) content_type: Option<&'static str>,
}

impl Job<'_> {
    /// The text of a document, decoded.
    fn text(&mut self, path: &str, document: &Document) -> Option<String> {
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

    /// The owner's user-data with its type; a mapping is a cloud-config.
    pub(super) fn own_user_data(&mut self) -> Option<OwnUserData> {
        let document = self.spec.user_data.as_ref()?;
        let mut text = self.text("user_data", document)?;
        if matches!(document, Document::Tree(_)) {
            text.insert_str(0, "#cloud-config\n");
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start().to_owned();
        let header = HEADERS.iter().find(|(header, _)| text.starts_with(header));
        let is_mime = ["content-type:", "mime-version:"].iter().any(|header| {
            text.get(..header.len()).is_some_and(|start| start.eq_ignore_ascii_case(header))
        });
        let content_type = match header {
            Some((_, content_type)) => Some(*content_type),
            None if is_mime => None,
            None => {
                let message = "cloud-init would ignore it: its first line is none of #cloud-config, \
                               #!, #include, #cloud-boothook, ## template: jinja";
                self.fault("user_data", "unknown-user-data", message);
                return None;
            }
        };
        if content_type == Some("text/cloud-config") {
            self.parse_map("user_data", &text)?;
        }
        Some(OwnUserData { text, content_type })
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
