//! What clusters look like in the result: plain, compressed, or as grains of a VMDK.

use super::Compression;
use crate::disk::{
    Check, DiskError, Format, Image, Packed, Scratch,
    write::{CLUSTER_BYTES, Cell, Unit, append_grain, is_zero, wrap_grain},
    zstd::ZstdPacker,
};

/// Level at which clusters are deflated that could not be moved across: the best per second spent.
const DEFLATE_LEVEL: i32 = 3;
/// Level of grains that are shipped: as small as other tools make them, at several times the speed.
const GRAIN_LEVEL: i32 = 6;
/// Streams up to this length may be all zeros in disguise; they are inflated and looked at.
const TINY_STREAM_BYTES: usize = 256;

/// What clusters look like in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Packed(Compression),
    Grains,
}

/// What a thread owns.
pub(super) struct Own {
    pub(super) scratch: Scratch,
    /// Room for what is hashed.
    pub(super) hashed: Vec<u8>,
    deflate: libdeflater::Compressor,
    grain_deflate: libdeflater::Compressor,
    inflate: flate2::Decompress,
    zstd: ZstdPacker,
    plain: Vec<u8>,
    stream: Vec<u8>,
}

impl Own {
    pub(super) fn new() -> Self {
        let compressor = |level| {
            let level = libdeflater::CompressionLvl::new(level).unwrap_or_default();
            libdeflater::Compressor::new(level)
        };
        Self {
            scratch: Scratch::new(),
            hashed: Vec::new(),
            deflate: compressor(DEFLATE_LEVEL),
            grain_deflate: compressor(GRAIN_LEVEL),
            inflate: flate2::Decompress::new(false),
            zstd: ZstdPacker::default(),
            plain: Vec::new(),
            stream: Vec::new(),
        }
    }

    /// Fills a unit with the clusters of the next `bytes` bytes of the disk.
    pub(super) fn fill(
        &mut self,
        image: &dyn Image,
        form: Form,
        check: Check,
        unit: &mut Unit,
        bytes: usize,
    ) -> Result<(), DiskError> {
        let clusters = bytes.div_ceil(CLUSTER_BYTES);
        if form != Form::Plain {
            unit.data.clear();
            for cluster in 0..clusters {
                let offset = unit.offset + (cluster * CLUSTER_BYTES) as u64;
                let cell = match form {
                    Form::Grains => self.grain(image, check, unit, offset)?,
                    Form::Packed(Compression::Zstd) => self.zstd(image, unit, offset)?,
                    Form::Packed(Compression::Deflate) | Form::Plain => {
                        self.pack(image, check, unit, offset)?
                    }
                };
                unit.cells.push(cell);
            }
            return Ok(());
        }
        unit.data.resize(clusters * CLUSTER_BYTES, 0);
        image.read_at(&mut self.scratch, unit.offset, &mut unit.data[..bytes])?;
        unit.data[bytes..].fill(0);
        for (index, cluster) in unit.data.chunks(CLUSTER_BYTES).enumerate() {
            let plain = Cell::Plain { from: index * CLUSTER_BYTES };
            unit.cells.push(if is_zero(cluster) { Cell::Zero } else { plain });
        }
        Ok(())
    }

    /// Appends one cluster in deflated form: as it lies in the image, or compressed here.
    fn pack(
        &mut self,
        image: &dyn Image,
        check: Check,
        unit: &mut Unit,
        offset: u64,
    ) -> Result<Cell, DiskError> {
        let from = unit.data.len();
        let stored =
            image.packed(&mut self.scratch, offset, CLUSTER_BYTES, check, &mut unit.data)?;
        let bytes = unit.data.len() - from;
        match stored {
            Packed::Hole => return Ok(Cell::Zero),
            Packed::Deflate if bytes > TINY_STREAM_BYTES && bytes < CLUSTER_BYTES => {
                return Ok(Cell::Packed { from, bytes });
            }
            Packed::Deflate | Packed::Differently => unit.data.truncate(from),
        }
        self.plain.resize(CLUSTER_BYTES, 0);
        image.read_at(&mut self.scratch, offset, &mut self.plain)?;
        if is_zero(&self.plain) {
            return Ok(Cell::Zero);
        }
        // Whoever packed it could not make it smaller than it is.
        if stored == Packed::Deflate && bytes >= CLUSTER_BYTES {
            unit.data.extend_from_slice(&self.plain);
            return Ok(Cell::Plain { from });
        }
        let Self { deflate, plain, .. } = self;
        Ok(squeeze(unit, plain, |plain, room| deflate.deflate_compress(plain, room).ok()))
    }

    /// Appends one cluster as a frame of zstd.
    fn zstd(&mut self, image: &dyn Image, unit: &mut Unit, offset: u64) -> Result<Cell, DiskError> {
        self.plain.resize(CLUSTER_BYTES, 0);
        image.read_at(&mut self.scratch, offset, &mut self.plain)?;
        if is_zero(&self.plain) {
            return Ok(Cell::Zero);
        }
        let Self { zstd, plain, .. } = self;
        Ok(squeeze(unit, plain, |plain, room| zstd.pack(plain, room)))
    }

    /// Appends one cluster as a grain of a stream-optimized VMDK: deflated as it is in the image,
    /// or here.
    fn grain(
        &mut self,
        image: &dyn Image,
        check: Check,
        unit: &mut Unit,
        offset: u64,
    ) -> Result<Cell, DiskError> {
        let from = unit.data.len();
        // The stream is inflated here; only VMDK has a checksum to compare besides.
        let check = if image.format() == Format::Vmdk { check } else { Check::Header };
        self.stream.clear();
        let stored =
            image.packed(&mut self.scratch, offset, CLUSTER_BYTES, check, &mut self.stream)?;
        match stored {
            Packed::Hole => return Ok(Cell::Zero),
            Packed::Deflate if self.stream.len() > TINY_STREAM_BYTES => {
                if let Some(end) = self.inflate_stream() {
                    wrap_grain(&mut unit.data, offset, &self.stream[..end], &self.plain)
                        .map_err(DiskError::read)?;
                    return Ok(Cell::Packed { from, bytes: unit.data.len() - from });
                }
            }
            Packed::Deflate | Packed::Differently => {}
        }
        self.plain.resize(CLUSTER_BYTES, 0);
        image.read_at(&mut self.scratch, offset, &mut self.plain)?;
        if is_zero(&self.plain) {
            return Ok(Cell::Zero);
        }
        let made = append_grain(&mut unit.data, offset, &self.plain, &mut self.grain_deflate);
        made.map_err(DiskError::read)?;
        Ok(Cell::Packed { from, bytes: unit.data.len() - from })
    }

    /// Inflates the stream, behind which other bytes may lie; its length, if it is a whole cluster
    /// that is not all zeros.
    fn inflate_stream(&mut self) -> Option<usize> {
        self.plain.resize(CLUSTER_BYTES, 0);
        self.inflate.reset(false);
        let finish = flate2::FlushDecompress::Finish;
        let status = self.inflate.decompress(&self.stream, &mut self.plain, finish);
        let whole = self.inflate.total_out() == CLUSTER_BYTES as u64;
        if !matches!(status, Ok(flate2::Status::StreamEnd)) || !whole || is_zero(&self.plain) {
            return None;
        }
        usize::try_from(self.inflate.total_in()).ok()
    }
}

/// Appends a cluster as `pack` makes it, or as it is when that is not smaller.
fn squeeze(
    unit: &mut Unit,
    plain: &[u8],
    pack: impl FnOnce(&[u8], &mut [u8]) -> Option<usize>,
) -> Cell {
    let from = unit.data.len();
    unit.data.resize(from + CLUSTER_BYTES, 0);
    match pack(plain, &mut unit.data[from..from + CLUSTER_BYTES - 1]) {
        Some(bytes) => {
            unit.data.truncate(from + bytes);
            Cell::Packed { from, bytes }
        }
        None => {
            unit.data[from..].copy_from_slice(plain);
            Cell::Plain { from }
        }
    }
}
