//! The committed header is the generated one.

use std::path::Path;

#[test]
fn header_is_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(folder.join("cbindgen.toml")).unwrap();
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_crate(folder)
        .with_config(config)
        .with_after_include(version_macros())
        .generate()
        .unwrap()
        .write(&mut header);
    let path = folder.join("include/quantix.h");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(
        committed == header,
        "include/quantix.h is not what the source says: run `UPDATE=1 cargo test -p quantix-ffi --test header`"
    );
}

/// Version macros from the package's own version, never typed by hand.
fn version_macros() -> String {
    let part = |name: &str, value: &str| format!("#define QTX_VERSION_{name} {value}\n");
    let mut text = format!("\n#define QTX_VERSION \"{}\"\n", env!("CARGO_PKG_VERSION"));
    text += &part("MAJOR", env!("CARGO_PKG_VERSION_MAJOR"));
    text += &part("MINOR", env!("CARGO_PKG_VERSION_MINOR"));
    text += &part("PATCH", env!("CARGO_PKG_VERSION_PATCH"));
    text += "\n#if defined(__GNUC__) || defined(__clang__)\n";
    text += "#define QTX_MUST_USE __attribute__((warn_unused_result))\n#else\n";
    text += "#define QTX_MUST_USE\n#endif\n";
    text
}
