//! Opening a package: an OVA (a tar) or an OVF folder.
//!
//! Only headers and the small files (descriptor, manifest, certificate) are read; disks are read
//! in place by whoever converts or verifies them, through [`ReadAt`].
//!
//! A package whose tar can be read in two ways is either refused or carries a finding of severity
//! error, which [`convert`](crate::convert) refuses in turn.

mod error;
mod folder;
mod name;
mod pack;
mod read_at;
mod spool;
mod tar;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

pub use self::{
    error::PackageError,
    name::NAME_BYTES_MAX,
    read_at::{Block, Chain, FileSource, ReadAt, Window, read_small},
    spool::STREAM_BYTES_MAX,
    tar::{EXTENDED_HEADER_BYTES_MAX, MEMBERS_MAX, Member, SPARSE_BYTES_MAX, SPARSE_REGIONS_MAX},
};
pub(crate) use self::{
    error::Problem,
    name::{of_href, safe as safe_name, stem},
    pack::{Packer, Part, Unwritten, must_be_new, write_appliance, write_new},
    spool::Spooled,
};

/// The most bytes that an OVF descriptor may have.
pub const DESCRIPTOR_BYTES_MAX: u64 = 32 << 20;
/// The most bytes that a manifest may have.
pub const MANIFEST_BYTES_MAX: u64 = 4 << 20;
/// The most bytes that a certificate file may have.
pub const CERTIFICATE_BYTES_MAX: u64 = 1 << 20;

const GZIP: &[u8] = b"\x1f\x8b\x08";

/// How a package is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// One tar with everything in it.
    Ova,
    /// A folder with a descriptor and the files that it names.
    Ovf,
}

/// An appliance that was opened for reading.
///
/// ```no_run
/// # fn main() -> Result<(), quantix_ova::package::PackageError> {
/// let package = quantix_ova::package::Package::open("appliance.ova".as_ref())?;
/// for member in package.members() {
///     println!("{} {} bytes at {}", member.name, member.bytes, member.offset);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Package {
    path: PathBuf,
    place: Place,
    members: Vec<Member>,
    descriptor: Text,
    manifest: Option<Text>,
    certificate: Option<Text>,
    findings: Vec<Finding>,
    /// The file of this machine whose bytes these are, for an OVA that is one.
    file: Option<PathBuf>,
}

#[derive(Debug)]
enum Place {
    Tar {
        whole: Arc<dyn ReadAt>,
        by_name: BTreeMap<String, usize>,
        by_letters: BTreeMap<String, usize>,
    },
    Folder(PathBuf),
}

/// A small file of a package, in memory.
#[derive(Clone, Debug)]
pub struct Text {
    /// The name of the member.
    pub name: String,
    /// Its content, as it lies in the package.
    pub bytes: Vec<u8>,
}

impl Package {
    /// Opens an OVA, an OVF descriptor beside its files, or a folder with one descriptor. An OVA
    /// inside gzip is unpacked into a nameless file first.
    ///
    /// # Errors
    /// When the path cannot be read, is no package, is damaged or ambiguous, holds no descriptor
    /// or several, or crosses a limit.
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        Self::open_any(path).map_err(|error| error.of_path(path))
    }

    fn open_any(path: &Path) -> Result<Self, PackageError> {
        if path.is_dir() {
            return Self::in_folder(path, &folder::descriptor_in(path)?);
        }
        let source = FileSource::open(path).map_err(PackageError::read)?;
        let mut start = [0; 512];
        let known = usize::try_from(source.bytes().min(512)).unwrap_or(512);
        source.read_exact_at(0, &mut start[..known]).map_err(PackageError::read)?;
        if known == 0 {
            return Err(PackageError::new(Problem::Empty));
        }
        if start.starts_with(GZIP) {
            let file = std::fs::File::open(path).map_err(PackageError::read)?;
            return Self::from_reader(file, path);
        }
        if looks_like_xml(&start[..known]) {
            let name = path.file_name().and_then(|name| name.to_str());
            let reason = "it is not UTF-8";
            let name = name.ok_or_else(|| PackageError::new(Problem::UnsafeName { reason }))?;
            let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
            return Self::in_folder(folder.unwrap_or(Path::new(".")), name);
        }
        if !tar::is_header(&start[..known]) && &start[257..262] != b"ustar" {
            return Err(PackageError::new(Problem::NotAPackage));
        }
        let mut package = Self::in_tar(Arc::new(source), path)?;
        package.file = path.canonicalize().ok();
        Ok(package)
    }

    /// Opens an OVA that lies anywhere: in memory, on a server, inside another file.
    ///
    /// `path` is what messages call it.
    ///
    /// # Errors
    /// As [`Package::open`].
    pub fn from_source(source: Arc<dyn ReadAt>, path: &Path) -> Result<Self, PackageError> {
        if source.bytes() == 0 {
            return Err(PackageError::new(Problem::Empty).of_path(path));
        }
        Self::in_tar(source, path).map_err(|error| error.of_path(path))
    }

    /// Opens an OVA that can only be read from start to end, such as standard input, or one inside
    /// gzip. It is kept in a nameless file of the system's folder for such files.
    ///
    /// `path` is what messages call it.
    ///
    /// # Errors
    /// As [`Package::open`], and when it has more than [`STREAM_BYTES_MAX`] bytes.
    pub fn from_reader(reader: impl io::Read, path: &Path) -> Result<Self, PackageError> {
        let named = |error: io::Error| match error.kind() {
            io::ErrorKind::FileTooLarge => {
                let (what, limit_max) = ("bytes", STREAM_BYTES_MAX);
                PackageError::new(Problem::Limit { what, limit_max }).of_path(path)
            }
            io::ErrorKind::InvalidInput
            | io::ErrorKind::InvalidData
            | io::ErrorKind::UnexpectedEof => PackageError::new(Problem::Gzip).of_path(path),
            _ => PackageError::read(error).of_path(path),
        };
        let mut reader = io::BufReader::with_capacity(256 << 10, reader);
        let is_gzip = io::BufRead::fill_buf(&mut reader).map_err(named)?.starts_with(GZIP);
        let spooled = match is_gzip {
            true => {
                Spooled::read(&mut flate2::bufread::MultiGzDecoder::new(reader), STREAM_BYTES_MAX)
            }
            false => Spooled::read(&mut reader, STREAM_BYTES_MAX),
        };
        let mut package = Self::from_source(Arc::new(spooled.map_err(named)?), path)?;
        if is_gzip {
            let text = "the OVA lies inside gzip, which other tools refuse; it was unpacked first";
            package.note(Finding::warning("gzip-package", text));
        }
        Ok(package)
    }

    pub(crate) fn note(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    fn in_tar(source: Arc<dyn ReadAt>, path: &Path) -> Result<Self, PackageError> {
        let tar::Index { members, mut findings } = tar::index(&*source)?;
        let mut descriptors: Vec<&Member> =
            members.iter().filter(|m| has_extension(&m.name, "ovf")).collect();
        if descriptors.len() > 1
            && descriptors.iter().filter(|m| !m.name.contains('/')).count() == 1
        {
            descriptors.retain(|m| !m.name.contains('/'));
        }
        let descriptor = match *descriptors.as_slice() {
            [] => return Err(PackageError::new(Problem::NoDescriptor)),
            [one] => one,
            _ => {
                let names = descriptors.iter().take(5).map(|m| m.name.clone()).collect();
                return Err(PackageError::new(Problem::ManyDescriptors { names }));
            }
        };
        if members.first() != Some(descriptor) {
            let text = "the descriptor is not the first member; ovftool and vCenter refuse this";
            findings.push(Finding::info("descriptor-not-first", text).at(&*descriptor.name));
        }
        let load = |member: &Member, bytes_max| {
            let content = content(&source, member);
            let bytes = read_text(&*content, bytes_max).map_err(|e| e.of_member(&member.name))?;
            Ok::<_, PackageError>(Text { name: member.name.clone(), bytes })
        };
        let mut companion = |extension: &str, bytes_max| {
            let own = with_extension(&descriptor.name, extension);
            let all: Vec<_> =
                members.iter().filter(|m| has_extension(&m.name, extension)).collect();
            let found = all.iter().find(|m| m.name.eq_ignore_ascii_case(&own)).or(all.first());
            if let Some(member) = found.filter(|m| m.name != own) {
                let text = format!("expected the name {own:?}; other tools overlook this file");
                findings.push(Finding::warning("companion-name", text).at(&*member.name));
            }
            found.map(|member| load(member, bytes_max)).transpose()
        };
        let manifest = companion("mf", MANIFEST_BYTES_MAX)?;
        let certificate = companion("cert", CERTIFICATE_BYTES_MAX)?;
        let descriptor = load(descriptor, DESCRIPTOR_BYTES_MAX)?;
        let names = || members.iter().enumerate();
        let by_name = names().map(|(index, m)| (m.name.clone(), index)).collect();
        let by_letters = names().map(|(index, m)| (m.name.to_lowercase(), index)).collect();
        let place = Place::Tar { whole: source, by_name, by_letters };
        let (path, file) = (path.into(), None);
        Ok(Self { path, place, members, descriptor, manifest, certificate, findings, file })
    }

    fn in_folder(folder: &Path, name: &str) -> Result<Self, PackageError> {
        let mut members = Vec::new();
        let mut load = |name: &str, bytes_max| -> Result<Text, PackageError> {
            let member = folder::find(folder, name)?;
            let source = folder::open(folder, &member.name)?;
            let bytes = read_text(&source, bytes_max).map_err(|e| e.of_member(name))?;
            members.push(member);
            Ok(Text { name: name.to_owned(), bytes })
        };
        let descriptor = load(name, DESCRIPTOR_BYTES_MAX)?;
        let mut companion =
            |extension, bytes_max| match load(&with_extension(name, extension), bytes_max) {
                Ok(text) => Ok(Some(text)),
                Err(error) if error.is_missing_member() => Ok(None),
                Err(error) => Err(error),
            };
        let manifest = companion("mf", MANIFEST_BYTES_MAX)?;
        let certificate = companion("cert", CERTIFICATE_BYTES_MAX)?;
        Ok(Self {
            path: folder.join(name),
            place: Place::Folder(folder.to_owned()),
            members,
            descriptor,
            manifest,
            certificate,
            findings: Vec::new(),
            file: None,
        })
    }

    /// In which file of this machine a member lies, and from which byte on.
    pub(crate) fn place_on_disk(&self, member: &Member) -> Option<(PathBuf, u64)> {
        match &self.place {
            Place::Tar { .. } if member.sparse.is_some() => None,
            Place::Tar { .. } => Some((self.file.clone()?, member.offset)),
            Place::Folder(folder) => Some((folder.join(&member.name).canonicalize().ok()?, 0)),
        }
    }

    /// How it is packed.
    #[must_use]
    pub fn packing(&self) -> Packing {
        match self.place {
            Place::Tar { .. } => Packing::Ova,
            Place::Folder(_) => Packing::Ovf,
        }
    }

    /// The OVA, or the descriptor of an OVF folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The members of an OVA in their order; of a folder, the descriptor and its companions.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The OVF descriptor.
    #[must_use]
    pub fn descriptor(&self) -> &Text {
        &self.descriptor
    }

    /// The manifest, if there is one.
    #[must_use]
    pub fn manifest(&self) -> Option<&Text> {
        self.manifest.as_ref()
    }

    /// The certificate with the signature of the manifest, if there is one.
    #[must_use]
    pub fn certificate(&self) -> Option<&Text> {
        self.certificate.as_ref()
    }

    /// What was noticed while opening it.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The member of exactly this name (or, percent-decoded, `href`).
    ///
    /// # Errors
    /// When there is none (the message names one that differs in case only), or the name leads
    /// out of the package.
    pub fn find(&self, href: &str) -> Result<Member, PackageError> {
        let (by_name, by_letters) = match &self.place {
            Place::Tar { by_name, by_letters, .. } => (by_name, by_letters),
            Place::Folder(folder) => return find_in_folder(folder, href),
        };
        for name in [href, &of_href(href)] {
            if let Some(&index) = safe_name(name).ok().and_then(|name| by_name.get(name)) {
                return Ok(self.members[index].clone());
            }
        }
        let similar = by_letters.get(&href.to_lowercase());
        let similar = similar.map(|&index| self.members[index].name.clone());
        Err(PackageError::new(Problem::NoMember { similar }).of_member(href))
    }

    /// Opens a member for reading.
    ///
    /// # Errors
    /// When the storage fails, or the member of a folder is no regular file below it.
    pub fn open_member(&self, member: &Member) -> Result<Arc<dyn ReadAt>, PackageError> {
        match &self.place {
            Place::Tar { whole, .. } => Ok(content(whole, member)),
            Place::Folder(folder) => Ok(Arc::new(folder::open(folder, &member.name)?)),
        }
    }
}

/// The content of a member of a tar.
fn content(whole: &Arc<dyn ReadAt>, member: &Member) -> Arc<dyn ReadAt> {
    let window =
        |bytes| Arc::new(Window::new(Arc::clone(whole), member.offset, bytes)) as Arc<dyn ReadAt>;
    match &member.sparse {
        None => window(member.bytes),
        Some(map) => {
            let stored = window(map.stored_bytes());
            Arc::new(tar::Filled { stored, map: Arc::clone(map) })
        }
    }
}

fn find_in_folder(folder: &Path, href: &str) -> Result<Member, PackageError> {
    match folder::find(folder, href) {
        Err(error) if error.is_missing_member() => {
            folder::find(folder, &of_href(href)).map_err(|_| error)
        }
        found => found,
    }
}

fn read_text(source: &dyn ReadAt, bytes_max: u64) -> Result<Vec<u8>, PackageError> {
    read_small(source, bytes_max).map_err(|error| match error.kind() {
        io::ErrorKind::FileTooLarge => {
            PackageError::new(Problem::Limit { what: "bytes", limit_max: bytes_max })
        }
        _ => PackageError::read(error),
    })
}

/// Whether a file starts like XML, in any encoding that an OVF may have.
fn looks_like_xml(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let utf16 = [b"\xff\xfe<\0", b"\xfe\xff\0<"].iter().any(|bom| start.starts_with(*bom));
    utf16 || start.trim_ascii_start().starts_with(b"<")
}

fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, found)| found.eq_ignore_ascii_case(extension))
}

fn with_extension(name: &str, extension: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    format!("{stem}.{extension}")
}
