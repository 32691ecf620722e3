//! What of a document is not shown: by the name of its key, by what it is, and by who may read it.

use quantix_core::{REDACTED, spec::CryptScheme};

use crate::yaml::{Map, Step, Value};

/// Words in the names of keys whose values are secret; `-` and `_` are the same.
const SECRET_WORDS: [&str; 12] = [
    "passw",
    "passphrase",
    "secret",
    "token",
    "private",
    "credential",
    "api_key",
    "apikey",
    "activation_key",
    "admin_pass",
    "product_key",
    "client_key",
];
/// Names of keys whose values are secret although the word alone is common.
const SECRET_NAMES: [&str; 5] = ["list", "key", "auth", "pass", "psk"];

fn is_secret_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    SECRET_NAMES.contains(&name.as_str()) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Whether a text is or holds a password hash, a private key, or an address with a password.
fn is_secret_text(text: &str) -> bool {
    let is_delimiter = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ':' | ',' | '=');
    text.contains("PRIVATE KEY-----")
        || text.split(is_delimiter).any(|word| CryptScheme::of(word).is_some())
        || text.split("://").skip(1).any(|rest| {
            let host = rest.split(['/', '?', '#', ' ', '\n']).next().unwrap_or_default();
            host.split_once('@').is_some_and(|(user, _)| user.contains(':'))
        })
}

/// Whether it is a file that only its owner may read.
pub(super) fn is_private_file(map: &Map) -> bool {
    let mode = map.get("permissions").and_then(Value::as_str).unwrap_or_default();
    let mode = u32::from_str_radix(mode.strip_prefix("0o").unwrap_or(mode), 8);
    map.get("content").is_some() && mode.is_ok_and(|mode| mode & 0o077 == 0)
}

/// The value with every secret in it replaced.
pub(super) fn hide(path: &[Step], value: &Value) -> Value {
    if path.iter().any(|step| matches!(step, Step::Key(key) if is_secret_key(key))) {
        return hide_all(value);
    }
    match value {
        Value::Map(map) => {
            let is_private = is_private_file(map);
            let entries = map.iter().map(|(key, item)| {
                let name = key.key_text();
                let hidden = match is_private && name == "content" {
                    true => Value::from(REDACTED),
                    false => hide(&[Step::Key(name)], item),
                };
                (key.clone(), hidden)
            });
            Value::Map(entries.collect())
        }
        Value::Seq(items) => Value::Seq(items.iter().map(|item| hide(&[], item)).collect()),
        Value::String(text) if is_secret_text(text) => Value::from(REDACTED),
        other => other.clone(),
    }
}

/// Flags and absence are no secrets; everything else is.
fn hide_all(value: &Value) -> Value {
    match value {
        Value::Bool(_) | Value::Null => value.clone(),
        _ => Value::from(REDACTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_by_key_by_content_and_by_mode() {
        let hash = "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1";
        let listed = format!("root:{hash}");
        let url = "deb https://me:pw@repo.example.com/ x";
        let table: [(&str, &str, bool); 9] = [
            ("hashed_passwd", "x", true),
            ("db-password", "x", true),
            ("API_KEY", "x", true),
            ("wifi-psk", "x", false),
            ("psk", "x", true),
            ("name", &listed, true),
            ("source", url, true),
            ("source", "deb https://repo.example.com/a@b x", false),
            ("pem", "-----BEGIN EC PRIVATE KEY-----\n", true),
        ];
        for (key, text, is_secret) in table {
            let shown = hide(&[Step::Key(key.into())], &text.into());
            assert_eq!(shown.as_str() == Some(REDACTED), is_secret, "{key} {text}");
        }
        let file = |mode: &str| -> Map {
            [("path", "/a"), ("content", "x"), ("permissions", mode)].into_iter().collect()
        };
        for (mode, is_secret) in [("0600", true), ("0o400", true), ("0640", false), ("", false)] {
            let shown = hide(&[], &file(mode).into());
            let content = shown.get("content").and_then(Value::as_str);
            assert_eq!(content == Some(REDACTED), is_secret, "{mode}");
        }
        let locked: Map = [("lock_passwd", Value::Bool(true))].into_iter().collect();
        assert_eq!(hide(&[], &locked.clone().into()), Value::from(locked));
    }
}
