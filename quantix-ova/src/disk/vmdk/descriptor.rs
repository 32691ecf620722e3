//! The text that describes a VMDK: its own file, or a part of a sparse one.

use super::{DESCRIPTOR_BYTES_MAX, DiskError, Fault, SECTOR};
use crate::disk::VIRTUAL_BYTES_MAX;

/// The most extents that one disk may have.
pub(super) const EXTENTS_MAX: usize = 4096;

/// What a descriptor says.
#[derive(Clone, Debug, Default)]
pub(super) struct Descriptor {
    pub(super) extents: Vec<Line>,
    parent: Option<String>,
}

/// One extent: `RW 2048 FLAT "disk-flat.vmdk" 0`.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) sectors: u64,
    pub(super) kind: Kind,
    pub(super) file: String,
    pub(super) offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flat,
    Sparse,
    Cowd,
    SpaceEfficient,
    Zero,
}

impl Descriptor {
    /// Whether a file that starts like this is a descriptor file.
    pub(super) fn is_start(start: &[u8]) -> bool {
        let start = start.trim_ascii_start();
        let first = &start[..start.len().min(64)];
        first.to_ascii_lowercase().starts_with(b"# disk descriptorfile")
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DiskError> {
        debug_assert!(bytes.len() as u64 <= DESCRIPTOR_BYTES_MAX);
        let text = String::from_utf8_lossy(bytes);
        let text = text.split('\0').next().unwrap_or_default();
        let (mut descriptor, mut parent_cid, mut hint) = (Self::default(), None, None);
        for (number, line) in (1u32..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fail = |reason| DiskError::new(Fault::Text { line: number, reason });
            let access = line.split_ascii_whitespace().next().unwrap_or_default();
            if ["RW", "RDONLY", "NOACCESS"].iter().any(|word| access.eq_ignore_ascii_case(word)) {
                if descriptor.extents.len() == EXTENTS_MAX {
                    return Err(fail("more than 4096 extents"));
                }
                descriptor.extents.push(extent(line).map_err(fail)?);
            } else if let Some((key, value)) = line.split_once('=') {
                let value = value.trim().trim_matches('"').to_owned();
                match key.trim().to_ascii_lowercase().as_str() {
                    "parentcid" => parent_cid = Some(value),
                    "parentfilenamehint" => hint = Some(value),
                    _ => {}
                }
            }
        }
        descriptor.parent = parent_cid
            .filter(|cid| !cid.eq_ignore_ascii_case("ffffffff"))
            .map(|cid| hint.unwrap_or(cid));
        Ok(descriptor)
    }

    /// Refuses a disk that is only the difference to another.
    pub(super) fn refuse_delta(&self) -> Result<(), DiskError> {
        match &self.parent {
            None => Ok(()),
            Some(parent) => {
                let parent = parent.chars().take(200).collect();
                Err(DiskError::new(Fault::Delta { parent }))
            }
        }
    }
}

/// Reads `ACCESS SECTORS KIND ["FILE" [OFFSET]]`.
fn extent(line: &str) -> Result<Line, &'static str> {
    let (head, file, tail) = match line.split_once('"') {
        None => (line, "", ""),
        Some((head, rest)) => {
            let (file, tail) = rest.split_once('"').ok_or("a file name without closing quote")?;
            (head, file, tail)
        }
    };
    let mut words = head.split_ascii_whitespace().skip(1);
    let sectors = words.next().and_then(|word| word.parse::<u64>().ok());
    let sectors = sectors.ok_or("an extent without its number of sectors")?;
    if sectors > VIRTUAL_BYTES_MAX / SECTOR {
        return Err("an extent beyond the largest disk");
    }
    let kind = match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
        "FLAT" | "VMFS" => Kind::Flat,
        "SPARSE" => Kind::Sparse,
        "ZERO" => Kind::Zero,
        "VMFSSPARSE" => Kind::Cowd,
        "SESPARSE" => Kind::SpaceEfficient,
        "VMFSRDM" | "VMFSRAW" => {
            return Err("a raw device of another host; its content is not here");
        }
        _ => return Err("an unknown kind of extent; expected FLAT, SPARSE, ZERO or VMFS"),
    };
    if file.is_empty() && kind != Kind::Zero {
        return Err("an extent without its file name");
    }
    let offset = match tail.split_ascii_whitespace().next() {
        None => 0,
        Some(word) => word.parse().map_err(|_| "an extent offset that is no number")?,
    };
    if offset > u64::MAX / SECTOR / 2 {
        return Err("an extent offset beyond any file");
    }
    Ok(Line { sectors, kind, file: file.to_owned(), offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_are_read_as_vmware_writes_them() {
        let text = b"# Disk DescriptorFile\r\nparentCID=FFFFFFFF\r\nRW 20480 FLAT \"a b-flat.vmdk\" 63\r\nrdonly 8 ZERO\r\nRW 4096 VMFS \"x\"\r\nRW 1 SPARSE \"s\"\r\n";
        assert!(Descriptor::is_start(text));
        let descriptor = Descriptor::parse(text).unwrap();
        descriptor.refuse_delta().unwrap();
        let seen: Vec<_> = descriptor
            .extents
            .iter()
            .map(|e| (e.sectors, e.kind, e.file.as_str(), e.offset))
            .collect();
        assert_eq!(seen[0], (20480, Kind::Flat, "a b-flat.vmdk", 63));
        assert_eq!(seen[1], (8, Kind::Zero, "", 0));
        assert_eq!(seen[2], (4096, Kind::Flat, "x", 0));
        assert_eq!(seen[3], (1, Kind::Sparse, "s", 0));
    }

    #[test]
    fn what_cannot_be_read_alone_is_refused_with_its_line() {
        for (line, part) in [
            ("RW x FLAT \"a\"", "line 2: an extent without its number"),
            ("RW 8 FLAT", "without its file name"),
            ("RW 8 FLAT \"a", "without closing quote"),
            ("RW 8 VMFSRDM \"a\"", "a raw device"),
            ("RW 8 FLAT \"a\" -1", "no number"),
            ("RW 99999999999999 FLAT \"a\"", "beyond the largest disk"),
        ] {
            let error = Descriptor::parse(format!("# x\n{line}").as_bytes()).unwrap_err();
            assert!(error.to_string().contains(part), "{line}: {error}");
        }
        let many = "RW 1 ZERO\n".repeat(EXTENTS_MAX + 1);
        assert!(Descriptor::parse(many.as_bytes()).is_err());
        let delta = Descriptor::parse(b"parentCID=0172e8a4\nparentFileNameHint=\"../base.vmdk\"");
        let error = delta.unwrap().refuse_delta().unwrap_err();
        assert!(error.to_string().contains("../base.vmdk"), "{error}");
    }
}
