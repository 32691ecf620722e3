//! Specs of every kind, thirty and more, applied by the real cloud-init of a real Debian, in namespaces of this machine.
//!
//! No virtual machine: the four stages run in a throw-away copy of the guest's root, with network
//! interfaces, host name and files of their own. What the guest's tools then say is compared with
//! what each spec asked for.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod guest;

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use guest::{Case, cases, differences, part};
use quantix_cloudinit::spec::Target;
use serde_json::Value;

const APPLY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/guest/apply.sh");
/// As many guests at once.
const WORKERS: usize = 2;

/// Applies one spec; the facts, or everything that was said meanwhile.
fn apply(root: &Path, case: &Case) -> Result<Value, String> {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let place = match case.target() {
        Target::ConfigDrive => "seed/config_drive",
        _ => "seed/nocloud",
    };
    case.render().write_to(&dir.join(place)).unwrap();
    if case.https {
        serve(&dir.join("https"), case);
    }
    let vm = case.vm();
    let macs = vm.nics.iter().filter_map(|nic| nic.mac.as_ref());
    fs::write(dir.join("macs"), macs.map(|mac| format!("{mac}\n")).collect::<String>()).unwrap();
    fs::write(dir.join("wanted.json"), case.wanted().to_string()).unwrap();
    let output = as_root("unshare")
        .args(["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"])
        .args(["sh", APPLY])
        .args([root, dir])
        .output()
        .expect("unshare runs; install the Debian package util-linux");
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let log = fs::read_to_string(dir.join("log")).unwrap_or_default();
        let said = String::from_utf8_lossy(&output.stderr);
        format!("{error}: no facts came of it; it needs root and the right to mount\n{said}{log}")
    })
}

/// A certificate, and the agents as a server has them, with their signatures beside them.
fn serve(dir: &Path, case: &Case) {
    fs::create_dir_all(dir.join("files")).unwrap();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=agent.test"])
        .args(["-addext", "subjectAltName=DNS:agent.test"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(dir)
        .output()
        .expect("openssl runs; install the Debian package openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    for file in case.agent_files.iter().map(guest::Agent::file) {
        let arch = if file.arch == "x86_64" { "amd64" } else { "arm64" };
        let name = dir.join("files").join(format!("linux-{arch}"));
        fs::write(&name, &file.binary).unwrap();
        if let Some(signature) = &file.signature {
            fs::write(name.with_extension("sig"), signature).unwrap();
        }
    }
}

/// Namespaces, mounts and file owners need root.
fn as_root(program: &str) -> Command {
    let id = Command::new("id").arg("-u").output().expect("id runs; install coreutils");
    if id.stdout.trim_ascii() == b"0" {
        return Command::new(program);
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", program]);
    sudo
}

#[test]
fn a_real_guest_becomes_what_each_spec_asks() {
    let (root, cases, next) = (part("root"), cases(), AtomicUsize::new(0));
    assert!(cases.len() >= 30, "{}", cases.len());
    let work = || {
        let mut faults = Vec::new();
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            match apply(&root, case) {
                Ok(got) => faults.extend(
                    differences(&case.asked(), &got)
                        .iter()
                        .map(|it| format!("{}: {it}", case.name)),
                ),
                Err(error) => faults.push(format!("{}: {error}", case.name)),
            }
        }
        faults
    };
    let faults: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
