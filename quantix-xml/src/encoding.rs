//! From bytes to text and back: UTF-8, UTF-16 and Latin-1.

use crate::error::Problem;

/// How a document is written as bytes; kept so that it is written back the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8 without a byte-order mark (ASCII included).
    Utf8,
    /// UTF-8 after a byte-order mark.
    Utf8Bom,
    /// UTF-16, least significant byte first, after a byte-order mark.
    Utf16Le,
    /// UTF-16, most significant byte first, after a byte-order mark.
    Utf16Be,
    /// ISO-8859-1, as the XML declaration says.
    Latin1,
}

/// What is wrong with the bytes, and at which of them.
pub(crate) type DecodeError = (usize, Problem);

/// Finds the encoding of `bytes` and decodes them.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Encoding), DecodeError> {
    if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        return Ok((utf8(rest, 3)?.to_owned(), Encoding::Utf8Bom));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        return Ok((utf16(rest, u16::from_le_bytes)?, Encoding::Utf16Le));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        return Ok((utf16(rest, u16::from_be_bytes)?, Encoding::Utf16Be));
    }
    if bytes.starts_with(b"<\0") || bytes.starts_with(b"\0<") {
        let problem = "UTF-16 without a byte-order mark: save the file as UTF-8";
        return Err((0, Problem::Encoding(problem.to_owned())));
    }
    match declared(bytes).map(str::to_ascii_lowercase).as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => {
            Ok((utf8(bytes, 0)?.to_owned(), Encoding::Utf8))
        }
        Some("iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" | "latin-1") => {
            Ok((bytes.iter().copied().map(char::from).collect(), Encoding::Latin1))
        }
        // Whoever names UTF-16 in a text that can be read byte by byte wrote it from a string of
        // .NET or Java, and the file is UTF-8.
        Some(other) if other.starts_with("utf-16") => {
            Ok((utf8(bytes, 0)?.to_owned(), Encoding::Utf8))
        }
        // Code pages agree on ASCII; guessing further would be silently wrong.
        Some(other)
            if bytes.is_ascii()
                && (other.starts_with("windows-") || other.starts_with("iso-8859-")) =>
        {
            Ok((utf8(bytes, 0)?.to_owned(), Encoding::Utf8))
        }
        Some(other) => Err((0, unsupported(other))),
    }
}

fn unsupported(name: &str) -> Problem {
    let name: String = name.chars().take(40).collect();
    Problem::Encoding(format!(
        "encoding {name:?} is not read: expected UTF-8, UTF-16 or ISO-8859-1; save it as UTF-8"
    ))
}

fn utf8(bytes: &[u8], skipped: usize) -> Result<&str, DecodeError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        let problem = format!("byte {byte:#04x} at offset {} is not UTF-8", at + skipped);
        (at + skipped, Problem::Encoding(problem))
    })
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, DecodeError> {
    let pairs = bytes.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        let problem = "UTF-16 text ends in the middle of a character".to_owned();
        return Err((bytes.len() + 1, Problem::Encoding(problem)));
    }
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut at = 2;
    for item in char::decode_utf16(pairs.map(|pair| unit([pair[0], pair[1]]))) {
        let Ok(character) = item else {
            let problem = format!("unpaired UTF-16 surrogate at offset {at}");
            return Err((at, Problem::Encoding(problem)));
        };
        at += character.len_utf16() * 2;
        text.push(character);
    }
    Ok(text)
}

/// The encoding that the XML declaration of ASCII-compatible `bytes` names.
fn declared(bytes: &[u8]) -> Option<&str> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let end = memchr::memmem::find(rest.get(..256).unwrap_or(rest), b"?>")?;
    let declaration = std::str::from_utf8(&rest[..end]).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(name, _)| name)
}

/// Writes `text` in `encoding`. Characters that Latin-1 lacks become character references.
pub(crate) fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = || "\u{FEFF}".encode_utf16().chain(text.encode_utf16());
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        Encoding::Utf16Le => units().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => units().flat_map(u16::to_be_bytes).collect(),
        Encoding::Latin1 => {
            let mut bytes = Vec::with_capacity(text.len());
            for character in text.chars() {
                match u8::try_from(u32::from(character)) {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => bytes.extend(format!("&#{};", u32::from(character)).bytes()),
                }
            }
            bytes
        }
    }
}
