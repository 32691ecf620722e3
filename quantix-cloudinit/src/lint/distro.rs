//! What a distribution makes of a document.

use std::str::FromStr;

use super::{
    network::NetworkRenderer,
    user_data::{Notes, key},
};
use crate::yaml::Value;

/// A distribution, by the name that cloud-init has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distro(&'static str);

/// A text that names no distribution.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no distribution of cloud-init's: expected a name such as {names}",
    names = "ubuntu, debian, fedora, rhel, sles or alpine"
)]
pub struct DistroError {
    found: String,
}

/// The distributions of cloud-init 26.2.
const DISTROS: &[&str] = &[
    "almalinux",
    "alpine",
    "amazon",
    "aosc",
    "arch",
    "azurelinux",
    "centos",
    "cloudlinux",
    "cos",
    "debian",
    "eurolinux",
    "fedora",
    "freebsd",
    "gentoo",
    "mariner",
    "miraclelinux",
    "netbsd",
    "openbsd",
    "opencloudos",
    "openeuler",
    "openmandriva",
    "opensuse",
    "opensuse-leap",
    "opensuse-microos",
    "opensuse-tumbleweed",
    "photon",
    "raspberry-pi-os",
    "rhel",
    "rocky",
    "sle-micro",
    "sle_hpc",
    "sles",
    "tencentos",
    "ubuntu",
    "virtuozzo",
];
const DEBIANS: &[&str] = &["debian", "raspberry-pi-os", "ubuntu"];
const UBUNTU: &[&str] = &["ubuntu"];
const SUSES: &[&str] = &[
    "opensuse",
    "opensuse-leap",
    "opensuse-microos",
    "opensuse-tumbleweed",
    "sle-micro",
    "sle_hpc",
    "sles",
];
const YUM: &[&str] = &[
    "almalinux",
    "amazon",
    "azurelinux",
    "centos",
    "cloudlinux",
    "eurolinux",
    "fedora",
    "mariner",
    "opencloudos",
    "openeuler",
    "openmandriva",
    "photon",
    "rhel",
    "rocky",
    "tencentos",
    "virtuozzo",
];
/// Keys whose module runs on some distributions only, by the metadata of cloud-init 26.2's modules.
/// A module that is skipped says so in the guest's log and nowhere else.
const KEYS: &[(&str, &[&str])] = &[
    ("apk_repos", &["alpine"]),
    ("apt", DEBIANS),
    ("apt_pipelining", DEBIANS),
    ("autoinstall", UBUNTU),
    ("byobu_by_default", DEBIANS),
    ("drivers", UBUNTU),
    ("fan", UBUNTU),
    ("grub-dpkg", &["debian", "ubuntu"]),
    ("grub_dpkg", &["debian", "ubuntu"]),
    ("landscape", UBUNTU),
    ("lxd", UBUNTU),
    ("rh_subscription", &["fedora", "rhel"]),
    ("rpi", &["raspberry-pi-os"]),
    ("snap", UBUNTU),
    ("spacewalk", &["fedora", "openeuler", "rhel"]),
    ("ssh_import_id", &["alpine", "cos", "debian", "raspberry-pi-os", "ubuntu"]),
    ("ubuntu_advantage", UBUNTU),
    ("ubuntu_pro", UBUNTU),
    ("wireguard", UBUNTU),
    ("yum_repos", YUM),
    ("zypper", SUSES),
];
/// Who applies a network configuration where the image does not say; of the others, images differ.
const RENDERERS: &[(&str, NetworkRenderer)] = &[
    ("alpine", NetworkRenderer::Eni),
    ("azurelinux", NetworkRenderer::Networkd),
    ("mariner", NetworkRenderer::Networkd),
    ("photon", NetworkRenderer::Networkd),
    ("sles", NetworkRenderer::Sysconfig),
    ("ubuntu", NetworkRenderer::Netplan),
];

impl FromStr for Distro {
    type Err = DistroError;

    fn from_str(text: &str) -> Result<Self, DistroError> {
        let wanted = text.to_ascii_lowercase();
        let found = DISTROS.iter().find(|name| **name == wanted);
        found
            .map(|name| Self(name))
            .ok_or_else(|| DistroError { found: text.chars().take(64).collect() })
    }
}

impl Distro {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// Who applies network configurations there, where all its images agree.
    #[must_use]
    pub fn renderer(self) -> Option<NetworkRenderer> {
        RENDERERS.iter().find(|(name, _)| *name == self.0).map(|(_, renderer)| *renderer)
    }
}

/// Names the keys that do nothing on a distribution.
pub(super) fn check(value: &Value, distro: Distro, notes: &mut Notes<'_>) {
    for (name, distros) in KEYS {
        if value.get(name).is_some() && !distros.contains(&distro.0) {
            let message = format!(
                "nothing happens on {}: cloud-init has this module for {} only",
                distro.0,
                distros.join(", ")
            );
            notes.warn(&[key(name)], "other-distribution", message);
        }
    }
    let packages = value.get("packages").and_then(Value::as_seq).unwrap_or_default();
    for (i, package) in packages.iter().enumerate() {
        for (manager, distros) in [("apt", DEBIANS), ("snap", UBUNTU)] {
            if package.get(manager).is_some() && !distros.contains(&distro.0) {
                let message = format!("{} installs nothing with {manager}", distro.0);
                let path = [key("packages"), crate::yaml::Step::Index(i), key(manager)];
                notes.warn(&path, "other-distribution", message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_is_a_distribution() {
        let named = KEYS.iter().flat_map(|(_, names)| names.iter());
        for name in named.chain(RENDERERS.iter().map(|(name, _)| name)) {
            assert!(DISTROS.contains(name), "{name}");
        }
        assert!("hannah-montana".parse::<Distro>().is_err());
        assert_eq!(
            "Ubuntu".parse::<Distro>().map(Distro::renderer),
            Ok(Some(NetworkRenderer::Netplan))
        );
    }
}
