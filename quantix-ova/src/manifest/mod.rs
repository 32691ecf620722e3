//! The manifest: which digest each file of a package had when the vendor packed it.

mod digest;
mod parse;
mod verify;

pub(crate) use self::verify::{Wanted, judge, wanted};
pub use self::{
    digest::{Algorithm, Digest, Hasher},
    parse::{Entry, LINE_BYTES_MAX, LINES_MAX, Manifest},
    verify::{
        CertificateState, FileState, FileStatus, ManifestState, Verification, VerifyOptions,
        verify, verify_trusting,
    },
};
