//! `quantix ova sign`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use quantix_ova::{
    manifest::Algorithm,
    signature::{Signed, Signer, sign},
};

use super::{Blame, open, unwritten, watch::Bar};
use crate::{
    failure::Failure,
    ui::{Answer, Ui},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  quantix ova sign web.ova --key key.pem --cert chain.pem --to signed.ova
  openssl req -x509 -newkey rsa:3072 -nodes -keyout key.pem -out chain.pem -subj /CN=Example

Writes descriptor, manifest, certificate and then the other files. A manifest that is there keeps
its bytes and must be right; where there is none, one is made. A signature that is there is
replaced. The JSON document is {\"path\",\"bytes\",\"manifest\",\"certificate\",\"algorithm\",
\"findings\"}. Exit code 0: signed. 2: the package, the key or a certificate does not do.")]
pub(crate) struct SignArgs {
    /// The OVA (a path, `-` for standard input, or an address), the OVF descriptor, or its folder.
    path: PathBuf,
    /// The private RSA key, in PEM, not encrypted.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The certificate of the key, in PEM; those of its issuers may follow.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The OVA to write.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// How the manifest is hashed.
    #[arg(long, value_enum, default_value_t = Hash::Sha256)]
    algorithm: Hash,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Hash {
    Sha256,
    Sha512,
}

impl SignArgs {
    pub(crate) fn run(self, ui: &Ui) -> Result<Answer, Failure> {
        let algorithm = match self.algorithm {
            Hash::Sha256 => Algorithm::Sha256,
            Hash::Sha512 => Algorithm::Sha512,
        };
        let signer = Signer::from_pem(&read(&self.key)?, &read(&self.cert)?, algorithm)
            .map_err(|error| Failure::input("cannot sign").because(error))?;
        let package = open(&self.path)?;
        let bar = Bar::new(ui, "signing");
        let answer = sign(&package, &signer, &self.to, &bar);
        drop(bar);
        let answer = answer.map_err(|error| {
            let blame = Blame::of(error.is_cancelled(), error.is_target());
            unwritten(&error, blame, error.findings())
        })?;
        ui.findings(&answer.findings);
        ui.answer(&answer, describe)?;
        Ok(Answer::Yes)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::input(format!("{} cannot be read", path.display())).because(error)
    })
}

fn describe(answer: &Signed) -> String {
    let Signed { path, manifest, certificate, .. } = answer;
    format!("{}: {manifest} is signed in {certificate}\n", path.display())
}
