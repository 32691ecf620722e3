//! Questions to this crate as documents, so that every language asks them alike.
//!
//! A question carries all that its answer depends on: bytes are base64 in fields that say so, and
//! `seed` makes random names, salts and passwords repeat.
//!
//! ```
//! use quantix_cloudinit::question::ask;
//! let answer = ask(r#"{"op": "time_zone", "windows": "W. Europe Standard Time"}"#).unwrap();
//! assert_eq!(answer["name"], "Europe/Berlin");
//! let findings = ask(r#"{"op": "ssh_key", "text": "ssh-rsa AAAA"}"#).unwrap_err();
//! assert_eq!(findings[0].code, "invalid-key");
//! ```

mod answers;

use std::collections::BTreeMap;

use quantix_core::{CustomizationSpec, Finding, SpecVm, spec::PasswordHashing};
use serde::Deserialize;
use serde_json::Value as Json;

use crate::yaml::Value;

/// The most bytes of a question.
pub const QUESTION_BYTES_MAX: usize = 256 << 20;
/// The most documents, files or edits in one question.
pub const ITEMS_MAX: usize = 100_000;

/// A question. The wire form is `{"op": "check", …}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// What is wrong with a document: the answer of `quantix seed check --json`.
    Check {
        /// The document as text.
        #[serde(default)]
        text: Option<String>,
        /// The document as base64, where it is no text.
        #[serde(default)]
        base64: Option<String>,
        /// The document as a value.
        #[serde(default)]
        config: Option<Value>,
        /// What it is, or how it is judged.
        #[serde(flatten)]
        how: How,
    },
    /// What a document makes the guest do: the answer of `quantix seed explain --json`.
    Explain {
        /// The document.
        text: String,
        /// What it is; detected where left out.
        #[serde(default)]
        kind: Option<String>,
    },
    /// What differs between two seeds, documents by their kind: `quantix seed diff --json`.
    Diff {
        /// The seed of before.
        before: BTreeMap<String, String>,
        /// The seed of after.
        after: BTreeMap<String, String>,
    },
    /// Cloud-config documents merged: the answer of `quantix seed merge --json`.
    Merge {
        /// The documents, in their order.
        documents: Vec<NamedText>,
    },
    /// A document with values set and removed, all else as it was: `{"text", "value"}`.
    Edit {
        /// The document.
        text: String,
        /// What is done, one after the other.
        edits: Vec<Edit>,
    },
    /// The value of a YAML document, read as PyYAML reads it: `{"value"}`.
    YamlLoad {
        /// The document.
        text: String,
    },
    /// A value as YAML that PyYAML reads back: `{"text"}`.
    YamlDump {
        /// The value.
        value: Value,
        /// The first line, such as `#cloud-config`.
        #[serde(default)]
        header: String,
    },
    /// Parts put together to MIME user-data: `{"text"}`.
    MimeWrite {
        /// The parts.
        parts: Vec<PartDocument>,
    },
    /// The parts of user-data: `{"parts", "includes", "findings"}`.
    MimeSplit {
        /// The user-data, in base64.
        base64: String,
    },
    /// The files of a spec for one machine: `{"hostname", "files": {name: base64}, "faults"}`.
    Render {
        /// The spec.
        spec: Box<CustomizationSpec>,
        /// The machine.
        vm: Box<SpecVm>,
        /// What reads the files.
        #[serde(default)]
        target: Option<String>,
        /// Makes random names and salts repeat.
        #[serde(default)]
        seed: Option<u64>,
        /// The agent for each architecture, where the seed carries it.
        #[serde(default)]
        agent_files: Vec<AgentDocument>,
    },
    /// A seed image: `{"base64", "bytes", "sha256", "label"}`.
    SeedImage {
        /// The documents, by their kind.
        documents: BTreeMap<String, String>,
        /// `nocloud` or `configdrive`.
        #[serde(default)]
        source: Option<String>,
        /// `iso` or `vfat`.
        #[serde(default)]
        image: Option<String>,
    },
    /// A version 2 network configuration as the `network_data.json` of a config drive:
    /// `{"network_data", "findings"}`.
    NetworkData {
        /// The network configuration.
        config: Value,
    },
    /// A Butane document as Ignition: the answer of `quantix spec butane --json`.
    Butane {
        /// The document.
        text: String,
        /// Whether a warning is as bad as an error.
        #[serde(default)]
        strict: bool,
        /// The files that it names, in base64.
        #[serde(default)]
        files: BTreeMap<String, FileDocument>,
    },
    /// The host name of a machine: `{"hostname"}`.
    Hostname {
        /// The template.
        template: String,
        /// The machine.
        vm: Box<SpecVm>,
        /// Whether Windows' rules count.
        #[serde(default)]
        windows: bool,
        /// Makes random names repeat.
        #[serde(default)]
        seed: Option<u64>,
        /// The names of other machines.
        #[serde(default)]
        taken: Vec<String>,
    },
    /// A time zone by its IANA or its Windows name: `{"name", "canonical", "windows", "deprecated"}`.
    TimeZone {
        /// The IANA name.
        #[serde(default)]
        name: Option<String>,
        /// The name in Windows.
        #[serde(default)]
        windows: Option<String>,
    },
    /// A line of an `authorized_keys` file: `{"line", "algorithm", "comment", "fingerprint"}`.
    SshKey {
        /// The line.
        text: String,
    },
    /// The hash of a password: `{"hash"}`.
    PasswordHash {
        /// The password.
        plain: quantix_core::Secret,
        /// The way it is hashed.
        hashing: PasswordHashing,
        /// Makes the salt repeat.
        #[serde(default)]
        seed: Option<u64>,
    },
}

/// How a document is judged.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct How {
    /// What it is; detected where left out.
    #[serde(default)]
    pub kind: Option<String>,
    /// The version, or range of versions, that must accept it.
    #[serde(default)]
    pub cloud_init: Option<String>,
    /// What applies the network configuration.
    #[serde(default)]
    pub renderer: Option<String>,
    /// The distribution of the guest.
    #[serde(default)]
    pub distro: Option<String>,
    /// What passes user-data to the guest.
    #[serde(default)]
    pub platform: Option<String>,
}

/// A document with its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedText {
    /// The name.
    pub name: String,
    /// The text.
    pub text: String,
}

/// One edit of a document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Edit {
    /// Sets the value at a path.
    Set {
        /// The keys and indexes that lead there.
        path: Vec<String>,
        /// The value.
        value: Value,
    },
    /// Removes what is at a path.
    Remove {
        /// The keys and indexes that lead there.
        path: Vec<String>,
    },
}

/// A part of user-data.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartDocument {
    /// What it is called in the guest.
    #[serde(default)]
    pub filename: Option<String>,
    /// Its content type.
    pub content_type: String,
    /// How it is merged.
    #[serde(default)]
    pub merge_type: Option<String>,
    /// Its content, in base64.
    pub base64: String,
}

/// The agent for one architecture.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentDocument {
    /// The architecture.
    pub arch: String,
    /// The binary, in base64.
    pub base64: String,
    /// The signature, in base64.
    #[serde(default)]
    pub signature: Option<String>,
}

/// A file beside a Butane document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileDocument {
    /// What is in it, in base64.
    pub base64: String,
    /// Whether it may be run.
    #[serde(default)]
    pub is_executable: bool,
}

/// Answers a question that is given as JSON.
///
/// # Errors
/// When the text is no question or what it asks for is refused: each with a stable code.
pub fn ask(text: &str) -> Result<Json, Vec<Finding>> {
    if text.len() > QUESTION_BYTES_MAX {
        let message = format!("{} bytes: expected at most {QUESTION_BYTES_MAX}", text.len());
        return Err(vec![Finding::error("document-too-large", message)]);
    }
    let question: Question = serde_json::from_str(text)
        .map_err(|error| vec![Finding::error("invalid-question", error.to_string())])?;
    question.answer()
}
