//! `quantix vm create`, `plan`, `apply` and `delete`.

use std::path::{Path, PathBuf};

use clap::Args;
use quantix_libvirt::{
    ApplyReport, CreateOptions, DomainRef, DomainSpec, Plan, When, blocking::Host,
};

use super::{Connection, One, failure};
use crate::{
    failure::Failure,
    input,
    ui::{Answer, BAD, DOUBT, GOOD, Table, Ui, styled},
};

/// A description with faults is bad input; all of them are shown.
fn check(spec: &DomainSpec, path: &Path, ui: &Ui) -> Result<(), Failure> {
    let findings = spec.check();
    if findings.iter().any(quantix_core::Finding::is_error) {
        let text = format!("{} describes no machine that can be made", path.display());
        return Err(Failure::input(text).with_findings(findings));
    }
    ui.findings(&findings);
    Ok(())
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm create --from web.yaml --start
  quantix vm create --from - --json < web.json

A description, JSON or YAML, has at least `name`, `id` (a UUID), `cpus` and `memory_mib`; then
`disks`, `nics`, `firmware`, `domain_type` and others. Where it does not say `domain_type`, KVM is
used if it truly works. Where starting fails, nothing is left behind.")]
pub(crate) struct CreateArgs {
    /// The description; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Start it.
    #[arg(long)]
    start: bool,
    #[command(flatten)]
    connection: Connection,
}

impl CreateArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let mut document: serde_json::Value = input::document(&self.from, "machine")?;
        let host = self.connection.open()?;
        if let Some(fields) = document.as_object_mut()
            && !fields.contains_key("domain_type")
        {
            let execution = host.usable_domain_type().map_err(failure)?;
            ui.note(&execution.reason);
            fields.insert("domain_type".to_owned(), execution.domain_type.as_str().into());
        }
        let spec: DomainSpec = serde_json::from_value(document).map_err(|error| {
            Failure::input(format!("{} is not a valid machine", self.from.display())).because(error)
        })?;
        check(&spec, &self.from, ui)?;
        let created = host.create(&spec, CreateOptions { start: self.start }).map_err(failure)?;
        ui.answer(&created, |created| {
            let what = match (created.existed, created.active) {
                (true, true) => "was there and runs",
                (true, false) => "was there",
                (false, true) => "was made and runs",
                (false, false) => "was made",
            };
            format!("{} {what}\n", created.domain)
        })?;
        Ok(Answer::Yes)
    }
}

/// What a machine shall be.
#[derive(Debug, Args)]
struct Wanted {
    #[command(flatten)]
    one: One,
    /// What it shall be: a description (JSON or YAML), which leaves alone what it does not speak
    /// of, or a whole domain XML, which does not. `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
}

impl Wanted {
    fn plan(&self, ui: &Ui) -> Result<(Host, DomainRef, Plan), Failure> {
        let bytes = input::read(&self.from)?;
        let (host, domain) = self.one.open()?;
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let plan = if first == Some(&b'<') {
            let xml = String::from_utf8(bytes).map_err(|error| {
                Failure::input(format!("{} is not UTF-8", self.from.display())).because(error)
            })?;
            host.plan_xml(&domain, &xml)
        } else {
            let spec: DomainSpec =
                input::parse(&bytes, &self.from.display().to_string(), "machine")?;
            if spec.id != domain.id {
                let text = format!("the description is of {}, not of {}", spec.id, domain.id);
                return Err(Failure::input(text).hint("give the machine's own UUID as `id`"));
            }
            check(&spec, &self.from, ui)?;
            host.plan(&spec)
        };
        let plan = plan.map_err(failure)?;
        ui.findings(&plan.findings);
        Ok((host, domain, plan))
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm plan web --from web.yaml
  quantix vm xml web --next-boot > web.xml; $EDITOR web.xml; quantix vm plan web --from web.xml

Changes nothing. Exit code 1: a change is impossible.")]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    wanted: Wanted,
}

impl PlanArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (_, _, plan) = self.wanted.plan(ui)?;
        ui.answer(&plan, changes)?;
        Ok(Answer::yes_if(plan.is_possible()))
    }
}

fn changes(plan: &Plan) -> String {
    if plan.is_empty() {
        return format!("{} is as wanted\n", plan.domain);
    }
    let mut table = Table::new(["WHEN", "WHAT", "FROM", "TO", "WHY"]);
    for change in &plan.changes {
        let when = match change.when {
            When::Live => styled(GOOD, "live"),
            When::NextBoot => styled(DOUBT, "next boot"),
            When::Impossible => styled(BAD, "impossible"),
        };
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let (from, to) = (or(&change.from), or(&change.to));
        table.row([when, change.path.clone(), from, to, change.reason.clone()]);
    }
    table.render()
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm apply web --from web.yaml
  quantix vm apply web --from web.xml --json

Safe to repeat. Exit code 1: a change is impossible, or the running guest did not follow.")]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    wanted: Wanted,
}

impl ApplyArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, _, plan) = self.wanted.plan(ui)?;
        if !plan.is_possible() {
            ui.note(changes(&plan));
            return Ok(Answer::No);
        }
        let report = host.apply(&plan).map_err(failure)?;
        ui.answer(&report, applied)?;
        Ok(Answer::yes_if(report.is_complete()))
    }
}

fn applied(report: &ApplyReport) -> String {
    let mut text = String::new();
    for change in &report.live {
        let outcome = change.problem.as_deref().unwrap_or("done");
        text += &format!("{}: {outcome}\n", change.path);
    }
    let definition = if report.defined { "changed" } else { "as it was" };
    let reboot = if report.needs_reboot { "; the rest waits for the next boot" } else { "" };
    text + &format!("{}: definition {definition}{reboot}\n", report.domain)
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix vm delete web
  quantix vm delete web --force

Saved memory, snapshot records, UEFI variables and TPM state go with it; its disks stay.")]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    one: One,
    /// Also where it runs: pull the plug first.
    #[arg(long)]
    force: bool,
}

impl DeleteArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let (host, domain) = self.one.open()?;
        if !self.force && host.state(domain.id).map_err(failure)?.is_active() {
            return Err(
                Failure::input(format!("{domain} runs")).hint("stop it first, or give --force")
            );
        }
        let report = host.delete(&domain).map_err(failure)?;
        for file in &report.files {
            ui.note(format!("left in place: {file}"));
        }
        ui.answer(&report, |report| format!("{} was removed\n", report.domain))?;
        Ok(Answer::Yes)
    }
}
