//! Real tools as judges. A missing tool fails the test and names the Debian package.
#![allow(dead_code, reason = "each test binary uses some of them")]

use std::{
    path::Path,
    process::{Command, Output},
};

/// Runs a tool and returns its output, whatever its exit code.
pub(crate) fn run(package: &str, program: &str, args: &[&str]) -> Output {
    run_in(Path::new("/"), package, program, args)
}

/// Runs a tool in a directory.
pub(crate) fn run_in(dir: &Path, package: &str, program: &str, args: &[&str]) -> Output {
    Command::new(program)
        .args(args)
        .current_dir(dir)
        .env("LC_ALL", "C.UTF-8")
        .env("MTOOLS_SKIP_CHECK", "1")
        .output()
        .unwrap_or_else(|error| {
            panic!("cannot run {program}: {error}; install the Debian package {package}")
        })
}

/// Runs a tool that has to succeed and returns what it printed.
pub(crate) fn stdout(package: &str, program: &str, args: &[&str]) -> Vec<u8> {
    let output = run(package, program, args);
    assert!(
        output.status.success(),
        "{program} {args:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Runs a Python script with the system's interpreter, which has the Debian modules.
pub(crate) fn python(package: &str, script: &str, args: &[&str]) -> String {
    let mut all = vec!["-I", "-W", "ignore", "-c", script];
    all.extend(args);
    String::from_utf8(stdout(package, "/usr/bin/python3", &all)).expect("utf-8 output")
}

/// A text as a path argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().expect("utf-8 path")
}
