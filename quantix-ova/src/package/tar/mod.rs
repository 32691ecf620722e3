//! A strict index of a tar: where each member lies, and whether another reader could see it
//! differently.

mod header;
mod sparse;

use std::{collections::BTreeMap, sync::Arc};

use quantix_core::Finding;

use self::header::{checksum_matches, digits, header_name, long_name, number};
pub(crate) use self::sparse::{Filled, Map};
pub use self::sparse::{SPARSE_BYTES_MAX, SPARSE_REGIONS_MAX};
use super::{
    error::{PackageError, Problem},
    name,
    read_at::ReadAt,
};

/// The most members that a package may have.
pub const MEMBERS_MAX: usize = 10_000;
/// The most bytes that one extended header of a tar may have.
pub const EXTENDED_HEADER_BYTES_MAX: u64 = 64 << 10;

const BLOCK: u64 = 512;
const BLOCK_BYTES: usize = 512;
/// The largest size that the octal field of a header can say.
const OCTAL_SIZE_MAX: u64 = (8 << 30) - 1;

/// One file in a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name: relative, `/`-separated, safe to join to a folder.
    pub name: String,
    /// Where its first byte lies in the OVA; 0 in a folder.
    pub offset: u64,
    /// How many bytes it has.
    pub bytes: u64,
    /// Where its data is, if it is stored without its holes.
    pub(crate) sparse: Option<Arc<Map>>,
}

/// What the tar holds.
#[derive(Debug)]
pub(crate) struct Index {
    pub(crate) members: Vec<Member>,
    pub(crate) findings: Vec<Finding>,
}

/// Whether the first block of a file is a tar header.
pub(crate) fn is_header(block: &[u8]) -> bool {
    block.len() >= BLOCK_BYTES && checksum_matches(&block[..BLOCK_BYTES]).is_ok()
}

/// Reads every header of the tar; the content of members is not read.
pub(crate) fn index(source: &dyn ReadAt) -> Result<Index, PackageError> {
    let mut walk = Walk {
        source,
        at: 0,
        index: Index { members: Vec::new(), findings: Vec::new() },
        seen: BTreeMap::new(),
        next: Overrides::default(),
    };
    while walk.step()? {}
    Ok(walk.index)
}

/// What extended headers say about the member that follows them.
#[derive(Default)]
struct Overrides {
    name: Option<String>,
    bytes: Option<u64>,
    sparse: Option<sparse::Said>,
}

/// Where the content of a member lies.
struct Content {
    at: u64,
    stored: u64,
    sparse: Option<Arc<Map>>,
}

impl Overrides {
    /// Notes what the member is called; readers disagree about which of two names counts.
    fn rename(&mut self, name: String) -> Result<(), Problem> {
        match self.name.replace(name) {
            Some(before) if self.name.as_ref() != Some(&before) => Err(TWO_NAMES),
            _ => Ok(()),
        }
    }

    /// What the member is called, where an extended header says so.
    fn said_name(&mut self) -> Result<Option<String>, Problem> {
        let sparse = self.sparse.as_ref().and_then(|said| said.name.clone());
        match (sparse, self.name.take()) {
            // Writers put a name for readers that do not know sparse members beside the right one.
            (Some(name), Some(other)) if name != other && !other.contains("GNUSparseFile.") => {
                Err(TWO_NAMES)
            }
            (sparse, name) => Ok(sparse.or(name)),
        }
    }
}

const TWO_NAMES: Problem = Problem::Extended { reason: "two names for one member" };

struct Walk<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    index: Index,
    seen: BTreeMap<String, u64>,
    next: Overrides,
}

impl Walk<'_> {
    /// Handles the header at `at`; false at the end of the archive.
    fn step(&mut self) -> Result<bool, PackageError> {
        let at = self.at;
        let left = self.source.bytes() - at;
        if left < BLOCK {
            let (code, text) = match left {
                0 => ("tar-no-end", "the tar lacks its end marker; it may have been cut off"),
                _ => {
                    ("tar-trailing-bytes", "the tar ends within a block; it may have been cut off")
                }
            };
            self.index.findings.push(Finding::warning(code, text));
            return Ok(false);
        }
        let mut block = [0; BLOCK_BYTES];
        self.source.read_exact_at(at, &mut block).map_err(|e| PackageError::read(e).at(at))?;
        if block == [0; BLOCK_BYTES] {
            self.check_end(at + BLOCK)?;
            return Ok(false);
        }
        checksum_matches(&block).map_err(|problem| PackageError::new(problem).at(at))?;
        self.header(&block).map_err(|error| error.at(at))?;
        Ok(true)
    }

    fn header(&mut self, block: &[u8; BLOCK_BYTES]) -> Result<(), PackageError> {
        let kind = block[156];
        let header_bytes = number(&block[124..136], "size").map_err(PackageError::new)?;
        let data = self.at + BLOCK;
        if matches!(kind, b'L' | b'K' | b'x' | b'g') {
            let text = self.extended(data, header_bytes)?;
            match kind {
                b'L' => self.next.rename(long_name(&text)?)?,
                b'x' => self.records(&text).map_err(PackageError::new)?,
                b'g' => self.global(&text)?,
                _ => {}
            }
            return self.skip(data, header_bytes);
        }
        let mut next = std::mem::take(&mut self.next);
        let name = next.said_name()?.unwrap_or_else(|| header_name(block));
        let stored = match next.bytes {
            Some(bytes) if bytes != header_bytes && bytes <= OCTAL_SIZE_MAX => {
                let problem = Problem::SizeConflict { header_bytes, extended_bytes: bytes };
                return Err(PackageError::new(problem).of_member(&name));
            }
            Some(bytes) => bytes,
            None => header_bytes,
        };
        if kind == b'M' {
            return Err(PackageError::new(Problem::MultiVolume).of_member(&name));
        }
        self.content(block, next.sparse, data, stored)
            .and_then(|content| {
                let Content { at, stored, sparse } = content;
                self.member(kind, &name, at, stored, sparse)?;
                self.skip(at, stored)
            })
            .map_err(|error| error.of_member(&name))
    }

    /// Where the content of a member lies, behind its map where it is sparse.
    fn content(
        &self,
        block: &[u8; BLOCK_BYTES],
        said: Option<sparse::Said>,
        data: u64,
        stored: u64,
    ) -> Result<Content, PackageError> {
        let left_bytes = self.source.bytes() - data;
        if stored > left_bytes {
            let problem = Problem::Truncated { wanted_bytes: stored, left_bytes };
            return Err(PackageError::new(problem));
        }
        let (map, at, stored) = match (block[156], said) {
            (b'S', None) => {
                let (map, taken) = sparse::old_gnu(self.source, block, data)?;
                (map, data + taken, stored)
            }
            (b'0' | b'\0' | b'7', Some(said)) => {
                let (map, taken) = said.map(self.source, data, stored)?;
                (map, data + taken, stored - taken)
            }
            (_, None) => return Ok(Content { at: data, stored, sparse: None }),
            (_, Some(_)) => {
                let reason = "its header says that it is something else too";
                return Err(PackageError::new(Problem::Sparse { reason }));
            }
        };
        map.fits(stored)?;
        Ok(Content { at, stored, sparse: Some(Arc::new(map)) })
    }

    fn member(
        &mut self,
        kind: u8,
        raw: &str,
        offset: u64,
        stored: u64,
        sparse: Option<Arc<Map>>,
    ) -> Result<(), PackageError> {
        let shown: String = raw.chars().take(256).collect();
        let mut note = |finding: Finding| self.index.findings.push(finding.at(shown.as_str()));
        match kind {
            b'0' | b'\0' | b'7' | b'S' => {}
            b'5' if stored == 0 => return Ok(()),
            b'5' => {
                let text = "a directory with content: tools disagree about what follows";
                note(Finding::error("tar-directory-content", text));
                return Ok(());
            }
            b'V' => {
                note(Finding::info("tar-label", "the label of a volume, ignored"));
                return Ok(());
            }
            b'1' | b'2' => {
                note(Finding::error("tar-link", "a link is never followed; pack the file itself"));
                return Ok(());
            }
            b'3' | b'4' | b'6' => {
                note(Finding::error("tar-device", "a device or pipe has no place in an appliance"));
                return Ok(());
            }
            _ => {
                let text = "unknown kind of tar member; some tools take it for a file";
                note(Finding::error("tar-unknown-kind", text));
                return Ok(());
            }
        }
        let name = match name::safe(raw) {
            Ok(name) => name.to_owned(),
            Err(reason) => {
                note(Finding::error("unsafe-name", format!("unsafe member name: {reason}")));
                return Ok(());
            }
        };
        let file = name.rsplit('/').next().unwrap_or(&name);
        if file.starts_with("._") || file == ".DS_Store" || name.starts_with("__MACOSX/") {
            note(Finding::info("foreign-metadata", "metadata of another system, ignored"));
            return Ok(());
        }
        if let Some(first) = self.seen.get(&name) {
            let text = format!("a second member of this name; the first is at byte {first}");
            note(Finding::error("duplicate-member", text));
            return Ok(());
        }
        if self.index.members.len() == MEMBERS_MAX {
            let problem = Problem::Limit { what: "members", limit_max: MEMBERS_MAX as u64 };
            return Err(PackageError::new(problem));
        }
        if sparse.is_some() {
            let text = "stored without its holes, which many tools do not undo";
            note(Finding::warning("tar-sparse", text));
        }
        let bytes = sparse.as_ref().map_or(stored, |map| map.bytes());
        self.seen.insert(name.clone(), offset);
        self.index.members.push(Member { name, offset, bytes, sparse });
        Ok(())
    }

    /// Moves past `bytes` of content and its padding.
    fn skip(&mut self, data: u64, bytes: u64) -> Result<(), PackageError> {
        let left_bytes = self.source.bytes() - data;
        if bytes > left_bytes {
            let problem = Problem::Truncated { wanted_bytes: bytes, left_bytes };
            return Err(PackageError::new(problem));
        }
        // A last member without its padding is still whole.
        self.at = (data + bytes).next_multiple_of(BLOCK).min(self.source.bytes());
        Ok(())
    }

    fn extended(&self, data: u64, bytes: u64) -> Result<Vec<u8>, PackageError> {
        if bytes > EXTENDED_HEADER_BYTES_MAX {
            let what = "bytes in an extended tar header";
            let problem = Problem::Limit { what, limit_max: EXTENDED_HEADER_BYTES_MAX };
            return Err(PackageError::new(problem));
        }
        let left_bytes = self.source.bytes() - data;
        if bytes > left_bytes {
            let problem = Problem::Truncated { wanted_bytes: bytes, left_bytes };
            return Err(PackageError::new(problem));
        }
        let length = usize::try_from(bytes).unwrap_or(usize::MAX);
        let mut text = vec![0; length];
        self.source.read_exact_at(data, &mut text).map_err(PackageError::read)?;
        Ok(text)
    }

    /// A header for all members that follow. Some readers apply it and some do not, so one that
    /// says what a member is called, or how large it is, makes the package ambiguous.
    fn global(&mut self, text: &[u8]) -> Result<(), PackageError> {
        let before = std::mem::take(&mut self.next);
        let read = self.records(text);
        let said = std::mem::replace(&mut self.next, before);
        read.map_err(PackageError::new)?;
        let finding = match said.name.is_some() || said.bytes.is_some() || said.sparse.is_some() {
            true => Finding::error(
                "tar-global-header",
                "a global extended header gives every member one name or size; tools disagree \
                 about what it means",
            ),
            false => Finding::info("tar-global-header", "a global extended header, ignored"),
        };
        self.index.findings.push(finding);
        Ok(())
    }

    /// Reads `LENGTH KEY=VALUE\n` records.
    fn records(&mut self, text: &[u8]) -> Result<(), Problem> {
        let bad = |reason| Problem::Extended { reason };
        let mut rest = text;
        while !rest.is_empty() {
            let space = rest.iter().take(12).position(|&b| b == b' ').ok_or(bad("no length"))?;
            let length = digits(&rest[..space]).ok_or(bad("a length that is no number"))?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length <= space + 1 || length > rest.len() || rest[length - 1] != b'\n' {
                return Err(bad("a record that does not end where its length says"));
            }
            let record = &rest[space + 1..length - 1];
            rest = &rest[length..];
            let equals = record.iter().position(|&b| b == b'=').ok_or(bad("a record without ="))?;
            let (key, value) = (&record[..equals], &record[equals + 1..]);
            let value = || std::str::from_utf8(value).map_err(|_| bad("a value that is not UTF-8"));
            if let Some(key) = key.strip_prefix(b"GNU.sparse.") {
                self.next.sparse.get_or_insert_default().note(key, value()?)?;
            } else if key.starts_with(b"GNU.volume.") {
                return Err(Problem::MultiVolume);
            } else if key == b"path" {
                self.next.rename(value()?.to_owned())?;
            } else if key == b"size" {
                let bytes = digits(value()?.as_bytes()).ok_or(bad("a size that is no number"))?;
                self.next.bytes = Some(bytes);
            }
        }
        Ok(())
    }

    /// Checks the second zero block and that nothing but zeros follows.
    fn check_end(&mut self, from: u64) -> Result<(), PackageError> {
        let span = (self.source.bytes() - from).min(1 << 20);
        let mut tail = vec![0; usize::try_from(span).unwrap_or(0)];
        self.source.read_exact_at(from, &mut tail).map_err(|e| PackageError::read(e).at(from))?;
        if let Some(at) = tail.iter().position(|&byte| byte != 0) {
            let text = format!(
                "bytes after the end marker, first at byte {}; other tools may read them as members",
                from + at as u64
            );
            self.index.findings.push(Finding::error("tar-data-after-end", text));
        } else if span < BLOCK {
            let text = "only one block of zeros ends the tar; expected two";
            self.index.findings.push(Finding::info("tar-short-end", text));
        }
        Ok(())
    }
}
