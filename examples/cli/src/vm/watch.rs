//! `quantix vm events` and `stats`.

use std::time::Duration;

use clap::Args;
use quantix_libvirt::{Event, Params, ResyncReason, StatsReport};

use super::{Connection, failure};
use crate::{
    failure::Failure,
    ui::{Answer, Table, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm events
  quantix vm events --json --count 10

Goes on until it is interrupted, or until --count or --limit is reached. A `resync` says that
events may have been missed before it.")]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    connection: Connection,
    /// End after this many events.
    #[arg(long)]
    count: Option<u64>,
    /// End after this many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = super::seconds())]
    limit: Option<u64>,
}

impl EventsArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let host = self.connection.open()?;
        let mut events = host.events().map_err(failure)?;
        let end = self.limit.map(|limit| std::time::Instant::now() + Duration::from_secs(limit));
        let mut left = self.count.unwrap_or(u64::MAX);
        while left > 0 {
            let wait = end.map_or(Duration::from_secs(3600), |end| {
                end.saturating_duration_since(std::time::Instant::now())
            });
            match events.next_within(wait) {
                Some(event) => {
                    show(ui, &event)?;
                    left -= 1;
                }
                None if end.is_some_and(|end| std::time::Instant::now() >= end) => break,
                None => {}
            }
        }
        Ok(Answer::Yes)
    }
}

/// One event per line, so that a pipe can read along.
fn show(ui: &Ui, event: &Event) -> Result<(), Failure> {
    let json = serde_json::to_string(event)
        .map_err(|error| Failure::environment("cannot write JSON").because(error))?;
    if ui.json() {
        return ui.text(&(json + "\n"));
    }
    let name = event.domain().map(|domain| domain.name.as_str()).unwrap_or_default();
    let text = match event {
        Event::Resync { reason: ResyncReason::Started, .. } => "listening".to_owned(),
        Event::Resync { reason, .. } => format!("events may have been missed: {reason:?}"),
        Event::Lifecycle { what, .. } => format!("{name} {what:?}").to_lowercase(),
        Event::Agent { connected: true, .. } => format!("{name} agent connected"),
        Event::Agent { .. } => format!("{name} agent gone"),
        Event::Disconnected { .. } => "connection lost".to_owned(),
        _ => format!("{name} {json}"),
    };
    ui.text(&(text + "\n"))
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm stats
  quantix vm stats web db --json")]
pub(crate) struct StatsArgs {
    /// The machines; all where none is named.
    names: Vec<String>,
    #[command(flatten)]
    connection: Connection,
}

impl StatsArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let host = self.connection.open()?;
        let stats = host.report_stats(&self.names).map_err(failure)?;
        ui.answer(&stats, table)?;
        Ok(Answer::Yes)
    }
}

fn table(stats: &StatsReport) -> String {
    let mut table = Table::new(["CPU SECONDS", "MEMORY MIB", "READ MIB", "WRITTEN MIB", "NAME"]);
    for vm in &stats.vms {
        let number = |name: &str| vm.params.get(name).and_then(quantix_libvirt::Param::as_u64);
        let show = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |v| v.to_string());
        table.row([
            show(number("cpu.time").map(|ns| ns / 1_000_000_000)),
            show(number("balloon.current").map(|kib| kib >> 10)),
            show(sum(&vm.params, ".rd.bytes").map(|bytes| bytes >> 20)),
            show(sum(&vm.params, ".wr.bytes").map(|bytes| bytes >> 20)),
            vm.domain.name.clone(),
        ]);
    }
    table.render()
}

/// The sum over all disks; nothing where no disk says.
fn sum(params: &Params, ending: &str) -> Option<u64> {
    let values = params.iter().filter(|(n, _)| n.starts_with("block.") && n.ends_with(ending));
    let values: Vec<u64> = values.filter_map(|(_, value)| value.as_u64()).collect();
    (!values.is_empty()).then(|| values.iter().fold(0u64, |a, b| a.saturating_add(*b)))
}
