//! How much user-data platforms pass on.

use std::str::FromStr;

use quantix_core::Finding;

/// A platform that passes user-data to its guests, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    name: &'static str,
    title: &'static str,
    bytes_max: usize,
    in_base64: bool,
}

/// The platforms, smallest budget first. Sources: the manuals of KubeVirt (`cloudInitNoCloud`), EC2
/// (instance user data, counted before base64), Hetzner Cloud, OpenStack's compute API (`user_data`),
/// Azure (custom data), `DigitalOcean`, Google Compute Engine (metadata values) and Proxmox VE
/// (snippets).
pub const PLATFORMS: &[Platform] = &[
    Platform::new("kubevirt", "KubeVirt inline", 2_048, false),
    Platform::new("ec2", "EC2", 16_384, false),
    Platform::new("hetzner", "Hetzner Cloud", 32_768, false),
    Platform::new("openstack", "OpenStack, in base64", 65_535, true),
    Platform::new("azure", "Azure, in base64", 65_536, true),
    Platform::new("digitalocean", "DigitalOcean", 65_536, false),
    Platform::new("gce", "Google Compute Engine", 262_144, false),
    Platform::new("proxmox", "Proxmox VE", 3 << 20, false),
];

/// Beyond this a word is worth it where no platform is named; nearly every document is longer than
/// the smallest limit.
const QUIET_BYTES_MAX: usize = 16_384;

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no platform known here: expected kubevirt, ec2, hetzner, openstack, azure, \
     digitalocean, gce or proxmox"
)]
pub struct PlatformError {
    found: String,
}

impl Platform {
    const fn new(
        name: &'static str,
        title: &'static str,
        bytes_max: usize,
        in_base64: bool,
    ) -> Self {
        Self { name, title, bytes_max, in_base64 }
    }

    /// The name, as [`FromStr`] reads it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// The most bytes of user-data, as they are counted there.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        self.bytes_max
    }

    /// How many bytes of the budget user-data of this length takes: the platform counts its base64,
    /// or the bytes themselves.
    #[must_use]
    pub const fn counted(self, bytes: usize) -> usize {
        if self.in_base64 { bytes.div_ceil(3) * 4 } else { bytes }
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let found = PLATFORMS.iter().find(|platform| platform.name == text).copied();
        found.ok_or_else(|| PlatformError { found: text.chars().take(64).collect() })
    }
}

/// Whether the platform passes on so much user-data; without one, which platforms do not.
pub(crate) fn size(bytes: &[u8], platform: Option<Platform>) -> Option<Finding> {
    let remedy = "compress it with gzip or fetch parts with #include";
    if let Some(platform) = platform {
        let Platform { title, bytes_max, .. } = platform;
        let counted = platform.counted(bytes.len());
        let message =
            format!("{counted} bytes are more than {title} ({bytes_max}) passes on; {remedy}");
        return (counted > bytes_max).then(|| Finding::error("size", message));
    }
    if bytes.len() <= QUIET_BYTES_MAX {
        return None;
    }
    let over = PLATFORMS.iter().filter(|it| it.counted(bytes.len()) > it.bytes_max);
    let names: Vec<String> = over.map(|it| format!("{} ({})", it.title, it.bytes_max)).collect();
    let message = format!(
        "{} bytes are more than these platforms pass on: {}; {remedy}",
        bytes.len(),
        names.join(", ")
    );
    Some(Finding::warning("size", message))
}
