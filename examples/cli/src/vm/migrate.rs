//! `quantix vm migrate`.

use std::time::Duration;

use clap::Args;
use quantix_libvirt::{Class, Libvirt, MigrateRequest, MovedReport, blocking::Host};

use super::{One, failure};
use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm migrate web --to qemu+ssh://root@host2/system --check
  quantix vm migrate web --to qemu+tcp://host2/system --copy-storage --limit 3600

Both hosts are checked before a byte moves. Exit code 1: something stands in the way, or the
machine was not there in time and goes on where it was.")]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    one: One,
    /// The destination: a libvirt URI that the source host can reach too.
    #[arg(long, value_name = "URI")]
    to: String,
    /// Only check.
    #[arg(long)]
    check: bool,
    /// Pause the guest while it moves.
    #[arg(long)]
    offline: bool,
    /// Copy the disks too: the hosts share no storage.
    #[arg(long)]
    copy_storage: bool,
    /// Slow the guest down where it writes faster than it can be copied.
    #[arg(long)]
    auto_converge: bool,
    /// Keep the definition on the source.
    #[arg(long)]
    keep_source: bool,
    /// The most to send, in MiB per second.
    #[arg(long, value_name = "MIB")]
    bandwidth: Option<u64>,
    /// Seconds that the move may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 1800, value_parser = super::seconds())]
    limit: u64,
}

impl MigrateArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        let destination = Host::connect(Libvirt::new(&self.to)).map_err(failure)?;
        let request = MigrateRequest {
            live: !self.offline,
            copy_storage: self.copy_storage,
            auto_converge: self.auto_converge,
            keep_source: self.keep_source,
            bandwidth_mib: self.bandwidth,
            ..MigrateRequest::live(&self.to)
        };
        let check = host.check_migration(&domain, &destination, &request).map_err(failure)?;
        ui.findings(&check.findings);
        let is_ok = check.ok;
        let mut report = MovedReport { check, moved: false, destination: self.to.clone() };
        if self.check || !is_ok {
            ui.answer(&report, human)?;
            return Ok(Answer::yes_if(is_ok));
        }
        let progress = ui.progress(&format!("moving {domain}"));
        let limited = host.within(Duration::from_secs(self.limit));
        let outcome = limited.migrate(&domain, &request, |job| {
            if let Some((done, total)) = job.progress() {
                progress.bytes(done, total);
            }
        });
        drop(progress);
        match outcome {
            Ok(()) => report.moved = true,
            Err(error) if error.class() == Class::Deadline => ui.note(error),
            Err(error) => return Err(failure(error)),
        }
        ui.answer(&report, human)?;
        Ok(Answer::yes_if(report.moved))
    }
}

fn human(report: &MovedReport) -> String {
    let what = match (report.moved, report.check.ok) {
        (true, _) => "runs on",
        (false, true) => "can move to",
        (false, false) => "cannot move to",
    };
    format!("{} {what} {}\n", report.check.domain, report.destination)
}
