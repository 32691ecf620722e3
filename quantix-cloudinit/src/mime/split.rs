//! Taking user-data apart.

use quantix_core::Finding;

use super::{
    MimeError, PartKind, UserDataPart, codec,
    message::{Leaf, leaves},
};
use crate::yaml::{DOCUMENT_BYTES_MAX, Value, parse};

/// The most parts that user-data may have.
pub const PARTS_MAX: usize = 1_000;

/// How deep containers may be nested.
pub const PART_DEPTH_MAX: usize = 16;

/// Content types that say that a part is compressed.
const COMPRESSED: &[&str] = &[
    "application/gzip",
    "application/gzip-compressed",
    "application/gzipped",
    "application/x-compress",
    "application/x-compressed",
    "application/x-gunzip",
    "application/x-gzip",
    "application/x-gzip-compressed",
];

/// User-data, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserDataParts {
    /// The parts in order; those of archives in place of the archive.
    pub parts: Vec<UserDataPart>,
    /// Addresses that `#include` parts ask to be fetched.
    pub includes: Vec<String>,
    /// What is doubtful.
    pub findings: Vec<Finding>,
}

/// Takes user-data apart as cloud-init does: unpacks gzip, walks through MIME containers, decodes,
/// tells each part by its header or its first line, and opens archives.
///
/// # Errors
/// When it is larger than [`DOCUMENT_BYTES_MAX`], has more than [`PARTS_MAX`] parts, is a message
/// that is not UTF-8, or holds a compressed part or an archive that cannot be read.
pub fn split(bytes: &[u8]) -> Result<UserDataParts, MimeError> {
    if bytes.len() > DOCUMENT_BYTES_MAX {
        let problem = format!("user-data is larger than {DOCUMENT_BYTES_MAX} bytes");
        return Err(MimeError::new("too-large", problem));
    }
    let unpacked;
    let bytes = if bytes.starts_with(&codec::GZIP_START) {
        unpacked = codec::gunzip(bytes)?;
        unpacked.as_slice()
    } else {
        bytes
    };
    let mut out = UserDataParts::default();
    if is_message(bytes) {
        let text = std::str::from_utf8(bytes)
            .map_err(|_| MimeError::new("not-utf8", "the MIME message is not UTF-8"))?;
        for leaf in leaves(text) {
            add_leaf(&leaf, &mut out)?;
        }
    } else {
        let kind = PartKind::of_text(bytes);
        let kind = kind.unwrap_or(PartKind::Other("text/x-not-multipart".into()));
        add(
            UserDataPart { filename: None, kind, merge_type: None, content: bytes.to_vec() },
            &mut out,
        )?;
    }
    Ok(out)
}

/// Whether user-data is a MIME message.
pub(crate) fn is_message(bytes: &[u8]) -> bool {
    let start = bytes.get(..4096).unwrap_or(bytes).to_ascii_lowercase();
    start.windows(13).any(|window| window == b"mime-version:")
}

fn add_leaf(leaf: &Leaf<'_>, out: &mut UserDataParts) -> Result<(), MimeError> {
    let headers = &leaf.headers;
    let encoding = headers.get("Content-Transfer-Encoding").unwrap_or_default();
    let mut content = codec::decode(encoding, leaf.body);
    let mut content_type = headers.content_type();
    let is_encoded =
        matches!(encoding.trim().to_ascii_lowercase().as_str(), "base64" | "quoted-printable");
    let mut filename = headers.parameter("Content-Disposition", "filename");
    if !is_encoded && !leaf.body.is_ascii() {
        let name = filename.as_deref().unwrap_or("a part");
        let message = format!(
            "{name} is not ASCII and not encoded: the guest mangles it; encode it as base64"
        );
        out.findings.push(Finding::warning("mime-not-encoded", message));
    }
    if COMPRESSED.contains(&content_type.as_str()) {
        content = codec::gunzip(&content)?;
        content_type = "text/plain".to_owned();
    }
    let by_type = PartKind::of_content_type(&content_type);
    let is_open = matches!(
        content_type.as_str(),
        "text/plain" | "text/x-not-multipart" | "text/x-shellscript"
    );
    let kind = if is_open { PartKind::of_text(&content).unwrap_or(by_type) } else { by_type };
    if kind.content_type() == headers.content_type() {
        // Where cloud-init finds another type, the name goes with the old one.
        filename = filename.or_else(|| headers.parameter("Content-Type", "name"));
    }
    let merge_type = headers.get("Merge-Type").or_else(|| headers.get("X-Merge-Type"));
    let merge_type = merge_type.map(str::to_owned);
    add(UserDataPart { filename, kind, merge_type, content }, out)
}

fn add(part: UserDataPart, out: &mut UserDataParts) -> Result<(), MimeError> {
    match part.kind {
        PartKind::Archive => return open_archive(&part.content, out),
        PartKind::Include | PartKind::IncludeOnce => {
            out.includes.extend(includes(&part.content));
        }
        _ => {}
    }
    if out.parts.len() >= PARTS_MAX {
        let problem = format!("user-data has more than {PARTS_MAX} parts");
        return Err(MimeError::new("too-many-parts", problem));
    }
    out.parts.push(part);
    Ok(())
}

/// The addresses of an `#include`, one a line.
fn includes(content: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(content);
    let address = |line: &str| {
        let lower = line.to_lowercase();
        let rest = ["#include-once", "#include"]
            .iter()
            .find(|prefix| lower.starts_with(**prefix))
            .and_then(|prefix| line.get(prefix.len()..))
            .unwrap_or(line)
            .trim();
        (!rest.is_empty() && !rest.starts_with('#')).then(|| rest.to_owned())
    };
    text.lines().filter_map(address).collect()
}

fn open_archive(content: &[u8], out: &mut UserDataParts) -> Result<(), MimeError> {
    let bad = |problem: String| MimeError::new("bad-archive", format!("the archive {problem}"));
    let text = std::str::from_utf8(content).map_err(|_| bad("is not UTF-8".to_owned()))?;
    let root = parse(text).map_err(|error| bad(format!("is not YAML at {error}")))?;
    let value = root.map_or(Value::Null, |root| root.to_value());
    let Value::Seq(entries) = value else {
        let problem = format!("is not a list of parts but {}", value.kind());
        return Err(bad(problem));
    };
    for entry in entries {
        let headers = entry.as_map().into_iter().flat_map(crate::yaml::Map::iter);
        for (key, _) in headers.filter(|(key, value)| is_bad_header(key, value)) {
            let message = format!(
                "{key:?} of an archive entry is no text; cloud-init fails on it",
                key = key.key_text()
            );
            out.findings.push(Finding::error("archive-header", message));
        }
        let get = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        let content = match entry.get("content").unwrap_or(&entry) {
            Value::String(text) => text.clone().into_bytes(),
            Value::Binary(bytes) => bytes.clone(),
            _ if entry.as_map().is_some() => Vec::new(),
            // cloud-init passes over what is neither text nor mapping.
            _ => continue,
        };
        let is_binary = matches!(entry.get("content"), Some(Value::Binary(_)));
        let default = if is_binary {
            PartKind::Other("application/octet-stream".into())
        } else {
            PartKind::CloudConfig
        };
        let kind = match get("type") {
            Some(name) => PartKind::of_content_type(&name),
            None => PartKind::of_text(&content).unwrap_or(default),
        };
        let part = UserDataPart {
            filename: get("filename"),
            kind,
            merge_type: get("Merge-Type").or_else(|| get("merge_type")),
            content,
        };
        if part.kind == PartKind::Archive {
            return Err(bad("holds another archive, which cloud-init does not open".to_owned()));
        }
        add(part, out)?;
    }
    Ok(())
}

/// Whatever is not one of the known keys becomes a header, and a header is a text.
fn is_bad_header(key: &Value, value: &Value) -> bool {
    let known = ["content", "filename", "type", "launch-index", "content-disposition"];
    let key = key.key_text().to_lowercase();
    !known.contains(&key.as_str()) && value.as_str().is_none()
}
