//! Writing the mended package.

use std::{error, fmt, path::Path};

use quantix_core::Finding;

use super::{
    Repaired,
    descriptor::{Sizes, mend},
    diagnose,
    tail::stream_end,
};
use crate::{
    ovf::{Descriptor, OvfError},
    package::{Package, PackageError, Part, Unwritten, must_be_new, write_appliance, write_new},
    watch::Watch,
};

/// A package that was not repaired; nothing was left.
#[derive(Debug)]
pub struct RepairError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Descriptor(OvfError),
    Edit(quantix_xml::EditError),
    Reopen(PackageError),
    Unwritten(Unwritten),
}

impl RepairError {
    fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    /// Whether the target, rather than the package, is at fault.
    #[must_use]
    pub fn is_target(&self) -> bool {
        match &*self.0 {
            Reason::Unwritten(error) => error.is_target(),
            Reason::Reopen(_) => true,
            Reason::Descriptor(_) | Reason::Edit(_) => false,
        }
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(&*self.0, Reason::Unwritten(error) if error.is_cancelled())
    }
}

impl From<Unwritten> for RepairError {
    fn from(error: Unwritten) -> Self {
        Self::new(Reason::Unwritten(error))
    }
}

impl From<PackageError> for RepairError {
    fn from(error: PackageError) -> Self {
        Unwritten::from(error).into()
    }
}

impl fmt::Display for RepairError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Descriptor(_) => f.write_str("the descriptor is beyond repair"),
            Reason::Edit(_) => f.write_str("the descriptor cannot be edited"),
            Reason::Reopen(_) => f.write_str("the repaired package cannot be read"),
            Reason::Unwritten(error) => error.fmt(f),
        }
    }
}

impl error::Error for RepairError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Reason::Descriptor(error) => Some(error),
            Reason::Edit(error) => Some(error),
            Reason::Reopen(error) => Some(error),
            Reason::Unwritten(error) => error.source(),
        }
    }
}

/// Writes the package again as the OVA `to`, mended. The same package gives the same bytes.
///
/// # Errors
/// When the descriptor cannot be read at all, a file cannot be read, `to` exists or cannot be
/// written, or the watcher cancels. Nothing is left then.
pub fn repair(package: &Package, to: &Path, watch: &dyn Watch) -> Result<Repaired, RepairError> {
    must_be_new(to)?;
    let text = package.descriptor();
    let descriptor =
        Descriptor::parse(&text.bytes).map_err(|e| RepairError::new(Reason::Descriptor(e)))?;
    let objections = diagnose(package);
    let (parts, mut sizes) = gather(package, &descriptor)?;
    // A size that no file has is left as it is.
    sizes.retain(|href, _| descriptor.files.iter().any(|file| file.href == *href));
    let (document, mut repairs) =
        mend(descriptor, &sizes).map_err(|e| RepairError::new(Reason::Edit(e)))?;
    for objection in objections.iter().filter(|objection| objection.repairable) {
        let by_writing = matches!(
            objection.code.as_str(),
            "descriptor-not-first" | "manifest-spelling" | "manifest-sha512" | "trailing-bytes"
        );
        if by_writing && !repairs.iter().any(|done| done.code == objection.code.as_str()) {
            let mut finding = Finding::info("repaired", objection.message.clone());
            finding.code = objection.code.clone().into();
            finding.path.clone_from(&objection.path);
            repairs.push(finding);
        }
    }
    let ovf = document.to_bytes();
    let bytes = write_new(to, |file| write_appliance(file, &text.name, ovf, parts, watch))?;
    let made = Package::open(to).map_err(|e| RepairError::new(Reason::Reopen(e)))?;
    Ok(Repaired { path: to.to_owned(), bytes, repairs, remaining: diagnose(&made) })
}

/// The files that the descriptor lists, in its order, and their sizes as they will be written.
fn gather(package: &Package, descriptor: &Descriptor) -> Result<(Vec<Part>, Sizes), RepairError> {
    let (mut parts, mut sizes) = (Vec::<Part>::new(), Sizes::new());
    for file in descriptor.files.iter().filter(|file| !file.href.contains("://")) {
        let names: Vec<String> = match file.chunk_bytes {
            None => vec![file.href.clone()],
            Some(_) => (0..1_000_000)
                .map(|chunk| format!("{}.{chunk:09}", file.href))
                .take_while(|name| package.find(name).is_ok())
                .collect(),
        };
        for name in names {
            // A file that is not there is an objection, and remains one.
            let Ok(member) = package.find(&name) else { continue };
            if parts.iter().any(|part| part.name == member.name) {
                continue;
            }
            let source = package.open_member(&member)?;
            let end = stream_end(&*source)
                .map_err(|error| PackageError::read(error).of_member(&member.name))?;
            let bytes = end.unwrap_or(member.bytes);
            if file.chunk_bytes.is_none() {
                sizes.insert(file.href.clone(), bytes);
            }
            parts.push(Part { name: member.name, source, bytes });
        }
    }
    Ok((parts, sizes))
}
