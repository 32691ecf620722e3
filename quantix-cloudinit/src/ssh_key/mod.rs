//! OpenSSH public keys, parsed before they reach a guest's `authorized_keys`.
//!
//! ```
//! use quantix_cloudinit::ssh_key::AuthorizedKey;
//! let key: AuthorizedKey = "ssh-ed25519 \
//!     AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti ops: #1".parse()?;
//! assert_eq!(key.algorithm(), "ssh-ed25519");
//! assert_eq!(key.comment(), "ops: #1");
//! # Ok::<(), quantix_cloudinit::ssh_key::SshKeyError>(())
//! ```

mod options;

use std::{fmt, str::FromStr};

use ssh_key::{HashAlg, PublicKey, public::KeyData};

/// The most bytes that a line may have.
pub const KEY_LINE_BYTES_MAX: usize = 16 << 10;
/// The fewest bits of an RSA key; sshd refuses smaller ones.
pub const RSA_BITS_MIN: usize = 2048;

/// A line of `authorized_keys` that sshd accepts: options, a public key, a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizedKey {
    line: String,
    algorithm: String,
    comment: String,
    fingerprint: String,
}

/// Why a text is no line of `authorized_keys`. It does not show the text, which may be a private
/// key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an OpenSSH public key: {problem}")]
pub struct SshKeyError {
    problem: String,
    is_private: bool,
}

impl SshKeyError {
    fn new(problem: impl Into<String>) -> Self {
        Self { problem: problem.into(), is_private: false }
    }

    /// Whether the text is, or may be, a private key: it was exposed and should be replaced.
    #[must_use]
    pub fn is_private_key(&self) -> bool {
        self.is_private
    }
}

impl FromStr for AuthorizedKey {
    type Err = SshKeyError;

    /// Reads one line. White space at its ends is dropped.
    fn from_str(text: &str) -> Result<Self, SshKeyError> {
        let text = text.trim();
        check_text(text)?;
        let (options, rest) = options::split(text).map_err(SshKeyError::new)?;
        let mut words = rest.splitn(3, [' ', '\t']).filter(|word| !word.is_empty());
        let algorithm = words.next().unwrap_or("");
        check_algorithm(algorithm)?;
        let blob = words.next().ok_or_else(|| {
            SshKeyError::new("the key itself is missing after its type; copy the whole .pub line")
        })?;
        let comment = rest.find(blob).map_or("", |at| rest[at + blob.len()..].trim());
        let key = PublicKey::from_openssh(&format!("{algorithm} {blob}")).map_err(|_| {
            SshKeyError::new(format!(
                "the data after {algorithm} is damaged or of another type; copy the whole .pub line"
            ))
        })?;
        check_strength(key.key_data())?;
        let mut line = String::with_capacity(text.len());
        for part in [options, algorithm, blob, comment] {
            if !part.is_empty() {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(part);
            }
        }
        Ok(Self {
            line,
            algorithm: algorithm.to_owned(),
            comment: comment.to_owned(),
            fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        })
    }
}

fn check_text(text: &str) -> Result<(), SshKeyError> {
    if text.contains("PRIVATE KEY") || text.starts_with("PuTTY-User-Key-File") {
        return Err(SshKeyError {
            problem:
                "this is a private key; it must stay with its owner: replace it, and give the \
                      line of the .pub file instead"
                    .into(),
            is_private: true,
        });
    }
    if text.is_empty() {
        return Err(SshKeyError::new("it is empty"));
    }
    if text.len() > KEY_LINE_BYTES_MAX {
        return Err(SshKeyError::new("it is longer than 16384 bytes"));
    }
    if text.contains(['\n', '\r']) {
        return Err(SshKeyError::new("it has more than one line; give each key as its own entry"));
    }
    if text.chars().any(|c| c.is_control() && c != '\t') {
        return Err(SshKeyError::new("it has control characters"));
    }
    if text.starts_with('#') {
        return Err(SshKeyError::new("it is a comment"));
    }
    Ok(())
}

/// Key types that `authorized_keys` may hold.
const ALGORITHMS: [&str; 7] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

fn check_algorithm(name: &str) -> Result<(), SshKeyError> {
    if ALGORITHMS.contains(&name) {
        return Ok(());
    }
    let shown: String = name.chars().take(48).collect();
    Err(SshKeyError::new(match name {
        "ssh-dss" => "DSA keys are refused by OpenSSH since 7.0; use ssh-ed25519".to_owned(),
        _ if name.contains("-cert-v01@") => {
            "a certificate is shown by the client, not listed; give the key of its authority with \
             the option cert-authority"
                .to_owned()
        }
        _ => {
            format!("{shown:?} is no key type; expected a line such as \"ssh-ed25519 AAAA… name\"")
        }
    }))
}

fn check_strength(key: &KeyData) -> Result<(), SshKeyError> {
    let Some(rsa) = key.rsa() else { return Ok(()) };
    let bits = rsa.n.as_positive_bytes().map_or(0, |bytes| {
        let top = bytes.first().map_or(0, |byte| byte.leading_zeros() as usize);
        (bytes.len() * 8).saturating_sub(top)
    });
    if bits < RSA_BITS_MIN {
        return Err(SshKeyError::new(format!(
            "RSA with {bits} bits; sshd wants at least {RSA_BITS_MIN}: make a new key with \
             ssh-keygen -t ed25519"
        )));
    }
    Ok(())
}

impl AuthorizedKey {
    /// The line as it is written into `authorized_keys`.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The key type, such as `ssh-ed25519`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        &self.algorithm
    }

    /// What follows the key; may be empty.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// `SHA256:…`, as `ssh-keygen -l` shows it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl fmt::Display for AuthorizedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}
