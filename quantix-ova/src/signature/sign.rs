//! Signing a package.

use std::{
    error, fmt,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use quantix_core::Finding;
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair},
};
use serde::Serialize;

use super::{certificate::Certificate, file};
use crate::{
    manifest::{Algorithm, CertificateState, Manifest, verify},
    ovf,
    package::{Package, PackageError, Packer, Part, Unwritten, must_be_new, write_new},
    watch::Watch,
};

/// A key with its certificates.
pub struct Signer {
    key: RsaKeyPair,
    certificates: Vec<Vec<u8>>,
    algorithm: Algorithm,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A key or a certificate that cannot sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct KeyError {
    what: &'static str,
    reason: &'static str,
}

impl Signer {
    /// A signer from a private RSA key (PEM, PKCS#8 or PKCS#1, not encrypted, 2048 bits or more)
    /// and a certificate for it (PEM), which may be followed by those of its issuers.
    ///
    /// # Errors
    /// When one of them cannot be read, or they do not belong together.
    pub fn from_pem(
        key: &[u8],
        certificates: &[u8],
        algorithm: Algorithm,
    ) -> Result<Self, KeyError> {
        let bad_key = |reason| KeyError { what: "private key", reason };
        let bad = |reason| KeyError { what: "certificate", reason };
        let (label, der) =
            file::first_block(key, "PRIVATE KEY").ok_or(bad_key("no PRIVATE KEY in PEM"))?;
        let key = match label.as_str() {
            "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&der),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
            "ENCRYPTED PRIVATE KEY" => return Err(bad_key("it is encrypted; decrypt it first")),
            _ => return Err(bad_key("not an RSA key; other tools read no other")),
        };
        let key = key.map_err(|_| bad_key("no RSA key of 2048 to 4096 bits that can sign"))?;
        if algorithm == Algorithm::Sha1 {
            return Err(bad_key("no new signatures are made with SHA-1; use SHA-256"));
        }
        let certificates = file::certificates(certificates);
        let first = certificates.first().ok_or(bad("no CERTIFICATE in PEM"))?;
        let certificate = Certificate::parse(first).map_err(bad)?;
        let signer = Self { key, certificates, algorithm };
        let proof = signer.signature(b"proof").map_err(bad_key)?;
        if !certificate.verifies(algorithm, b"proof", &proof) {
            return Err(bad("it is not that of the private key"));
        }
        Ok(signer)
    }

    /// The content of the `.cert` file for a manifest of this name.
    ///
    /// # Errors
    /// When the system has no randomness to give, which keeps the key from being measured.
    pub fn certificate_file(&self, name: &str, manifest: &[u8]) -> Result<Vec<u8>, KeyError> {
        let fail = |reason| KeyError { what: "private key", reason };
        let signature = self.signature(manifest).map_err(fail)?;
        let mut text = format!("{}({name})= ", self.algorithm.name());
        for byte in signature {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        for certificate in &self.certificates {
            text.push_str("-----BEGIN CERTIFICATE-----\n");
            let encoded = STANDARD.encode(certificate);
            for line in encoded.as_bytes().chunks(64) {
                text.push_str(&String::from_utf8_lossy(line));
                text.push('\n');
            }
            text.push_str("-----END CERTIFICATE-----\n");
        }
        Ok(text.into_bytes())
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, &'static str> {
        let padding = match self.algorithm {
            Algorithm::Sha512 => &RSA_PKCS1_SHA512,
            Algorithm::Sha1 | Algorithm::Sha256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.key.public().modulus_len()];
        let made = self.key.sign(padding, &SystemRandom::new(), message, &mut signature);
        made.map_err(|_| "the system gave no randomness")?;
        Ok(signature)
    }
}

/// A package that was signed: the document of `quantix ova sign`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signed {
    /// Where it was written.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// The manifest that was signed.
    pub manifest: String,
    /// The file with the signature.
    pub certificate: String,
    /// How the manifest was hashed.
    pub algorithm: Algorithm,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// A package that was not signed; nothing was left.
#[derive(Debug)]
pub struct SignError(Box<Reason>);

#[derive(Debug)]
enum Reason {
    Unverified(Vec<Finding>),
    Key(KeyError),
    Unwritten(Unwritten),
}

impl SignError {
    fn new(reason: Reason) -> Self {
        Self(Box::new(reason))
    }

    /// Whether the target, rather than the package or the key, is at fault.
    #[must_use]
    pub fn is_target(&self) -> bool {
        matches!(&*self.0, Reason::Unwritten(error) if error.is_target())
    }

    /// Whether the watcher stopped the work.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(&*self.0, Reason::Unwritten(error) if error.is_cancelled())
    }

    /// Why the package does not deserve a signature.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        match &*self.0 {
            Reason::Unverified(findings) => findings,
            _ => &[],
        }
    }
}

impl From<Unwritten> for SignError {
    fn from(error: Unwritten) -> Self {
        Self::new(Reason::Unwritten(error))
    }
}

impl From<PackageError> for SignError {
    fn from(error: PackageError) -> Self {
        Unwritten::from(error).into()
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Reason::Unverified(_) => {
                f.write_str("the package differs from its manifest; repair it before it is signed")
            }
            Reason::Key(error) => error.fmt(f),
            Reason::Unwritten(error) => error.fmt(f),
        }
    }
}

impl error::Error for SignError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &*self.0 {
            Reason::Unwritten(error) => error.source(),
            Reason::Unverified(_) | Reason::Key(_) => None,
        }
    }
}

/// Writes the package as the OVA `to` with a signature: descriptor, manifest, certificate, then
/// the other files as they are. A manifest that there is keeps its bytes and must be right; where
/// there is none, one is made. A signature that there is, is replaced.
///
/// # Errors
/// When the package differs from its manifest or cannot be read, the key cannot sign, `to` exists
/// or cannot be written, or the watcher cancels. Nothing is left then.
pub fn sign(
    package: &Package,
    signer: &Signer,
    to: &Path,
    watch: &dyn Watch,
) -> Result<Signed, SignError> {
    must_be_new(to)?;
    let parts = parts(package)?;
    let stem = package.descriptor().name.rsplit_once('.').map_or("", |(stem, _)| stem);
    let (name, manifest, findings) = manifest(package, &parts, stem, watch)?;
    let certificate = format!("{stem}.cert");
    let content = signer
        .certificate_file(&name, &manifest)
        .map_err(|error| SignError::new(Reason::Key(error)))?;
    let text = package.descriptor();
    let mut all = vec![
        Part::text(&*text.name, text.bytes.clone()),
        Part::text(&*name, manifest),
        Part::text(&*certificate, content),
    ];
    all.extend(parts);
    let total = all.iter().map(|part| part.bytes).sum();
    let bytes = write_new(to, |file| Packer::new(watch, total).write(file, &all))?;
    let (path, algorithm) = (to.to_owned(), signer.algorithm);
    Ok(Signed { path, bytes, manifest: name, certificate, algorithm, findings })
}

/// Every file but descriptor, manifest and certificate.
fn parts(package: &Package) -> Result<Vec<Part>, SignError> {
    let small = [Some(package.descriptor()), package.manifest(), package.certificate()];
    let is_small = |name: &str| small.iter().flatten().any(|text| text.name == name);
    let mut names: Vec<String> = package.members().iter().map(|m| m.name.clone()).collect();
    // A folder may hold anything: what belongs to the package is what is listed.
    if package.packing() == crate::package::Packing::Ovf {
        if let Some(text) = package.manifest() {
            names.extend(Manifest::parse(&text.bytes).entries().iter().map(|e| e.name.clone()));
        } else if let Ok(descriptor) = ovf::read(package) {
            names.extend(descriptor.files.iter().map(|file| file.href.clone()));
        }
    }
    let mut parts: Vec<Part> = Vec::new();
    for name in names {
        let member = package.find(&name)?;
        if !is_small(&member.name) && !parts.iter().any(|known| known.name == member.name) {
            let source = package.open_member(&member)?;
            parts.push(Part::new(member.name, source));
        }
    }
    Ok(parts)
}

/// The manifest that is signed: the one that is there, when it is right, or a new one.
fn manifest(
    package: &Package,
    parts: &[Part],
    stem: &str,
    watch: &dyn Watch,
) -> Result<(String, Vec<u8>, Vec<Finding>), SignError> {
    if let Some(text) = package.manifest() {
        let answer = verify(package, NonZeroUsize::MIN, watch)?;
        let is_signature = |finding: &Finding| finding.code.starts_with("certificate-");
        let mut findings = answer.findings;
        if answer.certificate != CertificateState::Absent {
            findings.retain(|finding| !is_signature(finding));
            let text = "the signature that was there is replaced";
            findings.push(Finding::info("signature-replaced", text));
        }
        if findings.iter().any(Finding::is_error) {
            return Err(SignError::new(Reason::Unverified(findings)));
        }
        return Ok((text.name.clone(), text.bytes.clone(), findings));
    }
    let text = package.descriptor();
    let mut all = vec![Part::text(&*text.name, text.bytes.clone())];
    all.extend(parts.iter().cloned());
    let total = all.iter().map(|part| part.bytes).sum();
    let manifest = Packer::new(watch, total).manifest(&all);
    let manifest = manifest.map_err(|error| Unwritten::new(package.path(), error))?;
    let finding = Finding::info("manifest-made", "there was no manifest; one was made");
    Ok((format!("{stem}.mf"), manifest.into_bytes(), vec![finding]))
}
