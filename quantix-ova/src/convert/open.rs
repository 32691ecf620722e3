//! Opening the disks that a conversion asks for.

use std::{path::Path, sync::Arc};

use quantix_core::Finding;

use super::{ConvertError, DiskRequest, Lanes, gzip};
use crate::{
    disk::{self, DiskError, Extents, Fault, Format, Image},
    package::{Chain, Package, ReadAt},
    watch::Watch,
};

/// The most chunks that one file may be split into.
pub(crate) const CHUNKS_MAX: usize = 10_000;

/// A disk that was opened, and the members of the package that hold it.
#[derive(Debug)]
pub(crate) struct Opened {
    /// What messages call it, and what its result is named after.
    pub(crate) name: String,
    pub(crate) image: Box<dyn Image>,
    pub(crate) members: Vec<String>,
}

/// Opens every disk; doubts become findings.
pub(super) fn disks(
    package: &Package,
    requests: &[DiskRequest],
    lanes: &Lanes,
    folder: &Path,
    watch: &dyn Watch,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Opened>, ConvertError> {
    requests.iter().map(|request| open(package, request, lanes, folder, watch, findings)).collect()
}

fn open(
    package: &Package,
    request: &DiskRequest,
    lanes: &Lanes,
    folder: &Path,
    watch: &dyn Watch,
    findings: &mut Vec<Finding>,
) -> Result<Opened, ConvertError> {
    let DiskRequest { id, href, .. } = request;
    let Some(href) = href else {
        let Some(bytes) = request.capacity_bytes else {
            return Err(ConvertError::request(
                id,
                "it starts empty, and its capacity is not known",
            ));
        };
        let image = disk::blank(bytes).map_err(|error| ConvertError::disk(id, error))?;
        return Ok(Opened { name: id.clone(), image, members: Vec::new() });
    };
    let extents = Companions { package, lanes, members: std::cell::RefCell::default() };
    let source = match request.chunk_bytes {
        None => extents.member(href)?,
        Some(bytes) => extents.chunks(href, bytes, id)?,
    };
    let fail = |error| ConvertError::disk(href, error);
    let file_bytes = source.bytes();
    let source = match request.gzip {
        true => gzip::unpack(&*source, href, request.capacity_bytes, folder, watch)?,
        false => source,
    };
    let image = disk::open(source, &extents).map_err(fail)?;
    let lower = href.to_ascii_lowercase();
    let is_vmdk = lower.ends_with(".vmdk") && !lower.ends_with("-flat.vmdk");
    if is_vmdk && image.format() == Format::Raw {
        let what = "a file called .vmdk that does not start like one";
        return Err(fail(DiskError::new(Fault::Unsupported { what })));
    }
    findings.extend(image.findings().iter().map(|finding| finding.clone().at(&**href)));
    check_sizes(request, href, file_bytes, &*image, findings);
    let members = extents.members.into_inner();
    Ok(Opened { name: href.clone(), image, members })
}

/// Notes a disk, or its file, whose size is not what the descriptor says.
fn check_sizes(
    request: &DiskRequest,
    href: &str,
    file_bytes: u64,
    image: &dyn Image,
    findings: &mut Vec<Finding>,
) {
    if let Some(declared) = request.file_bytes.filter(|declared| *declared != file_bytes) {
        let text = format!("the file has {file_bytes} bytes, the descriptor declares {declared}");
        findings.push(Finding::warning("file-size", text).at(href));
    }
    let (found, Some(declared)) = (image.virtual_bytes(), request.capacity_bytes) else { return };
    if found != declared {
        let text = format!(
            "disk {:?} has {found} bytes, the descriptor declares {declared}; its own size is used",
            request.id
        );
        findings.push(Finding::warning("disk-capacity", text).at(href));
    }
}

/// Opens members, and remembers which.
struct Companions<'a> {
    package: &'a Package,
    lanes: &'a Lanes,
    members: std::cell::RefCell<Vec<String>>,
}

impl Companions<'_> {
    fn member(&self, href: &str) -> Result<Arc<dyn ReadAt>, ConvertError> {
        let member = self.package.find(href)?;
        let source = match self.lanes.source(&member.name) {
            Some(shared) => shared,
            None => self.package.open_member(&member)?,
        };
        self.members.borrow_mut().push(member.name);
        Ok(source)
    }

    /// Chains `NAME.000000000`, `NAME.000000001` and so on, all but the last of `bytes` bytes.
    fn chunks(&self, href: &str, bytes: u64, id: &str) -> Result<Arc<dyn ReadAt>, ConvertError> {
        let mut parts: Vec<Arc<dyn ReadAt>> = Vec::new();
        loop {
            match self.member(&format!("{href}.{:09}", parts.len())) {
                Ok(_) if parts.len() == CHUNKS_MAX => {
                    return Err(ConvertError::request(id, "split into more than 10000 chunks"));
                }
                Ok(_) if parts.last().is_some_and(|part| part.bytes() != bytes) => {
                    let reason = "a chunk before the last has not the declared chunk size";
                    return Err(ConvertError::request(id, reason));
                }
                Ok(part) => parts.push(part),
                Err(_) if !parts.is_empty() => return Ok(Arc::new(Chain::new(parts))),
                // Some writers declare a chunk size and ship the file in one piece.
                Err(error) => return self.member(href).map_err(|_| error),
            }
        }
    }
}

impl Extents for Companions<'_> {
    fn open_extent(&self, name: &str) -> Result<Arc<dyn ReadAt>, DiskError> {
        self.member(name).map_err(|_| {
            let reason = "not in the package; files elsewhere are never opened";
            DiskError::new(Fault::Extent { name: name.to_owned(), reason })
        })
    }
}
