//! OVF/OVA appliances and virtual disks: read, verified and converted in one pass.
//!
//! - [`package`] opens an OVA (a tar) or an OVF folder and tells where each member lies;
//! - [`manifest`] checks the digests that the vendor shipped;
//! - [`signature`] tells who vouches for the manifest, and signs it;
//! - [`disk`] reads virtual disks and writes qcow2, raw and stream-optimized VMDK;
//! - [`convert`] does all of it at once, in parallel, without unpacking anything;
//! - [`create`] makes an OVA from a description and disks;
//! - [`ovf`] reads and writes the descriptor, [`import`] turns it into a machine of Quantix.
//!
//! With the feature `http`, `remote` opens packages on web servers, of which it fetches only the
//! parts that are read.
//!
//! ```
//! use quantix_ova::manifest::{Algorithm, Manifest};
//! let manifest = Manifest::parse(b"SHA256 (a.ovf) = 00\r\nSHA1(b.vmdk)= da39a3ee5e6b4b0d3255bfef95601890afd80709\n");
//! assert_eq!(manifest.entries()[0].algorithm, Algorithm::Sha1);
//! assert_eq!(manifest.findings()[0].line, Some(1)); // two digits are no SHA-256
//! ```
//!
//! It refuses to guess and to follow: no path leaves the package or the target folder, no backing
//! file or extent outside the package is ever opened, no size is believed beyond its limit, and
//! nothing appears in the target folder before every digest and every disk has been checked.

pub mod convert;
pub mod create;
pub mod disk;
pub mod import;
pub mod manifest;
pub mod ovf;
pub mod package;
#[cfg(feature = "http")]
pub mod remote;
pub mod repair;
pub mod signature;
pub mod watch;
