//! User-data of kind `#cloud-config`: the modules that machines are customized with, typed, and a
//! raw map for all others.
//!
//! Every field is optional and left out of the document when it is not set. Field names are those
//! of cloud-init's schema. [`UserData::faults`] tells everything that is wrong;
//! [`UserData::to_yaml`] writes nothing while something is.

mod files;
mod rules;
mod system;
mod user;

use quantix_core::{Finding, Secret};

pub use files::{Content, WriteFile};
pub use system::{
    AptConfig, AptSource, CaCerts, Growpart, GrowpartMode, Mount, Ntp, PhoneHome, PowerMode,
    PowerState, Swap, SwapSize,
};
pub use user::{Chpasswd, ChpasswdUser, Group, Sudo, User};

use crate::{
    DocumentError,
    yaml::{Map, Value, emit_with_header},
};

/// The first line of every cloud-config document.
pub const CLOUD_CONFIG_HEADER: &str = "#cloud-config";

/// A cloud-config document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserData {
    /// The short host name, an RFC 1123 label or dotted name.
    pub hostname: Option<String>,
    /// The fully qualified name.
    pub fqdn: Option<String>,
    /// Whether distributions set the fqdn as the host name.
    pub prefer_fqdn_over_hostname: Option<bool>,
    /// Whether `/etc/hosts` gets a line for this name.
    pub manage_etc_hosts: Option<ManageEtcHosts>,
    /// The IANA name of the time zone.
    pub timezone: Option<String>,
    /// The locale, such as `de_DE.UTF-8`.
    pub locale: Option<String>,
    /// The keyboard layout, such as `de`.
    pub keyboard_layout: Option<String>,
    /// Groups to create before the users.
    pub groups: Vec<Group>,
    /// Whether the image's own default user is kept when `users` are given.
    pub keep_default_user: bool,
    /// Users to create.
    pub users: Vec<User>,
    /// Passwords of users that exist in the image.
    pub chpasswd: Option<Chpasswd>,
    /// Whether sshd accepts passwords.
    pub ssh_pwauth: Option<bool>,
    /// Whether root may log in over ssh with the keys of the default user.
    pub disable_root: Option<bool>,
    /// Public keys of the image's default user.
    pub ssh_authorized_keys: Vec<String>,
    /// Whether the ssh host keys of the image are removed first.
    pub ssh_deletekeys: Option<bool>,
    /// Whether the package index is refreshed.
    pub package_update: Option<bool>,
    /// Whether installed packages are upgraded.
    pub package_upgrade: Option<bool>,
    /// Whether the machine restarts when a package asks for it.
    pub package_reboot_if_required: Option<bool>,
    /// Packages to install.
    pub packages: Vec<String>,
    /// apt's own settings.
    pub apt: Option<AptConfig>,
    /// Files to write.
    pub write_files: Vec<WriteFile>,
    /// Commands run early on every boot.
    pub bootcmd: Vec<Command>,
    /// Commands run once, late in the first boot.
    pub runcmd: Vec<Command>,
    /// Time servers.
    pub ntp: Option<Ntp>,
    /// Certificate authorities to trust.
    pub ca_certs: Option<CaCerts>,
    /// Whether and how partitions grow to the disk's size.
    pub growpart: Option<Growpart>,
    /// Whether the root file system grows to its partition.
    pub resize_rootfs: Option<bool>,
    /// A swap file.
    pub swap: Option<Swap>,
    /// Lines of fstab.
    pub mounts: Vec<Mount>,
    /// What to tell whom when the first boot is done.
    pub phone_home: Option<PhoneHome>,
    /// What the machine does when the first boot is done.
    pub power_state: Option<PowerState>,
    /// The last line of the boot log.
    pub final_message: Option<String>,
    /// Modules that have no field here, checked against cloud-init's schema. A key that has a
    /// field is refused.
    pub extra: Map,
}

/// What happens to `/etc/hosts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ManageEtcHosts {
    /// It is left alone.
    Untouched,
    /// A line for the host name is kept up to date.
    Localhost,
    /// The whole file is rewritten from a template on every boot.
    Template,
}

/// A command of `runcmd` or `bootcmd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A line for `sh`. Whoever builds it from parts must quote them; prefer [`Command::Args`].
    Shell(String),
    /// A program and its arguments; no shell sees them.
    Args(Vec<String>),
}

impl From<&Command> for Value {
    fn from(command: &Command) -> Self {
        match command {
            Command::Shell(line) => line.into(),
            Command::Args(words) => Self::Seq(words.iter().map(Into::into).collect()),
        }
    }
}

impl UserData {
    /// Everything that is wrong or doubtful, in document order.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        rules::faults(self)
    }

    /// The document as a value, whether or not it has faults. It holds secrets in plain text.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::new();
        self.put_identity(&mut map);
        self.put_users(&mut map);
        self.put_packages(&mut map);
        self.put_system(&mut map);
        self.put_final(&mut map);
        for (key, value) in self.extra.iter() {
            map.insert(key.clone(), value.clone());
        }
        map.into()
    }

    /// The document as text, its first line `#cloud-config`. The same settings give the same text.
    ///
    /// # Errors
    /// When [`UserData::faults`] holds an error.
    pub fn to_yaml(&self) -> Result<String, DocumentError> {
        DocumentError::check("user-data", self.faults())?;
        Ok(emit_with_header(CLOUD_CONFIG_HEADER, &self.to_value())?)
    }

    /// The document as text that is cleared from memory on drop.
    ///
    /// # Errors
    /// As [`UserData::to_yaml`].
    pub fn to_secret_yaml(&self) -> Result<Secret, DocumentError> {
        self.to_yaml().map(Secret::new)
    }

    fn put_identity(&self, map: &mut Map) {
        map.insert_some("hostname", self.hostname.as_ref());
        map.insert_some("fqdn", self.fqdn.as_ref());
        map.insert_some("prefer_fqdn_over_hostname", self.prefer_fqdn_over_hostname);
        map.insert_some("manage_etc_hosts", self.manage_etc_hosts.map(ManageEtcHosts::value));
        map.insert_some("timezone", self.timezone.as_ref());
        map.insert_some("locale", self.locale.as_ref());
        if let Some(layout) = &self.keyboard_layout {
            map.insert("keyboard", [("layout", layout)].into_iter().collect::<Map>());
        }
    }

    fn put_users(&self, map: &mut Map) {
        map.insert_list("groups", &self.groups);
        let default = self.keep_default_user.then(|| Value::from("default"));
        map.insert_list("users", default.into_iter().chain(self.users.iter().map(Value::from)));
        map.insert_some("chpasswd", self.chpasswd.as_ref());
        map.insert_some("ssh_pwauth", self.ssh_pwauth);
        map.insert_some("disable_root", self.disable_root);
        map.insert_list("ssh_authorized_keys", &self.ssh_authorized_keys);
        map.insert_some("ssh_deletekeys", self.ssh_deletekeys);
    }

    fn put_packages(&self, map: &mut Map) {
        map.insert_some("apt", self.apt.as_ref());
        map.insert_some("package_update", self.package_update);
        map.insert_some("package_upgrade", self.package_upgrade);
        map.insert_some("package_reboot_if_required", self.package_reboot_if_required);
        map.insert_list("packages", &self.packages);
    }

    fn put_system(&self, map: &mut Map) {
        map.insert_list("write_files", &self.write_files);
        map.insert_list("bootcmd", &self.bootcmd);
        map.insert_list("runcmd", &self.runcmd);
        map.insert_some("ntp", self.ntp.as_ref());
        map.insert_some("ca_certs", self.ca_certs.as_ref());
        map.insert_some("growpart", self.growpart.as_ref());
        map.insert_some("resize_rootfs", self.resize_rootfs);
        map.insert_some("swap", self.swap.as_ref());
        map.insert_list("mounts", &self.mounts);
    }

    fn put_final(&self, map: &mut Map) {
        map.insert_some("phone_home", self.phone_home.as_ref());
        map.insert_some("power_state", self.power_state.as_ref());
        map.insert_some("final_message", self.final_message.as_ref());
    }
}

impl ManageEtcHosts {
    fn value(self) -> Value {
        match self {
            Self::Untouched => false.into(),
            Self::Localhost => "localhost".into(),
            Self::Template => true.into(),
        }
    }
}
