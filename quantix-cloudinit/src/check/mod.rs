//! Checking documents that others wrote: are they valid for a range of cloud-init versions, where
//! exactly not, what is going away, and what is doubtful.
//!
//! ```
//! use quantix_cloudinit::check::{CheckOptions, check_document};
//! let report = check_document(b"#cloud-config\nhostnme: web\n", &CheckOptions::default());
//! assert!(!report.valid);
//! assert_eq!(report.faults[0].line, Some(2));
//! assert!(report.faults[0].message.contains("did you mean \"hostname\"?"));
//! ```

mod batch;
mod cloud_config;
mod detect;
mod duplicates;
mod jinja;
mod meta_data;
mod network;
mod remedy;
mod schema_faults;
mod source;
mod template;

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

pub use crate::lint::NetworkRenderer;
use crate::{
    butane::{ButaneOptions, translate},
    lint::{Distro, DistroError, Platform, PlatformError},
    schema::{Kind, VersionRange},
    windows::check_answer_file,
    yaml::{DEPTH_MAX, Value, emit},
};
pub use batch::{BatchAnswer, check_batch_line};
pub use detect::UNPACKED_BYTES_MAX;
pub(crate) use remedy::{HINTS_MAX, nearest};
pub(crate) use source::Source;
pub use template::TEMPLATE_BYTES_MAX;

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentKind {
    /// User-data; `cloud-config` is read as this too.
    #[serde(alias = "cloud-config")]
    UserData,
    /// Vendor-data.
    VendorData,
    /// Meta-data.
    MetaData,
    /// Network configuration, version 1 or 2.
    #[serde(alias = "network-v1", alias = "network-v2")]
    NetworkConfig,
    /// A Butane document, which becomes an Ignition config.
    Butane,
    /// An answer file of Windows Setup.
    Unattend,
}

impl DocumentKind {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserData => "user-data",
            Self::VendorData => "vendor-data",
            Self::MetaData => "meta-data",
            Self::NetworkConfig => "network-config",
            Self::Butane => "butane",
            Self::Unattend => "unattend",
        }
    }
}

impl std::str::FromStr for DocumentKind {
    type Err = DocumentKindError;

    fn from_str(text: &str) -> Result<Self, DocumentKindError> {
        Ok(match text {
            "user-data" | "cloud-config" => Self::UserData,
            "vendor-data" => Self::VendorData,
            "meta-data" => Self::MetaData,
            "network-config" | "network-v1" | "network-v2" => Self::NetworkConfig,
            "butane" => Self::Butane,
            "unattend" => Self::Unattend,
            other => return Err(DocumentKindError { found: other.chars().take(64).collect() }),
        })
    }
}

/// A text that names no kind of document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no kind of document: expected user-data, vendor-data, meta-data, network-config, \
     network-v1, network-v2, butane or unattend"
)]
pub struct DocumentKindError {
    found: String,
}

/// What a document is held to.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// What it is; detected from its content where not given.
    pub kind: Option<DocumentKind>,
    /// The versions of cloud-init that must accept it.
    pub versions: VersionRange,
    /// Who applies the network configuration in the guest.
    pub renderer: Option<NetworkRenderer>,
    /// The schema that a network configuration is held to; that of its own `version` where not
    /// given.
    pub network: Option<Kind>,
    /// The distribution of the guest.
    pub distro: Option<Distro>,
    /// What passes user-data to the guest: more than its budget is a fault.
    pub platform: Option<Platform>,
}

impl Default for CheckOptions {
    /// Any kind, for the newest cloud-init, whoever applies the network configuration.
    fn default() -> Self {
        Self {
            kind: None,
            versions: VersionRange::NEWEST,
            renderer: None,
            network: None,
            distro: None,
            platform: None,
        }
    }
}

/// Words that name no options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct CheckOptionsError {
    field: &'static str,
    problem: String,
}

impl CheckOptionsError {
    /// Which of `kind`, `cloud_init`, `renderer`, `distro` and `platform` it is.
    #[must_use]
    pub const fn field(&self) -> &'static str {
        self.field
    }
}

impl CheckOptions {
    /// The options that people name: a kind (see [`Self::with_kind`]), a version or a range of
    /// versions, a renderer; each is the default where not given.
    ///
    /// # Errors
    /// When a word names nothing.
    pub fn named(
        kind: Option<&str>,
        versions: Option<&str>,
        renderer: Option<&str>,
    ) -> Result<Self, CheckOptionsError> {
        fn read<T: std::str::FromStr<Err: std::fmt::Display>>(
            field: &'static str,
            word: &str,
        ) -> Result<T, CheckOptionsError> {
            let told = |error: T::Err| CheckOptionsError { field, problem: error.to_string() };
            word.parse().map_err(told)
        }
        let options = Self {
            versions: versions.map_or(Ok(VersionRange::NEWEST), |it| read("cloud_init", it))?,
            renderer: renderer.map(|it| read("renderer", it)).transpose()?,
            ..Self::default()
        };
        match kind {
            None => Ok(options),
            Some(kind) => options
                .with_kind(kind)
                .map_err(|error| CheckOptionsError { field: "kind", problem: error.to_string() }),
        }
    }

    /// The same options for guests of this distribution; any where none is named.
    ///
    /// # Errors
    /// When the text names no distribution.
    pub fn on(self, distro: Option<&str>) -> Result<Self, CheckOptionsError> {
        let distro = distro.map(str::parse).transpose();
        let problem = |error: DistroError| error.to_string();
        let distro = distro
            .map_err(problem)
            .map_err(|problem| CheckOptionsError { field: "distro", problem })?;
        Ok(Self { distro, ..self })
    }

    /// The same options for user-data that this platform passes on; any where none is named.
    ///
    /// # Errors
    /// When the text names no platform.
    pub fn through(self, platform: Option<&str>) -> Result<Self, CheckOptionsError> {
        let platform = platform.map(str::parse).transpose();
        let problem = |error: PlatformError| error.to_string();
        let platform = platform
            .map_err(problem)
            .map_err(|problem| CheckOptionsError { field: "platform", problem })?;
        Ok(Self { platform, ..self })
    }

    /// The same options for documents of this kind. `network-v1` and `network-v2` also say which
    /// schema counts, whatever the document says.
    ///
    /// # Errors
    /// When the text names no kind.
    pub fn with_kind(self, name: &str) -> Result<Self, DocumentKindError> {
        let network = match name {
            "network-v1" => Some(Kind::NetworkV1),
            "network-v2" => Some(Kind::NetworkV2),
            _ => self.network,
        };
        Ok(Self { kind: Some(name.parse()?), network, ..self })
    }
}

/// What a check has found: the document of `quantix seed check`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Whether every version asked for accepts the document.
    pub valid: bool,
    /// What the document was taken for.
    pub kind: DocumentKind,
    /// What makes it invalid.
    pub faults: Vec<Finding>,
    /// What is accepted but going away.
    pub deprecations: Vec<Finding>,
    /// What is accepted but doubtful.
    pub lint: Vec<Finding>,
}

impl CheckReport {
    fn new(kind: DocumentKind) -> Self {
        let (faults, deprecations, lint) = Default::default();
        Self { valid: true, kind, faults, deprecations, lint }
    }

    /// Takes errors as faults and all else as doubts.
    fn take(&mut self, findings: Vec<Finding>) {
        let (errors, doubts): (Vec<_>, Vec<_>) = findings.into_iter().partition(Finding::is_error);
        self.faults.extend(errors);
        self.lint.extend(doubts);
    }

    fn finish(mut self) -> Self {
        self.valid = !self.faults.iter().any(Finding::is_error);
        let place = |finding: &Finding| (finding.line, finding.column);
        self.faults.sort_by_key(place);
        self.deprecations.sort_by_key(place);
        self.lint.sort_by_key(place);
        self
    }
}

/// Checks a document as it would be put on a seed.
#[must_use]
pub fn check_document(bytes: &[u8], options: &CheckOptions) -> CheckReport {
    let kind = options.kind.unwrap_or_else(|| detect::kind(bytes));
    let mut report = CheckReport::new(kind);
    match kind {
        DocumentKind::UserData | DocumentKind::VendorData => {
            detect::check_user_data(bytes, options, &mut report);
        }
        DocumentKind::MetaData => {
            if let Some(source) = parse_bytes(bytes, &mut report) {
                meta_data::check(source.as_ref(), &mut report);
            }
        }
        DocumentKind::NetworkConfig => {
            if let Some(source) = parse_bytes(bytes, &mut report) {
                network::check(source.as_ref(), options, &mut report);
            }
        }
        DocumentKind::Butane => match std::str::from_utf8(bytes) {
            Ok(text) => report.take(translate(text, &ButaneOptions::default()).findings),
            Err(error) => report.faults.push(not_utf8(bytes, error.valid_up_to())),
        },
        DocumentKind::Unattend => report.take(check_answer_file(bytes)),
    }
    report.finish()
}

/// Checks a document that exists as a value only, without header and places.
#[must_use]
pub fn check_config(config: &Value, options: &CheckOptions) -> CheckReport {
    let kind = options.kind.unwrap_or_else(|| detect::kind_of_value(config));
    let mut report = CheckReport::new(kind);
    if !is_within_depth(config, DEPTH_MAX) {
        let message = format!("nested deeper than {DEPTH_MAX} levels; flatten it");
        report.faults.push(Finding::error("too-deep", message));
        return report.finish();
    }
    let source = Source::of_value(config.clone());
    match kind {
        DocumentKind::UserData | DocumentKind::VendorData => {
            cloud_config::check(Some(&source), options, &mut report);
        }
        DocumentKind::MetaData => meta_data::check(Some(&source), &mut report),
        DocumentKind::NetworkConfig => network::check(Some(&source), options, &mut report),
        // A value of these kinds is a text, or is written as one.
        DocumentKind::Butane | DocumentKind::Unattend => {
            let text = match config {
                Value::String(text) => text.clone(),
                other => emit(other).unwrap_or_default(),
            };
            return check_document(
                text.as_bytes(),
                &CheckOptions { kind: Some(kind), ..options.clone() },
            );
        }
    }
    report.finish()
}

fn is_within_depth(value: &Value, levels: usize) -> bool {
    let is_fine = |value: &Value| is_within_depth(value, levels - 1);
    levels > 0
        && match value {
            Value::Seq(items) => items.iter().all(is_fine),
            Value::Map(map) => map.iter().all(|(key, item)| is_fine(key) && is_fine(item)),
            _ => true,
        }
}

/// Reads YAML; nothing after a fault, `Some(None)` for an empty document.
fn parse_bytes<'a>(bytes: &'a [u8], report: &mut CheckReport) -> Option<Option<Source<'a>>> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            report.faults.push(not_utf8(bytes, error.valid_up_to()));
            return None;
        }
    };
    match Source::parse(text) {
        Ok(source) => {
            let root = source.as_ref().filter(|source| !source.is_simple());
            if let Some(root) = root.and_then(Source::root) {
                duplicates::find(root, &mut report.lint);
            }
            Some(source)
        }
        Err(error) => {
            report.faults.push(error.to_finding());
            None
        }
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> Finding {
    let before = String::from_utf8_lossy(&bytes[..valid]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let place = |number| u32::try_from(number).unwrap_or(u32::MAX);
    Finding::error("not-utf8", "the text is not UTF-8; save it as UTF-8")
        .at_position(place(line), place(column))
}

fn not_a_mapping(value: &Value) -> Finding {
    let found = match value {
        Value::Null => "nothing",
        other => other.kind(),
    };
    Finding::error("not-a-mapping", format!("expected a mapping of keys, found {found}"))
        .at_position(1, 1)
}
