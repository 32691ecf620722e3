//! `quantix seed build`.

use std::path::PathBuf;

use clap::Args;
use quantix_cloudinit::seed::{
    ImageFormat, SeedDocuments, SeedError, SeedImage, SeedReport, SeedSource,
};

use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix seed build --user-data user-data -o seed.iso
  quantix seed build --user-data user-data --meta-data meta-data --network-config net.yaml \\
      --image vfat -o seed.img
  quantix seed build --source configdrive --user-data user-data --meta-data meta.json -o cfg.iso

The same input gives the same bytes. The image is for its owner only (mode 0600), since user-data
often holds secrets. Without --meta-data the instance id is derived from the other documents.")]
pub(crate) struct BuildArgs {
    /// The user-data: a cloud-config, a script, MIME, or any other form; `-` reads standard input.
    #[arg(long, value_name = "FILE")]
    user_data: PathBuf,
    /// The meta-data: YAML or JSON; JSON for a config drive.
    #[arg(long, value_name = "FILE")]
    meta_data: Option<PathBuf>,
    /// The network-config; network_data.json for a config drive.
    #[arg(long, value_name = "FILE")]
    network_config: Option<PathBuf>,
    /// The vendor-data.
    #[arg(long, value_name = "FILE")]
    vendor_data: Option<PathBuf>,
    /// Which data source reads the volume: nocloud or configdrive.
    #[arg(long, value_name = "SOURCE", default_value = "nocloud")]
    source: String,
    /// The file system of the image: iso or vfat.
    #[arg(long, value_name = "FORMAT", default_value = "iso")]
    image: String,
    /// Where the image goes; an existing file is replaced in one step.
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

impl BuildArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let source: SeedSource = self.source.parse().map_err(failure)?;
        let format: ImageFormat = self.image.parse().map_err(failure)?;
        let read = |path: Option<&PathBuf>| path.map(|path| input::read(path)).transpose();
        let documents = SeedDocuments {
            user_data: input::read(&self.user_data)?,
            meta_data: read(self.meta_data.as_ref())?,
            vendor_data: read(self.vendor_data.as_ref())?,
            network_config: read(self.network_config.as_ref())?,
        };
        let files = documents.files(source).map_err(failure)?;
        let image = SeedImage::build(&files, source.label(), format).map_err(failure)?;
        let report = image.write_to(&self.output).map_err(failure)?;
        ui.answer(&report, human)?;
        Ok(Answer::Yes)
    }
}

fn failure(error: SeedError) -> Failure {
    if error.is_io() {
        Failure::environment("no image was made").because(error)
    } else {
        Failure::input("no image was made").because(error)
    }
}

fn human(report: &SeedReport) -> String {
    format!(
        "{}: {} bytes, label {}\nsha256 {}\n",
        report.path, report.bytes, report.label, report.sha256
    )
}
