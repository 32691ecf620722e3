//! Editing the descriptor of a package, and writing the package again.

use std::{
    error, fmt,
    io::Write as _,
    path::{Path, PathBuf},
};

use quantix_core::Finding;
use serde::Serialize;

use super::{Edit, EditError, edit};
use crate::{
    manifest::Manifest,
    ovf::Descriptor,
    package::{
        Package, PackageError, Packing, Part, Unwritten, must_be_new, write_appliance, write_new,
    },
    watch::Watch,
};

/// A package that was edited: the document of `quantix ova edit`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EditedPackage {
    /// Where it was written.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// What is wrong that was not wrong before, and what the edits cost.
    pub findings: Vec<Finding>,
}

/// A package that was not edited; nothing was left.
#[derive(Debug)]
pub struct PackageEditError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Edit(EditError),
    Unwritten(Unwritten),
}

impl PackageEditError {
    /// Whether the target, rather than the package or the edits, is at fault.
    #[must_use]
    pub fn is_target(&self) -> bool {
        matches!(&*self.0, Reason::Unwritten(error) if error.is_target())
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(&*self.0, Reason::Unwritten(error) if error.is_cancelled())
    }
}

impl From<Unwritten> for PackageEditError {
    fn from(error: Unwritten) -> Self {
        Self(Box::new(Reason::Unwritten(error)))
    }
}

impl From<PackageError> for PackageEditError {
    fn from(error: PackageError) -> Self {
        Unwritten::from(error).into()
    }
}

impl From<EditError> for PackageEditError {
    fn from(error: EditError) -> Self {
        Self(Box::new(Reason::Edit(error)))
    }
}

impl fmt::Display for PackageEditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Edit(error) => error.fmt(f),
            Reason::Unwritten(error) => error.fmt(f),
        }
    }
}

impl error::Error for PackageEditError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Reason::Edit(error) => error.source(),
            Reason::Unwritten(error) => error.source(),
        }
    }
}

/// Writes the package again with an edited descriptor: as the OVA `to`, with a new manifest and
/// without the signature that no longer fits; or, where `to` ends in `.ovf`, the descriptor alone.
/// Files that the descriptor no longer lists are left out, all others are as they were.
///
/// # Errors
/// When an edit cannot be made, a file cannot be read, `to` exists or cannot be written, or the
/// watcher cancels. Nothing is left then.
pub fn edit_package(
    package: &Package,
    edits: &[Edit],
    to: &Path,
    watch: &dyn Watch,
) -> Result<EditedPackage, PackageEditError> {
    must_be_new(to)?;
    let text = package.descriptor();
    let edited = edit(&text.bytes, edits)?;
    let mut findings = edited.findings;
    let bytes = if to.extension().is_some_and(|e| e.eq_ignore_ascii_case("ovf")) {
        if package.manifest().is_some() {
            let text = "the manifest lists the descriptor as it was; make a new one";
            findings.push(Finding::warning("manifest-outdated", text));
        }
        write_new(to, |mut file| file.write_all(&edited.bytes))?
    } else {
        if package.certificate().is_some() {
            let text = "the signature fitted the old manifest and was left out; sign again";
            findings.push(Finding::warning("signature-dropped", text));
        }
        let parts = parts(package, &edited.bytes)?;
        write_new(to, |file| write_appliance(file, &text.name, edited.bytes, parts, watch))?
    };
    Ok(EditedPackage { path: to.to_owned(), bytes, findings })
}

/// Every file but descriptor, manifest and certificate, and those that are no longer listed.
fn parts(package: &Package, edited: &[u8]) -> Result<Vec<Part>, PackageEditError> {
    let hrefs = |bytes: &[u8]| -> Vec<String> {
        let descriptor = Descriptor::parse(bytes);
        descriptor.map_or_else(|_| Vec::new(), |d| d.files.into_iter().map(|f| f.href).collect())
    };
    let (before, after) = (hrefs(&package.descriptor().bytes), hrefs(edited));
    let is_part_of = |name: &str, href: &String| {
        let chunk = name.strip_prefix(href.as_str()).and_then(|rest| rest.strip_prefix('.'));
        name == href || chunk.is_some_and(|c| c.len() == 9 && c.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_gone = |name: &str| {
        before.iter().any(|href| is_part_of(name, href))
            && !after.iter().any(|href| is_part_of(name, href))
    };
    let small = [Some(package.descriptor()), package.manifest(), package.certificate()];
    let is_small = |name: &str| small.iter().flatten().any(|text| text.name == name);
    let mut names: Vec<String> = package.members().iter().map(|m| m.name.clone()).collect();
    if package.packing() == Packing::Ovf {
        // A folder may hold anything: what belongs to the package is what is listed.
        names.extend(after.iter().cloned());
        let listed = package.manifest().map(|text| Manifest::parse(&text.bytes));
        names.extend(listed.iter().flat_map(|m| m.entries()).map(|entry| entry.name.clone()));
    }
    let mut parts: Vec<Part> = Vec::new();
    for name in names {
        let Ok(member) = package.find(&name) else { continue };
        let is_known = parts.iter().any(|part| part.name == member.name);
        if !is_small(&member.name) && !is_gone(&member.name) && !is_known {
            let source = package.open_member(&member)?;
            parts.push(Part::new(member.name, source));
        }
    }
    Ok(parts)
}
