//! `quantix ova create`.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use clap::Args;
use quantix_ova::create::{Created, Spec, create};

use super::{Blame, unwritten, watch::Bar};
use crate::{
    failure::Failure,
    input,
    ui::{Answer, Table, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova create --from web.yaml --to web.ova
  quantix ova create --from web.json --to web.ova --json | jq -r '.files[].sha256'

The description is JSON or YAML:
  name: web
  cpus: 2
  memory_mib: 2048
  firmware: efi              # or bios
  disks:
    - path: root.qcow2       # relative to the description; any readable image
    - capacity_bytes: 20GiB  # a disk that starts empty
  nics:
    - network: lan
Also: cores_per_socket, secure_boot, tpm, os {id, vendor, description}, hardware, controller
(lsilogic, lsilogicsas, pvscsi, sata, nvme, ide), cdrom, annotation, eulas, product, properties.

Disks become stream-optimized VMDKs; the manifest has SHA-256. Equal input gives equal bytes.")]
pub(crate) struct CreateArgs {
    /// The description; `-` reads standard input.
    #[arg(long, value_name = "SPEC")]
    from: PathBuf,
    /// The OVA to make.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// How many threads work; by default one per processor.
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

impl CreateArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let spec: Spec = input::document(&self.from, "description of an appliance")?;
        let base = self.from.parent().unwrap_or(Path::new(""));
        let bar = Bar::new(ui, "packing");
        let answer = create(&spec, base, &self.to, self.threads, &bar);
        drop(bar);
        let answer = answer.map_err(|error| {
            let blame = Blame::of(error.is_cancelled(), error.is_target());
            unwritten(&error, blame, error.findings())
        })?;
        ui.findings(&answer.findings);
        ui.answer(&answer, table)?;
        Ok(Answer::Yes)
    }
}

fn table(answer: &Created) -> String {
    let mut table = Table::new(["file", "bytes", "sha256"]);
    for file in &answer.files {
        table.row([file.name.clone(), file.bytes.to_string(), file.sha256.clone()]);
    }
    format!("{}{}: {} bytes\n", table.render(), answer.path.display(), answer.bytes)
}
