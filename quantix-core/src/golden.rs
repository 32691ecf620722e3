//! Comparing with committed files in tests; `UPDATE=1` rewrites them.

use std::{env, fs, path::Path};

/// Compares a text with a file of this crate.
pub(crate) fn check(path: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, actual).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == expected,
        "{} is out of date: review the difference and rewrite it with UPDATE=1\n{actual}",
        path.display()
    );
}
