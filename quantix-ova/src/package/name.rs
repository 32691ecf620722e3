//! Which file names of a package may be used.

use std::borrow::Cow;

/// The most bytes that the name of a member may have.
pub const NAME_BYTES_MAX: usize = 4096;

/// The name without a leading `./`, or why it must not be used as a path.
///
/// Safe names are relative, stay below the folder they are joined to on every system, and can be
/// shown on a terminal.
pub(crate) fn safe(name: &str) -> Result<&str, &'static str> {
    let mut name = name;
    while let Some(rest) = name.strip_prefix("./") {
        name = rest.trim_start_matches('/');
    }
    if name.is_empty() || name == "." {
        return Err("it is empty");
    }
    if name.len() > NAME_BYTES_MAX {
        return Err("it is longer than 4096 bytes");
    }
    if name.chars().any(char::is_control) {
        return Err("it has control characters");
    }
    let drive = name.as_bytes().get(1) == Some(&b':') && name.as_bytes()[0].is_ascii_alphabetic();
    if name.starts_with(['/', '\\']) || drive {
        return Err("it is absolute");
    }
    if name.split(['/', '\\']).any(|part| part == "..") {
        return Err("it leads out of the folder");
    }
    Ok(name)
}

/// The plain file name that a converted disk gets: the last part of `href` without its
/// extensions of disks, packing and chunks, in characters that are harmless everywhere.
pub(crate) fn stem(href: &str) -> String {
    let mut name = href.rsplit(['/', '\\']).next().unwrap_or_default();
    while let Some((head, extension)) = name.rsplit_once('.') {
        let known = ["vmdk", "gz", "img", "raw", "qcow2", "vdi", "vhd", "vhdx", "iso", "bz2", "xz"];
        let chunk = extension.len() == 9 && extension.bytes().all(|b| b.is_ascii_digit());
        let strip = chunk || known.iter().any(|known| extension.eq_ignore_ascii_case(known));
        if head.is_empty() || !strip {
            break;
        }
        name = head;
    }
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | ' ');
    let name: String = name.chars().map(|c| if harmless(c) { c } else { '_' }).take(80).collect();
    match name.trim_matches([' ', '.']) {
        "" => "disk".to_owned(),
        name => name.to_owned(),
    }
}

/// The file name inside an `href` of a descriptor: percent-decoded, without `file:` or query.
pub(crate) fn of_href(href: &str) -> Cow<'_, str> {
    if !href.contains('%') {
        return Cow::Borrowed(href);
    }
    let mut bytes = Vec::with_capacity(href.len());
    let mut rest = href.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let code = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        match code {
            Some(code) if first == b'%' => {
                bytes.push(code);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(href), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        for (name, expected) in [
            ("a.ovf", Ok("a.ovf")),
            ("./a.ovf", Ok("a.ovf")),
            (".//./sub/a..b", Ok("sub/a..b")),
            ("", Err("it is empty")),
            ("./", Err("it is empty")),
            ("/etc/passwd", Err("it is absolute")),
            ("C:\\x", Err("it is absolute")),
            ("\\\\host\\x", Err("it is absolute")),
            ("a/../../b", Err("it leads out of the folder")),
            ("a\\..\\b", Err("it leads out of the folder")),
            ("..", Err("it leads out of the folder")),
            ("a\u{1b}[2J", Err("it has control characters")),
        ] {
            assert_eq!(safe(name), expected, "{name:?}");
        }
        assert!(safe(&"x".repeat(NAME_BYTES_MAX)).is_ok());
        assert!(safe(&"x".repeat(NAME_BYTES_MAX + 1)).is_err());
    }

    #[test]
    fn stems_are_plain_file_names() {
        for (href, expected) in [
            ("debian-disk1.vmdk", "debian-disk1"),
            ("sub/a.b.vmdk.gz", "a.b"),
            ("x.vmdk.000000000", "x"),
            ("..", "disk"),
            (".vmdk", "vmdk"),
            ("a$(reboot).vmdk", "a__reboot_"),
            ("v1.2", "v1.2"),
        ] {
            assert_eq!(stem(href), expected, "{href:?}");
        }
    }

    #[test]
    fn hrefs_are_percent_decoded_once() {
        for (href, expected) in
            [("a%20b", "a b"), ("a%2", "a%2"), ("100%", "100%"), ("%2525", "%25"), ("%ff", "%ff")]
        {
            assert_eq!(of_href(href), expected, "{href:?}");
        }
    }
}
