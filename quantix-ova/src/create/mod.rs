//! Making an OVA from a description and disks, the same bytes every time.
//!
//! Disks in any readable format become stream-optimized VMDKs on all processors. The tar holds
//! descriptor, manifest (SHA-256) and disks, in this order, owned by nobody and dated 1970, so
//! that equal input gives equal bytes.

mod error;
mod spec;

use std::{
    fs::File,
    io,
    num::NonZeroUsize,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use quantix_core::{Bytes, Finding};
use serde::{Deserialize, Serialize};

pub use self::{
    error::CreateError,
    spec::{Spec, SpecDisk, SpecError},
};
use crate::{
    convert::{Lanes, Opened, Options, Output, Work, WorkOutput},
    disk::{self, Check, DiskError, Extents, Fault},
    manifest::Algorithm,
    ovf::write::ApplianceDisk,
    package::{FileSource, Packer, Part, ReadAt, Unwritten, must_be_new, stem, write_new},
    watch::Watch,
};

/// One file of a [`Created`] appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatedFile {
    /// Its name in the OVA.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

/// The answer of [`create`]: the document of `quantix ova create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Created {
    /// The OVA.
    pub path: PathBuf,
    /// How many bytes it has.
    pub bytes: u64,
    /// What is in it, in its order.
    pub files: Vec<CreatedFile>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Makes the OVA `to` from a description; paths of disks are relative to `base`.
///
/// # Errors
/// When the description has faults, a disk cannot be read, `to` exists already or cannot be
/// written, or the watcher cancels. Nothing is left then.
///
/// # Example
/// ```
/// # use quantix_ova::{create::{Spec, create}, package::Package, watch::Unwatched};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("root.img"), vec![7; 1 << 20])?;
/// let spec: Spec = serde_json::from_str(
///     r#"{"name":"web","cpus":2,"memory_mib":2048,"disks":[{"path":"root.img"}],
///         "nics":[{"network":"lan"}]}"#,
/// )?;
/// let to = folder.path().join("web.ova");
/// let made = create(&spec, folder.path(), &to, None, &Unwatched)?;
/// assert_eq!(made.files[2].name, "web-disk1.vmdk");
/// assert_eq!(Package::open(&to)?.members().len(), 3);
/// # Ok(())
/// # }
/// ```
pub fn create(
    spec: &Spec,
    base: &Path,
    to: &Path,
    threads: Option<NonZeroUsize>,
    watch: &dyn Watch,
) -> Result<Created, CreateError> {
    must_be_new(to)?;
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = stem(&spec.machine.name);
    let mut findings = spec.machine.check();
    let opened = open(spec, base, &name, &mut findings)?;
    let mut machine = spec.machine.clone();
    let packed = pack(&opened, folder, threads, watch)?;
    for (number, (disk, packed)) in (1..).zip(spec.disks.iter().zip(&packed)) {
        let (capacity, file_bytes) = match packed {
            Some(packed) => (packed.virtual_bytes, Some(packed.bytes)),
            None => (disk.capacity_bytes.map_or(0, |Bytes(bytes)| bytes), None),
        };
        let href = file_bytes.map(|_| disk_name(&name, number));
        let plain = ApplianceDisk::new("", Bytes(capacity));
        let populated_bytes = packed.as_ref().map(|packed| packed.populated_bytes);
        let id = disk.id.clone();
        machine.disks.push(ApplianceDisk { id, href, file_bytes, populated_bytes, ..plain });
    }
    let ovf = machine.to_ovf().map_err(CreateError::spec)?;
    let disks: Vec<(String, Packed)> = (1..)
        .zip(packed)
        .filter_map(|(number, packed)| Some((disk_name(&name, number), packed?)))
        .collect();
    let mut parts = vec![Part::text(format!("{name}.ovf"), ovf)];
    for (name, packed) in disks {
        let Packed { file, bytes, .. } = packed;
        parts.push(Part::new(name, Arc::new(Shared { file, bytes })));
    }
    let (files, bytes) = write(parts, &format!("{name}.mf"), to, watch)?;
    Ok(Created { path: to.to_owned(), bytes, files, findings })
}

/// Writes descriptor, manifest and disks; answers what they are and how large the tar is.
fn write(
    mut parts: Vec<Part>,
    manifest: &str,
    to: &Path,
    watch: &dyn Watch,
) -> Result<(Vec<CreatedFile>, u64), CreateError> {
    let fail = |error| Unwritten::new(to, error);
    let total = parts.iter().map(|part| part.bytes).sum::<u64>() * 2;
    let mut packer = Packer::new(watch, total);
    let mut digests = Vec::new();
    for part in &parts {
        digests.push(packer.digest(part, Algorithm::Sha256).map_err(fail)?.to_string());
    }
    let line = |(part, digest): (&Part, &String)| format!("SHA256({})= {digest}\n", part.name);
    let text: String = parts.iter().zip(&digests).map(line).collect();
    parts.insert(1, Part::text(manifest, text.into_bytes()));
    digests.insert(1, packer.digest(&parts[1], Algorithm::Sha256).map_err(fail)?.to_string());
    let bytes = write_new(to, |file| packer.write(file, &parts))?;
    let file =
        |(part, sha256): (Part, String)| CreatedFile { name: part.name, bytes: part.bytes, sha256 };
    Ok((parts.into_iter().zip(digests).map(file).collect(), bytes))
}

/// A disk that was packed, in a file without a name.
#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    bytes: u64,
}

impl ReadAt for Shared {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }
}

fn disk_name(name: &str, number: usize) -> String {
    format!("{name}-disk{number}.vmdk")
}

/// A disk that was turned into a VMDK without a name.
#[derive(Debug)]
struct Packed {
    file: Arc<File>,
    bytes: u64,
    virtual_bytes: u64,
    populated_bytes: u64,
}

/// Opens the disks of the description; `None` for those that start empty.
fn open(
    spec: &Spec,
    base: &Path,
    name: &str,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Option<Opened>>, CreateError> {
    let mut opened = Vec::new();
    for (number, disk) in (1..).zip(&spec.disks) {
        let Some(path) = &disk.path else {
            opened.push(None);
            continue;
        };
        let path = base.join(path);
        let source = FileSource::open(&path).map_err(|error| CreateError::source(&path, error))?;
        let beside = Beside { folder: path.parent().unwrap_or(base).to_owned() };
        let image = disk::open(Arc::new(source), &beside);
        let image = image.map_err(|error| CreateError::disk(&path, error))?;
        let at = path.display().to_string();
        findings.extend(image.findings().iter().map(|finding| finding.clone().at(&*at)));
        let name = disk_name(name, number);
        opened.push(Some(Opened { name, image, members: Vec::new() }));
    }
    Ok(opened)
}

/// Turns every disk into a stream-optimized VMDK, in nameless files of the target's folder.
fn pack(
    opened: &[Option<Opened>],
    folder: &Path,
    threads: Option<NonZeroUsize>,
    watch: &dyn Watch,
) -> Result<Vec<Option<Packed>>, CreateError> {
    let options = Options { output: Output::Vmdk, threads, ..Options::default() };
    let mut outputs = Vec::new();
    let mut files = Vec::new();
    for disk in opened.iter().flatten() {
        let file = tempfile::tempfile_in(folder).map_err(|e| CreateError::target(folder, e))?;
        let file = Arc::new(file);
        files.push(Arc::clone(&file));
        outputs.push(WorkOutput::new(disk, file, &options, Check::Inflate));
    }
    let lanes = Lanes::default();
    Work::new(&lanes, &outputs, watch).run(options.thread_count()).map_err(CreateError::convert)?;
    let mut packed = Vec::new();
    for (output, file) in outputs.into_iter().zip(files) {
        let (virtual_bytes, populated_bytes) = (output.virtual_bytes(), output.populated_bytes());
        let bytes = output.finish(false).map_err(CreateError::convert)?;
        packed.push(Packed { file, bytes, virtual_bytes, populated_bytes });
    }
    let mut packed = packed.into_iter();
    Ok(opened.iter().map(|disk| disk.as_ref().and_then(|_| packed.next())).collect())
}

/// Extents of a VMDK lie in the folder of its descriptor, nowhere else.
struct Beside {
    folder: PathBuf,
}

impl Extents for Beside {
    fn open_extent(&self, name: &str) -> Result<Arc<dyn ReadAt>, DiskError> {
        let fail = |reason| DiskError::new(Fault::Extent { name: name.to_owned(), reason });
        if name.contains(['/', '\\']) || name == ".." {
            return Err(fail(
                "not in the folder of its descriptor; files elsewhere are not opened",
            ));
        }
        match FileSource::open(&self.folder.join(name)) {
            Ok(source) => Ok(Arc::new(source)),
            Err(_) => Err(fail("cannot be opened beside its descriptor")),
        }
    }
}
