//! `quantix simulate --fleet`: a generated fleet in virtual time.

use std::path::PathBuf;

use clap::Args;
use quantix_scheduler::{FleetConfig, FleetReport, fleet_html, simulate_fleet};

use crate::{
    failure::Failure,
    input, place,
    ui::{Answer, Table, Ui},
};

/// Seconds of a day.
const DAY: u64 = 86_400;

#[derive(Debug, Args)]
pub(crate) struct FleetArgs {
    /// Run a generated fleet, as this file describes it.
    #[arg(long, value_name = "FILE", conflicts_with = "trace")]
    fleet: Option<PathBuf>,
    /// The seed, in place of that of the file.
    #[arg(long, requires = "fleet")]
    seed: Option<u64>,
    /// How many virtual days, in place of the time of the file.
    #[arg(long, requires = "fleet", value_parser = clap::value_parser!(u64).range(1..=3650))]
    days: Option<u64>,
    /// Also write a page with charts.
    #[arg(long, value_name = "FILE", requires = "fleet")]
    html: Option<PathBuf>,
}

impl FleetArgs {
    pub(super) fn run(&self, policy: Option<&PathBuf>, ui: &Ui) -> Result<Answer, Failure> {
        let mut config: FleetConfig = match &self.fleet {
            Some(path) => input::document(path, "fleet file")?,
            None => FleetConfig::default(),
        };
        config.seed = self.seed.unwrap_or(config.seed);
        config.duration_seconds = self.days.map_or(config.duration_seconds, |days| days * DAY);
        if policy.is_some() {
            config.policy = place::policy(policy)?;
        }
        let progress = ui.progress("simulating");
        let report = simulate_fleet(&config, &mut |done, all| progress.part(done, all));
        drop(progress);
        let report = report.map_err(|error| {
            Failure::input(format!("cannot simulate: {error}"))
                .with_findings(error.findings().to_vec())
        })?;
        if let Some(path) = &self.html {
            super::write(path, fleet_html(&report))?;
            ui.note(format_args!("report written to {}", path.display()));
        }
        ui.answer(&report, human)?;
        Ok(Answer::Yes)
    }
}

fn human(report: &FleetReport) -> String {
    let percent = |ppm: u64| format!("{}.{:02} %", ppm / 10_000, ppm / 100 % 100);
    let fine = |ppm: u64| format!("{}.{:04} %", ppm / 10_000, ppm % 10_000);
    let FleetReport { machines, demand, utilisation, moves, ha, maintenance, power, .. } = report;
    let mut table = Table::new(["", "", ""]);
    let mut row = |what: &str, value: String, more: String| {
        table.row([what.to_owned(), value, more]);
    };
    row(
        "machines",
        machines.arrived.to_string(),
        format!(
            "{} placed, {} rejected, {} waiting, at most {}",
            machines.placed, machines.rejected, machines.waiting, machines.waiting_most
        ),
    );
    row(
        "demand not met",
        fine(demand.unmet_ppm),
        format!("{} host hours overloaded", demand.overloaded_host_hours),
    );
    row(
        "CPU promised",
        percent(utilisation.cpu_promised_mean_ppm),
        format!("at most {}", percent(utilisation.cpu_promised_peak_ppm)),
    );
    row(
        "memory promised",
        percent(utilisation.memory_promised_mean_ppm),
        format!("at most {}", percent(utilisation.memory_promised_peak_ppm)),
    );
    row(
        "CPU used",
        percent(utilisation.cpu_used_mean_ppm),
        format!("at most {}", percent(utilisation.cpu_used_peak_ppm)),
    );
    row(
        "free memory stranded",
        percent(utilisation.stranded_mean_ppm),
        "on hosts that do not take the largest size".to_owned(),
    );
    row(
        "moves",
        (moves.balance + moves.drain).to_string(),
        format!("{} for balance, {} GiB copied", moves.balance, moves.copied_mib / 1024),
    );
    row(
        "availability",
        fine(ha.availability_ppm),
        format!(
            "{} host failures, {} machines lost, the longest down {} s",
            ha.host_failures, ha.lost, ha.longest_down_seconds
        ),
    );
    row(
        "maintenance",
        maintenance.hosts_done.to_string(),
        format!("{} hosts not emptied, {} left", maintenance.hosts_blocked, maintenance.hosts_left),
    );
    row(
        "energy",
        format!("{} kWh", power.watt_hours / 1000),
        format!("{} host hours standing by", power.stand_by_host_hours),
    );
    table.render()
}
