//! [`HostnameTemplate`]: text and placeholders, checked when they are read.

use std::{fmt, str::FromStr};

use super::error::TemplateError;

/// The most bytes that a template may have.
pub const TEMPLATE_BYTES_MAX: usize = 255;
/// How many random characters `{{.Random}}` gives where there is room.
pub const RANDOM_CHARS: usize = 6;
/// How many random characters `{{.Random}}` gives at least.
pub const RANDOM_CHARS_MIN: usize = 4;

/// A parsed host name template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostnameTemplate {
    source: String,
    pub(super) parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    /// A value, and the most characters of it.
    Value(Variable, Option<usize>),
    /// Random characters: exactly so many, or what fits.
    Random(Option<usize>),
    /// The index with at least so many digits.
    Index(usize),
    Date,
}

/// A value of the machine that may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    VmName,
    ProjectId,
    Folder,
}

impl Variable {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::VmName => "VMName",
            Self::ProjectId => "ProjectID",
            Self::Folder => "Folder",
        }
    }
}

const NAMES: [&str; 6] = ["VMName", "Random", "ProjectID", "Folder", "Index", "Date"];

impl FromStr for HostnameTemplate {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        if text.is_empty() {
            return Err(TemplateError::new(0, "it is empty"));
        }
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::new(TEMPLATE_BYTES_MAX, "it is longer than 255 bytes"));
        }
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(inner) = rest.strip_prefix("{{") {
                let len =
                    inner.find("}}").ok_or_else(|| TemplateError::new(at, "`{{` without `}}`"))?;
                parts.push(placeholder(&inner[..len], at + 2)?);
                at += len + 4;
            } else {
                let len = rest.find("{{").unwrap_or(rest.len());
                check_text(&rest[..len], at)?;
                parts.push(Part::Text(rest[..len].to_owned()));
                at += len;
            }
        }
        Ok(Self { source: text.to_owned(), parts })
    }
}

impl HostnameTemplate {
    /// Whether each rendering gives another name.
    #[must_use]
    pub fn is_random(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Random(_)))
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }
}

impl fmt::Display for HostnameTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Literal text is what a host name may have, since nobody expects it to be changed.
fn check_text(text: &str, offset: usize) -> Result<(), TemplateError> {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    match text.char_indices().find(|(_, c)| !good(*c)) {
        None => Ok(()),
        Some((at, '{' | '}')) => Err(TemplateError::new(
            offset + at,
            "a single brace; placeholders are written {{.VMName}}",
        )),
        Some((at, c)) => Err(TemplateError::new(
            offset + at,
            format!("{c:?} cannot be in a host name; use letters, digits and -"),
        )),
    }
}

fn placeholder(inner: &str, offset: usize) -> Result<Part, TemplateError> {
    let word = inner.trim();
    let offset = offset + (inner.len() - inner.trim_start().len());
    let Some(body) = word.strip_prefix('.') else {
        let hint = suggest(word.split([' ', ':']).next().unwrap_or(""));
        return Err(TemplateError::new(offset, format!("a placeholder starts with a dot{hint}")));
    };
    let name_len =
        body.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(body.len());
    let (name, argument) = body.split_at(name_len);
    let at = offset + 1 + name_len;
    let part = match name {
        "VMName" => Part::Value(Variable::VmName, length(argument, at)?),
        "ProjectID" => Part::Value(Variable::ProjectId, length(argument, at)?),
        "Folder" => Part::Value(Variable::Folder, length(argument, at)?),
        "Random" => Part::Random(length(argument, at)?),
        "Index" => Part::Index(width(argument, at)?),
        "Date" if argument.is_empty() => Part::Date,
        "Date" => return Err(TemplateError::new(at, "Date takes no argument")),
        _ => {
            let shown: String = name.chars().take(32).collect();
            let message = format!("unknown placeholder {shown:?}{}", suggest(name));
            return Err(TemplateError::new(offset, message));
        }
    };
    Ok(part)
}

/// ` 8`: a number of characters.
fn length(argument: &str, offset: usize) -> Result<Option<usize>, TemplateError> {
    if argument.is_empty() {
        return Ok(None);
    }
    let number = argument.strip_prefix(' ').map(str::trim).and_then(small);
    match number.filter(|n| (1..=63).contains(n)) {
        Some(number) => Ok(Some(number)),
        None => {
            let message = "expected a blank and a number of characters, 1 to 63, or nothing";
            Err(TemplateError::new(offset, message))
        }
    }
}

/// `:03`: a number of digits.
fn width(argument: &str, offset: usize) -> Result<usize, TemplateError> {
    if argument.is_empty() {
        return Ok(1);
    }
    let number = argument.strip_prefix(":0").and_then(small);
    number.filter(|n| (1..=20).contains(n)).ok_or_else(|| {
        TemplateError::new(offset, "expected `:0` and a number of digits, such as {{.Index:03}}")
    })
}

fn small(text: &str) -> Option<usize> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// `; did you mean {{.VMName}}?` where a name is close in letters.
fn suggest(found: &str) -> String {
    let fold = |text: &str| text.replace('_', "").to_ascii_lowercase();
    let found = fold(found);
    let close = |name: &&str| {
        let name = fold(name);
        name == found
            || (found.len() >= 3 && (name.starts_with(&found) || found.starts_with(&name)))
            || one_edit(&name, &found)
    };
    match NAMES.iter().find(|name| close(name)).or(match found.as_str() {
        "name" | "hostname" | "vm" => Some(&"VMName"),
        "project" => Some(&"ProjectID"),
        "rand" | "rnd" => Some(&"Random"),
        "number" | "num" | "i" => Some(&"Index"),
        _ => None,
    }) {
        Some(name) => format!("; did you mean {{{{.{name}}}}}?"),
        None => format!("; known are {}", NAMES.join(", ")),
    }
}

/// Whether one letter more, less or other makes the words equal.
fn one_edit(a: &str, b: &str) -> bool {
    let same_start = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a.as_bytes()[same_start..], &b.as_bytes()[same_start..]);
    match a.len().cmp(&b.len()) {
        std::cmp::Ordering::Equal => a.get(1..) == b.get(1..),
        std::cmp::Ordering::Less => b.len() == a.len() + 1 && &b[1..] == a,
        std::cmp::Ordering::Greater => a.len() == b.len() + 1 && &a[1..] == b,
    }
}
