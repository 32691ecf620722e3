//! Whom the caller trusts.

use std::{fs, path::PathBuf, time::SystemTime};

use clap::Args;

use crate::failure::Failure;

#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// Trusted certificates (PEM): the package must be signed by one of them or by what they issue.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// Let signatures count that were made with SHA-1.
    #[arg(long)]
    allow_sha1: bool,
}

/// What is trusted, and when certificates must be good.
pub(crate) struct Trusted {
    pub(crate) roots: Option<String>,
    pub(crate) allow_sha1: bool,
    pub(crate) at: Option<i64>,
}

impl TrustArgs {
    pub(crate) fn read(self) -> Result<Trusted, Failure> {
        let read = |path: PathBuf| {
            fs::read_to_string(&path).map_err(|error| {
                Failure::input(format!("{} cannot be read", path.display())).because(error)
            })
        };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Ok(Trusted {
            roots: self.roots.map(read).transpose()?,
            allow_sha1: self.allow_sha1,
            at: now.ok().and_then(|now| i64::try_from(now.as_secs()).ok()),
        })
    }
}
