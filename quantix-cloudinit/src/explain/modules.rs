//! Which module of cloud-init reads which key, when, and how often.

use serde::Serialize;

/// When in a boot a module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before the network is up.
    Local,
    /// Once the network is up.
    Network,
    /// After that, while the machine goes on booting.
    Config,
    /// At the end of the boot.
    Final,
}

/// On which boots a module runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    /// On every boot.
    Always,
    /// On the first boot of each instance id.
    Instance,
    /// On the very first boot of the disk.
    Once,
}

/// A module of cloud-init.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name.
    pub name: &'static str,
    /// When in a boot it runs.
    pub stage: Stage,
    /// On which boots it runs.
    pub frequency: Frequency,
}

use Frequency::{Always, Instance, Once};
use Stage::{Config, Final, Network};

type Row = (&'static str, Stage, Frequency, &'static [&'static str]);

/// In the order in which cloud-init runs them by default.
const MODULES: &[Row] = &[
    ("migrator", Network, Always, &["migrate"]),
    ("seed_random", Network, Instance, &["random_seed"]),
    ("bootcmd", Network, Always, &["bootcmd"]),
    ("write_files", Network, Instance, &["write_files"]),
    ("growpart", Network, Always, &["growpart"]),
    ("resizefs", Network, Always, &["resize_rootfs"]),
    ("disk_setup", Network, Instance, &["disk_setup", "fs_setup", "device_aliases"]),
    ("mounts", Network, Instance, &["mounts", "mount_default_fields", "swap"]),
    (
        "set_hostname",
        Network,
        Instance,
        &["hostname", "fqdn", "preserve_hostname", "prefer_fqdn_over_hostname"],
    ),
    ("update_etc_hosts", Network, Always, &["manage_etc_hosts"]),
    ("ca_certs", Network, Instance, &["ca_certs", "ca-certs"]),
    ("rsyslog", Network, Instance, &["rsyslog"]),
    ("users_groups", Network, Instance, &["groups", "users", "user"]),
    (
        "ssh",
        Network,
        Instance,
        &[
            "ssh_keys",
            "ssh_authorized_keys",
            "ssh_deletekeys",
            "ssh_genkeytypes",
            "disable_root",
            "disable_root_opts",
            "allow_public_ssh_keys",
            "ssh_quiet_keygen",
            "ssh_publish_hostkeys",
        ],
    ),
    ("wireguard", Config, Instance, &["wireguard"]),
    ("snap", Config, Instance, &["snap"]),
    ("ubuntu_autoinstall", Config, Once, &["autoinstall"]),
    ("ssh_import_id", Config, Instance, &["ssh_import_id"]),
    ("keyboard", Config, Instance, &["keyboard"]),
    ("locale", Config, Instance, &["locale", "locale_configfile"]),
    ("set_passwords", Config, Instance, &["ssh_pwauth", "chpasswd", "password"]),
    ("rh_subscription", Config, Instance, &["rh_subscription"]),
    ("spacewalk", Config, Instance, &["spacewalk"]),
    ("yum_add_repo", Config, Instance, &["yum_repos", "yum_repo_dir"]),
    ("zypper_add_repo", Config, Instance, &["zypper"]),
    ("grub_dpkg", Config, Instance, &["grub_dpkg", "grub-dpkg"]),
    ("apt_pipelining", Config, Instance, &["apt_pipelining"]),
    ("apt_configure", Config, Instance, &["apt"]),
    ("apk_configure", Config, Instance, &["apk_repos"]),
    ("ubuntu_pro", Config, Instance, &["ubuntu_pro", "ubuntu_advantage", "ubuntu-advantage"]),
    ("ntp", Config, Instance, &["ntp"]),
    ("timezone", Config, Instance, &["timezone"]),
    ("resolv_conf", Config, Instance, &["resolv_conf", "manage_resolv_conf"]),
    ("disable_ec2_metadata", Config, Always, &["disable_ec2_metadata"]),
    ("byobu", Config, Instance, &["byobu_by_default"]),
    ("raspberry_pi", Config, Instance, &["rpi"]),
    (
        "package_update_upgrade_install",
        Final,
        Instance,
        &[
            "package_update",
            "package_upgrade",
            "packages",
            "package_reboot_if_required",
            "apt_update",
            "apt_upgrade",
            "apt_reboot_if_required",
        ],
    ),
    ("fan", Final, Instance, &["fan"]),
    ("landscape", Final, Instance, &["landscape"]),
    ("lxd", Final, Instance, &["lxd"]),
    ("ubuntu_drivers", Final, Instance, &["drivers"]),
    ("puppet", Final, Instance, &["puppet"]),
    ("chef", Final, Instance, &["chef"]),
    ("ansible", Final, Instance, &["ansible"]),
    ("mcollective", Final, Instance, &["mcollective"]),
    ("salt_minion", Final, Instance, &["salt_minion"]),
    ("scripts_vendor", Final, Instance, &["vendor_data"]),
    ("runcmd", Final, Instance, &["runcmd"]),
    ("ssh_authkey_fingerprints", Final, Instance, &["no_ssh_fingerprints", "authkey_hash"]),
    (
        "keys_to_console",
        Final,
        Instance,
        &["ssh", "ssh_key_console_blacklist", "ssh_fp_console_blacklist"],
    ),
    ("install_hotplug", Final, Instance, &["updates"]),
    ("phone_home", Final, Instance, &["phone_home"]),
    ("final_message", Final, Always, &["final_message"]),
    ("power_state_change", Final, Instance, &["power_state"]),
];

/// The module that reads a top-level key of a cloud-config document.
#[must_use]
pub fn module_of(key: &str) -> Option<Module> {
    let (name, stage, frequency, _) = MODULES.iter().find(|(_, _, _, keys)| keys.contains(&key))?;
    Some(Module { name, stage: *stage, frequency: *frequency })
}

/// The place of a key in the order of modules.
pub(super) fn rank(key: &str) -> usize {
    MODULES.iter().position(|(_, _, _, keys)| keys.contains(&key)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Kind, Schema};

    #[test]
    fn every_key_of_the_schema_has_a_module() {
        // Settings of cloud-init itself, which no module reads.
        const OWN: &[&str] = &[
            "cloud_config_modules",
            "cloud_final_modules",
            "cloud_init_modules",
            "create_hostname_file",
            "datasource",
            "datasource_list",
            "def_log_file",
            "launch-index",
            "log_cfgs",
            "manual_cache_clean",
            "merge_how",
            "merge_type",
            "output",
            "reporting",
            "syslog_fix_perms",
            "system_info",
            "vendor_data2",
            "version",
            "no_ssh_fingerprints",
            "network",
        ];
        let schema = Schema::newest(Kind::CloudConfig);
        let missing: Vec<&str> = schema
            .known_keys(&[])
            .into_iter()
            .filter(|key| module_of(key).is_none() && !OWN.contains(key))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
