//! The fields of a tar header.

use super::BLOCK_BYTES;
use crate::package::{error::Problem, name::NAME_BYTES_MAX};

/// Compares the stored checksum with the sum of the header, unsigned or (very old tars) signed.
pub(super) fn checksum_matches(block: &[u8]) -> Result<(), Problem> {
    let stored = number(&block[148..156], "checksum")?;
    let (mut unsigned, mut signed) = (0u64, 0i64);
    for (at, &byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { byte };
        unsigned += u64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    if stored == unsigned || i64::try_from(stored) == Ok(signed) {
        return Ok(());
    }
    Err(Problem::Checksum { expected: unsigned, found: stored })
}

/// Reads an octal or (GNU) base-256 number.
pub(super) fn number(field: &[u8], name: &'static str) -> Result<u64, Problem> {
    let bad = || Problem::Field { field: name, found: String::from_utf8_lossy(field).into_owned() };
    if field[0] & 0x80 != 0 {
        if field[0] != 0x80 {
            return Err(bad());
        }
        return field[1..].iter().try_fold(0u64, |value, &byte| {
            value.checked_mul(256).map(|value| value | u64::from(byte)).ok_or_else(bad)
        });
    }
    let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
    let digits = field[..end].trim_ascii();
    digits.iter().try_fold(0u64, |value, &byte| match byte {
        b'0'..=b'7' => Ok(value * 8 + u64::from(byte - b'0')),
        _ => Err(bad()),
    })
}

pub(super) fn header_name(block: &[u8; BLOCK_BYTES]) -> String {
    let text = |field: &[u8]| {
        let end = field.iter().position(|&b| b == 0).unwrap_or(field.len());
        String::from_utf8_lossy(&field[..end]).into_owned()
    };
    let name = text(&block[..100]);
    let prefix =
        if &block[257..263] == b"ustar\0" { text(&block[345..500]) } else { String::new() };
    if prefix.is_empty() { name } else { prefix + "/" + &name }
}

pub(super) fn long_name(text: &[u8]) -> Result<String, Problem> {
    let end = text.iter().position(|&b| b == 0).unwrap_or(text.len());
    if end > NAME_BYTES_MAX {
        return Err(Problem::Limit { what: "bytes in a name", limit_max: NAME_BYTES_MAX as u64 });
    }
    let reason = "a name that is not UTF-8";
    String::from_utf8(text[..end].to_vec()).map_err(|_| Problem::Extended { reason })
}

/// A decimal number, and nothing else.
pub(super) fn digits(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| is_number)?.parse().ok()
}
