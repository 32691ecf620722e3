//! From the descriptor to the disks that are converted.

use std::path::Path;

use super::{Conversion, ConvertError, DiskRequest, Options, convert, pull};
use crate::{
    ovf::{Capacity, Descriptor, units},
    package::Package,
    watch::Watch,
};

/// Converts every disk that the descriptor of the package declares.
///
/// # Errors
/// As [`convert`], and when the descriptor cannot be read.
pub fn convert_appliance(
    package: &Package,
    folder: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Conversion, ConvertError> {
    let descriptor = Descriptor::parse(&package.descriptor().bytes)
        .map_err(|error| ConvertError::descriptor(&package.descriptor().name, error))?;
    convert(package, &requests(&descriptor, None)?, folder, options, watch)
}

/// Pulls every disk that the descriptor of the package declares; see [`pull`].
///
/// # Errors
/// As [`pull`], and when the descriptor cannot be read.
pub fn pull_appliance(
    package: &Package,
    folder: &Path,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Conversion, ConvertError> {
    let descriptor = Descriptor::parse(&package.descriptor().bytes)
        .map_err(|error| ConvertError::descriptor(&package.descriptor().name, error))?;
    pull(package, &requests(&descriptor, None)?, folder, options, watch)
}

/// The disks that a descriptor declares, in its order, with capacities as of a deployment option.
///
/// A disk without a file starts empty; it gets an empty image.
///
/// # Errors
/// When a disk refers to a file that the descriptor does not list, is only the difference to
/// another disk, or starts empty and has no known capacity.
pub fn requests(
    descriptor: &Descriptor,
    option: Option<&str>,
) -> Result<Vec<DiskRequest>, ConvertError> {
    let request = |disk: &crate::ovf::DiskRef| {
        let fail = |reason| Err(ConvertError::request(&disk.id, reason));
        let capacity_bytes = capacity(descriptor, &disk.capacity, option);
        let mut request =
            DiskRequest { id: disk.id.clone(), capacity_bytes, ..DiskRequest::default() };
        if disk.parent.is_some() {
            return fail(
                "it is only the difference to another disk; export the appliance flattened",
            );
        }
        let Some(id) = &disk.file else {
            return match capacity_bytes {
                Some(_) => Ok(request),
                None => fail("it starts empty, and its capacity is not known"),
            };
        };
        let Some(file) = descriptor.file(id) else {
            return fail("it refers to a file that the descriptor does not list");
        };
        if file.href.contains("://") {
            return fail("its file lies elsewhere (a URL); put it into the package");
        }
        request.gzip = match file.compression.as_deref() {
            None | Some("" | "identity") => false,
            Some("gzip") => true,
            Some(_) => return fail("its file is compressed in an unknown way; expected gzip"),
        };
        request.href = Some(file.href.clone());
        request.file_bytes = file.size;
        request.chunk_bytes = file.chunk_bytes;
        Ok(request)
    };
    descriptor.disks.iter().map(request).collect()
}

fn capacity(descriptor: &Descriptor, capacity: &Capacity, option: Option<&str>) -> Option<u64> {
    match capacity {
        Capacity::Bytes(bytes) => Some(*bytes),
        Capacity::Unknown => None,
        Capacity::Property { key, unit } => {
            let value = descriptor.property_value(key, option)?;
            units::bytes(value, unit.as_deref(), units::Unit::BYTE).ok()
        }
    }
}
