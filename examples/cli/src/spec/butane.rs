//! `quantix spec butane`.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use clap::Args;
use quantix_cloudinit::butane::{ButaneOptions, LocalFile, translate};

use crate::{
    failure::Failure,
    input,
    ui::{Answer, Ui},
};

/// The most files of a `--files-dir`.
const FILES_MAX: usize = 10_000;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix spec butane node.bu > node.ign
  quantix spec butane node.bu --strict --files-dir files/ --json

Known are the variants fcos, flatcar, openshift, r4e and fiot. What is wrong is told with its path,
line and column; the answer is then 1, and nothing is written.")]
pub(crate) struct ButaneArgs {
    /// The Butane document; `-` reads standard input.
    file: PathBuf,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
    /// Where the files are that `local` names.
    #[arg(long, value_name = "DIR")]
    files_dir: Option<PathBuf>,
}

impl ButaneArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let text = String::from_utf8(input::read(&self.file)?).map_err(|error| {
            Failure::input(format!("{} is not UTF-8", self.file.display())).because(error)
        })?;
        let files = match &self.files_dir {
            Some(dir) => local_files(dir)?,
            None => BTreeMap::new(),
        };
        let answer = translate(&text, &ButaneOptions { strict: self.strict, files });
        ui.findings(&answer.findings);
        ui.answer(&answer, |answer| answer.text.clone().unwrap_or_default())?;
        Ok(if answer.valid { Answer::Yes } else { Answer::No })
    }
}

/// Every file below a folder, by its path from there.
fn local_files(dir: &Path) -> Result<BTreeMap<String, LocalFile>, Failure> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| input::unreadable(&folder, error))?;
        for entry in entries {
            let path = entry.map_err(|error| input::unreadable(&folder, error))?.path();
            let about = fs::metadata(&path).map_err(|error| input::unreadable(&path, error))?;
            if about.is_dir() {
                folders.push(path);
                continue;
            }
            if files.len() == FILES_MAX {
                let message = format!("{} holds more than {FILES_MAX} files", dir.display());
                return Err(Failure::input(message));
            }
            let name = path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned();
            let is_executable = about.permissions().mode() & 0o111 != 0;
            files.insert(name, LocalFile { bytes: input::read(&path)?, is_executable });
        }
    }
    Ok(files)
}
