//! Headers of a message and their parameters.

/// The headers of a message, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Headers(Vec<(String, String)>);

impl Headers {
    /// Reads headers up to the empty line, and gives what follows it.
    ///
    /// A line that is no header ends them, and is part of what follows, as in Python.
    pub(super) fn read(text: &str) -> (Self, &str) {
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut rest = text;
        while let Some(line) = rest.split_inclusive('\n').next() {
            let content = line.trim_end_matches(['\r', '\n']);
            if content.is_empty() {
                return (Self(headers), &rest[line.len()..]);
            }
            if content.starts_with([' ', '\t']) && !headers.is_empty() {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(content.trim());
                }
            } else {
                match content.split_once(':') {
                    Some((name, value)) if is_name(name) => {
                        headers.push((name.to_owned(), value.trim().to_owned()));
                    }
                    // The line that mail boxes put first.
                    _ if headers.is_empty() && content.starts_with("From ") => {}
                    _ => return (Self(headers), rest),
                }
            }
            rest = &rest[line.len()..];
        }
        (Self(headers), "")
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The content type, `text/plain` where there is none or it is not of two words.
    pub(super) fn content_type(&self) -> String {
        let value = self.get("Content-Type").unwrap_or_default();
        let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind.matches('/').count() == 1 { kind } else { "text/plain".to_owned() }
    }

    /// A parameter of a header.
    pub(super) fn parameter(&self, header: &str, name: &str) -> Option<String> {
        let value = self.get(header)?;
        split_quoted(value).skip(1).find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| unquote(value.trim()))
        })
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic())
}

/// Splits at semicolons that are not in quotes.
fn split_quoted(value: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    value.split(move |c| {
        let is_plain = !is_escaped;
        is_escaped = is_plain && c == '\\' && is_quoted;
        if c == '"' && is_plain {
            is_quoted = !is_quoted;
        }
        c == ';' && !is_quoted
    })
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    out
}
