//! Comparing a package with its manifest.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

use super::{Algorithm, Digest, Entry, Hasher, Manifest, parse::plain};
use crate::{
    package::{Member, Package, PackageError, Problem},
    signature::{self, Judgement, SignatureReport, Trust, TrustError},
    watch::{Progress, Watch},
};

/// What the manifest says about the package as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ManifestState {
    /// Every file that it lists is there and has its digest.
    Ok,
    /// There is none: nothing vouches for the content.
    Missing,
    /// A file is missing, differs, or is not listed although it must be.
    Mismatch,
    /// A line could not be understood or contradicts another.
    Malformed,
}

/// What the signature of the manifest is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateState {
    /// The package is not signed.
    Absent,
    /// The signature is right and its certificate is trusted.
    Valid,
    /// The signature is right or was not checked; nobody that the caller trusts stands behind it.
    Untrusted,
    /// The signature is right, but its certificate has expired or is not valid yet.
    Expired,
    /// The signature is wrong or cannot be read.
    Invalid,
}

/// What became of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// It has the digest that the manifest lists.
    Ok,
    /// Its digest differs.
    Mismatch,
    /// It is listed but not in the package.
    Missing,
    /// It is listed, and in the package under a name that differs in case only.
    WrongCase,
    /// It is in the package but not listed.
    Extra,
}

/// One file of a [`Verification`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileStatus {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub status: FileState,
    /// The algorithm of the digest that was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<Algorithm>,
}

/// The answer of [`verify`]: the document of `quantix ova verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// Whether a manifest vouches for the package and everything in it is as listed.
    pub ok: bool,
    /// The manifest.
    pub manifest: ManifestState,
    /// The signature of the manifest.
    pub certificate: CertificateState,
    /// What the signature says, where there is one that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignatureReport>,
    /// Every file: those listed in the order of the manifest, then the others.
    pub files: Vec<FileStatus>,
    /// What was noticed, with line numbers of the manifest.
    pub findings: Vec<Finding>,
}

/// How to verify, as a document; every field may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyOptions {
    /// How many threads work; by default one per processor.
    pub threads: Option<NonZeroUsize>,
    /// Trusted certificates, in PEM; with any, only a package whose signature leads to one is ok.
    pub roots: Option<String>,
    /// Whether signatures made with SHA-1 count.
    pub allow_sha1: bool,
    /// When certificates must be good, in seconds since 1970; without it, their dates are told
    /// and not judged.
    pub at: Option<i64>,
}

impl VerifyOptions {
    /// Whom the caller trusts.
    ///
    /// # Errors
    /// When the roots cannot be read.
    pub fn trust(&self) -> Result<Trust, TrustError> {
        let mut trust = Trust::default();
        if let Some(pem) = &self.roots {
            trust = trust.with_roots(pem.as_bytes())?;
        }
        if self.allow_sha1 {
            trust = trust.allowing_sha1();
        }
        Ok(match self.at {
            Some(seconds) => trust.at(seconds),
            None => trust,
        })
    }

    /// How many threads work.
    #[must_use]
    pub fn thread_count(&self) -> NonZeroUsize {
        let all = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(all)
    }
}

/// The digests that a manifest asks for: which member, which entry.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) member: Member,
    pub(crate) algorithm: Algorithm,
}

/// Checks every file of the package against the manifest, on `threads` threads, and the signature
/// of the manifest, for which nobody is trusted.
///
/// # Errors
/// As [`verify_trusting`].
pub fn verify(
    package: &Package,
    threads: NonZeroUsize,
    watch: &dyn Watch,
) -> Result<Verification, PackageError> {
    verify_trusting(package, &Trust::default(), threads, watch)
}

/// Checks every file of the package against the manifest, on `threads` threads, and the signature
/// of the manifest under `trust`.
///
/// # Errors
/// When a member cannot be read, or the watcher cancels. A package that differs from its manifest
/// is an answer, not an error.
pub fn verify_trusting(
    package: &Package,
    trust: &Trust,
    threads: NonZeroUsize,
    watch: &dyn Watch,
) -> Result<Verification, PackageError> {
    let manifest = package.manifest().map(|text| Manifest::parse(&text.bytes));
    let wanted = manifest.as_ref().map_or_else(Vec::new, |manifest| wanted(package, manifest));
    let digests = digests(package, &wanted, threads, watch)?;
    Ok(judge(package, manifest.as_ref(), &digests, trust))
}

/// The members whose digests the manifest lists, each once.
pub(crate) fn wanted(package: &Package, manifest: &Manifest) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for entry in strongest(manifest) {
        if let Ok(member) = package.find(&entry.name) {
            wanted.push(Wanted { member, algorithm: entry.algorithm });
        }
    }
    wanted
}

/// One entry per file: the one with the strongest algorithm.
fn strongest(manifest: &Manifest) -> impl Iterator<Item = &Entry> {
    let mut best: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in manifest.entries() {
        let kept = best.entry(plain(&entry.name)).or_insert(entry);
        if kept.algorithm < entry.algorithm {
            *kept = entry;
        }
    }
    let best: BTreeSet<u32> = best.into_values().map(|entry| entry.line).collect();
    manifest.entries().iter().filter(move |entry| best.contains(&entry.line))
}

/// Digests by member name.
pub(crate) type Digests = BTreeMap<String, Digest>;

fn digests(
    package: &Package,
    wanted: &[Wanted],
    threads: NonZeroUsize,
    watch: &dyn Watch,
) -> Result<Digests, PackageError> {
    let total_bytes = wanted.iter().map(|w| w.member.bytes).sum();
    let (next, done) = (AtomicUsize::new(0), AtomicU64::new(0));
    let results = Mutex::new(BTreeMap::new());
    let work = || -> Result<(), PackageError> {
        let mut buffer = vec![0; 1 << 20];
        while let Some(Wanted { member, algorithm }) =
            wanted.get(next.fetch_add(1, Ordering::Relaxed))
        {
            let source = package.open_member(member)?;
            let mut hasher = Hasher::new(*algorithm);
            let mut at = 0;
            while at < member.bytes {
                if watch.is_cancelled() {
                    return Err(PackageError::new(Problem::Cancelled));
                }
                let left = usize::try_from(member.bytes - at).unwrap_or(usize::MAX);
                let part = left.min(buffer.len());
                source
                    .read_exact_at(at, &mut buffer[..part])
                    .map_err(|e| PackageError::read(e).of_member(&member.name).at(at))?;
                hasher.update(&buffer[..part]);
                at += part as u64;
                let done_bytes = done.fetch_add(part as u64, Ordering::Relaxed) + part as u64;
                watch.progress(Progress { done_bytes, total_bytes });
            }
            let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
            results.insert(member.name.clone(), hasher.finish());
        }
        Ok(())
    };
    thread::scope(|scope| {
        let count = threads.get().min(wanted.len());
        let others: Vec<_> = (1..count).map(|_| scope.spawn(work)).collect();
        let own = work();
        others.into_iter().filter_map(|handle| handle.join().ok()).fold(own, Result::and)
    })?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Compares digests that were computed with what the manifest lists.
pub(crate) fn judge(
    package: &Package,
    manifest: Option<&Manifest>,
    digests: &Digests,
    trust: &Trust,
) -> Verification {
    let mut findings = package.findings().to_vec();
    let Judgement { state: certificate, report: signature, findings: found } =
        signature::check(package, trust);
    findings.extend(found);
    let Some(manifest) = manifest else {
        let text = "no manifest (*.mf): nothing vouches for the content of this appliance";
        findings.push(Finding::warning("manifest-missing", text));
        let files = extras(package, None, &mut findings);
        let manifest = ManifestState::Missing;
        return Verification { ok: false, manifest, certificate, signature, files, findings };
    };
    let name = package.manifest().map_or("", |text| text.name.as_str());
    findings.extend(manifest.findings().iter().map(|finding| finding.clone().at(name)));
    let malformed = manifest.findings().iter().any(Finding::is_error);
    let mut files = Vec::new();
    for entry in strongest(manifest) {
        let (status, finding) = judge_file(package, entry, digests);
        findings.extend(finding.map(|finding| finding.at(name).at_position(entry.line, 1)));
        let algorithm = Some(entry.algorithm);
        files.push(FileStatus { name: entry.name.clone(), status, algorithm });
        if entry.algorithm == Algorithm::Sha1 && !findings.iter().any(|f| f.code == "manifest-sha1")
        {
            let text = "SHA-1 digests detect accidents, not intent; SHA-256 detects both";
            findings.push(Finding::info("manifest-sha1", text).at(name));
        }
    }
    let uncovered = findings.len();
    files.extend(extras(package, Some(manifest), &mut findings));
    let uncovered = findings[uncovered..].iter().any(Finding::is_error);
    let differs = files.iter().any(|f| !matches!(f.status, FileState::Ok | FileState::Extra));
    let state = match (malformed, differs || uncovered) {
        (true, _) => ManifestState::Malformed,
        (false, true) => ManifestState::Mismatch,
        (false, false) => ManifestState::Ok,
    };
    let ok = state == ManifestState::Ok
        && certificate != CertificateState::Invalid
        && !findings.iter().any(Finding::is_error);
    Verification { ok, manifest: state, certificate, signature, files, findings }
}

fn judge_file(package: &Package, entry: &Entry, digests: &Digests) -> (FileState, Option<Finding>) {
    let name = &entry.name;
    match package.find(name) {
        Ok(member) => match digests.get(&member.name) {
            Some(digest) if *digest == entry.digest => (FileState::Ok, None),
            Some(digest) => {
                let text = format!(
                    "{name:?} differs: {} is {digest}, the manifest says {}; fetch it again",
                    entry.algorithm.name(),
                    entry.digest
                );
                (FileState::Mismatch, Some(Finding::error("digest-mismatch", text)))
            }
            None => {
                let text = format!("the digest of {name:?} was not computed");
                (FileState::Mismatch, Some(Finding::error("digest-mismatch", text)))
            }
        },
        Err(error) => match error.similar() {
            Some(similar) => {
                let text = format!("{name:?} is listed, but the file is called {similar:?}");
                (FileState::WrongCase, Some(Finding::error("manifest-wrong-case", text)))
            }
            None => {
                let text = format!("{name:?} is listed, but there is no such file");
                (FileState::Missing, Some(Finding::error("manifest-missing-file", text)))
            }
        },
    }
}

/// Members that no line of the manifest speaks of.
fn extras(
    package: &Package,
    manifest: Option<&Manifest>,
    findings: &mut Vec<Finding>,
) -> Vec<FileStatus> {
    let companions = [package.manifest(), package.certificate()];
    let entries = manifest.map_or(&[][..], Manifest::entries);
    let listed: BTreeSet<String> = entries.iter().map(|e| plain(&e.name).to_lowercase()).collect();
    let mut files = Vec::new();
    for member in package.members() {
        let name = &member.name;
        if companions.iter().flatten().any(|text| text.name == *name)
            || listed.contains(&name.to_lowercase())
        {
            continue;
        }
        if manifest.is_some() {
            let text = format!("{name:?} is in the package, but the manifest does not list it");
            let vital = *name == package.descriptor().name || is_disk(name);
            findings.push(match vital {
                true => Finding::error("manifest-extra-file", text).at(&**name),
                false => Finding::warning("manifest-extra-file", text).at(&**name),
            });
        }
        files.push(FileStatus { name: name.clone(), status: FileState::Extra, algorithm: None });
    }
    files
}

/// Whether a file name is one that disks have.
fn is_disk(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let chunk = name.rsplit_once('.').filter(|(_, end)| end.bytes().all(|b| b.is_ascii_digit()));
    let name = chunk.map_or(name, |(stem, _)| stem);
    [".vmdk", ".img", ".raw", ".qcow2", ".vdi", ".vhd", ".vhdx"].iter().any(|e| name.ends_with(e))
}
