//! VMDK: stream-optimized, monolithic sparse and flat, split, descriptor files, and the sparse
//! extents of ESX.

mod descriptor;
mod esx;
mod header;
mod scan;
mod sparse;

use std::sync::Arc;

use quantix_core::Finding;

pub(crate) use self::header::{Flags, Header, MARKER_EOS, MARKER_FOOTER, MARKER_GD, MARKER_GT};
use self::{
    descriptor::{Descriptor, Kind},
    esx::Esx,
    sparse::Sparse,
};
use super::{Check, DiskError, Extents, Fault, Format, Image, Packed, Scratch, VIRTUAL_BYTES_MAX};
use crate::package::{ReadAt, read_small};

/// The most bytes that a VMDK descriptor may have.
pub(crate) const DESCRIPTOR_BYTES_MAX: u64 = 1 << 20;
pub(crate) const SECTOR: u64 = 512;

/// Whether a file that starts like this is a VMDK.
pub(crate) fn is_vmdk(start: &[u8]) -> bool {
    let magics = [&header::MAGIC[..], esx::COWD_MAGIC, esx::SE_MAGIC];
    magics.iter().any(|magic| start.starts_with(magic)) || Descriptor::is_start(start)
}

/// A VMDK of any sub-format, as one disk.
#[derive(Debug)]
pub(crate) struct Vmdk {
    extents: Vec<Extent>,
    virtual_bytes: u64,
    findings: Vec<Finding>,
}

#[derive(Debug)]
struct Extent {
    start: u64,
    bytes: u64,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Sparse(Box<Sparse>),
    Esx(Esx),
    Flat { source: Arc<dyn ReadAt>, from: u64 },
    Zero,
}

impl Vmdk {
    pub(crate) fn open(source: Arc<dyn ReadAt>, extents: &dyn Extents) -> Result<Self, DiskError> {
        let mut magic = [0; 8];
        source.read_exact_at(0, &mut magic).map_err(|e| DiskError::read(e).at(0))?;
        if magic.starts_with(header::MAGIC) {
            let mut findings = Vec::new();
            let sparse = Sparse::open(source, &mut findings)?;
            sparse.descriptor().map_or(Ok(()), Descriptor::refuse_delta)?;
            let virtual_bytes = sparse.virtual_bytes();
            return Ok(Self::of_one(Content::Sparse(Box::new(sparse)), virtual_bytes, findings));
        }
        if magic.starts_with(esx::COWD_MAGIC) {
            Esx::refuse_child(&*source)?;
            let esx = Esx::cowd(source)?;
            let virtual_bytes = esx.virtual_bytes();
            return Ok(Self::of_one(Content::Esx(esx), virtual_bytes, Vec::new()));
        }
        if magic == esx::SE_MAGIC {
            let what = "a seSparse extent without the descriptor that names it (is it the delta of \
                        a snapshot?)";
            return Err(DiskError::new(Fault::Unsupported { what }));
        }
        let text = read_small(&*source, DESCRIPTOR_BYTES_MAX).map_err(DiskError::read)?;
        let descriptor = Descriptor::parse(&text)?;
        descriptor.refuse_delta()?;
        Self::assemble(&descriptor, extents)
    }

    /// A disk of one extent.
    fn of_one(content: Content, virtual_bytes: u64, findings: Vec<Finding>) -> Self {
        let extents = vec![Extent { start: 0, bytes: virtual_bytes, content }];
        Self { extents, virtual_bytes, findings }
    }

    fn assemble(descriptor: &Descriptor, files: &dyn Extents) -> Result<Self, DiskError> {
        let (mut start, mut extents, mut findings) = (0u64, Vec::new(), Vec::new());
        for extent in &descriptor.extents {
            let bytes = extent.sectors * SECTOR;
            let fail = |reason| DiskError::new(Fault::Extent { name: extent.file.clone(), reason });
            let content = match extent.kind {
                Kind::Zero => Content::Zero,
                Kind::Flat => {
                    let (source, from) = (files.open_extent(&extent.file)?, extent.offset * SECTOR);
                    if from.checked_add(bytes).is_none_or(|end| end > source.bytes()) {
                        return Err(fail("shorter than the descriptor says; fetch it again"));
                    }
                    Content::Flat { source, from }
                }
                Kind::Sparse => {
                    let sparse = Sparse::open(files.open_extent(&extent.file)?, &mut findings)?;
                    if sparse.virtual_bytes() < bytes {
                        return Err(fail("its header says fewer sectors than the descriptor"));
                    }
                    Content::Sparse(Box::new(sparse))
                }
                Kind::Cowd | Kind::SpaceEfficient => {
                    let source = files.open_extent(&extent.file)?;
                    let esx = match extent.kind {
                        Kind::Cowd => Esx::cowd(source)?,
                        _ => Esx::space_efficient(source)?,
                    };
                    if esx.virtual_bytes() < bytes {
                        return Err(fail("its header says fewer sectors than the descriptor"));
                    }
                    Content::Esx(esx)
                }
            };
            extents.push(Extent { start, bytes, content });
            start += bytes;
        }
        if start > VIRTUAL_BYTES_MAX {
            let what = "bytes of disk";
            let fault = Fault::Limit { what, found: start, limit_max: VIRTUAL_BYTES_MAX };
            return Err(DiskError::new(fault));
        }
        Ok(Self { extents, virtual_bytes: start, findings })
    }

    /// The extent at `offset`.
    fn extent(&self, offset: u64) -> Option<&Extent> {
        let index = self.extents.partition_point(|extent| extent.start <= offset);
        let extent = self.extents.get(index.checked_sub(1)?)?;
        (offset < extent.start + extent.bytes).then_some(extent)
    }
}

impl Image for Vmdk {
    fn format(&self) -> Format {
        Format::Vmdk
    }

    fn virtual_bytes(&self) -> u64 {
        self.virtual_bytes
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn piece_bytes(&self) -> u64 {
        let pieces = self.extents.iter().map(|extent| match &extent.content {
            Content::Sparse(sparse) => sparse.piece_bytes(),
            Content::Esx(_) | Content::Flat { .. } | Content::Zero => 0,
        });
        pieces.max().unwrap_or(0)
    }

    fn next_data(&self, scratch: &mut Scratch, from: u64) -> Result<Option<u64>, DiskError> {
        let mut from = from;
        while let Some(extent) = self.extent(from) {
            let end = extent.start + extent.bytes;
            let found = match &extent.content {
                Content::Flat { .. } => Some(from),
                Content::Zero => None,
                Content::Esx(esx) => {
                    esx.next_data(scratch, from - extent.start)?.map(|at| at + extent.start)
                }
                Content::Sparse(sparse) => {
                    sparse.next_data(scratch, from - extent.start)?.map(|at| at + extent.start)
                }
            };
            match found.filter(|at| *at < end) {
                Some(at) => return Ok(Some(at)),
                None => from = end,
            }
        }
        Ok(None)
    }

    fn read_at(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), DiskError> {
        let (mut at, mut rest) = (offset, buffer);
        while let Some(extent) = self.extent(at).filter(|_| !rest.is_empty()) {
            let room = usize::try_from(extent.start + extent.bytes - at).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at_mut(room.min(rest.len()));
            let inside = at - extent.start;
            at += now.len() as u64;
            match &extent.content {
                Content::Zero => now.fill(0),
                Content::Sparse(sparse) => sparse.read_at(scratch, inside, now)?,
                Content::Esx(esx) => esx.read_at(scratch, inside, now)?,
                Content::Flat { source, from } => source
                    .read_exact_at(from + inside, now)
                    .map_err(|e| DiskError::read_of(e, from + inside, source.bytes()))?,
            }
            rest = later;
        }
        rest.fill(0);
        Ok(())
    }

    fn packed(
        &self,
        scratch: &mut Scratch,
        offset: u64,
        bytes: usize,
        check: Check,
        out: &mut Vec<u8>,
    ) -> Result<Packed, DiskError> {
        match self.extent(offset) {
            Some(Extent { start, bytes: room, content: Content::Sparse(sparse) })
                if offset - start + bytes as u64 <= *room =>
            {
                sparse.packed(scratch, offset - start, bytes, check, out)
            }
            _ => Ok(Packed::Differently),
        }
    }
}
