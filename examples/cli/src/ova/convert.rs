//! `quantix ova convert`.

use std::{num::NonZeroUsize, path::PathBuf, time::Instant};

use clap::{Args, ValueEnum};
use quantix_ova::convert::{
    Compression, Conversion, ConvertError, Options, Output, convert_appliance, pull_appliance,
};

use super::{
    Blame, open,
    trust::{TrustArgs, Trusted},
    unwritten,
    watch::Bar,
};
use crate::{
    failure::Failure,
    ui::{Answer, Table, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova convert appliance.ova --to /var/lib/libvirt/images
  quantix ova convert appliance.ova --to images --format qcow2 --compress
  quantix ova convert folder/appliance.ovf --to images --format raw --threads 4
  quantix ova convert https://example.org/appliance.ova --to images
  quantix ova convert appliance.ova --to images --instant --no-verify
  quantix ova convert https://example.org/appliance.ova --to images --resumable

Digests are checked in the same pass. Files get their names only when every disk is complete and
every digest right; otherwise nothing is left. Exit code 1: verification failed.

What a killed conversion did is not lost: the same command, for the same appliance as it was, goes
on there. With --resumable the same holds after Ctrl-C, and when the network or the storage fails;
unfinished work is in files called .quantix-* beside the results.")]
pub(crate) struct ConvertArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
    /// The folder for the disks; it is made if it does not exist.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The format of the disks.
    #[arg(long, value_enum, default_value_t = Format::Qcow2)]
    format: Format,
    /// Compress clusters (qcow2); by deflate, grains of the appliance move across as they are.
    #[arg(long)]
    compress: bool,
    /// With --compress: how. QEMU reads zstd from 5.1 on; it is smaller, and faster to read.
    #[arg(long, value_enum, default_value_t = Packing::Deflate, requires = "compress")]
    compression: Packing,
    /// How many threads work; by default one per processor.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Do not check the digests of the manifest.
    #[arg(long)]
    no_verify: bool,
    /// With --compress: inflate every grain, even where a digest vouches for it.
    #[arg(long)]
    check_grains: bool,
    /// Flush the disks to the storage before they get their names.
    #[arg(long)]
    sync: bool,
    /// Copy nothing: make overlays (qcow2) that read the disks inside the appliance.
    #[arg(long)]
    instant: bool,
    /// On Ctrl-C, or when network or storage fail, keep what is done: the same command goes on.
    #[arg(long)]
    resumable: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Packing {
    Deflate,
    Zstd,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Qcow2,
    Raw,
    Vmdk,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova convert appliance.ova --to images --instant && virsh start web
  quantix ova pull appliance.ova --to images       # when the machine is off

Copies what overlays still read from the appliance, so that it is no longer needed; what the
machine wrote stays. Digests are checked in the same pass, and nothing changes unless they are
right. A running machine does the same by `virsh blockpull`. The JSON document is that of `quantix
ova convert`.")]
pub(crate) struct PullArgs {
    /// The OVA, the OVF descriptor, or the folder with one, that the overlays were made of.
    path: PathBuf,
    /// The folder with the overlays.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// How many threads work; by default one per processor.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Do not check the digests of the manifest.
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    trust: TrustArgs,
}

impl PullArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let start = Instant::now();
        let Trusted { roots, allow_sha1, at } = self.trust.read()?;
        let (threads, verify) = (self.threads, !self.no_verify);
        let options = Options { threads, verify, roots, allow_sha1, at, ..Options::default() };
        let package = open(&self.path)?;
        let bar = Bar::new(ui, "pulling");
        let result = pull_appliance(&package, &self.to, &options, &bar);
        drop(bar);
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => return refused(ui, error, start),
        };
        ui.findings(&answer.findings);
        ui.answer(&answer, table)?;
        Ok(Answer::Yes)
    }
}

impl ConvertArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let start = Instant::now();
        let Trusted { roots, allow_sha1, at } = self.trust.read()?;
        let options = Options {
            output: match self.format {
                Format::Qcow2 => Output::Qcow2,
                Format::Raw => Output::Raw,
                Format::Vmdk => Output::Vmdk,
            },
            compress: self.compress,
            compression: match self.compression {
                Packing::Deflate => Compression::Deflate,
                Packing::Zstd => Compression::Zstd,
            },
            threads: self.threads,
            verify: !self.no_verify,
            check_grains: self.check_grains,
            sync: self.sync,
            instant: self.instant,
            resumable: self.resumable,
            roots,
            allow_sha1,
            at,
        };
        if self.compress && options.output != Output::Qcow2 {
            let message = "--compress is for --format qcow2 (raw is never compressed, vmdk always)";
            return Err(Failure::input(message));
        }
        let package = open(&self.path)?;
        let bar = Bar::new(ui, "converting");
        let result = convert_appliance(&package, &self.to, &options, &bar);
        drop(bar);
        let answer = match result {
            Ok(answer) => answer,
            Err(error) if error.is_cancelled() && self.resumable => {
                let message = "cancelled; the same command goes on where it was";
                return Err(Failure::environment(message));
            }
            Err(error) => return refused(ui, error, start),
        };
        ui.findings(&answer.findings);
        ui.answer(&answer, table)?;
        Ok(Answer::Yes)
    }
}

/// A package that differs from its manifest is an answer: nothing converted, and why.
fn refused(ui: &Ui, error: ConvertError, start: Instant) -> Result<Answer, Failure> {
    let Some(verification) = error.failed_verification() else {
        return Err(convert_failure(error));
    };
    ui.findings(&verification.findings);
    let findings = verification.findings.clone();
    let seconds = start.elapsed().as_secs_f64();
    let answer = Conversion { disks: Vec::new(), verified: false, seconds, findings };
    ui.note(format_args!("{error}; nothing was converted"));
    ui.answer(&answer, |_| String::new())?;
    Ok(Answer::No)
}

/// How a failed conversion ends the command.
pub(crate) fn convert_failure(error: ConvertError) -> Failure {
    let is_target = error.is_target() && !error.is_existing_target();
    unwritten(&error, Blame::of(error.is_cancelled(), is_target), &[])
}

fn table(answer: &Conversion) -> String {
    let mut table = Table::new(["disk", "from", "to", "size", "written"]);
    for disk in &answer.disks {
        table.row([
            disk.id.clone(),
            disk.source.clone().unwrap_or_default(),
            disk.path.display().to_string(),
            quantix_core::Bytes(disk.virtual_bytes).to_string(),
            quantix_core::Bytes(disk.written_bytes).to_string(),
        ]);
    }
    let verified = if answer.verified { "verified" } else { "not verified" };
    format!("{}{verified}, {:.2} s\n", table.render(), answer.seconds)
}
