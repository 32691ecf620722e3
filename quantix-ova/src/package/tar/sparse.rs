//! Members of a tar that are stored without their holes: GNU's old format, and its formats 0.0, 0.1
//! and 1.0 in extended headers.

use std::{io, sync::Arc};

use super::{
    BLOCK, BLOCK_BYTES,
    header::{digits, number},
};
use crate::package::{ReadAt, error::Problem};

/// The most regions of data that a sparse member may have.
pub const SPARSE_REGIONS_MAX: usize = 1 << 16;
/// The most bytes that a sparse member may have when its holes are filled.
pub const SPARSE_BYTES_MAX: u64 = 1 << 40;
/// The most characters of a number in a map.
const NUMBER_BYTES_MAX: usize = 20;

/// Where the data of a sparse member is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Map {
    regions: Vec<Region>,
    /// With holes.
    bytes: u64,
    /// Without.
    stored_bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Region {
    /// Its place in the member.
    at: u64,
    bytes: u64,
    /// Its place in what is stored.
    from: u64,
}

impl Map {
    /// A map of these regions, each by place and length, of a member of so many bytes.
    fn new(regions: &[(u64, u64)], bytes: u64) -> Result<Self, Problem> {
        let bad = |reason| Problem::Sparse { reason };
        if bytes > SPARSE_BYTES_MAX {
            let what = "bytes in a sparse member";
            return Err(Problem::Limit { what, limit_max: SPARSE_BYTES_MAX });
        }
        let mut map = Self { bytes, ..Self::default() };
        let mut end = 0;
        for &(at, length) in regions {
            if at < end {
                return Err(bad("its regions overlap"));
            }
            end = at.checked_add(length).ok_or(bad("a region without end"))?;
            if end > bytes {
                return Err(bad("a region beyond the end of the member"));
            }
            map.regions.push(Region { at, bytes: length, from: map.stored_bytes });
            map.stored_bytes += length;
        }
        Ok(map)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes are stored.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    /// Refuses a map of other data than what is stored.
    pub(super) fn fits(&self, stored_bytes: u64) -> Result<(), Problem> {
        match self.stored_bytes == stored_bytes {
            true => Ok(()),
            false => Err(Problem::Sparse { reason: "its regions are not what is stored" }),
        }
    }
}

/// A sparse member with its holes filled.
#[derive(Debug)]
pub(crate) struct Filled {
    pub(crate) stored: Arc<dyn ReadAt>,
    pub(crate) map: Arc<Map>,
}

impl ReadAt for Filled {
    fn bytes(&self) -> u64 {
        self.map.bytes
    }

    fn identity(&self) -> Option<String> {
        self.stored.identity()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(buffer.len() as u64).is_none_or(|end| end > self.map.bytes) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let regions = &self.map.regions;
        let mut index = regions.partition_point(|region| region.at + region.bytes <= offset);
        let (mut at, mut rest) = (offset, buffer);
        while !rest.is_empty() {
            let short = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            let (count, from) = match regions.get(index) {
                None => (rest.len(), None),
                Some(region) if at < region.at => (short(region.at - at), None),
                Some(region) => {
                    let skip = at - region.at;
                    index += 1;
                    (short(region.bytes - skip), Some(region.from + skip))
                }
            };
            let (now, later) = rest.split_at_mut(count.min(rest.len()));
            match from {
                None => now.fill(0),
                Some(from) => self.stored.read_exact_at(from, now)?,
            }
            (at, rest) = (at + now.len() as u64, later);
        }
        Ok(())
    }
}

/// What extended headers say about a sparse member.
#[derive(Debug, Default)]
pub(super) struct Said {
    major: Option<u64>,
    minor: Option<u64>,
    bytes: Option<u64>,
    pub(super) name: Option<String>,
    count: Option<u64>,
    regions: Vec<(u64, u64)>,
    /// The place of a region whose length comes next.
    place: Option<u64>,
}

impl Said {
    /// Notes a record whose key follows `GNU.sparse.`.
    pub(super) fn note(&mut self, key: &[u8], value: &str) -> Result<(), Problem> {
        let bad = |reason| Problem::Sparse { reason };
        let number = || digits(value.as_bytes()).ok_or(bad("a value that is no number"));
        match key {
            b"major" => self.major = Some(number()?),
            b"minor" => self.minor = Some(number()?),
            b"size" | b"realsize" => self.bytes = Some(number()?),
            b"numblocks" => self.count = Some(number()?),
            b"name" => self.name = Some(value.to_owned()),
            b"offset" => self.place = Some(number()?),
            b"numbytes" => {
                let place = self.place.take().ok_or(bad("a length without its place"))?;
                self.push(place, number()?)?;
            }
            b"map" => {
                let numbers: Option<Vec<u64>> =
                    value.split(',').map(|text| digits(text.as_bytes())).collect();
                let numbers = numbers.ok_or(bad("a map that is no list of numbers"))?;
                for pair in numbers.chunks(2) {
                    let [at, bytes] = *pair else { return Err(bad("a place without its length")) };
                    self.push(at, bytes)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, at: u64, bytes: u64) -> Result<(), Problem> {
        if self.regions.len() == SPARSE_REGIONS_MAX {
            return Err(too_many());
        }
        self.regions.push((at, bytes));
        Ok(())
    }

    /// The map, and how many bytes it takes before the data at `at`, of which `stored` are there.
    pub(super) fn map(
        self,
        source: &dyn ReadAt,
        at: u64,
        stored: u64,
    ) -> Result<(Map, u64), Problem> {
        let bad = |reason| Problem::Sparse { reason };
        let bytes = self.bytes.ok_or(bad("its size is not told"))?;
        match (self.major.unwrap_or(0), self.minor.unwrap_or(0)) {
            (0, 0 | 1) => {
                if self.count.is_some_and(|count| count != self.regions.len() as u64) {
                    return Err(bad("another number of regions than told"));
                }
                Ok((Map::new(&self.regions, bytes)?, 0))
            }
            (1, 0) => {
                let (regions, taken) = Numbers { source, at, end: at + stored }.regions()?;
                Ok((Map::new(&regions, bytes)?, taken))
            }
            _ => Err(bad("an unknown version of the format; expected 0.0, 0.1 or 1.0")),
        }
    }
}

fn too_many() -> Problem {
    let what = "regions in a sparse member";
    Problem::Limit { what, limit_max: SPARSE_REGIONS_MAX as u64 }
}

/// The numbers at the start of the data, one a line, in format 1.0.
struct Numbers<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    end: u64,
}

impl Numbers<'_> {
    /// The regions, and the bytes that their map takes, whole blocks.
    fn regions(mut self) -> Result<(Vec<(u64, u64)>, u64), Problem> {
        let (start, mut block, mut held) = (self.at, [0; BLOCK_BYTES], 0..0);
        let mut next = || self.next(&mut block, &mut held);
        let count = next()?;
        if count > SPARSE_REGIONS_MAX as u64 {
            return Err(too_many());
        }
        let mut regions = Vec::new();
        for _ in 0..count {
            regions.push((next()?, next()?));
        }
        Ok((regions, self.at - start))
    }

    fn next(
        &mut self,
        block: &mut [u8; BLOCK_BYTES],
        held: &mut std::ops::Range<usize>,
    ) -> Result<u64, Problem> {
        let bad = |reason| Problem::Sparse { reason };
        let mut text = Vec::new();
        loop {
            let Some(at) = held.next() else {
                if self.end - self.at < BLOCK {
                    return Err(bad("its map is cut off"));
                }
                let read = self.source.read_exact_at(self.at, block);
                read.map_err(|_| bad("its map cannot be read"))?;
                self.at += BLOCK;
                *held = 0..BLOCK_BYTES;
                continue;
            };
            match block[at] {
                b'\n' => return digits(&text).ok_or(bad("a map that is no list of numbers")),
                byte if text.len() < NUMBER_BYTES_MAX => text.push(byte),
                _ => return Err(bad("a map that is no list of numbers")),
            }
        }
    }
}

/// Reads the map of GNU's old format from the header `block`; the map, and how many bytes of
/// further headers follow that block at `at`.
pub(super) fn old_gnu(
    source: &dyn ReadAt,
    block: &[u8; BLOCK_BYTES],
    at: u64,
) -> Result<(Map, u64), Problem> {
    let bytes = number(&block[483..495], "realsize")?;
    let mut regions = Vec::new();
    let mut is_more = entries(&block[386..482], &mut regions)? && block[482] != 0;
    let mut taken = 0;
    while is_more {
        let mut more = [0; BLOCK_BYTES];
        let read = source.read_exact_at(at + taken, &mut more);
        read.map_err(|_| Problem::Sparse { reason: "its map is cut off" })?;
        taken += BLOCK;
        is_more = entries(&more[..504], &mut regions)? && more[504] != 0;
    }
    Ok((Map::new(&regions, bytes)?, taken))
}

/// Reads places and lengths until one is empty; whether none was.
fn entries(area: &[u8], regions: &mut Vec<(u64, u64)>) -> Result<bool, Problem> {
    for entry in area.chunks_exact(24) {
        if entry[12] == 0 {
            return Ok(false);
        }
        if regions.len() == SPARSE_REGIONS_MAX {
            return Err(too_many());
        }
        regions.push((number(&entry[..12], "offset")?, number(&entry[12..], "numbytes")?));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::read_small;

    #[test]
    fn holes_are_filled_wherever_reading_starts() {
        let map = Map::new(&[(2, 3), (5, 0), (5, 2), (9, 1), (12, 0)], 12).unwrap();
        let stored: Arc<dyn ReadAt> = Arc::new(b"abcdef".to_vec());
        map.fits(6).unwrap();
        let filled = Filled { stored, map: Arc::new(map) };
        let whole = b"\0\0abcde\0\0f\0\0";
        assert_eq!(read_small(&filled, 12).unwrap(), whole);
        for from in 0..12 {
            for to in from..=12 {
                let mut part = vec![1; to - from];
                filled.read_exact_at(from as u64, &mut part).unwrap();
                assert_eq!(part, whole[from..to]);
            }
        }
        assert!(filled.read_exact_at(11, &mut [0; 2]).is_err());
    }

    #[test]
    fn maps_that_lie_are_refused() {
        for (regions, bytes, part) in [
            (&[(0, 2), (1, 2)][..], 9, "overlap"),
            (&[(8, 2)], 9, "beyond the end"),
            (&[(u64::MAX, 2)], 9, "without end"),
            (&[], SPARSE_BYTES_MAX + 1, "more than 1099511627776 bytes"),
        ] {
            let error = Map::new(regions, bytes).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(Map::new(&[(0, 2)], 2).unwrap().fits(3).is_err());
        let mut said = Said::default();
        for _ in 0..SPARSE_REGIONS_MAX {
            said.push(0, 0).unwrap();
        }
        assert!(said.note(b"map", "0,0").unwrap_err().to_string().contains("65536 regions"));
        let list = format!("{}\n", SPARSE_REGIONS_MAX + 1).into_bytes();
        let mut list = list;
        list.resize(512, 0);
        let numbers = Numbers { source: &list, at: 0, end: 512 };
        assert!(numbers.regions().unwrap_err().to_string().contains("65536 regions"));
    }
}
