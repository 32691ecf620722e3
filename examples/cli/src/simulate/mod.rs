//! `quantix simulate`: replays a trace of machines on equal hosts, or runs a generated fleet.

mod fleet;

use std::{
    fs::File,
    io::{BufReader, Write},
    num::{NonZeroU32, NonZeroU64},
    path::{Path, PathBuf},
};

use clap::Args;
use quantix_core::{MemoryMib, Millicores};
use quantix_scheduler::{Fleet, Simulation, Trace, chart, simulate};

use crate::{
    chart::png,
    failure::Failure,
    input, place,
    ui::{Answer, Table, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix simulate --trace vms.csv --hosts 60 --host-cpu 80 --host-memory-gib 180
  quantix simulate --trace vms.csv --hosts 5 --host-cpu 80 --host-memory-gib 180 --numa 2 \\
      --policy policy.json --chart utilisation.png
  quantix simulate --fleet fleet.yaml --days 7 --seed 3 --html report.html
  quantix simulate --fleet fleet.yaml --policy spread.json --json

The trace is CSV with a header that names id, cpu (cores), mem_gib, arrival and departure (seconds);
an empty departure means that the machine stays. Machines are placed as they arrive, by a policy
that does not know when they depart.

The fleet is a file with hosts, machines (sizes, arrivals, lifetimes, demand), failures, maintenance,
balance and ha, of which all may be left out: the default is 1,250 hosts with 20,000 machines and a
day. Machines, demand and failures depend on the seed alone, so that policies can be compared.")]
pub(crate) struct SimulateArgs {
    /// The trace.
    #[arg(long, value_name = "FILE", required_unless_present = "fleet",
          requires_all = ["hosts", "host_cpu", "host_memory_gib"])]
    trace: Option<PathBuf>,
    /// How many hosts.
    #[arg(long, requires = "trace")]
    hosts: Option<NonZeroU32>,
    /// CPU of each host, in cores.
    #[arg(long, value_name = "CORES", requires = "trace")]
    host_cpu: Option<Millicores>,
    /// Memory of each host, in GiB.
    #[arg(long, value_name = "GIB", value_parser = gib, requires = "trace")]
    host_memory_gib: Option<MemoryMib>,
    /// Into how many NUMA cells each host is divided.
    #[arg(long, value_name = "CELLS", default_value = "1")]
    numa: NonZeroU32,
    /// The policy; the default one when left out, or that of the fleet file.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Also draw the utilisation over time into this file: SVG, or PNG where its name ends in `.png`.
    #[arg(long, value_name = "FILE", requires = "trace")]
    chart: Option<PathBuf>,
    #[command(flatten)]
    generated: fleet::FleetArgs,
}

fn gib(text: &str) -> Result<MemoryMib, String> {
    let parsed = format!("{text} GiB").parse();
    parsed.map_err(|_| "expected a number of GiB such as 180 or 0.5".to_owned())
}

impl SimulateArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (Some(path), Some(hosts)) = (&self.trace, self.hosts) else {
            return self.generated.run(self.policy.as_ref(), ui);
        };
        let positive = |amount: Option<u64>, what: &str| {
            let amount = amount.and_then(NonZeroU64::new);
            amount.ok_or_else(|| Failure::input(format!("{what} is zero")))
        };
        let fleet = Fleet {
            hosts,
            cpu_milli: positive(self.host_cpu.map(|cpu| cpu.0), "--host-cpu")?,
            memory_mib: positive(self.host_memory_gib.map(|gib| gib.0), "--host-memory-gib")?,
            numa: self.numa,
        };
        let policy = place::policy(self.policy.as_ref())?;
        let trace = read(path)?;
        let simulation = simulate(&trace, &fleet, &policy)
            .map_err(|error| Failure::input("cannot simulate").because(error))?;
        if let Some(path) = &self.chart {
            let svg = chart(&simulation, fleet.hosts.get());
            match path.extension().is_some_and(|end| end.eq_ignore_ascii_case("png")) {
                true => write(path, png(&svg)?)?,
                false => write(path, svg)?,
            }
            ui.note(format_args!("chart written to {}", path.display()));
        }
        ui.answer(&simulation, |simulation| human(simulation, &fleet))?;
        Ok(Answer::Yes)
    }
}

fn read(path: &Path) -> Result<Trace, Failure> {
    let file = File::open(path).map_err(|error| input::unreadable(path, error))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(input::unreadable(path, std::io::ErrorKind::IsADirectory.into()));
    }
    Trace::read(BufReader::new(file)).map_err(|error| {
        Failure::input(format!("{} is not a trace", path.display())).because(error)
    })
}

/// Writes a file whole or not at all.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let failure = |error: std::io::Error| {
        Failure::environment(format!("cannot write {}", path.display())).because(error)
    };
    let mut file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failure)?;
    file.write_all(content.as_ref()).map_err(failure)?;
    file.persist(path).map_err(|error| failure(error.error))?;
    Ok(())
}

fn human(simulation: &Simulation, fleet: &Fleet) -> String {
    let percent = |part: f64| format!("{:.1} %", 100.0 * part);
    let utilisation = &simulation.utilisation;
    let mut table = Table::new(["", "MEAN", "PEAK"]);
    table.row(["CPU".to_owned(), percent(utilisation.cpu_mean), percent(utilisation.cpu_peak)]);
    let memory = [percent(utilisation.memory_mean), percent(utilisation.memory_peak)];
    table.row([vec!["memory".to_owned()], memory.to_vec()].concat());
    let first = match (&simulation.first_rejected, simulation.first_rejection_at) {
        (Some(vm), Some(at)) => format!(", the first ({vm}) after {at} s"),
        _ => String::new(),
    };
    let bound = simulation.bound.map_or_else(String::new, |bound| {
        format!(", at least {} were needed ({} more)", bound.hosts, percent(bound.gap))
    });
    format!(
        "accepted {}, rejected {}{first}\nhosts used at most {} of {}{bound}\n{}",
        simulation.accepted,
        simulation.rejected,
        simulation.peak_hosts_used,
        fleet.hosts,
        table.render()
    )
}
