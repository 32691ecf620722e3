//! Hashes of any password, judged by libcrypt.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod judges;

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use quantix_cloudinit::{
    password::{BCRYPT_PASSWORD_BYTES_MAX, PASSWORD_BYTES_MAX, hash},
    spec::Entropy,
};
use quantix_core::spec::{CryptScheme, PasswordHashing};
use serde_json::json;

/// Prints the places where libcrypt makes another hash, or lets another password in.
const JUDGE: &str = r#"
import crypt, json, sys
for at, (password, hashed) in enumerate(json.loads(sys.argv[1])):
    if crypt.crypt(password, hashed) != hashed or crypt.crypt(password + "x", hashed) == hashed:
        print(at)
"#;

#[test]
fn libcrypt_makes_the_same_hash_of_any_password() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let password = prop_oneof![
        4 => "[^\\x00]{1,17}",
        1 => "[ -~]{60,120}",
        1 => Just("é".repeat(PASSWORD_BYTES_MAX / 2 - 1)),
    ];
    let mut pairs = Vec::new();
    for (hashing, count) in [
        (PasswordHashing::Sha512, 60),
        (PasswordHashing::Yescrypt, 6),
        (PasswordHashing::Bcrypt, 3),
    ] {
        for seed in 0..count {
            let mut password = password.new_tree(&mut runner).unwrap().current();
            if hashing == PasswordHashing::Bcrypt {
                // One byte is left for the judge's wrong password.
                while password.len() >= BCRYPT_PASSWORD_BYTES_MAX {
                    password.pop();
                }
            }
            let hash = hash(&password, hashing, &mut Entropy::from_seed(seed)).unwrap();
            assert!(CryptScheme::of(hash.expose()).is_some());
            pairs.push(json!([password, hash.expose()]));
        }
    }
    let wrong = judges::python("python3", JUDGE, &[&json!(pairs).to_string()]);
    assert_eq!(wrong, "", "of {pairs:#?}");
}

#[test]
fn what_libcrypt_would_cut_is_refused() {
    let mut entropy = Entropy::from_seed(1);
    let mut refused = |text: &str, hashing| hash(text, hashing, &mut entropy).is_err();
    assert!(refused("", PasswordHashing::Sha512));
    assert!(refused("a\0b", PasswordHashing::Sha512));
    assert!(!refused(&"x".repeat(PASSWORD_BYTES_MAX), PasswordHashing::Sha512));
    assert!(refused(&"x".repeat(PASSWORD_BYTES_MAX + 1), PasswordHashing::Sha512));
    assert!(refused(&"x".repeat(BCRYPT_PASSWORD_BYTES_MAX + 1), PasswordHashing::Bcrypt));
}
