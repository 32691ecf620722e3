//! Transfer encodings and gzip, within bounds.

use std::io::Read as _;

use base64::Engine as _;

use super::MimeError;
use crate::yaml::DOCUMENT_BYTES_MAX;

pub(super) const GZIP_START: [u8; 2] = [0x1f, 0x8b];

/// Decodes a body; what is no base64 stays as it is, as in Python.
pub(super) fn decode(encoding: &str, body: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => {
            let clean: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
            let engine = base64::engine::general_purpose::STANDARD;
            engine.decode(clean).unwrap_or_else(|_| body.as_bytes().to_vec())
        }
        "quoted-printable" => quoted_printable(body),
        _ => body.as_bytes().to_vec(),
    }
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive('\n') {
        let (content, end) = match line.strip_suffix('\n') {
            Some(content) => (content.strip_suffix('\r').unwrap_or(content), "\n"),
            None => (line, ""),
        };
        // White space at the end was added on the way.
        let content = content.trim_end_matches([' ', '\t']);
        let (content, end) = match content.strip_suffix('=') {
            Some(content) => (content, ""),
            None => (content, end),
        };
        let bytes = content.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            let hex = bytes.get(i + 1..i + 3).and_then(|hex| std::str::from_utf8(hex).ok());
            let decoded = hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
            match decoded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                Some(byte) if bytes[i] == b'=' => {
                    out.push(byte);
                    i += 3;
                }
                _ => {
                    out.push(bytes[i]);
                    i += 1;
                }
            }
        }
        out.extend(end.bytes());
    }
    out
}

/// Unpacks gzip data of at most [`DOCUMENT_BYTES_MAX`] bytes.
pub(super) fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, MimeError> {
    let mut inner = Vec::new();
    let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut reader = flate2::read::MultiGzDecoder::new(bytes).take(limit.saturating_add(1));
    match reader.read_to_end(&mut inner) {
        Ok(_) if inner.len() <= DOCUMENT_BYTES_MAX => Ok(inner),
        Ok(_) => {
            let problem = format!("the compressed part is larger than {DOCUMENT_BYTES_MAX} bytes");
            Err(MimeError::new("too-large", problem))
        }
        Err(_) => Err(MimeError::new("bad-gzip", "the compressed part cannot be unpacked")),
    }
}
