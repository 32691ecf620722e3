//! Ignition configs, for Fedora CoreOS, RHEL CoreOS and Flatcar: users, files, links and units.
//!
//! ```
//! use quantix_cloudinit::ignition::{File, Ignition};
//! let config = Ignition { files: vec![File::text("/etc/hostname", "web-01\n")], ..Ignition::default() };
//! assert!(config.to_json()?.contains(r#""source": "data:,web-01%0A""#));
//! # Ok::<(), quantix_cloudinit::DocumentError>(())
//! ```
//!
//! The model is the subset that a customization spec needs; disks and file systems belong to the
//! image and the machine. Contents are data URLs, written as Butane writes short ones.

mod model;

use quantix_core::{Finding, Secret};
use serde::Serialize as _;

pub use model::{Dropin, File, Group, Link, Unit, User, data_url};

use crate::DocumentError;

/// The version of the config format that is written; every release since 2021 reads it.
pub const IGNITION_VERSION: &str = "3.3.0";

/// An Ignition config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignition {
    /// Groups to create.
    pub groups: Vec<Group>,
    /// Users to create or to change.
    pub users: Vec<User>,
    /// Files to write.
    pub files: Vec<File>,
    /// Symbolic links to make.
    pub links: Vec<Link>,
    /// systemd units.
    pub units: Vec<Unit>,
    /// Configs as JSON that Ignition merges into this one, in order; where both say something, the
    /// later one counts. Secret, because files hold secrets.
    pub merge: Vec<Secret>,
}

impl Ignition {
    /// Everything that is wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        let mut faults = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let files = self.files.iter().map(|file| file.path.as_str()).enumerate();
        let links = self.links.iter().map(|link| link.path.as_str()).enumerate();
        let paths = files
            .map(|(index, path)| (format!("storage.files[{index}].path"), path))
            .chain(links.map(|(index, path)| (format!("storage.links[{index}].path"), path)));
        for (place, path) in paths {
            let is_plain = path.starts_with('/') && path.len() > 1 && !path.contains("//");
            if !is_plain || path.split('/').any(|part| part == ".." || part == ".") {
                let message = format!("{path:?} is not an absolute path");
                faults.push(Finding::error("invalid-path", message).at(place));
            } else if !seen.insert(path) {
                let message = format!("{path:?} is written twice; Ignition refuses that");
                faults.push(Finding::error("duplicate-path", message).at(place));
            }
        }
        for (index, unit) in self.units.iter().enumerate() {
            let has_suffix = [".service", ".timer", ".socket", ".mount", ".path", ".target"]
                .iter()
                .any(|suffix| unit.name.ends_with(suffix));
            if !has_suffix || unit.name.contains('/') {
                let message = format!("{:?} is not the name of a unit", unit.name);
                let place = format!("systemd.units[{index}].name");
                faults.push(Finding::error("invalid-unit", message).at(place));
            }
        }
        faults
    }

    /// The config as JSON. The same settings give the same text.
    ///
    /// # Errors
    /// When [`Ignition::faults`] holds an error.
    pub fn to_json(&self) -> Result<String, DocumentError> {
        DocumentError::check("the Ignition config", self.faults())?;
        let value = model::Config::of(self).serialize(serde_json::value::Serializer);
        match value {
            Ok(value) => Ok(format!("{value:#}\n")),
            Err(error) => {
                let fault = Finding::error("not-json", error.to_string());
                Err(DocumentError::of("the Ignition config", vec![fault]))
            }
        }
    }
}
