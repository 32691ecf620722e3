//! Seed images: the small read-only volumes on which a guest finds its customization.
//!
//! [`SeedImage::build`] turns files into an ISO 9660 image (with Joliet and Rock Ridge names, so
//! Linux and cloudbase-init on Windows both see `user-data` and not `USER_DAT.`) or a FAT image
//! (for kernels without `iso9660`). The same files give the same bytes: nothing reads a clock.
//!
//! ```
//! use quantix_cloudinit::seed::{ImageFormat, SeedFile, SeedImage, VolumeLabel};
//! let files = [
//!     SeedFile::new("meta-data", "instance-id: web-01\n"),
//!     SeedFile::new("user-data", "#cloud-config\nhostname: web-01\n"),
//! ];
//! let image = SeedImage::build(&files, VolumeLabel::Cidata, ImageFormat::Iso9660)?;
//! assert_eq!(image.bytes().len() % 2048, 0);
//! # Ok::<(), quantix_cloudinit::seed::SeedError>(())
//! ```

mod fat;
mod files;
mod image;
mod iso;
mod iso_record;
mod tree;

pub use files::{SeedDocuments, SeedSource};
pub use image::{
    ImageFormat, SEED_BYTES_MAX, SEED_DEPTH_MAX, SEED_FILES_MAX, SEED_NAME_BYTES_MAX, SeedError,
    SeedFile, SeedImage, SeedReport, VolumeLabel,
};

/// Length of a table of fixed-size records or of bounded text, as the 32 bits that both file
/// systems store. [`SEED_BYTES_MAX`] keeps every length far below.
fn len32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
