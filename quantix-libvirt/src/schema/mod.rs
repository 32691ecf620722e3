//! libvirt's documents against libvirt's own RELAX NG schemas, without a daemon.
//!
//! The schemas are those of the libvirt that is installed; they are LGPL-2.1 and not part of
//! Quantix. What is checked against them is what `virt-xml-validate` would check, with a place and
//! what was expected for each fault.
//!
//! ```no_run
//! use quantix_libvirt::schema::Schemas;
//! let schemas = Schemas::find()?;
//! let report = schemas.check(b"<network><name>a</name><mtu size='x'/></network>")?;
//! assert!(!report.valid && report.findings[0].code == "bad-value");
//! # Ok::<(), quantix_libvirt::Error>(())
//! ```

mod check;
mod compile;
mod datatype;
mod derive;
mod expect;
mod expression;
mod grammar;
mod pattern;

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use quantix_core::Finding;
use quantix_xml::{Document, Position};
use serde::Serialize;

use self::{
    derive::Derivation,
    pattern::{PATTERNS_MAX, Pat, Patterns},
};
use crate::{Class, Error, Result};

/// The most faults that one report lists.
pub const FINDINGS_MAX: usize = 100;

/// How many folders of schemas a process keeps.
const FOLDERS_MAX: usize = 16;

const OPERATION: &str = "check against libvirt's schemas";

/// Where distributions put the schemas.
const FOLDERS: [&str; 3] = [
    "/usr/share/libvirt/schemas",
    "/usr/local/share/libvirt/schemas",
    "/opt/libvirt/share/libvirt/schemas",
];

/// The schema of a document, by the name of its outermost element.
const KINDS: &[(&str, &str)] = &[
    ("domain", "domain"),
    ("domainsnapshot", "domainsnapshot"),
    ("domaincheckpoint", "domaincheckpoint"),
    ("domainbackup", "domainbackup"),
    ("domainCapabilities", "domaincaps"),
    ("network", "network"),
    ("networkport", "networkport"),
    ("pool", "storagepool"),
    ("storagepoolCapabilities", "storagepoolcaps"),
    ("volume", "storagevol"),
    ("capabilities", "capability"),
    ("device", "nodedev"),
    ("filter", "nwfilter"),
    ("filterbinding", "nwfilterbinding"),
    ("secret", "secret"),
    ("interface", "interface"),
    ("cpu", "cpu"),
];

/// What is wrong with a schema itself.
#[derive(Debug)]
struct SchemaFault {
    file: PathBuf,
    at: Option<Position>,
    why: String,
}

impl SchemaFault {
    fn new(file: &Path, at: Option<Position>, why: String) -> Self {
        Self { file: file.to_owned(), at, why }
    }

    fn into_error(self) -> Error {
        let file = self.file.display().to_string();
        let place = self.at.map(|at| [":", &at.to_string()].concat()).unwrap_or_default();
        Error::new(Class::Failed, OPERATION, [&file, &place, ": ", &self.why].concat())
            .with_remedy("install libvirt's schemas again, or name another folder of them")
    }
}

/// What checking a document showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemaReport {
    /// Whether the document is what the schema says.
    pub valid: bool,
    /// The schema's name, such as `domain`.
    pub schema: String,
    /// Where it is not, at most [`FINDINGS_MAX`] places, each with line and column.
    pub findings: Vec<Finding>,
}

/// A schema that was read.
struct Schema {
    pristine: Patterns,
    start: Pat,
    used: Derivation,
}

/// libvirt's schemas in a folder. Each is read when it is first needed, and then kept.
pub struct Schemas {
    folder: PathBuf,
    known: Mutex<BTreeMap<String, Schema>>,
}

impl fmt::Debug for Schemas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schemas").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Schemas {
    /// Those of this machine.
    ///
    /// # Errors
    /// [`Class::NotFound`] where none are installed.
    pub fn find() -> Result<Self> {
        let found = FOLDERS.iter().find(|folder| Path::new(folder).join("domain.rng").exists());
        found.map(Self::open).unwrap_or_else(|| {
            let text = ["there are none in ", &FOLDERS.join(", ")].concat();
            Err(Error::new(Class::NotFound, OPERATION, text).with_remedy(
                "install libvirt's client library (Debian: libvirt0, Fedora: libvirt-libs), or \
                 name a folder of schemas",
            ))
        })
    }

    /// Those of a folder.
    ///
    /// # Errors
    /// [`Class::NotFound`] where it holds no schemas.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self> {
        let folder = folder.as_ref().to_owned();
        let schemas = Self { folder, known: Mutex::default() };
        if schemas.names().is_empty() {
            let text = "the folder holds no schemas (*.rng)";
            return Err(Error::new(Class::NotFound, OPERATION, text)
                .about(schemas.folder.display())
                .with_remedy("name the folder `schemas` of a libvirt installation"));
        }
        Ok(schemas)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names of the schemas in it.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .filter(|entry| entry.path().extension().is_some_and(|e| e == "rng"))
            .filter_map(|entry| Some(entry.path().file_stem()?.to_str()?.to_owned()))
            .collect();
        names.sort();
        names
    }

    /// Checks a document against the schema of its outermost element.
    ///
    /// A document that is not well-formed is not valid, and its only finding says where. May be
    /// called from many threads; one at a time is checked.
    ///
    /// # Errors
    /// [`Class::Invalid`] for a document that libvirt has no schema for; [`Class::Failed`] where the
    /// schema itself cannot be read.
    pub fn check(&self, document: &[u8]) -> Result<SchemaReport> {
        let parsed = match Document::parse(document) {
            Ok(parsed) => parsed,
            Err(error) => return Ok(not_well_formed("", &error)),
        };
        let root = parsed.root().local_name();
        let Some((_, name)) = KINDS.iter().find(|(known, _)| *known == root) else {
            let known: Vec<&str> = KINDS.iter().map(|(root, _)| *root).collect();
            let text = ["libvirt has no schema for `", root, "`; expected ", &known.join(", ")];
            return Err(Error::new(Class::Invalid, OPERATION, text.concat())
                .with_remedy("name the schema, if it is one of these all the same"));
        };
        self.check_parsed(&parsed, name)
    }

    /// Checks a document against a schema by its name, such as `domain`.
    ///
    /// # Errors
    /// [`Class::NotFound`] for a schema that there is not; else as [`Schemas::check`].
    pub fn check_as(&self, document: &[u8], name: &str) -> Result<SchemaReport> {
        match Document::parse(document) {
            Ok(parsed) => self.check_parsed(&parsed, name),
            Err(error) => Ok(not_well_formed(name, &error)),
        }
    }

    fn check_parsed(&self, document: &Document, name: &str) -> Result<SchemaReport> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(name) {
            known.insert(name.to_owned(), self.read(name)?);
        }
        let Some(schema) = known.get_mut(name) else {
            return Err(Error::new(Class::Failed, OPERATION, "the schema is not there"));
        };
        if schema.used.patterns.len() > PATTERNS_MAX / 2 {
            schema.used = Derivation::new(schema.pristine.clone());
        }
        let findings = check::check(&mut schema.used, schema.start, document);
        if schema.used.patterns.is_overfull {
            schema.used = Derivation::new(schema.pristine.clone());
            let text = "the document needs more work than is allowed";
            return Err(Error::new(Class::Invalid, OPERATION, text));
        }
        Ok(SchemaReport { valid: findings.is_empty(), schema: name.to_owned(), findings })
    }

    fn read(&self, name: &str) -> Result<Schema> {
        if !self.names().iter().any(|known| known == name) {
            let text = ["there is none of this name; there are ", &self.names().join(", ")];
            return Err(Error::new(Class::NotFound, OPERATION, text.concat()).about(name));
        }
        let path = self.folder.join([name, ".rng"].concat());
        let grammar = grammar::read(&path).map_err(SchemaFault::into_error)?;
        let (patterns, start) =
            compile::compile(grammar, &path).map_err(SchemaFault::into_error)?;
        Ok(Schema { pristine: patterns.clone(), start, used: Derivation::new(patterns) })
    }
}

/// Checks a document as [`Schemas::check`] or, with the name of a schema, as [`Schemas::check_as`],
/// against the schemas of a folder or those of this machine. What was read stays for the life of the
/// process.
///
/// # Errors
/// As [`Schemas::find`], [`Schemas::open`] and these.
pub fn validate(
    document: &[u8],
    name: Option<&str>,
    folder: Option<&Path>,
) -> Result<SchemaReport> {
    static KNOWN: Mutex<BTreeMap<Option<PathBuf>, Arc<Schemas>>> = Mutex::new(BTreeMap::new());
    let schemas = {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = folder.map(Path::to_owned);
        match known.get(&folder) {
            Some(schemas) => Arc::clone(schemas),
            None => {
                let found = match &folder {
                    Some(folder) => Schemas::open(folder)?,
                    None => Schemas::find()?,
                };
                let found = Arc::new(found);
                if known.len() < FOLDERS_MAX {
                    known.insert(folder, Arc::clone(&found));
                }
                found
            }
        }
    };
    match name {
        Some(name) => schemas.check_as(document, name),
        None => schemas.check(document),
    }
}

fn not_well_formed(name: &str, error: &quantix_xml::XmlError) -> SchemaReport {
    let at = error.position();
    let finding = Finding::error("not-well-formed", error.message());
    let findings = vec![finding.at_position(at.line, at.column)];
    SchemaReport { valid: false, schema: name.to_owned(), findings }
}

#[cfg(test)]
mod tests;
