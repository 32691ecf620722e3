//! What a part is.

use std::borrow::Cow;

/// What cloud-init takes a part for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// `#cloud-config`.
    CloudConfig,
    /// A script, run late in the first boot.
    Script,
    /// A script run on every boot.
    ScriptPerBoot,
    /// A script run once per instance.
    ScriptPerInstance,
    /// A script run once per disk.
    ScriptPerOnce,
    /// A script run early, on every boot.
    Boothook,
    /// Addresses to fetch further user-data from.
    Include,
    /// The same, fetched once per instance.
    IncludeOnce,
    /// Python code that handles parts of a kind of its own.
    PartHandler,
    /// A list of parts in YAML.
    Archive,
    /// A JSON patch of the cloud-config so far.
    JsonPatch,
    /// A template of user-data.
    Jinja,
    /// Any other content type.
    Other(Cow<'static, str>),
}

/// Beginnings of texts; of several that fit, the longest counts.
const STARTS: &[(&str, PartKind)] = &[
    ("#cloud-config-archive", PartKind::Archive),
    ("#cloud-config-jsonp", PartKind::JsonPatch),
    ("## template: jinja", PartKind::Jinja),
    ("#cloud-boothook", PartKind::Boothook),
    ("#cloud-config", PartKind::CloudConfig),
    ("#include-once", PartKind::IncludeOnce),
    ("#part-handler", PartKind::PartHandler),
    ("#include", PartKind::Include),
    ("#!", PartKind::Script),
];

const TYPES: &[(&str, PartKind)] = &[
    ("text/cloud-config", PartKind::CloudConfig),
    ("text/x-shellscript", PartKind::Script),
    ("text/x-shellscript-per-boot", PartKind::ScriptPerBoot),
    ("text/x-shellscript-per-instance", PartKind::ScriptPerInstance),
    ("text/x-shellscript-per-once", PartKind::ScriptPerOnce),
    ("text/cloud-boothook", PartKind::Boothook),
    ("text/x-include-url", PartKind::Include),
    ("text/x-include-once-url", PartKind::IncludeOnce),
    ("text/part-handler", PartKind::PartHandler),
    ("text/cloud-config-archive", PartKind::Archive),
    ("text/cloud-config-jsonp", PartKind::JsonPatch),
    ("text/jinja2", PartKind::Jinja),
];

impl PartKind {
    /// What a text is by how it starts, if cloud-init knows the start.
    #[must_use]
    pub fn of_text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let start: String = text.chars().take(32).collect::<String>().to_lowercase();
        STARTS.iter().find(|(prefix, _)| start.starts_with(prefix)).map(|(_, kind)| kind.clone())
    }

    /// What a content type stands for.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Self {
        let lower = content_type.to_ascii_lowercase();
        TYPES
            .iter()
            .find(|(name, _)| *name == lower)
            .map_or(Self::Other(Cow::Owned(lower)), |(_, kind)| kind.clone())
    }

    /// The content type that stands for it.
    #[must_use]
    pub fn content_type(&self) -> &str {
        match self {
            Self::Other(name) => name,
            kind => TYPES.iter().find(|(_, k)| k == kind).map_or("text/plain", |(name, _)| name),
        }
    }
}
