//! The version that documents carry, and the rule that goes with it.
//!
//! - Adding an optional field does not change the version. Renaming or removing a field, making one
//!   required or changing its meaning does.
//! - A reader reads every version up to its own.
//! - A strict reader refuses what it does not know: unknown fields and newer versions. A lenient one
//!   drops unknown fields and tries newer versions, with a warning for each.
//! - An unknown word of a closed list is refused by both, since no default could be right.

use crate::Faults;

/// The version that is written and the newest that is read.
pub const SCHEMA_VERSION: u32 = 1;

pub(crate) fn current() -> u32 {
    SCHEMA_VERSION
}

/// Records a version that this library does not know.
pub(crate) fn check(faults: &mut Faults, version: u32) {
    if !(1..=SCHEMA_VERSION).contains(&version) {
        let message = format!(
            "version {version} is not known: expected 1 to {SCHEMA_VERSION}; update quantix, or \
             read leniently"
        );
        faults.error("schema_version", "unsupported-version", message);
    }
}
