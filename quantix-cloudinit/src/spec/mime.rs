//! MIME multi-part user-data, written so that cloud-init reads every byte back.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

/// A part of a multi-part document.
pub(super) struct Part<'a> {
    /// Such as `text/cloud-config`; empty for a text that is a MIME entity itself, with headers.
    pub(super) content_type: &'static str,
    /// File name, of letters, digits, `.`, `_` and `-`.
    pub(super) name: &'a str,
    /// How cloud-init merges a cloud-config part into the ones before.
    pub(super) merge_type: Option<&'static str>,
    pub(super) text: &'a str,
}

/// Writes the parts. The boundary is derived from the content, so equal parts give equal bytes, and
/// base64 keeps every line of content different from it.
pub(super) fn write(parts: &[Part<'_>]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        for text in [part.content_type, part.name, part.text] {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        }
    }
    let hex: String = digest.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect();
    let boundary = format!("==={hex}===");
    let mut out =
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n");
    for part in parts {
        let mut push = |line: &str| {
            out.push('\n');
            out.push_str(line);
        };
        push(&format!("--{boundary}"));
        if part.content_type.is_empty() {
            push(part.text);
            continue;
        }
        push(&format!("Content-Type: {}; charset=\"utf-8\"", part.content_type));
        push("MIME-Version: 1.0");
        push("Content-Transfer-Encoding: base64");
        push(&format!("Content-Disposition: attachment; filename=\"{}\"", part.name));
        if let Some(merge_type) = part.merge_type {
            push(&format!("Merge-Type: {merge_type}"));
        }
        push("");
        let encoded = base64::engine::general_purpose::STANDARD.encode(part.text);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(76));
            push(line);
            rest = more;
        }
        out.push('\n');
    }
    out.push_str(&format!("\n--{boundary}--\n"));
    out
}
