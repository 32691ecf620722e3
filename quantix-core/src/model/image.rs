//! Images: disks, CDs and appliances that machines are made from, and their phases.

use serde::{Deserialize, Serialize};

use super::{GuestOs, ImageFormat, Labels, OvaMetadata, limits, text, words};
use crate::{Bytes, Faults, ImageId, PoolKey, ProjectId, Timestamp, Validate};

words! {
    /// What an image is doing.
    #[derive(Default)]
    ImagePhase "image phase" {
        /// Nothing yet.
        #[default]
        Pending "pending",
        /// A client sends it.
        Uploading "uploading",
        /// It is fetched.
        Downloading "downloading",
        /// The files of an appliance are being found in their archive.
        Extracting "extracting",
        /// The descriptor of an appliance is being read.
        Parsing "parsing",
        /// Its checksums are being compared.
        Verifying "verifying",
        /// Its disks are being converted.
        Converting "converting",
        /// It can be used.
        Ready "ready",
        /// Something failed; it can be deleted or tried again.
        Error "error",
        /// It is being deleted.
        Deleting "deleting",
    }
}

/// Every legal change of phase.
pub const IMAGE_TRANSITIONS: &[(ImagePhase, ImagePhase)] = {
    use ImagePhase as P;
    &[
        (P::Pending, P::Uploading),
        (P::Pending, P::Downloading),
        (P::Uploading, P::Extracting),
        (P::Uploading, P::Verifying),
        (P::Downloading, P::Extracting),
        (P::Downloading, P::Verifying),
        (P::Extracting, P::Parsing),
        (P::Parsing, P::Verifying),
        (P::Verifying, P::Converting),
        (P::Verifying, P::Ready),
        (P::Converting, P::Ready),
        (P::Pending, P::Error),
        (P::Uploading, P::Error),
        (P::Downloading, P::Error),
        (P::Extracting, P::Error),
        (P::Parsing, P::Error),
        (P::Verifying, P::Error),
        (P::Converting, P::Error),
        (P::Deleting, P::Error),
        (P::Error, P::Pending),
        (P::Pending, P::Deleting),
        (P::Ready, P::Deleting),
        (P::Error, P::Deleting),
    ]
};

/// A change of phase that is not legal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an image that is {from} cannot become {to}")]
pub struct ImagePhaseError {
    from: ImagePhase,
    to: ImagePhase,
}

impl ImagePhase {
    /// The phase after a change.
    ///
    /// # Errors
    /// When the change is not legal.
    pub fn to(self, next: Self) -> Result<Self, ImagePhaseError> {
        if IMAGE_TRANSITIONS.contains(&(self, next)) {
            Ok(next)
        } else {
            Err(ImagePhaseError { from: self, to: next })
        }
    }

    /// Whether nothing is going on.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Pending | Self::Ready | Self::Error)
    }
}

words! {
    /// How a checksum is calculated.
    ChecksumAlgorithm "checksum algorithm" {
        /// SHA-256.
        Sha256 "sha256",
        /// SHA-512.
        Sha512 "sha512",
        /// SHA-1, which old appliances carry.
        Sha1 "sha1",
    }
}

/// A checksum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Checksum {
    /// How it is calculated.
    pub algorithm: ChecksumAlgorithm,
    /// The value in hexadecimal.
    pub value: String,
}

impl Validate for Checksum {
    fn validate(&self, faults: &mut Faults) {
        let digits = match self.algorithm {
            ChecksumAlgorithm::Sha256 => 64,
            ChecksumAlgorithm::Sha512 => 128,
            ChecksumAlgorithm::Sha1 => 40,
        };
        if self.value.len() != digits || !self.value.bytes().all(|b| b.is_ascii_hexdigit()) {
            faults.error("value", "bad-checksum", format!("expected {digits} hexadecimal digits"));
        }
    }
}

/// How far something has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Done.
    pub done_bytes: Bytes,
    /// To be done in all, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<Bytes>,
}

impl Progress {
    /// Per cent done, rounded down; 100 only when all is.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let total = self.total_bytes?.0;
        if total == 0 {
            return Some(100);
        }
        let percent = u128::from(self.done_bytes.0.min(total)) * 100 / u128::from(total);
        u8::try_from(percent).ok()
    }
}

/// A disk, CD or appliance that machines are made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    #[serde(default)]
    pub project_id: ProjectId,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// What it is.
    pub format: ImageFormat,
    /// What it is doing.
    #[serde(default)]
    pub phase: ImagePhase,
    /// How far that has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// Why it is in error, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The size of the file.
    #[serde(default)]
    pub size_bytes: Bytes,
    /// The size of the disk as machines see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_size_bytes: Option<Bytes>,
    /// Its checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// The pool that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_pool_id: Option<PoolKey>,
    /// Which family its guest belongs to.
    #[serde(default)]
    pub guest_os: GuestOs,
    /// Whether it sets itself up by cloud-init on its first boot.
    #[serde(default)]
    pub cloud_init: bool,
    /// What the descriptor of an appliance says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ova: Option<OvaMetadata>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

impl Validate for Image {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::NAME_CHARS);
        text::description(faults, &self.description);
        text::labels(faults, "labels", &self.labels);
        if let Some(checksum) = &self.checksum {
            faults.field("checksum", checksum);
        }
        if let Some(Progress { done_bytes, total_bytes: Some(total) }) = self.progress
            && done_bytes > total
        {
            let message = format!("{done_bytes} of {total} cannot be done");
            faults.error("progress", "above-total", message);
        }
        if (self.phase == ImagePhase::Error) == self.error.is_empty() {
            let message = "an image has an error text exactly when it is in error";
            faults.error("error", "phase-mismatch", message);
        }
        if self.phase == ImagePhase::Ready && self.size_bytes == Bytes(0) {
            faults.error("size_bytes", "out-of-range", "an image that is ready is not empty");
        }
        match &self.ova {
            Some(_) if self.format != ImageFormat::Ova => {
                let message = format!("a {} has no descriptor", self.format);
                faults.error("ova", "format-mismatch", message);
            }
            Some(ova) => faults.field("ova", ova),
            None if self.format == ImageFormat::Ova && self.phase == ImagePhase::Ready => {
                let message = "an appliance that is ready has been read";
                faults.error("ova", "missing-field", message);
            }
            None => {}
        }
        super::condition::times(faults, self.created_at, self.updated_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_change_as_the_table_says() {
        let mut table = String::new();
        for &from in ImagePhase::ALL {
            let next = ImagePhase::ALL.iter().filter(|&&to| from.to(to).is_ok());
            let next: Vec<_> = next.map(|to| to.as_str()).collect();
            table.push_str(&format!("{from}: {}\n", next.join(" ")));
            // Work that goes on can fail, and what has failed or is done can be deleted.
            let fails = from.to(ImagePhase::Error).is_ok();
            assert_eq!(fails, !matches!(from, ImagePhase::Ready | ImagePhase::Error), "{from}");
            assert_eq!(from.to(ImagePhase::Deleting).is_ok(), from.is_settled(), "{from}");
        }
        crate::golden::check("tests/golden/image_phases.txt", &table);
    }

    #[test]
    fn progress_reaches_a_hundred_only_at_the_end() {
        let progress = |done, total| Progress { done_bytes: Bytes(done), total_bytes: total };
        assert_eq!(progress(5, None).percent(), None);
        assert_eq!(progress(999, Some(Bytes(1000))).percent(), Some(99));
        assert_eq!(progress(1000, Some(Bytes(1000))).percent(), Some(100));
        assert_eq!(progress(0, Some(Bytes(0))).percent(), Some(100));
        assert_eq!(progress(u64::MAX, Some(Bytes(u64::MAX))).percent(), Some(100));
    }
}
