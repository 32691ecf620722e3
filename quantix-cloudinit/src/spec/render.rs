//! [`render`]: from a spec and a machine to files.

use std::str::FromStr;

use quantix_core::{CustomizationSpec, Finding, OsFamily, ProjectId, SpecVm, spec::Password};

use super::{AgentFile, Entropy, RenderError, Rendered, config_drive, ignition, nocloud, windows};
use crate::{
    hostname::{Hostname, HostnameContext, HostnameTemplate, NameRules},
    seed::VolumeLabel,
    ssh_key::AuthorizedKey,
    timezone::TimeZone,
};

/// The host name template of a spec that has none.
const HOSTNAME_DEFAULT: &str = "{{.VMName}}";

/// What reads the rendered files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Target {
    /// cloud-init's `NoCloud`, Linux.
    #[default]
    NoCloud,
    /// OpenStack's `ConfigDrive`: cloud-init on Linux, cloudbase-init on Windows.
    ConfigDrive,
    /// Windows Setup after Sysprep: an answer file.
    Unattend,
    /// Ignition: Fedora CoreOS, RHEL CoreOS, Flatcar.
    Ignition,
}

/// A text that names no [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown target {found:?}: expected \"nocloud\", \"configdrive\", \"unattend\" or \"ignition\""
)]
pub struct TargetError {
    found: String,
}

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        match text {
            "nocloud" => Ok(Self::NoCloud),
            "configdrive" => Ok(Self::ConfigDrive),
            "unattend" => Ok(Self::Unattend),
            "ignition" => Ok(Self::Ignition),
            _ => Err(TargetError { found: text.chars().take(64).collect() }),
        }
    }
}

impl Target {
    /// The label of the volume on which the target looks for its files.
    #[must_use]
    pub const fn label(self) -> VolumeLabel {
        match self {
            Self::NoCloud => VolumeLabel::Cidata,
            Self::ConfigDrive => VolumeLabel::Config2,
            Self::Unattend => VolumeLabel::Unattend,
            Self::Ignition => VolumeLabel::Ignition,
        }
    }
}

/// What to render for, and which names are no longer free.
#[derive(Clone, Copy)]
pub struct RenderOptions<'a> {
    /// What reads the files.
    pub target: Target,
    /// Whether another machine has this host name.
    pub is_taken: &'a dyn Fn(&str) -> bool,
    /// The agent for each architecture, where the spec has the seed carry it.
    pub agent_files: &'a [AgentFile],
}

impl Default for RenderOptions<'_> {
    fn default() -> Self {
        Self { target: Target::NoCloud, is_taken: &|_| false, agent_files: &[] }
    }
}

impl std::fmt::Debug for RenderOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RenderOptions").field("target", &self.target).finish_non_exhaustive()
    }
}

/// Renders a spec for one machine. The same spec, machine, options and entropy give the same files.
///
/// # Errors
/// Every fault of the spec and of the machine, with the path of its field.
pub fn render(
    spec: &CustomizationSpec,
    vm: &SpecVm,
    options: RenderOptions<'_>,
    entropy: &mut Entropy,
) -> Result<Rendered, RenderError> {
    let mut job = Job::new(spec, vm, entropy);
    job.agent_files = options.agent_files;
    job.check_family(options.target);
    let common = job.common(options.is_taken);
    let files = common.as_ref().and_then(|common| match options.target {
        Target::NoCloud => nocloud::files(&mut job, common),
        Target::ConfigDrive => config_drive::files(&mut job, common),
        Target::Unattend => windows::unattend_files(&mut job, common),
        Target::Ignition => ignition::files(&mut job, common),
    });
    match (common, files) {
        (Some(common), Some(files)) if !job.findings.iter().any(Finding::is_error) => {
            let hostname = common.hostname.to_string();
            Ok(Rendered::new(files, hostname, options.target.label(), job.findings))
        }
        _ => Err(RenderError::new(job.findings)),
    }
}

/// A rendering under way: its inputs, and what was found so far.
pub(super) struct Job<'a> {
    pub(super) spec: &'a CustomizationSpec,
    pub(super) vm: &'a SpecVm,
    pub(super) entropy: &'a mut Entropy,
    pub(super) agent_files: &'a [AgentFile],
    pub(super) findings: Vec<Finding>,
}

/// What every target needs, checked.
pub(super) struct Common {
    /// The whole name, with the domain where there is one.
    pub(super) hostname: Hostname,
    pub(super) timezone: Option<TimeZone>,
    /// The administrator's keys.
    pub(super) ssh_keys: Vec<AuthorizedKey>,
    pub(super) instance_id: String,
}

impl<'a> Job<'a> {
    fn new(spec: &'a CustomizationSpec, vm: &'a SpecVm, entropy: &'a mut Entropy) -> Self {
        let findings = spec.validate();
        Self { spec, vm, entropy, agent_files: &[], findings }
    }

    /// Notes a fault.
    pub(super) fn fault(
        &mut self,
        path: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.findings.push(Finding::error(code, message).at(path));
    }

    fn check_family(&mut self, target: Target) {
        let family = match target {
            Target::ConfigDrive => return,
            Target::NoCloud | Target::Ignition => OsFamily::Linux,
            Target::Unattend => OsFamily::Windows,
        };
        if self.spec.os_family != family {
            let message =
                format!("this target is for {family}, the spec for {}", self.spec.os_family);
            self.fault("os_family", "wrong-os-family", message);
        }
    }

    /// Checks and computes what every target needs; `None` where a fault leaves no value.
    fn common(&mut self, is_taken: &dyn Fn(&str) -> bool) -> Option<Common> {
        let timezone = self.timezone();
        let ssh_keys = self.keys("ssh_keys", &self.spec.ssh_keys);
        let hostname = self.hostname(is_taken);
        let instance_id = self.instance_id();
        self.note_unused();
        Some(Common { hostname: hostname?, timezone, ssh_keys, instance_id: instance_id? })
    }

    fn timezone(&mut self) -> Option<TimeZone> {
        match self.spec.timezone.as_deref()?.parse::<TimeZone>() {
            Ok(zone) => {
                if zone.is_deprecated() {
                    let message = format!(
                        "{zone} is a deprecated spelling; {} is written instead",
                        zone.canonical()
                    );
                    self.findings
                        .push(Finding::info("deprecated-timezone", message).at("timezone"));
                }
                Some(zone.canonical())
            }
            Err(error) => {
                self.fault("timezone", "unknown-timezone", error.to_string());
                None
            }
        }
    }

    /// Parses a list of keys; a key that is listed twice is dropped.
    pub(super) fn keys(&mut self, path: &str, lines: &[String]) -> Vec<AuthorizedKey> {
        let mut keys: Vec<AuthorizedKey> = Vec::with_capacity(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let path = format!("{path}[{index}]");
            match line.parse::<AuthorizedKey>() {
                Ok(key) if keys.iter().any(|known| known.fingerprint() == key.fingerprint()) => {
                    let message = "this key is listed twice; it is written once";
                    self.findings.push(Finding::warning("duplicate-ssh-key", message).at(path));
                }
                Ok(key) => keys.push(key),
                Err(error) => {
                    let code =
                        if error.is_private_key() { "private-key" } else { "invalid-ssh-key" };
                    self.fault(path, code, error.to_string());
                }
            }
        }
        keys
    }

    fn hostname(&mut self, is_taken: &dyn Fn(&str) -> bool) -> Option<Hostname> {
        let (spec, vm) = (self.spec, self.vm);
        let template = spec.hostname.as_deref().unwrap_or(HOSTNAME_DEFAULT);
        let template = match template.parse::<HostnameTemplate>() {
            Ok(template) => template,
            Err(error) => {
                self.fault("hostname", "invalid-hostname-template", error.to_string());
                return None;
            }
        };
        let own_project = spec.project_id.to_string();
        let project_id = self.vm_project().unwrap_or(own_project);
        let context = HostnameContext {
            vm_name: if vm.name.is_empty() { vm.id.as_deref().unwrap_or("") } else { &vm.name },
            project_id: Some(&project_id),
            folder: vm.folder.as_deref(),
            index: vm.index,
            date: vm.date.as_deref(),
        };
        let rules = match spec.os_family {
            OsFamily::Linux => NameRules::Rfc1123,
            OsFamily::Windows => NameRules::NetBios,
        };
        match template.render(&context, rules, self.entropy, is_taken) {
            Ok(name) => self.with_domain(name, rules),
            Err(error) => {
                self.fault("hostname", "invalid-hostname", error.to_string());
                None
            }
        }
    }

    /// The machine's project, where it names one.
    fn vm_project(&mut self) -> Option<String> {
        let text = self.vm.project_id.as_deref()?;
        match text.parse::<ProjectId>() {
            Ok(id) => Some(id.to_string()),
            Err(error) => {
                self.fault("vm.project_id", "invalid-id", error.to_string());
                None
            }
        }
    }

    fn with_domain(&mut self, name: Hostname, rules: NameRules) -> Option<Hostname> {
        self.note_lookalike(&name);
        let linux = self.spec.linux.as_ref();
        let Some(domain) = linux.and_then(|linux| linux.domain.as_deref()) else {
            return Some(name);
        };
        let domain = domain.trim_end_matches('.');
        match name.domain() {
            Some(own) if own.eq_ignore_ascii_case(domain) => return Some(name),
            Some(own) => {
                let message =
                    format!("the host name has the domain {own}, linux.domain is {domain}");
                self.fault("linux.domain", "conflicting-fields", message);
                return None;
            }
            None => {}
        }
        match Hostname::new(&format!("{name}.{domain}"), rules) {
            Ok(name) => Some(name),
            Err(error) => {
                self.fault("linux.domain", "invalid-hostname", error.to_string());
                None
            }
        }
    }

    /// A name that YAML 1.1 reads as a number or a boolean is written in quotes here; other tools
    /// that copy it into YAML may not be so careful.
    fn note_lookalike(&mut self, name: &Hostname) {
        let plain =
            crate::yaml::emit(&name.as_str().into()).is_ok_and(|text| !text.starts_with('"'));
        if !plain {
            let message = format!(
                "{:?} looks like a number or a boolean to YAML; it is quoted in every file here, \
                 but a name that starts with a letter is safer",
                name.as_str()
            );
            self.findings.push(Finding::warning("yaml-lookalike", message).at("hostname"));
        }
        if let Some(finding) = crate::lint::check_host_name(name.as_str()) {
            self.findings.push(finding.at("hostname"));
        }
    }

    /// The instance id: what the machine's owner says, else its id, else one made of its name.
    fn instance_id(&mut self) -> Option<String> {
        let vm = self.vm;
        let given = [("vm.instance_id", &vm.instance_id), ("vm.id", &vm.id)];
        for (path, id) in given {
            let Some(id) = id.as_deref().filter(|id| !id.is_empty()) else { continue };
            if id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic()) {
                return Some(id.to_owned());
            }
            let message = "an instance id is 1 to 128 visible ASCII characters";
            self.fault(path, "invalid-instance-id", message);
            return None;
        }
        if vm.name.is_empty() {
            self.fault("vm.name", "missing-name", "the machine has neither a name nor an id");
            return None;
        }
        let inputs = [("name".to_owned(), vm.name.clone().into_bytes())].into();
        let machine = "iid".to_owned();
        let id = crate::meta_data::InstanceIdPolicy::OnChange { machine, inputs }.resolve();
        let message = "the machine has no id, so its instance id is made of its name; a machine \
                       that is renamed runs its first boot again";
        self.findings.push(Finding::info("instance-id-from-name", message).at("vm.id"));
        Some(id)
    }

    fn note_unused(&mut self) {
        let names: Vec<&str> = self.vm.other.keys().take(16).map(String::as_str).collect();
        if !names.is_empty() {
            let message = format!("rendering does not use {}", names.join(", "));
            self.findings.push(Finding::info("unused-field", message).at("vm"));
        }
    }

    /// The hash of a password, made where it is plain.
    pub(super) fn hash(
        &mut self,
        path: &str,
        password: Option<&Password>,
    ) -> Option<quantix_core::Secret> {
        let linux = self.spec.linux.as_ref();
        let hashing = linux.and_then(|linux| linux.password_hashing).unwrap_or_default();
        match password? {
            Password::Hash(hash) => Some(hash.clone()),
            Password::Plain(text) => {
                match crate::password::hash(text.expose(), hashing, self.entropy) {
                    Ok(hash) => Some(hash),
                    Err(error) => {
                        self.fault(path, "invalid-password", error.to_string());
                        None
                    }
                }
            }
        }
    }
}
