//! Putting parts together.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::{MimeError, PartKind, UserDataPart};

/// The longest line that mail software leaves alone.
const LINE_CHARS_MAX: usize = 998;
/// Characters of base64 a line.
const BASE64_LINE_CHARS: usize = 76;

/// Writes parts as one MIME message that cloud-init takes apart into the same parts.
///
/// Text that is not plain ASCII is carried as base64, since cloud-init mangles it otherwise. The
/// same parts give the same bytes: the boundary is a digest of them, and occurs in none.
///
/// # Errors
/// When a file name or content type holds what a header cannot.
pub fn write(parts: &[UserDataPart]) -> Result<String, MimeError> {
    let bodies = parts.iter().map(body).collect::<Result<Vec<_>, _>>()?;
    let boundary = boundary(&bodies);
    let mut out =
        format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n\n");
    for body in &bodies {
        out.push_str("--");
        out.push_str(&boundary);
        out.push('\n');
        out.push_str(body);
        out.push('\n');
    }
    out.push_str("--");
    out.push_str(&boundary);
    out.push_str("--\n");
    Ok(out)
}

/// A part with its headers.
fn body(part: &UserDataPart) -> Result<String, MimeError> {
    let kind = part.kind.content_type();
    let is_type = kind.matches('/').count() == 1
        && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b"/.+-_".contains(&b));
    if !is_type {
        let problem = format!("{kind:?} is no content type such as text/cloud-config");
        return Err(MimeError::new("bad-content-type", problem));
    }
    let is_plain = is_plain(part);
    let encoding = if is_plain { "7bit" } else { "base64" };
    let mut out = format!(
        "Content-Type: {kind}; charset=\"utf-8\"\nMIME-Version: 1.0\n\
         Content-Transfer-Encoding: {encoding}\n"
    );
    if let Some(name) = &part.filename {
        check_word("file name", name)?;
        out.push_str(&format!("Content-Disposition: attachment; filename=\"{name}\"\n"));
    }
    if let Some(how) = &part.merge_type {
        check_word("merge type", how)?;
        out.push_str(&format!("Merge-Type: {how}\n"));
    }
    out.push('\n');
    if is_plain {
        out.push_str(&String::from_utf8_lossy(&part.content));
    } else {
        let text = base64::engine::general_purpose::STANDARD.encode(&part.content);
        let mut rest = text.as_str();
        while rest.len() > BASE64_LINE_CHARS {
            let (line, more) = rest.split_at(BASE64_LINE_CHARS);
            out.push_str(line);
            out.push('\n');
            rest = more;
        }
        out.push_str(rest);
    }
    Ok(out)
}

/// Whether a part survives without encoding, and keeps its kind.
fn is_plain(part: &UserDataPart) -> bool {
    let is_fine = |b: &u8| matches!(b, b'\n' | b'\t' | b' '..=b'~');
    let is_told_by_start =
        matches!(part.kind, PartKind::Script) || part.kind.content_type() == "text/plain";
    part.content.iter().all(is_fine)
        && part.content.split(|b| *b == b'\n').all(|line| line.len() <= LINE_CHARS_MAX)
        && !(is_told_by_start && part.content.is_empty())
}

fn check_word(what: &str, text: &str) -> Result<(), MimeError> {
    let is_fine = |b: u8| (b' '..=b'~').contains(&b) && !matches!(b, b'"' | b'\\');
    if !text.is_empty() && text.len() <= 200 && text.bytes().all(is_fine) && text.trim() == text {
        return Ok(());
    }
    let problem = format!("{text:?} is no {what}: expected 1 to 200 visible ASCII characters");
    Err(MimeError::new("bad-header", problem))
}

/// A line that occurs in no part.
fn boundary(bodies: &[String]) -> String {
    let mut digest = Sha256::new();
    for body in bodies {
        digest.update(body.len().to_be_bytes());
        digest.update(body.as_bytes());
    }
    let mut seed = digest.finalize();
    loop {
        let hex: String = seed.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let boundary = format!("==={hex}===");
        if bodies.iter().all(|body| !body.contains(&boundary)) {
            return boundary;
        }
        seed = Sha256::digest(seed);
    }
}
