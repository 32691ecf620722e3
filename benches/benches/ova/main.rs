//! Appliances converted against `tar`, `sha256sum` and `qemu-img`, in one run on one machine.
//!
//! `./dev bench ova [OVA] [--runs N] [--quick]`: verifies and converts the appliance (by default
//! the one that `benches/make-ova.sh` makes, kept in the user's cache) and tells the median of N
//! runs (5) of each way, the ratio to its peer, and the most memory that ours held. Output goes to
//! `/dev/shm` where it exists, so that the storage is not what is measured. `--quick` leaves out
//! the two peers that take half a minute each.

mod descriptor;
mod job;
mod peer;

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use job::Job;

/// One way to do something, measured.
struct Line {
    name: &'static str,
    seconds: Vec<f64>,
    /// Processor seconds: what is left to compare on a machine that does other things too.
    cpu: Vec<f64>,
    peak_mib: Option<u64>,
    /// The lines that it is compared with.
    peers: &'static [&'static str],
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).collect();
    if let Some(job) = Job::from_args(&args) {
        return job.run();
    }
    let runs = after(&args, "--runs").map_or(Ok(5), str::parse)?;
    let quick = args.iter().any(|arg| arg == "--quick");
    let given = args.iter().find(|arg| arg.ends_with(".ova")).map(PathBuf::from);
    let ova = fs::canonicalize(given.map_or_else(made, Ok)?)?;
    let base = if Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { env::temp_dir() };
    let work = base.join(format!("quantix-bench-{}", std::process::id()));
    fs::create_dir(&work)?;
    let result = measure(&ova, &work, runs, quick)
        .and_then(|lines| print(&ova, &lines))
        .and_then(|()| descriptor::print(&work));
    fs::remove_dir_all(&work)?;
    result
}

fn after<'a>(args: &'a [String], name: &str) -> Option<&'a str> {
    let at = args.iter().position(|arg| arg == name)?;
    args.get(at + 1).map(String::as_str)
}

/// The appliance in the user's cache, made on first use.
fn made() -> Result<PathBuf, Box<dyn Error>> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = cache.or_else(home).ok_or("no HOME")?.join("quantix");
    let ova = folder.join("bench.ova");
    if !ova.exists() {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("make-ova.sh");
        let status = Command::new(script).arg(&ova).status()?;
        if !status.success() {
            return Err("benches/make-ova.sh failed".into());
        }
    }
    Ok(ova)
}

fn measure(ova: &Path, work: &Path, runs: usize, quick: bool) -> Result<Vec<Line>, Box<dyn Error>> {
    let peers = peer::Peers::prepare(ova, work)?;
    let mut lines = vec![
        Line::new("tar x && sha256sum && qemu-img convert", &[]),
        Line::new("qemu-img convert", &[]),
        Line::new(
            "quantix: verify + qcow2",
            &["tar x && sha256sum && qemu-img convert", "qemu-img convert"],
        ),
        Line::new(
            "quantix: verify + qcow2, 1 thread",
            &["tar x && sha256sum && qemu-img convert", "qemu-img convert"],
        ),
        Line::new("quantix: verify + raw", &["qemu-img convert"]),
        Line::new("quantix: verify + qcow2 -c", &["qemu-img convert -c -W -m 16"]),
        Line::new(
            "quantix: verify + qcow2 -c, each grain inflated",
            &["qemu-img convert -c -W -m 16"],
        ),
        Line::new("quantix: raw to stream-optimized", &["qemu-img: raw to stream-optimized"]),
    ];
    if !quick {
        lines.push(Line::new("qemu-img convert -c -W -m 16", &[]));
        lines.push(Line::new("qemu-img: raw to stream-optimized", &[]));
    }
    // Round by round, so that a slow minute of the machine hits everybody.
    for round in 0..runs {
        for line in &mut lines {
            let slow = line.name.contains("-m 16") || line.name.starts_with("qemu-img: raw");
            if slow && round > 0 {
                continue;
            }
            eprint!("\r{}/{runs} {:60}", round + 1, line.name);
            line.once(&peers, work)?;
        }
    }
    eprintln!("\r{:70}\r", "");
    Ok(lines)
}

impl Line {
    fn new(name: &'static str, peers: &'static [&'static str]) -> Self {
        Self { name, seconds: Vec::new(), cpu: Vec::new(), peak_mib: None, peers }
    }

    fn once(&mut self, peers: &peer::Peers, work: &Path) -> Result<(), Box<dyn Error>> {
        let out = work.join("out");
        fs::create_dir(&out)?;
        if let Some(job) = Job::named(self.name, peers) {
            let (seconds, cpu, peak_mib) = job.in_child(&out)?;
            self.seconds.push(seconds);
            self.cpu.push(cpu);
            self.peak_mib = Some(peak_mib.max(self.peak_mib.unwrap_or(0)));
        } else {
            let (seconds, cpu) = peers.run(self.name, &out)?;
            self.seconds.push(seconds);
            self.cpu.push(cpu);
        }
        fs::remove_dir_all(out)?;
        Ok(())
    }

    fn median(&self) -> f64 {
        median(&self.seconds)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn print(ova: &Path, lines: &[Line]) -> Result<(), Box<dyn Error>> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let bytes = fs::metadata(ova)?.len();
    writeln!(out, "{} ({} MB), output in memory", ova.display(), bytes / 1_000_000)?;
    writeln!(
        out,
        "{:50} {:>8} {:>8} {:>8} {:>4}  faster than",
        "", "median s", "min s", "cpu s", "MiB"
    )?;
    for line in lines {
        let min = line.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let peak = line.peak_mib.map_or(String::new(), |mib| mib.to_string());
        let ratio = |peer: &&'static str| {
            let peer = lines.iter().find(|other| other.name == *peer)?;
            let (wall, cpu) =
                (peer.median() / line.median(), median(&peer.cpu) / median(&line.cpu));
            Some(format!("{wall:.1}x (cpu {cpu:.1}x) {}", peer.name))
        };
        let ratios: Vec<String> = line.peers.iter().filter_map(ratio).collect();
        let ratios = ratios.join(", ");
        let (name, cpu) = (line.name, median(&line.cpu));
        writeln!(out, "{name:50} {:8.3} {min:8.3} {cpu:8.2} {peak:>4}  {ratios}", line.median())?;
    }
    Ok(())
}
