//! What other tools refuse about a package, and the package without it.
//!
//! [`diagnose`] says which of ovftool, vCenter, VirtualBox, virt-v2v and Proxmox VE refuse a
//! package or read it wrongly, and why. [`repair`] writes it again without what can be mended: the
//! descriptor first and edited by as little as possible, sizes as they are, a manifest that every
//! tool reads, and nothing after the end of a stream-optimized disk.
//!
//! ```
//! # use quantix_ova::{package::Package, repair::{diagnose, repair}, watch::Unwatched};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # std::fs::write(folder.path().join("web.ovf"), r#"<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
//! #   xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><References><File ovf:id="f" ovf:href="a.iso" ovf:size="7"/></References>
//! #   <VirtualSystem ovf:id="vm"><Info/><VirtualHardwareSection><Info/></VirtualHardwareSection></VirtualSystem></Envelope>"#)?;
//! # std::fs::write(folder.path().join("a.iso"), "image")?;
//! let package = Package::open(folder.path())?;
//! assert_eq!(diagnose(&package)[0].code, "size-mismatch"); // ovftool and vCenter stop there
//! let to = folder.path().join("web.ova");
//! let repaired = repair(&package, &to, &Unwatched)?;
//! assert_eq!(repaired.repairs[0].code, "size-mismatch");
//! assert!(diagnose(&Package::open(&to)?).is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! It signs nothing: a signature of the old manifest does not fit the new one and is left out.

mod descriptor;
mod diagnose;
mod tail;
mod write;

use quantix_core::Finding;
use serde::Serialize;

use crate::package::Package;

pub use self::{
    diagnose::{Objection, Tool, diagnose},
    write::{RepairError, repair},
};

/// The answer of [`diagnose`] as a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// What other tools object to.
    pub objections: Vec<Objection>,
}

impl Diagnosis {
    /// Diagnoses a package.
    #[must_use]
    pub fn of(package: &Package) -> Self {
        Self { objections: diagnose(package) }
    }
}

/// A package that was written again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Repaired {
    /// Where it was written.
    pub path: std::path::PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// What was mended.
    pub repairs: Vec<Finding>,
    /// What other tools still refuse.
    pub remaining: Vec<Objection>,
}
