//! Zstandard frames (RFC 8878) of compressed qcow2 clusters.

use std::{fmt, io};

use zstd::{
    bulk::Compressor,
    stream::raw::{Decoder, Operation as _},
};

/// Level of frames: the library's own default, and QEMU's.
const LEVEL: i32 = 3;

/// Unpacks frames; the context is made with the first one.
#[derive(Default)]
pub(crate) struct Zstd(Option<Decoder<'static>>);

impl fmt::Debug for Zstd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Zstd")
    }
}

impl Zstd {
    /// Unpacks the frame that `stream` starts with, behind which other bytes may lie; whether it
    /// fills `out` and ends there.
    pub(crate) fn unpack(&mut self, stream: &[u8], out: &mut [u8]) -> bool {
        self.try_unpack(stream, out).unwrap_or(false)
    }

    fn try_unpack(&mut self, stream: &[u8], out: &mut [u8]) -> io::Result<bool> {
        let decoder = match &mut self.0 {
            Some(decoder) => {
                decoder.reinit()?;
                decoder
            }
            none => none.insert(Decoder::new()?),
        };
        let (mut read, mut written) = (0, 0);
        loop {
            let status = decoder.run_on_buffers(&stream[read..], &mut out[written..])?;
            read += status.bytes_read;
            written += status.bytes_written;
            if status.remaining == 0 {
                return Ok(written == out.len());
            }
            if status.bytes_read == 0 && status.bytes_written == 0 {
                return Ok(false);
            }
        }
    }
}

/// Packs frames; the context is made with the first one.
#[derive(Default)]
pub(crate) struct ZstdPacker(Option<Compressor<'static>>);

impl fmt::Debug for ZstdPacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ZstdPacker")
    }
}

impl ZstdPacker {
    /// Packs `plain` into `room`; the length, if it fits.
    pub(crate) fn pack(&mut self, plain: &[u8], room: &mut [u8]) -> Option<usize> {
        let packer = match &mut self.0 {
            Some(packer) => packer,
            none => none.insert(Compressor::new(LEVEL).ok()?),
        };
        packer.compress_to_buffer(plain, room).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_unpacked_whole_or_not_at_all() {
        let plain: Vec<u8> = (0u32..65_536).map(|i| (i * i).to_le_bytes()[0]).collect();
        let (mut room, mut packer, mut unpacker) =
            (vec![0; 65_536], ZstdPacker::default(), Zstd::default());
        for _ in 0..2 {
            let bytes = packer.pack(&plain, &mut room).unwrap();
            let stream = [&room[..bytes], b"what lies behind"].concat();
            let mut out = vec![0; plain.len()];
            assert!(unpacker.unpack(&stream, &mut out) && out == plain);
            assert!(!unpacker.unpack(&stream[..bytes - 1], &mut out));
            assert!(!unpacker.unpack(&stream, &mut out[1..]), "a frame that is too long");
            assert!(!unpacker.unpack(&stream, &mut [out.clone(), vec![0]].concat()));
            assert!(!unpacker.unpack(b"", &mut out) && !unpacker.unpack(b"rubbish", &mut out));
        }
        assert_eq!(packer.pack(&plain, &mut room[..9]), None);
    }
}
