//! What Quantix does, in a process of its own, so that its memory can be told.

use std::{
    env,
    error::Error,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use quantix_ova::{
    convert::{DiskRequest, Options, Output, convert, convert_appliance},
    package::Package,
    watch::Unwatched,
};

use crate::peer::Peers;

/// A conversion, as arguments of the child process.
pub(crate) struct Job {
    input: PathBuf,
    folder: PathBuf,
    kind: String,
}

impl Job {
    /// The job behind a line of the table, if it is ours.
    pub(crate) fn named(name: &str, peers: &Peers) -> Option<Self> {
        let (kind, input) = match name {
            "quantix: verify + qcow2" => ("qcow2", &peers.ova),
            "quantix: verify + qcow2, 1 thread" => ("one", &peers.ova),
            "quantix: verify + raw" => ("raw", &peers.ova),
            "quantix: verify + qcow2 -c" => ("splice", &peers.ova),
            "quantix: verify + qcow2 -c, each grain inflated" => ("check", &peers.ova),
            "quantix: raw to stream-optimized" => ("vmdk", &peers.raw),
            _ => return None,
        };
        Some(Self { input: input.clone(), folder: PathBuf::new(), kind: kind.to_owned() })
    }

    /// The job of a child process.
    pub(crate) fn from_args(args: &[String]) -> Option<Self> {
        match args {
            [marker, kind, input, folder] if marker == "--job" => {
                Some(Self { input: input.into(), folder: folder.into(), kind: kind.clone() })
            }
            _ => None,
        }
    }

    /// Runs it in a child process: wall and processor seconds, and the most memory it held in MiB.
    pub(crate) fn in_child(&self, folder: &Path) -> Result<(f64, f64, u64), Box<dyn Error>> {
        let start = Instant::now();
        let output = Command::new(env::current_exe()?)
            .args(["--job", &self.kind])
            .args([&*self.input, folder])
            .output()?;
        let seconds = start.elapsed().as_secs_f64();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        let text = String::from_utf8(output.stdout)?;
        let (cpu, mib) = text.trim().split_once(' ').ok_or("two numbers expected")?;
        Ok((seconds, cpu.parse()?, mib.parse()?))
    }

    /// Does it, and prints the processor seconds and the most memory of this process.
    pub(crate) fn run(&self) -> Result<(), Box<dyn Error>> {
        let mut options = Options::default();
        match self.kind.as_str() {
            "one" => options.threads = NonZeroUsize::new(1),
            "raw" => options.output = Output::Raw,
            "splice" => options.compress = true,
            "check" => (options.compress, options.check_grains) = (true, true),
            "vmdk" => options.output = Output::Vmdk,
            _ => {}
        }
        if self.kind == "vmdk" {
            self.export(&options)?;
        } else {
            let package = Package::open(&self.input)?;
            let done = convert_appliance(&package, &self.folder, &options, &Unwatched)?;
            assert!(done.verified, "the appliance has no good manifest");
        }
        let status = fs::read_to_string("/proc/self/status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = peak.and_then(|p| p.split_whitespace().next()).unwrap_or("0").parse()?;
        use std::io::Write as _;
        writeln!(std::io::stdout(), "{} {}", cpu_seconds()?, kib / 1024)?;
        Ok(())
    }

    fn export(&self, options: &Options) -> Result<(), Box<dyn Error>> {
        let beside = self.input.parent().ok_or("a file in a folder")?;
        let descriptor = beside.join("raw.ovf");
        fs::write(&descriptor, "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\"/>")?;
        let name = self.input.file_name().and_then(|name| name.to_str()).map(str::to_owned);
        let request = DiskRequest { id: "disk".into(), href: name, ..DiskRequest::default() };
        let package = Package::open(&descriptor)?;
        convert(&package, &[request], &self.folder, options, &Unwatched)?;
        Ok(())
    }
}

/// Processor time of this process, all threads: fields 14 and 15 of its `stat`, in 1/100 s.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().ok_or("odd stat")?.split_whitespace().skip(11).take(2);
    let ticks: Result<Vec<f64>, _> = fields.map(str::parse).collect();
    Ok(ticks?.iter().sum::<f64>() / 100.0)
}
