//! Any bytes are opened as a disk (VMDK, qcow2, VDI, VHD, VHDX, raw) or refused; what is opened is
//! read piece by piece, plain and packed, and reading ends.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use quantix_ova::disk::{self, Check, NoExtents, Scratch};

/// How many pieces are read of a disk.
const PIECES_MAX: usize = 32;
const PIECE_BYTES: usize = 64 << 10;

fuzz_target!(|input: &[u8]| {
    let Ok(image) = disk::open(Arc::new(input.to_vec()), &NoExtents) else { return };
    let (mut scratch, mut buffer, mut packed) = (Scratch::new(), vec![0; PIECE_BYTES], Vec::new());
    let mut from = 0;
    for _ in 0..PIECES_MAX {
        let Ok(Some(at)) = image.next_data(&mut scratch, from) else { return };
        assert!(at >= from && at < image.virtual_bytes(), "{at} after {from}");
        let piece = at / PIECE_BYTES as u64 * PIECE_BYTES as u64;
        let _ = image.read_at(&mut scratch, piece, &mut buffer);
        packed.clear();
        let _ = image.packed(&mut scratch, piece, PIECE_BYTES, Check::Inflate, &mut packed);
        from = piece + PIECE_BYTES as u64;
    }
});
