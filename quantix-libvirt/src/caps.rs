//! What a host can run, read from its capability documents.

use std::{collections::BTreeMap, path::PathBuf};

use quantix_xml::{Document, Element};
use serde::Serialize;

use crate::{Class, DomainType, Error, Host, KVM_TRIAL_LIMIT, KvmVerdict, Result, try_kvm};

/// What domains of one machine type may have on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DomainCapabilities {
    /// Path of the emulator on the host.
    pub emulator: String,
    /// Domain type: `kvm`, `qemu`, …
    pub domain_type: String,
    /// The machine type, with aliases such as `q35` resolved.
    pub machine: String,
    /// CPU architecture.
    pub arch: String,
    /// The most virtual CPUs.
    pub cpus_max: u32,
    /// CPU modes that work, such as `maximum`.
    pub cpu_modes: Vec<String>,
    /// Named CPU models that work.
    pub cpu_models: Vec<String>,
    /// The values that the host names for a feature, by path: `os/firmware`, `devices/disk/bus`,
    /// `devices/tpm/model`, …; a feature that is not supported is absent.
    pub values: BTreeMap<String, Vec<String>>,
}

impl DomainCapabilities {
    /// Reads a `<domainCapabilities>` document.
    ///
    /// # Errors
    /// [`Class::Failed`] where it is not one.
    pub fn parse(xml: &str) -> Result<Self> {
        const OPERATION: &str = "read domain capabilities of";
        let document = Document::parse(xml)
            .map_err(|error| Error::new(Class::Failed, OPERATION, error.to_string()))?;
        let root = document.root();
        if root.local_name() != "domainCapabilities" {
            let text = "the document is not `domainCapabilities`";
            return Err(Error::new(Class::Failed, OPERATION, text));
        }
        let text = |name| root.child_text(name).unwrap_or_default().trim().to_owned();
        let cpus_max = root.child("vcpu").and_then(|vcpu| vcpu.attr("max"));
        let mut capabilities = Self {
            emulator: text("path"),
            domain_type: text("domain"),
            machine: text("machine"),
            arch: text("arch"),
            cpus_max: cpus_max.and_then(|max| max.parse().ok()).unwrap_or(0),
            ..Self::default()
        };
        if let Some(cpu) = root.child("cpu") {
            capabilities.read_cpu(cpu);
        }
        for name in ["os", "devices", "features"] {
            if let Some(element) = root.child(name) {
                capabilities.read_values(element, name);
            }
        }
        Ok(capabilities)
    }

    fn read_cpu(&mut self, cpu: Element<'_>) {
        for mode in cpu.elements_named("mode").filter(|mode| is_supported(*mode)) {
            let Some(name) = mode.attr("name") else { continue };
            if name == "custom" {
                let usable = |model: &Element<'_>| model.attr("usable").as_deref() == Some("yes");
                let models = mode.elements_named("model").filter(usable);
                self.cpu_models = models.map(|model| model.text().trim().to_owned()).collect();
            }
            self.cpu_modes.push(name.into_owned());
        }
    }

    /// The documents nest two levels below the three sections: a device or the loader, then values.
    fn read_values(&mut self, element: Element<'_>, path: &str) {
        let mut level = vec![(element, path.to_owned())];
        while let Some((element, path)) = level.pop() {
            if !is_supported(element) {
                continue;
            }
            for child in element.elements() {
                match child.local_name() {
                    "enum" => {
                        let Some(name) = child.attr("name") else { continue };
                        let values = child.elements_named("value");
                        let values = values.map(|v| v.text().trim().to_owned()).collect();
                        self.values.insert([&path, "/", &*name].concat(), values);
                    }
                    name => level.push((child, [&path, "/", name].concat())),
                }
            }
        }
    }

    /// Whether the host names `value` for the feature at `path`.
    #[must_use]
    pub fn allows(&self, path: &str, value: &str) -> bool {
        self.values.get(path).is_some_and(|values| values.iter().any(|known| known == value))
    }
}

fn is_supported(element: Element<'_>) -> bool {
    element.attr("supported").as_deref() != Some("no")
}

/// How domains should be executed on a host, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Execution {
    /// The domain type to use.
    pub domain_type: DomainType,
    /// Why, for people.
    pub reason: String,
}

impl Host {
    /// What domains may have here: of an architecture, machine type and domain type, where an empty
    /// text leaves the choice to the host.
    ///
    /// # Errors
    /// As [`Host::domain_capabilities_xml`].
    pub async fn domain_capabilities(
        &self,
        arch: &str,
        machine: &str,
        domain_type: &str,
    ) -> Result<DomainCapabilities> {
        let xml = self.domain_capabilities_xml(arch, machine, domain_type).await?;
        DomainCapabilities::parse(&xml).map_err(|error| error.about(self.uri()))
    }

    /// The domain type that truly works here.
    ///
    /// On a host of this machine, KVM counts only if a tiny guest runs and ends under it within
    /// [`KVM_TRIAL_LIMIT`]: `/dev/kvm` may exist, libvirt may offer it, and guests fail or hang all
    /// the same. Of a host elsewhere, libvirt's word is taken. The result of the trial is kept for the
    /// life of the process.
    ///
    /// # Errors
    /// When the host cannot be asked.
    pub async fn usable_domain_type(&self) -> Result<Execution> {
        if self.node_info().await?.driver.eq_ignore_ascii_case("test") {
            let reason = "libvirt's test driver runs no guests".to_owned();
            return Ok(Execution { domain_type: DomainType::Test, reason });
        }
        let qemu = |reason| Ok(Execution { domain_type: DomainType::Qemu, reason });
        let offered = match self.domain_capabilities("", "", "kvm").await {
            Ok(offered) => offered,
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => {
                return qemu(["libvirt does not offer KVM: ", error.message()].concat());
            }
        };
        if !is_local(self.uri()) {
            let reason = "libvirt offers KVM on this remote host".to_owned();
            return Ok(Execution { domain_type: DomainType::Kvm, reason });
        }
        match trial(PathBuf::from(offered.emulator)).await {
            KvmVerdict::Works => {
                let reason = "a trial guest ran under KVM".to_owned();
                Ok(Execution { domain_type: DomainType::Kvm, reason })
            }
            KvmVerdict::Hangs => qemu(
                "a trial guest did not end in time under KVM, although libvirt offers it"
                    .to_owned(),
            ),
            KvmVerdict::Refused { why } => qemu(["the emulator refused KVM: ", &why].concat()),
            KvmVerdict::Untried { why } => {
                let reason = ["libvirt offers KVM; it could not be tried: ", &why].concat();
                Ok(Execution { domain_type: DomainType::Kvm, reason })
            }
        }
    }
}

/// Makes the trial once per process, on a thread of its own.
async fn trial(emulator: PathBuf) -> KvmVerdict {
    static VERDICT: tokio::sync::OnceCell<KvmVerdict> = tokio::sync::OnceCell::const_new();
    let trial = async {
        let (answer, verdict) = tokio::sync::oneshot::channel();
        let thread = std::thread::Builder::new().name("kvm-trial".to_owned());
        let spawned = thread.spawn(move || answer.send(try_kvm(&emulator, KVM_TRIAL_LIMIT)));
        match (spawned, verdict.await) {
            (Ok(_), Ok(verdict)) => verdict,
            _ => KvmVerdict::Untried { why: "no thread could be started".to_owned() },
        }
    };
    VERDICT.get_or_init(|| trial).await.clone()
}

/// Whether a connection URI means this machine: no host between `//` and `/`.
fn is_local(uri: &str) -> bool {
    let rest = uri.split_once("://").map_or("", |(_, rest)| rest);
    rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_means_no_host() {
        for (uri, local) in [
            ("qemu:///system", true),
            ("qemu+unix:///system?socket=/x", true),
            ("qemu+tcp://10.0.0.1/system", false),
            ("qemu+ssh://root@h/system", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_local(uri), local, "{uri}");
        }
    }

    #[test]
    fn reads_what_is_supported_and_drops_what_is_not() {
        let xml = "<domainCapabilities><path>/q</path><domain>qemu</domain>\
            <machine>pc-q35-7.2</machine><arch>x86_64</arch><vcpu max='288'/>\
            <os supported='yes'><enum name='firmware'><value>efi</value></enum>\
            <loader supported='yes'><enum name='secure'><value>no</value></enum></loader></os>\
            <cpu><mode name='host-passthrough' supported='no'/>\
            <mode name='custom' supported='yes'><model usable='yes'>qemu64</model>\
            <model usable='no'>EPYC</model></mode></cpu>\
            <devices><disk supported='yes'><enum name='bus'><value>virtio</value></enum></disk>\
            <tpm supported='no'><enum name='model'><value>tpm-crb</value></enum></tpm></devices>\
            </domainCapabilities>";
        let caps = DomainCapabilities::parse(xml).unwrap();
        assert_eq!((caps.cpus_max, caps.machine.as_str()), (288, "pc-q35-7.2"));
        assert_eq!(
            (caps.cpu_modes, caps.cpu_models),
            (vec!["custom".into()], vec!["qemu64".into()])
        );
        let names: Vec<&str> = caps.values.keys().map(String::as_str).collect();
        assert_eq!(names, ["devices/disk/bus", "os/firmware", "os/loader/secure"]);
        assert!(DomainCapabilities::parse("<capabilities/>").is_err());
        assert!(DomainCapabilities::parse("<").is_err());
    }
}
