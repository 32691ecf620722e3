//! Whether KVM truly works here: found out by running something.
//!
//! `/dev/kvm` may exist and every call on it may succeed, and still guests never come up: some
//! hypervisors that pretend to nest emulate every instruction, a thousand times slower than QEMU
//! translates, or refuse registers of the CPU that they show. So this runs the emulator with a
//! firmware of 300 bytes and the CPU that our machines get; it enters long mode, counts and exits.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::Serialize;

/// How long the trial may take. Where KVM works it takes a fraction of a second.
pub const KVM_TRIAL_LIMIT: Duration = Duration::from_secs(4);

/// What a trial of KVM showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum KvmVerdict {
    /// A guest ran and ended.
    Works,
    /// The emulator refused or failed; these are its words.
    Refused {
        /// The first line that the emulator wrote.
        why: String,
    },
    /// A guest was started and did not end in time.
    Hangs,
    /// The trial could not be made; this is why.
    Untried {
        /// Why.
        why: String,
    },
}

/// The exit status that our firmware asks for: `0x10 << 1 | 1`.
const EXIT_OF_FIRMWARE: i32 = 33;
const FIRMWARE_BYTES: usize = 64 << 10;
/// Where the code lies in the firmware; the end of the firmware is the end of 4 GiB.
const CODE: usize = 0xE000;

/// A firmware that climbs to long mode with paging on, counts in memory, and ends the emulator
/// through its debug exit port. Twenty million rounds take milliseconds on a CPU and a fraction of
/// a second in QEMU's translator, but minutes where every instruction is emulated.
fn firmware() -> Vec<u8> {
    const REAL_MODE: &[u8] = &[
        0xFA, // cli
        0x2E, 0x66, 0x0F, 0x01, 0x16, 0xE0, 0xE0, // lgdt cs:[0xE0E0]
        0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, // cr0 |= PE
        0x66, 0xEA, 0x20, 0xE0, 0xFF, 0xFF, 0x08, 0x00, // jmp 8:0xFFFFE020
    ];
    const PROTECTED_MODE: &[u8] = &[
        0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD8, // ds = 0x10
        0xC7, 0x05, 0x00, 0x10, 0x00, 0x00, 0x03, 0x20, 0x00, 0x00, // root -> 0x2000
        0xC7, 0x05, 0x00, 0x20, 0x00, 0x00, 0x03, 0x30, 0x00, 0x00, // first GiB -> 0x3000
        0xC7, 0x05, 0x18, 0x20, 0x00, 0x00, 0x03, 0x40, 0x00, 0x00, // fourth GiB -> 0x4000
        0xC7, 0x05, 0x00, 0x30, 0x00, 0x00, 0x83, 0x00, 0x00, 0x00, // lowest 2 MiB
        0xC7, 0x05, 0xF8, 0x4F, 0x00, 0x00, 0x83, 0x00, 0xE0, 0xFF, // highest 2 MiB
        0x0F, 0x20, 0xE0, 0x0C, 0x20, 0x0F, 0x22, 0xE0, // cr4 |= PAE
        0xB8, 0x00, 0x10, 0x00, 0x00, 0x0F, 0x22, 0xD8, // cr3 = 0x1000
        0xB9, 0x80, 0x00, 0x00, 0xC0, 0x0F, 0x32, 0x80, 0xCC, 0x01, 0x0F, 0x30, // EFER |= LME
        0x0F, 0x20, 0xC0, 0x0D, 0x00, 0x00, 0x00, 0x80, 0x0F, 0x22, 0xC0, // cr0 |= PG
        0xEA, 0xA0, 0xE0, 0xFF, 0xFF, 0x18, 0x00, // jmp 0x18:0xFFFFE0A0
    ];
    const LONG_MODE: &[u8] = &[
        0xB9, 0x00, 0x2D, 0x31, 0x01, // mov ecx, 20_000_000
        0x48, 0xFF, 0x04, 0x25, 0x00, 0x80, 0x00, 0x00, // inc qword [0x8000]
        0xFF, 0xC9, 0x75, 0xF4, // dec ecx; jnz, back to inc
        0x48, 0x81, 0x3C, 0x25, 0x00, 0x80, 0x00, 0x00, // cmp qword [0x8000],
        0x00, 0x2D, 0x31, 0x01, // 20_000_000
        0x75, 0x07, // jne, to hlt
        0x66, 0xBA, 0x01, 0x05, 0xB0, 0x10, 0xEE, // out 0x501, 0x10
        0xF4, 0xEB, 0xFD, // hlt, for ever
    ];
    const TABLE_POINTER: &[u8] = &[0x1F, 0x00, 0x00, 0xE1, 0xFF, 0xFF];
    // Null, code, data, 64-bit code; marked as accessed, since the CPU cannot write to a ROM.
    const TABLE: &[u8] = &[
        0, 0, 0, 0, 0, 0, 0, 0, //
        0xFF, 0xFF, 0, 0, 0, 0x9B, 0xCF, 0, //
        0xFF, 0xFF, 0, 0, 0, 0x93, 0xCF, 0, //
        0xFF, 0xFF, 0, 0, 0, 0x9B, 0xAF, 0, //
    ];
    const RESET: &[u8] = &[0xE9, 0x0D, 0xE0]; // at 0xFFF0: jmp to 0xE000
    let mut image = vec![0u8; FIRMWARE_BYTES];
    for (at, bytes) in [
        (CODE, REAL_MODE),
        (CODE + 0x20, PROTECTED_MODE),
        (CODE + 0xA0, LONG_MODE),
        (CODE + 0xE0, TABLE_POINTER),
        (CODE + 0x100, TABLE),
        (0xFFF0, RESET),
    ] {
        image[at..at + bytes.len()].copy_from_slice(bytes);
    }
    image
}

/// Tries KVM with an emulator of this machine. Blocks for at most about a second more than `limit`.
#[must_use]
pub fn try_kvm(emulator: &Path, limit: Duration) -> KvmVerdict {
    run_firmware(emulator, "kvm", limit)
}

fn run_firmware(emulator: &Path, accelerator: &str, limit: Duration) -> KvmVerdict {
    let untried = |why: &dyn ToString| KvmVerdict::Untried { why: why.to_string() };
    let mut file = match tempfile::Builder::new().prefix("quantix-kvm-").tempfile() {
        Ok(file) => file,
        Err(error) => return untried(&error),
    };
    if let Err(error) = file.write_all(&firmware()).and_then(|()| file.flush()) {
        return untried(&error);
    }
    let machine = ["pc,accel=", accelerator].concat();
    let child = Command::new(emulator)
        .args(["-machine", &machine, "-m", "16", "-nodefaults", "-no-user-config"])
        .args(["-cpu", "max", "-display", "none", "-no-reboot"])
        .args(["-device", "isa-debug-exit,iobase=0x501,iosize=0x01", "-bios"])
        .arg(file.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    match child {
        Ok(child) => judge(child, limit),
        Err(error) => untried(&error),
    }
}

fn judge(mut child: Child, limit: Duration) -> KvmVerdict {
    match wait_until(&mut child, Instant::now() + limit) {
        Some(status) if status.code() == Some(EXIT_OF_FIRMWARE) => KvmVerdict::Works,
        Some(_) => KvmVerdict::Refused { why: first_words(&mut child) },
        None => {
            // A process in the middle of a broken KVM call may survive even this for a while.
            let killed = child.kill();
            let ended = wait_until(&mut child, Instant::now() + Duration::from_secs(1));
            if ended.is_none() || killed.is_err() {
                thread::spawn(move || child.wait());
            }
            KvmVerdict::Hangs
        }
    }
}

/// Waits for a process until a moment; `None` while it runs.
fn wait_until(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < until => thread::sleep(Duration::from_millis(10)),
            _ => return None,
        }
    }
}

/// The first line that an ended process wrote to its standard error, without its name.
fn first_words(child: &mut Child) -> String {
    use std::io::Read;
    const WORDS_MAX: u64 = 16 << 10;
    let mut text = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // What cannot be read is not missed: the verdict stands without it.
        drop(stderr.take(WORDS_MAX).read_to_end(&mut text));
    }
    let text = String::from_utf8_lossy(&text);
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    match first.split_once(": ") {
        Some((_, words)) => words.trim().to_owned(),
        None => first.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMULATOR: &str = "/usr/bin/qemu-system-x86_64";

    #[test]
    fn the_firmware_runs_where_the_translator_does() {
        assert!(Path::new(EMULATOR).exists(), "install the package qemu-system-x86");
        let verdict = run_firmware(Path::new(EMULATOR), "tcg", Duration::from_secs(60));
        assert_eq!(verdict, KvmVerdict::Works);
    }

    #[test]
    fn a_refusal_carries_the_emulators_words() {
        let verdict = run_firmware(Path::new(EMULATOR), "nonsense", Duration::from_secs(60));
        let KvmVerdict::Refused { why } = verdict else { panic!("{verdict:?}") };
        assert!(why.contains("nonsense"), "{why}");
    }

    #[test]
    fn no_emulator_and_endless_emulator() {
        let limit = Duration::from_millis(100);
        let missing = try_kvm(Path::new("/nonexistent/qemu"), limit);
        assert!(matches!(missing, KvmVerdict::Untried { .. }), "{missing:?}");
        let sleeper = tempfile::tempdir().unwrap();
        let path = sleeper.path().join("emulator");
        std::fs::write(&path, "#!/bin/sh\nexec sleep 1000\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).unwrap();
        assert_eq!(try_kvm(&path, limit), KvmVerdict::Hangs);
    }
}
