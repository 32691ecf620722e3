//! Who vouches for a package: the signature of its manifest, and the certificate behind it.
//!
//! A `.cert` file holds a signature of the manifest (RSA with PKCS#1 v1.5 padding by all known
//! tools; ECDSA and Ed25519 are read too) and the certificates of the signer. [`check`] tells what
//! it is worth under a [`Trust`]: roots, a point in time, and whether SHA-1 may count. [`sign`]
//! writes a package with a signature of its own.
//!
//! ```
//! use quantix_ova::signature::Trust;
//! let trust = Trust::default(); // nobody is trusted: a signature can be right, but not `valid`
//! assert!(!trust.has_roots());
//! assert!(Trust::default().with_roots(b"no certificate").is_err());
//! ```
//!
//! It fetches no revocation lists and no certificates, reads no clock, and trusts no certificate
//! that the caller does not name.

mod certificate;
mod chain;
mod file;
mod sign;

use quantix_core::Finding;
use serde::{Deserialize, Serialize};

pub use self::{
    certificate::CERTIFICATE_DER_BYTES_MAX,
    chain::CHAIN_LENGTH_MAX,
    file::CERTIFICATES_MAX,
    sign::{KeyError, SignError, Signed, Signer, sign},
};
use self::{
    certificate::Certificate,
    chain::{Chain, End, follow},
    file::SignatureFile,
};
use crate::{
    manifest::{Algorithm, CertificateState},
    package::Package,
};

/// Whom the caller trusts, when, and how far.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    roots: Vec<Certificate>,
    at_unix_seconds: Option<i64>,
    allows_sha1: bool,
}

/// A file of roots that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("trusted certificate {number}: {reason}; expected certificates in PEM")]
pub struct TrustError {
    number: usize,
    reason: &'static str,
}

impl Trust {
    /// Trusts these certificates as well, and what they issue. With any of them given, a package
    /// is only in order when its signature leads to one.
    ///
    /// # Errors
    /// When there is no certificate in it, or one that cannot be read.
    pub fn with_roots(mut self, pem: &[u8]) -> Result<Self, TrustError> {
        let found = file::certificates(pem);
        if found.is_empty() {
            return Err(TrustError { number: 1, reason: "there is none" });
        }
        for (number, der) in (1..).zip(found) {
            let certificate =
                Certificate::parse(&der).map_err(|reason| TrustError { number, reason })?;
            self.roots.push(certificate);
        }
        Ok(self)
    }

    /// Certificates must be good at this time, in seconds since 1970. Without one, their dates
    /// are told and not judged.
    #[must_use]
    pub fn at(mut self, unix_seconds: i64) -> Self {
        self.at_unix_seconds = Some(unix_seconds);
        self
    }

    /// Lets signatures count that were made with SHA-1, for which forgeries can be computed.
    #[must_use]
    pub fn allowing_sha1(mut self) -> Self {
        self.allows_sha1 = true;
        self
    }

    /// Whether anybody is trusted.
    #[must_use]
    pub fn has_roots(&self) -> bool {
        !self.roots.is_empty()
    }
}

/// To whom the chain of certificates leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustState {
    /// To a certificate that the caller trusts.
    Trusted,
    /// To a certificate that nobody but itself vouches for.
    SelfSigned,
    /// To a certificate whose issuer is neither in the package nor trusted.
    UnknownIssuer,
}

/// What a signature says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureReport {
    /// How the manifest was hashed before it was signed.
    pub algorithm: Algorithm,
    /// Whether the key of the certificate made it, of this very manifest.
    pub matches: bool,
    /// The name of the signer.
    pub subject: String,
    /// The name of who issued the signer's certificate.
    pub issuer: String,
    /// The certificate's number, in hexadecimal digits.
    pub serial: String,
    /// When the certificate became good, in seconds since 1970.
    pub not_before: i64,
    /// When it expires.
    pub not_after: i64,
    /// SHA-256 of the certificate.
    pub fingerprint_sha256: String,
    /// To whom the chain leads.
    pub trust: TrustState,
    /// The names on the way there, from the signer upwards.
    pub chain: Vec<String>,
}

/// What the signature of a package is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// In one word.
    pub state: CertificateState,
    /// What it says, if it could be read.
    pub report: Option<SignatureReport>,
    /// Why, and what else was noticed.
    pub findings: Vec<Finding>,
}

/// Checks the signature of a package.
///
/// The digests of the files are not checked here: [`verify`](crate::manifest::verify) does both.
#[must_use]
pub fn check(package: &Package, trust: &Trust) -> Judgement {
    let Some(text) = package.certificate() else {
        let mut findings = Vec::new();
        if trust.has_roots() {
            let text = "the package is not signed (no .cert file), and a signature was asked for";
            findings.push(Finding::error("certificate-absent", text));
        }
        return Judgement { state: CertificateState::Absent, report: None, findings };
    };
    let manifest = package.manifest();
    let named = manifest.map(|text| (text.name.as_str(), &*text.bytes));
    let mut judgement = judge(&text.bytes, named, trust);
    for finding in &mut judgement.findings {
        finding.path.get_or_insert_with(|| text.name.clone());
    }
    judgement
}

fn judge(cert: &[u8], manifest: Option<(&str, &[u8])>, trust: &Trust) -> Judgement {
    let SignatureFile { signature, certificates, mut findings } = SignatureFile::parse(cert);
    let invalid = |mut findings: Vec<Finding>, text: &str| {
        findings.push(Finding::error("certificate-invalid", text));
        Judgement { state: CertificateState::Invalid, report: None, findings }
    };
    let Some((name, algorithm, signature)) = signature else {
        return invalid(findings, "no signature; expected a line such as SHA256(name.mf)= 5d41…");
    };
    let Some((manifest_name, message)) = manifest else {
        return invalid(findings, "a signature without a manifest: nothing says what was signed");
    };
    if name != manifest_name {
        let text = format!(
            "the signature is said to be of {name:?}; it is checked against {manifest_name:?}"
        );
        findings.push(Finding::warning("certificate-name", text));
    }
    let mut parsed = Vec::new();
    for (number, der) in (1..).zip(&certificates) {
        match Certificate::parse(der) {
            Ok(certificate) => parsed.push(certificate),
            Err(reason) => {
                let text = format!("certificate {number}: {reason}");
                findings.push(Finding::error("certificate-malformed", text));
            }
        }
    }
    // The signer comes first by the standard, but its key tells who it is for certain.
    let made = |c: &&Certificate| c.verifies(algorithm, message, &signature);
    let signer = parsed.iter().find(made).or(parsed.first());
    let Some(signer) = signer else {
        return invalid(findings, "no certificate that can be read");
    };
    let chain = follow(signer, &parsed, &trust.roots);
    let report = report(algorithm, made(&signer), &chain);
    let state = weigh(&report, &chain, trust, &mut findings);
    Judgement { state, report: Some(report), findings }
}

fn report(algorithm: Algorithm, matches: bool, chain: &Chain<'_>) -> SignatureReport {
    let signer = chain.links[0];
    SignatureReport {
        algorithm,
        matches,
        subject: signer.subject.clone(),
        issuer: signer.issuer.clone(),
        serial: signer.serial.clone(),
        not_before: signer.not_before,
        not_after: signer.not_after,
        fingerprint_sha256: signer.fingerprint(),
        trust: match chain.end {
            End::Trusted => TrustState::Trusted,
            End::SelfSigned => TrustState::SelfSigned,
            End::UnknownIssuer | End::TooLong => TrustState::UnknownIssuer,
        },
        chain: chain.links.iter().map(|link| link.subject.clone()).collect(),
    }
}

/// The verdict, worst first.
fn weigh(
    report: &SignatureReport,
    chain: &Chain<'_>,
    trust: &Trust,
    findings: &mut Vec<Finding>,
) -> CertificateState {
    if !report.matches {
        let text = "the signature is not that of this manifest by this certificate's key; the \
                    manifest was changed, or the key is of an unknown kind";
        findings.push(Finding::error("certificate-invalid", text));
        return CertificateState::Invalid;
    }
    let signer = chain.links[0];
    if signer.is_for_other_purposes {
        let text = "the certificate is for other purposes than signing code";
        findings.push(Finding::warning("certificate-purpose", text));
    }
    let sha1 = report.algorithm == Algorithm::Sha1
        || chain.links.iter().any(|link| link.is_sha1_signed() && !link.is_self_issued());
    let level = |code, text: String| match trust.has_roots() {
        true => Finding::error(code, text),
        false => Finding::warning(code, text),
    };
    if sha1 && !trust.allows_sha1 {
        let text = "signed with SHA-1, for which forgeries can be computed; it does not count \
                    unless SHA-1 is allowed";
        findings.push(level("certificate-sha1", text.to_owned()));
    }
    let untrusted = untrusted_reason(chain, trust);
    if let Some(text) = &untrusted {
        findings.push(level("certificate-untrusted", text.clone()));
    }
    let expired = trust
        .at_unix_seconds
        .and_then(|at| chain.links.iter().find(|link| at < link.not_before || at > link.not_after));
    if let Some(link) = expired {
        let early = trust.at_unix_seconds.is_some_and(|at| at < link.not_before);
        let word = if early { "is not good yet" } else { "has expired" };
        let text = format!("the certificate of {:?} {word}", link.subject);
        findings.push(level("certificate-expired", text));
        return CertificateState::Expired;
    }
    match untrusted.is_some() || sha1 && !trust.allows_sha1 {
        true => CertificateState::Untrusted,
        false => CertificateState::Valid,
    }
}

fn untrusted_reason(chain: &Chain<'_>, trust: &Trust) -> Option<String> {
    let last = chain.links[chain.links.len() - 1];
    if let Some(oid) = &chain.links[0].unknown_critical {
        return Some(format!("the certificate has a critical extension {oid} that is not known"));
    }
    let text = match chain.end {
        End::Trusted => return None,
        End::TooLong => format!("more than {CHAIN_LENGTH_MAX} certificates in a chain"),
        End::SelfSigned if !trust.has_roots() => format!(
            "the signature is right, but {:?} vouches for itself, and no trusted certificates \
             were given",
            last.subject
        ),
        End::SelfSigned => {
            format!("{:?} vouches for itself and is not among the trusted ones", last.subject)
        }
        End::UnknownIssuer if !trust.has_roots() => format!(
            "the signature is right, but no trusted certificates were given; it leads to {:?}",
            last.issuer
        ),
        End::UnknownIssuer => format!(
            "the chain ends at {:?}, whose certificate is neither in the package nor trusted",
            last.issuer
        ),
    };
    Some(text)
}
