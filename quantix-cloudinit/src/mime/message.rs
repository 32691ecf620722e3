//! The tree of a MIME message, walked part by part.

use super::{header::Headers, split::PART_DEPTH_MAX};

/// A part that is no container.
pub(super) struct Leaf<'a> {
    pub(super) headers: Headers,
    pub(super) body: &'a str,
}

/// The leaves of a message in order. Containers nested too deep are taken as text.
pub(super) fn leaves(text: &str) -> Vec<Leaf<'_>> {
    let mut out = Vec::new();
    collect(text, 0, &mut out);
    out
}

fn collect<'a>(text: &'a str, depth: usize, out: &mut Vec<Leaf<'a>>) {
    let (headers, body) = Headers::read(text);
    let kind = headers.content_type();
    let boundary = headers.parameter("Content-Type", "boundary");
    match boundary {
        Some(boundary) if kind.starts_with("multipart/") && depth < PART_DEPTH_MAX => {
            for part in parts(body, &boundary) {
                collect(part, depth + 1, out);
            }
        }
        // A container without boundary holds nothing that cloud-init looks at.
        None if kind.starts_with("multipart/") => {}
        _ => out.push(Leaf { headers, body }),
    }
}

/// What stands between boundary lines. The line break in front of one belongs to it.
fn parts<'a>(body: &'a str, boundary: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let content = line.trim_end_matches(['\r', '\n']);
        let after = content.strip_prefix("--").and_then(|rest| rest.strip_prefix(boundary));
        let kind = after.map(|rest| rest.trim_end_matches([' ', '\t']));
        if matches!(kind, Some("" | "--")) {
            if let Some(start) = start {
                let part = &body[start..at.max(start)];
                let part = part.strip_suffix('\n').unwrap_or(part);
                found.push(part.strip_suffix('\r').unwrap_or(part));
            }
            start = (kind == Some("")).then_some(at + line.len());
            if kind == Some("--") {
                return found;
            }
        }
        at += line.len();
    }
    // Without a closing line the last part reaches to the end.
    found.extend(start.map(|start| &body[start..]));
    found
}
