//! Paths in the names of systemd units.

/// As `systemd-escape --path` writes a path: `/dev/disk/by-label/x` is
/// `dev-disk-by\x2dlabel-x`.
pub(super) fn escape(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return "-".to_owned();
    }
    let mut out = String::new();
    for (i, byte) in parts.join("/").bytes().enumerate() {
        match byte {
            b'/' => out.push('-'),
            b'.' if i == 0 => out.push_str("\\x2e"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b':' | b'_' | b'.' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped_as_by_systemd() {
        let table = [
            ("/", "-"),
            ("/var", "var"),
            ("/var/lib/data/", "var-lib-data"),
            ("/dev/disk/by-partlabel/var", "dev-disk-by\\x2dpartlabel-var"),
            ("/.a/b c", "\\x2ea-b\\x20c"),
            ("/é", "\\xc3\\xa9"),
        ];
        for (path, escaped) in table {
            assert_eq!(escape(path), escaped);
        }
    }
}
