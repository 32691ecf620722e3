//! How much user-data platforms pass on.

use quantix_core::Finding;

/// The most bytes of user-data that a platform passes on, smallest first.
pub const PLATFORM_BYTES_MAX: &[(&str, usize)] = &[
    ("KubeVirt inline", 2_048),
    ("EC2", 16_384),
    ("OpenStack, in base64", 65_535),
    ("Azure, in base64", 65_536),
    ("Google Compute Engine", 262_144),
    ("Proxmox VE", 3 << 20),
];

/// Beyond this a word is worth it; nearly every document is longer than the smallest limit.
const QUIET_BYTES_MAX: usize = 16_384;

/// Names the platforms that do not pass on so much user-data.
pub(crate) fn size(bytes: &[u8]) -> Option<Finding> {
    if bytes.len() <= QUIET_BYTES_MAX {
        return None;
    }
    let length = |name: &str| {
        if name.ends_with("base64") { bytes.len().div_ceil(3) * 4 } else { bytes.len() }
    };
    let over = PLATFORM_BYTES_MAX.iter().filter(|(name, limit)| length(name) > *limit);
    let names: Vec<String> = over.map(|(name, limit)| format!("{name} ({limit})")).collect();
    let message = format!(
        "{} bytes are more than these platforms pass on: {}; compress it with gzip or fetch parts \
         with #include",
        bytes.len(),
        names.join(", ")
    );
    Some(Finding::warning("size", message))
}
