//! Seed images given to real machines: a Debian boots in emulation, finds its datasource by itself,
//! and what its own tools then say is compared with what the spec asked for.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod guest;

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use guest::{Case, FACTS, boots, differences, part};
use quantix_cloudinit::seed::ImageFormat;
use serde_json::{Value, json};

/// How long a guest may take for anything. A boot takes about a minute on a machine at rest.
const PATIENCE: Duration = Duration::from_secs(800);
/// How long one question waits for its answer before it is asked again.
const ASK: Duration = Duration::from_secs(5);

/// Waits for the first boot to end, then sends the facts through the second port.
const REPORT: &str = r#"cloud-init status --wait >/dev/null 2>&1
python3 -c "$1" "$2" >/dev/virtio-ports/quantix.facts 2>/run/facts.log ||
    printf '"%s"\n' "$(tr -d '"\\\\\n' </run/facts.log)" >/dev/virtio-ports/quantix.facts"#;

/// An emulated machine, which ends with the test.
struct Machine {
    qemu: Child,
    dir: tempfile::TempDir,
}

impl Machine {
    /// Starts a machine with the guest's disk, of which it gets a copy that is thrown away, and
    /// with a seed image on the kind of drive that people use for its format.
    fn start(seed: &[u8], format: ImageFormat, mac: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        fs::write(dir.path().join("seed"), seed).unwrap();
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-accel", "tcg,tb-size=256", "-cpu", "max", "-m", "768", "-smp", "1"])
            .args(["-nodefaults", "-no-user-config", "-display", "none"])
            .args(["-serial", &format!("file:{}", path("console"))])
            .args(["-netdev", "user,id=net,restrict=on"])
            .args(["-device", &format!("virtio-net-pci,netdev=net,mac={mac}")])
            .args(["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"]);
        let disk = part("disk.raw").display().to_string();
        qemu.args(["-drive", &format!("file={disk},format=raw,if=virtio,snapshot=on")]);
        let drive = format!("file={},format=raw,readonly=on", path("seed"));
        match format {
            ImageFormat::Iso9660 => {
                qemu.args(["-drive", &format!("{drive},if=none,id=seed,media=cdrom")]).args([
                    "-device",
                    "virtio-scsi-pci",
                    "-device",
                    "scsi-cd,drive=seed",
                ]);
            }
            ImageFormat::Fat => {
                qemu.args(["-drive", &format!("{drive},if=virtio")]);
            }
        }
        for (id, name) in [("agent", "org.qemu.guest_agent.0"), ("facts", "quantix.facts")] {
            let socket = format!("socket,id={id},path={},server=on,wait=off", path(id));
            let port = format!("virtserialport,chardev={id},name={name}");
            qemu.args(["-chardev", &socket, "-device", &port]);
        }
        let said = fs::File::create(dir.path().join("qemu.log")).unwrap();
        let qemu = qemu
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .expect("qemu-system-x86_64 runs; install the Debian package qemu-system-x86");
        Self { qemu, dir }
    }

    /// A connection to one of the ports, once QEMU listens.
    fn connect(&mut self, name: &str) -> UnixStream {
        let (path, since) = (self.dir.path().join(name), Instant::now());
        loop {
            match UnixStream::connect(&path) {
                Ok(stream) => return stream,
                Err(error) => {
                    let ended = self.qemu.try_wait().unwrap();
                    if ended.is_some() || since.elapsed() > PATIENCE {
                        panic!("QEMU does not listen: {error}\n{}", self.said());
                    }
                    std::thread::yield_now();
                }
            }
        }
    }

    /// Boots, and returns the facts.
    fn facts(&mut self, wanted: &Value) -> Value {
        let facts = self.connect("facts");
        let mut agent = Agent::new(self.connect("agent"));
        let since = Instant::now();
        while !agent.answers() {
            if since.elapsed() > PATIENCE || self.qemu.try_wait().unwrap().is_some() {
                panic!("the guest agent does not answer\n{}", self.said());
            }
        }
        let words = json!(["-c", REPORT, "report", FACTS, wanted.to_string()]);
        agent.send(&json!({"execute": "guest-exec",
                           "arguments": {"path": "/bin/sh", "arg": words}}));
        facts.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut line = String::new();
        if let Err(error) = BufReader::new(facts).read_line(&mut line) {
            panic!("the guest reports nothing: {error}\n{}", self.said());
        }
        serde_json::from_str(&line)
            .unwrap_or_else(|error| panic!("{error}: {line}\n{}", self.said()))
    }

    /// What QEMU and the guest's console said last.
    fn said(&self) -> String {
        let log = |name: &str| fs::read(self.dir.path().join(name)).unwrap_or_default();
        let console = log("console");
        let tail = &console[console.len().saturating_sub(6000)..];
        let parts = [&log("qemu.log"), tail];
        parts.map(|part| String::from_utf8_lossy(part).into_owned()).join("\n")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// The guest agent's protocol: one JSON document per line, both ways.
struct Agent {
    stream: BufReader<UnixStream>,
    asked: u32,
}

impl Agent {
    fn new(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(ASK)).unwrap();
        Self { stream: BufReader::new(stream), asked: 0 }
    }

    fn send(&mut self, message: &Value) {
        let text = format!("{message}\n");
        // What cannot be sent is noticed by its answer, which does not come.
        let _ = self.stream.get_mut().write_all(text.as_bytes());
    }

    /// Whether the agent is there and has answered everything before.
    fn answers(&mut self) -> bool {
        self.asked += 1;
        self.send(&json!({"execute": "guest-sync", "arguments": {"id": self.asked}}));
        let mut line = String::new();
        while let Ok(1..) = self.stream.read_line(&mut line) {
            let answer: Value = serde_json::from_str(line.trim()).unwrap_or_default();
            if answer["return"] == self.asked {
                return true;
            }
            line.clear();
        }
        false
    }
}

/// Boots the machine of a case and compares.
fn check(name: &str, format: ImageFormat) {
    let case: Case = boots().into_iter().find(|case| case.name == name).unwrap();
    let mac = case.vm().nics[0].mac.clone().unwrap();
    let image = case.render().seed_image(format).unwrap();
    let mut machine = Machine::start(image.bytes(), format, &mac);
    let got = machine.facts(&case.wanted());
    let faults = differences(&case.asked(), &got);
    assert!(faults.is_empty(), "{name}: {}\n{}", faults.join("\n"), machine.said());
}

#[test]
fn a_machine_reads_its_iso() {
    check("boot-from-iso", ImageFormat::Iso9660);
}

#[test]
fn a_machine_reads_its_fat_volume() {
    check("boot-from-fat", ImageFormat::Fat);
}

#[test]
fn a_machine_reads_its_config_drive() {
    check("boot-from-config-drive", ImageFormat::Iso9660);
}

#[test]
fn a_machine_reads_parts_and_templates() {
    check("boot-with-parts-and-a-template", ImageFormat::Fat);
}
