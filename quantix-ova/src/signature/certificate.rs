//! X.509 certificates: what is needed of them, and signatures made with their keys.

use ring::signature::{self as crypto, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::{
    Certificate as X509,
    der::{Decode as _, Encode as _, oid::ObjectIdentifier},
    ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage},
};

use crate::manifest::{Algorithm, Hasher};

/// The most bytes that one certificate may have.
pub const CERTIFICATE_DER_BYTES_MAX: usize = 64 << 10;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
/// Extensions that are understood, or that do not matter here: basic constraints, key usage,
/// extended key usage, subject alternative name, certificate policies, key identifiers, revocation
/// lists and where to get them.
const KNOWN_EXTENSIONS: &[&str] = &[
    "2.5.29.19",
    "2.5.29.15",
    "2.5.29.37",
    "2.5.29.17",
    "2.5.29.32",
    "2.5.29.14",
    "2.5.29.35",
    "2.5.29.31",
    "1.3.6.1.5.5.7.1.1",
];
/// Code signing, and any purpose.
const SIGNING_PURPOSES: &[&str] = &["1.3.6.1.5.5.7.3.3", "2.5.29.37.0"];

/// A certificate that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    der: Vec<u8>,
    /// The part that its issuer signed, as it lies in the file.
    signed: (usize, usize),
    signature_oid: ObjectIdentifier,
    signature: Vec<u8>,
    key: Key,
    issuer_der: Vec<u8>,
    subject_der: Vec<u8>,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) serial: String,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    /// How many certificates may stand between it and the last, if it may issue any.
    pub(super) issues: Option<u8>,
    /// A critical extension that is not understood.
    pub(super) unknown_critical: Option<String>,
    /// Whether it says what its key is for, and signing is not among it.
    pub(super) is_for_other_purposes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    kind: KeyKind,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
    Other,
}

/// How something was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Rsa(Hash),
    Ecdsa(Hash),
    Ed25519,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Certificate {
    /// Reads a certificate; the error says what is wrong with it.
    pub(super) fn parse(der: &[u8]) -> Result<Self, &'static str> {
        if der.len() > CERTIFICATE_DER_BYTES_MAX {
            return Err("larger than 65536 bytes");
        }
        let x509 = X509::from_der(der).map_err(|_| "no X.509 certificate in DER")?;
        let signed = signed_part(der).ok_or("no X.509 certificate in DER")?;
        let tbs = x509.tbs_certificate();
        if tbs.signature() != x509.signature_algorithm() {
            return Err("it names two signature algorithms");
        }
        let bad = |_| "an extension cannot be read";
        let constraints = tbs.get_extension::<BasicConstraints>().map_err(bad)?;
        let usage = tbs.get_extension::<KeyUsage>().map_err(bad)?;
        let purposes = tbs.get_extension::<ExtendedKeyUsage>().map_err(bad)?;
        let may_issue = usage.as_ref().is_none_or(|(_, usage)| usage.key_cert_sign());
        let issues = constraints.filter(|(_, limits)| limits.ca && may_issue);
        let is_known = |oid: &ObjectIdentifier, known: &[&str]| {
            let text = oid.to_string();
            known.contains(&text.as_str())
        };
        let unknown = tbs.extensions().into_iter().flatten();
        let unknown = unknown.filter(|e| e.critical && !is_known(&e.extn_id, KNOWN_EXTENSIONS));
        let seconds = |time: &x509_cert::time::Time| {
            i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
        };
        let name = |name: &x509_cert::name::Name| name.to_der().unwrap_or_default();
        let validity = tbs.validity();
        Ok(Self {
            signed,
            signature_oid: x509.signature_algorithm().oid,
            signature: x509.signature().as_bytes().unwrap_or_default().to_vec(),
            key: key(tbs.subject_public_key_info()),
            issuer_der: name(tbs.issuer()),
            subject_der: name(tbs.subject()),
            subject: tbs.subject().to_string().chars().take(1024).collect(),
            issuer: tbs.issuer().to_string().chars().take(1024).collect(),
            serial: hex(tbs.serial_number().as_bytes()),
            not_before: seconds(&validity.not_before),
            not_after: seconds(&validity.not_after),
            issues: issues.map(|(_, limits)| limits.path_len_constraint.unwrap_or(u8::MAX)),
            unknown_critical: unknown.map(|e| e.extn_id.to_string()).next(),
            is_for_other_purposes: purposes
                .is_some_and(|(_, list)| !list.0.iter().any(|p| is_known(p, SIGNING_PURPOSES))),
            der: der.to_vec(),
        })
    }

    /// SHA-256 of the whole certificate.
    pub(super) fn fingerprint(&self) -> String {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        hasher.update(&self.der);
        hasher.finish().to_string()
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether subject and issuer are the same.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject_der == self.issuer_der
    }

    /// Whether `issuer` has the name of this certificate's issuer, and its key made the signature.
    pub(super) fn is_issued_by(&self, issuer: &Self) -> bool {
        let scheme = scheme_of_oid(self.signature_oid);
        let signed = self.der.get(self.signed.0..self.signed.1).unwrap_or_default();
        issuer.subject_der == self.issuer_der
            && scheme.is_some_and(|scheme| issuer.key.verifies(scheme, signed, &self.signature))
    }

    /// Whether its issuer signed it with SHA-1.
    pub(super) fn is_sha1_signed(&self) -> bool {
        matches!(
            scheme_of_oid(self.signature_oid),
            Some(Scheme::Rsa(Hash::Sha1) | Scheme::Ecdsa(Hash::Sha1))
        )
    }

    /// Whether its key made this signature of `message`.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let hash = match algorithm {
            Algorithm::Sha1 => Hash::Sha1,
            Algorithm::Sha256 => Hash::Sha256,
            Algorithm::Sha512 => Hash::Sha512,
        };
        let scheme = match self.key.kind {
            KeyKind::Rsa => Scheme::Rsa(hash),
            KeyKind::P256 | KeyKind::P384 => Scheme::Ecdsa(hash),
            KeyKind::Ed25519 => Scheme::Ed25519,
            KeyKind::Other => return false,
        };
        self.key.verifies(scheme, message, signature)
    }
}

impl Key {
    fn verifies(&self, scheme: Scheme, message: &[u8], signature: &[u8]) -> bool {
        // Keys below 2048 bits are accepted: vendors have shipped them, and trust is a matter of
        // the roots that the caller gives.
        let algorithm: &dyn VerificationAlgorithm = match (self.kind, scheme) {
            (KeyKind::Rsa, Scheme::Rsa(Hash::Sha1)) => {
                &crypto::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
            }
            (KeyKind::Rsa, Scheme::Rsa(Hash::Sha256)) => {
                &crypto::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            (KeyKind::Rsa, Scheme::Rsa(Hash::Sha384)) => &crypto::RSA_PKCS1_2048_8192_SHA384,
            (KeyKind::Rsa, Scheme::Rsa(Hash::Sha512)) => {
                &crypto::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
            (KeyKind::P256, Scheme::Ecdsa(Hash::Sha256)) => &crypto::ECDSA_P256_SHA256_ASN1,
            (KeyKind::P256, Scheme::Ecdsa(Hash::Sha384)) => &crypto::ECDSA_P256_SHA384_ASN1,
            (KeyKind::P384, Scheme::Ecdsa(Hash::Sha256)) => &crypto::ECDSA_P384_SHA256_ASN1,
            (KeyKind::P384, Scheme::Ecdsa(Hash::Sha384)) => &crypto::ECDSA_P384_SHA384_ASN1,
            (KeyKind::Ed25519, Scheme::Ed25519) => &crypto::ED25519,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

fn scheme_of_oid(oid: ObjectIdentifier) -> Option<Scheme> {
    Some(match oid.to_string().as_str() {
        "1.2.840.113549.1.1.5" => Scheme::Rsa(Hash::Sha1),
        "1.2.840.113549.1.1.11" => Scheme::Rsa(Hash::Sha256),
        "1.2.840.113549.1.1.12" => Scheme::Rsa(Hash::Sha384),
        "1.2.840.113549.1.1.13" => Scheme::Rsa(Hash::Sha512),
        "1.2.840.10045.4.3.2" => Scheme::Ecdsa(Hash::Sha256),
        "1.2.840.10045.4.3.3" => Scheme::Ecdsa(Hash::Sha384),
        "1.3.101.112" => Scheme::Ed25519,
        _ => return None,
    })
}

fn key(info: &x509_cert::spki::SubjectPublicKeyInfoOwned) -> Key {
    let curve = info.algorithm.parameters.as_ref();
    let curve = curve.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
    let kind = match (info.algorithm.oid, curve) {
        (RSA, _) => KeyKind::Rsa,
        (EC, Some(P256)) => KeyKind::P256,
        (EC, Some(P384)) => KeyKind::P384,
        (ED25519, _) => KeyKind::Ed25519,
        _ => KeyKind::Other,
    };
    Key { kind, bytes: info.subject_public_key.as_bytes().unwrap_or_default().to_vec() }
}

/// Where the signed part lies: the first element of the outermost sequence, with its header.
fn signed_part(der: &[u8]) -> Option<(usize, usize)> {
    let (content, _) = element(der, 0)?;
    let (inner, bytes) = element(der, content)?;
    Some((content, inner.checked_add(bytes)?))
}

/// Where the content of the element at `at` starts, and how long it is.
fn element(der: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = usize::from(*der.get(at + 1)?);
    if first < 0x80 {
        return Some((at + 2, first));
    }
    let count = first & 0x7f;
    let digits = der.get(at + 2..at + 2 + count).filter(|digits| digits.len() <= 4)?;
    let bytes = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
    Some((at + 2 + count, bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|b| [b >> 4, b & 15])
        .filter_map(|d| char::from_digit(d.into(), 16))
        .collect()
}
