//! The options before a key (`restrict,command="/usr/bin/true"`).

/// Options without a value.
const FLAGS: [&str; 14] = [
    "agent-forwarding",
    "cert-authority",
    "no-agent-forwarding",
    "no-port-forwarding",
    "no-pty",
    "no-touch-required",
    "no-user-rc",
    "no-x11-forwarding",
    "port-forwarding",
    "pty",
    "restrict",
    "user-rc",
    "verify-required",
    "x11-forwarding",
];

/// Options with a quoted value.
const VALUED: [&str; 8] = [
    "command",
    "environment",
    "expiry-time",
    "from",
    "permitlisten",
    "permitopen",
    "principals",
    "tunnel",
];

/// Splits a line into its options (or nothing) and the rest. sshd ignores a key whose options it
/// does not know, so unknown ones are refused.
pub(super) fn split(line: &str) -> Result<(&str, &str), String> {
    let first = line.split([' ', '\t']).next().unwrap_or("");
    let name = first.split(['=', ',']).next().unwrap_or("").to_ascii_lowercase();
    if !FLAGS.contains(&name.as_str()) && !VALUED.contains(&name.as_str()) {
        return Ok(("", line));
    }
    let mut quoted = false;
    let mut escaped = false;
    let mut end = line.len();
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' if !escaped => quoted = !quoted,
            b' ' | b'\t' if !quoted => {
                end = at;
                break;
            }
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    if quoted {
        return Err("a quote in its options is not closed".to_owned());
    }
    let (options, rest) = line.split_at(end);
    check(options)?;
    Ok((options, rest.trim_start()))
}

fn check(options: &str) -> Result<(), String> {
    let mut rest = options;
    while !rest.is_empty() {
        let name_len = rest.find(['=', ',']).unwrap_or(rest.len());
        let name = rest[..name_len].to_ascii_lowercase();
        let shown: String = name.chars().take(32).collect();
        rest = &rest[name_len..];
        let known = if rest.starts_with('=') {
            let value_len = quoted_len(&rest[1..])
                .ok_or_else(|| format!("the value of its option {shown:?} must be in quotes"))?;
            rest = &rest[1 + value_len..];
            VALUED.contains(&name.as_str())
        } else {
            FLAGS.contains(&name.as_str())
        };
        if !known {
            return Err(format!("sshd would ignore the key for its option {shown:?}"));
        }
        match rest.strip_prefix(',') {
            Some(more) if !more.is_empty() => rest = more,
            None if rest.is_empty() => {}
            _ => return Err("its options are not joined by single commas".to_owned()),
        }
    }
    Ok(())
}

/// The length of a quoted value at the start of a text.
fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if at == 0 => continue,
            _ if at == 0 => return None,
            b'"' if !escaped => return Some(at + 1),
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    None
}
