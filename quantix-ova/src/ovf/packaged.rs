//! A descriptor in its package: are the files there that it speaks of?

use quantix_core::Finding;

use super::{Descriptor, Diff, FileRef, Inspect, OvfError, diff};
use crate::package::{Package, Packing};

/// The descriptor of a package, which cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be read")]
pub struct DescriptorError {
    name: String,
    #[source]
    error: OvfError,
}

impl DescriptorError {
    /// The error as a finding, with file, line and column.
    #[must_use]
    pub fn finding(&self) -> Finding {
        self.error.finding().at(&*self.name)
    }
}

/// Reads the descriptor of a package.
///
/// # Errors
/// When it is no XML or no OVF at all; everything else is a finding of the descriptor.
pub fn read(package: &Package) -> Result<Descriptor, DescriptorError> {
    let text = package.descriptor();
    Descriptor::parse(&text.bytes)
        .map_err(|error| DescriptorError { name: text.name.clone(), error })
}

/// Compares what two packages are; see [`diff`].
///
/// # Errors
/// When one of the descriptors cannot be read at all.
pub fn diff_packages(before: &Package, after: &Package) -> Result<Diff, DescriptorError> {
    let inspect = |package: &Package| Ok(Inspect::new(package.packing(), &read(package)?));
    Ok(diff(&inspect(before)?, &inspect(after)?))
}

/// What an appliance is: its descriptor, checked against the package that it came in.
///
/// Only headers and the descriptor are read, so the size of the disks does not matter. A
/// descriptor that cannot be read gives an answer with nothing but its finding.
///
/// ```no_run
/// use quantix_ova::{ovf::inspect, package::Package};
/// let answer = inspect(&Package::open("appliance.ova".as_ref())?);
/// for system in &answer.systems {
///     println!("{}: {:?} CPUs, {:?} MiB", system.name, system.cpus, system.memory_mib);
/// }
/// # Ok::<(), quantix_ova::package::PackageError>(())
/// ```
#[must_use]
pub fn inspect(package: &Package) -> Inspect {
    let text = package.descriptor();
    let mut answer = match Descriptor::parse(&text.bytes) {
        Ok(descriptor) => {
            let mut answer = Inspect::new(package.packing(), &descriptor);
            answer.findings.extend(descriptor.files.iter().filter_map(|f| check(package, f)));
            answer
        }
        Err(error) => Inspect::unreadable(package.packing(), &error),
    };
    for finding in &mut answer.findings {
        finding.path.get_or_insert_with(|| text.name.clone());
    }
    answer.findings.extend_from_slice(package.findings());
    answer
}

/// What is wrong with the file that an entry speaks of.
fn check(package: &Package, file: &FileRef) -> Option<Finding> {
    if file.href.is_empty() || file.href.contains("://") {
        return None;
    }
    // A chunked file is there in pieces; the first one stands for all.
    let name = match file.chunk_bytes {
        Some(_) => format!("{}.000000000", file.href),
        None => file.href.clone(),
    };
    let finding = match (package.find(&name), package.packing()) {
        (Ok(member), _) => {
            let said = file.size.filter(|_| file.chunk_bytes.is_none())?;
            if said == member.bytes {
                return None;
            }
            let message = format!(
                "`{}` has {} bytes, but its entry says {said}; other tools refuse this",
                file.href, member.bytes
            );
            Finding::warning("size-mismatch", message)
        }
        (Err(error), Packing::Ova) => Finding::error(
            "missing-file",
            format!("`{}` is not in the package: {error}", file.href),
        ),
        // A descriptor alone is worth reading too.
        (Err(error), Packing::Ovf) => Finding::warning("missing-file", error.to_string()),
    };
    Some(finding.at_position(file.at.line, file.at.column))
}
