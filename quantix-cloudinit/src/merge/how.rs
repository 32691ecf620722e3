//! How a document says that it wants to be merged.

use std::fmt;

use crate::yaml::Value;

/// Which types of values are merged how; the first merger of a type counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct How(pub(super) Vec<Merger>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Merger {
    pub(super) kind: MergerKind,
    options: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MergerKind {
    Dict,
    List,
    Str,
}

impl Merger {
    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|given| given == option)
    }

    /// The first of these that is among the options.
    pub(super) fn method(&self, choices: &[&'static str], default: &'static str) -> &'static str {
        choices.iter().find(|choice| self.has(choice)).copied().unwrap_or(default)
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, merger) in self.0.iter().enumerate() {
            let name = match merger.kind {
                MergerKind::Dict => "dict",
                MergerKind::List => "list",
                MergerKind::Str => "str",
            };
            let plus = if i > 0 { "+" } else { "" };
            write!(f, "{plus}{name}({})", merger.options.join(","))?;
        }
        Ok(())
    }
}

/// Takes `merge_how` or `merge_type` out of a document and reads it, then the header of the part;
/// without both it is cloud-init's default.
pub(super) fn extract(payload: &mut Value, header: Option<&str>) -> Result<How, String> {
    let Value::Map(map) = payload else {
        return Err(match payload {
            Value::Null => "it is empty".to_owned(),
            other => format!("expected a mapping, found {}", other.kind()),
        });
    };
    let how = match map.remove("merge_how") {
        None | Some(Value::Null) => map.remove("merge_type"),
        given => given,
    };
    let mut raw = match how {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => from_text(&text)?,
        Some(Value::Seq(items)) => from_items(&items)?,
        Some(other) => {
            let kind = other.kind();
            return Err(format!("merge_how is a text or a list, found {kind}"));
        }
    };
    raw.extend(from_text(header.unwrap_or_default())?);
    if raw.is_empty() {
        raw = from_text("dict(replace)+list()+str()")?;
    }
    raw.into_iter().map(|(name, options)| merger(&name, options)).collect::<Result<_, _>>().map(How)
}

type Raw = (String, Vec<String>);

fn from_text(text: &str) -> Result<Vec<Raw>, String> {
    let mut mergers = Vec::new();
    for part in text.split('+') {
        let part = part.to_lowercase().trim().replace('-', "_");
        if part.is_empty() {
            continue;
        }
        let bad = || format!("{part:?} in merge_how is not of the form name(option,option)");
        let (name, rest) = part.split_once('(').ok_or_else(bad)?;
        let options = rest.strip_suffix(')').ok_or_else(bad)?;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !is_name {
            return Err(bad());
        }
        let options = options.split(',').map(|option| option.trim().to_lowercase());
        mergers.push((name.to_owned(), options.filter(|option| !option.is_empty()).collect()));
    }
    Ok(mergers)
}

fn from_items(items: &[Value]) -> Result<Vec<Raw>, String> {
    let texts = |items: &[Value]| -> Vec<String> {
        items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let mut mergers = Vec::new();
    for item in items {
        let (name, options) = match item {
            Value::Map(map) => {
                let name = map.get("name").and_then(Value::as_str);
                let settings = map.get("settings").and_then(Value::as_seq);
                let (Some(name), Some(settings)) = (name, settings) else {
                    return Err("an entry of merge_how needs name and settings".to_owned());
                };
                (name.replace('-', "_").trim().to_owned(), texts(settings))
            }
            Value::Seq(words) => match words.split_first() {
                Some((Value::String(name), options)) => (name.clone(), texts(options)),
                _ => return Err("an entry of merge_how starts with a name".to_owned()),
            },
            other => {
                return Err(format!("an entry of merge_how is a mapping, found {}", other.kind()));
            }
        };
        if !name.is_empty() {
            mergers.push((name, options));
        }
    }
    Ok(mergers)
}

fn merger(name: &str, options: Vec<String>) -> Result<Merger, String> {
    let kind = match name.strip_prefix("m_").unwrap_or(name) {
        "dict" => MergerKind::Dict,
        "list" => MergerKind::List,
        "str" => MergerKind::Str,
        other => return Err(format!("there is no merger {other:?}: expected dict, list or str")),
    };
    Ok(Merger { kind, options })
}
