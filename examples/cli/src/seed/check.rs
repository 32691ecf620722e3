//! `quantix seed check`.

use std::{fmt::Write as _, io::BufRead as _, path::PathBuf};

use clap::Args;
use quantix_cloudinit::check::{CheckOptions, CheckReport, check_batch_line, check_document};
use quantix_core::Finding;

use crate::{
    failure::Failure,
    input,
    ui::{Answer, BAD, GOOD, Ui, finding_line, styled},
};

/// The longest line that `--batch` reads, in bytes.
const LINE_BYTES_MAX: u64 = 64 << 20;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix seed check user-data
  quantix seed check user-data --cloud-init 22.2..26.2 --distro rhel
  quantix seed check network-config --kind network-config --renderer networkd
  quantix seed check --batch < questions.jsonl > answers.jsonl

A line of --batch is {\"id\",\"kind\",\"text\"} or {\"id\",\"kind\",\"config\"}; each gets one line of
answer, in order. Exit code 1: a document is not valid, or
longer than --platform passes on.")]
pub(crate) struct CheckArgs {
    /// The document; `-` reads standard input.
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    file: Option<PathBuf>,
    /// What it is: user-data, vendor-data, meta-data, network-config (network-v1 or network-v2 to
    /// name its schema), butane or unattend; detected where left out.
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The cloud-init version, or range of versions, that must accept it: 24.1, 22.2..26.2, all.
    #[arg(long, value_name = "VERSION", default_value = "26.2")]
    cloud_init: String,
    /// Who applies the network configuration: netplan, networkd, network-manager, sysconfig, eni.
    #[arg(long, value_name = "RENDERER")]
    renderer: Option<String>,
    /// The distribution of the guest, such as ubuntu, debian, rhel, sles or alpine.
    #[arg(long, value_name = "NAME")]
    distro: Option<String>,
    /// What passes user-data to the guest: kubevirt, ec2, hetzner, openstack, azure, digitalocean,
    /// gce or proxmox; more than it passes on is a fault.
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    /// Read JSON lines from standard input and answer each with a line.
    #[arg(long)]
    batch: bool,
}

impl CheckArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let options = self.options()?;
        let Some(file) = self.file else { return batch(&options, ui) };
        let report = check_document(&input::read(&file)?, &options);
        ui.answer(&report, |report| human(&file.display().to_string(), report))?;
        Ok(Answer::yes_if(report.valid))
    }

    fn options(&self) -> Result<CheckOptions, Failure> {
        let (kind, renderer) = (self.kind.as_deref(), self.renderer.as_deref());
        CheckOptions::named(kind, Some(&self.cloud_init), renderer)
            .and_then(|options| options.on(self.distro.as_deref()))
            .and_then(|options| options.through(self.platform.as_deref()))
            .map_err(|error| Failure::input(error.to_string()))
    }
}

fn batch(options: &CheckOptions, ui: &Ui) -> Result<Answer, Failure> {
    use std::io::Read as _;
    let mut stdin = std::io::stdin().lock();
    let mut all_valid = true;
    for number in 1_u64.. {
        let mut line = Vec::new();
        let read = (&mut stdin).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        let bytes = read
            .map_err(|error| Failure::environment("cannot read standard input").because(error))?;
        if bytes == 0 {
            break;
        }
        if bytes as u64 > LINE_BYTES_MAX {
            let message = format!("line {number} is longer than {} MiB", LINE_BYTES_MAX >> 20);
            return Err(Failure::input(message));
        }
        let line = String::from_utf8_lossy(&line);
        if line.trim().is_empty() {
            continue;
        }
        let answer = check_batch_line(&line, options);
        all_valid &= answer.report.valid;
        let mut json = serde_json::to_string(&answer)
            .map_err(|error| Failure::environment("cannot write JSON").because(error))?;
        json.push('\n');
        ui.text(&json)?;
    }
    Ok(Answer::yes_if(all_valid))
}

fn human(name: &str, report: &CheckReport) -> String {
    let kind = report.kind.name();
    let verdict = if report.valid { styled(GOOD, "valid") } else { styled(BAD, "not valid") };
    let mut text = format!("{name}: {kind}, {verdict}\n");
    let groups: [(&str, &[Finding]); 3] = [
        ("faults", &report.faults),
        ("deprecated", &report.deprecations),
        ("doubtful", &report.lint),
    ];
    for (title, findings) in groups {
        for (i, finding) in findings.iter().enumerate() {
            if i == 0 {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{title}:");
            }
            let _ = writeln!(text, "  {}", finding_line(finding));
        }
    }
    text
}
