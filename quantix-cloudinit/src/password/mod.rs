//! Password hashes that the guest's libcrypt accepts.
//!
//! ```
//! use quantix_cloudinit::{password::hash, spec::Entropy};
//! use quantix_core::spec::PasswordHashing;
//! let hash = hash("correct horse", PasswordHashing::Sha512, &mut Entropy::from_seed(1))?;
//! assert!(hash.expose().starts_with("$6$"));
//! # Ok::<(), quantix_cloudinit::password::PasswordError>(())
//! ```
//!
//! A plain password never reaches a Linux guest: it is hashed while a spec is rendered.

use quantix_core::{Secret, spec::PasswordHashing};
use sha_crypt::{Params, sha512_crypt};
use yescrypt::{PasswordHasher as _, Yescrypt};

use crate::spec::Entropy;

/// The most bytes of a password that libcrypt takes.
pub const PASSWORD_BYTES_MAX: usize = 511;

/// A password that cannot be hashed. It does not show the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct PasswordError(&'static str);

/// The alphabet of crypt(3), in the order of its values.
const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The most bytes of a password that bcrypt looks at.
pub const BCRYPT_PASSWORD_BYTES_MAX: usize = 72;
/// Two to the power of this are bcrypt's rounds.
const BCRYPT_COST: u32 = 12;

/// Hashes a password for a guest. Each call draws another salt of at least 96 random bits.
///
/// # Errors
/// An empty password, one with a NUL byte, or one longer than [`PASSWORD_BYTES_MAX`] (for bcrypt
/// [`BCRYPT_PASSWORD_BYTES_MAX`], where others would cut it without a word).
pub fn hash(
    password: &str,
    hashing: PasswordHashing,
    entropy: &mut Entropy,
) -> Result<Secret, PasswordError> {
    check(password)?;
    match hashing {
        PasswordHashing::Sha512 => Ok(sha512(password, entropy)),
        PasswordHashing::Yescrypt => yescrypt(password, entropy),
        PasswordHashing::Bcrypt => bcrypt(password, entropy),
    }
}

/// `$6$`: 16 characters of salt, and the 5,000 rounds that every libcrypt takes as default.
fn sha512(password: &str, entropy: &mut Entropy) -> Secret {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let salt = salt.map(|byte| ALPHABET[usize::from(byte % 64)]);
    let digest = sha512_crypt(password.as_bytes(), &salt, Params::default());
    let text = salt.iter().copied().chain([b'$']).chain(encode(&digest)).map(char::from);
    Secret::new("$6$".chars().chain(text).collect::<String>())
}

/// `$y$` with the parameters that libxcrypt takes as default.
fn yescrypt(password: &str, entropy: &mut Entropy) -> Result<Secret, PasswordError> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let hash = Yescrypt::default().hash_password_with_salt(password.as_bytes(), &salt);
    let hash = hash.map_err(|_| PasswordError("yescrypt does not take it"))?;
    Ok(Secret::new(hash.as_str()))
}

/// `$2b$`.
fn bcrypt(password: &str, entropy: &mut Entropy) -> Result<Secret, PasswordError> {
    if password.len() > BCRYPT_PASSWORD_BYTES_MAX {
        return Err(PasswordError("bcrypt looks at the first 72 bytes only; use yescrypt"));
    }
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let parts = bcrypt::hash_with_salt(password, BCRYPT_COST, salt);
    let parts = parts.map_err(|_| PasswordError("bcrypt does not take it"))?;
    Ok(Secret::new(parts.format_for_version(bcrypt::Version::TwoB)))
}

fn check(password: &str) -> Result<(), PasswordError> {
    if password.is_empty() {
        Err(PasswordError("it is empty"))
    } else if password.contains('\0') {
        Err(PasswordError("it has a NUL byte"))
    } else if password.len() > PASSWORD_BYTES_MAX {
        Err(PasswordError("it is longer than 511 bytes, the most that libcrypt reads"))
    } else {
        Ok(())
    }
}

/// The digest in crypt(3)'s own base 64: bytes taken in triples whose order rotates.
fn encode(digest: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(86);
    let mut push = |value: u32, chars: usize| {
        for place in 0..chars {
            out.push(ALPHABET[(value >> (6 * place) & 63) as usize]);
        }
    };
    for group in 0..21usize {
        let mut triple = [group, group + 21, group + 42];
        triple.rotate_left(group % 3);
        let [a, b, c] = triple.map(|index| u32::from(digest[index]));
        push(a << 16 | b << 8 | c, 4);
    }
    push(u32::from(digest[63]), 2);
    out
}

#[cfg(test)]
mod tests {
    use quantix_core::spec::CryptScheme;

    use super::*;

    #[test]
    fn equal_to_the_published_vector() {
        let digest = sha512_crypt(b"Hello world!", b"saltstring", Params::default());
        assert_eq!(
            String::from_utf8(encode(&digest)).unwrap(),
            "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
    }

    #[test]
    fn limits_and_form() {
        let sha512 = |text: &str| hash(text, PasswordHashing::Sha512, &mut Entropy::from_seed(1));
        for bad in ["", "a\0b", &"x".repeat(PASSWORD_BYTES_MAX + 1)] {
            assert!(sha512(bad).is_err());
        }
        let longest = sha512(&"x".repeat(PASSWORD_BYTES_MAX)).unwrap();
        assert_eq!(CryptScheme::of(longest.expose()), Some(CryptScheme::Sha512));
        assert_eq!(longest.expose().len(), 3 + 16 + 1 + 86);
        let long = "x".repeat(BCRYPT_PASSWORD_BYTES_MAX + 1);
        assert!(hash(&long, PasswordHashing::Bcrypt, &mut Entropy::from_seed(1)).is_err());
    }
}
