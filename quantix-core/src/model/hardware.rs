//! Processors, memory, firmware and TPM of a machine.

use serde::{Deserialize, Serialize};

use super::{limits, words};
use crate::{Faults, MemoryMib, Millicores, Validate, cluster::NumaPolicy};

/// The virtual CPUs of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CpuSpec {
    /// How many virtual CPUs the guest sees in all; `sockets` and `threads_per_core` only arrange
    /// them.
    pub cores: u32,
    /// How many sockets they are spread over.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub sockets: u32,
    /// How many of them share a core.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub threads_per_core: u32,
    /// Which processor the guest sees: `host_passthrough`, `host_model`, or the hypervisor's name
    /// of a model such as `Skylake-Server`.
    #[serde(default = "host_model", skip_serializing_if = "is_host_model")]
    pub model: String,
    /// CPU time that is set aside for the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_milli: Option<Millicores>,
    /// CPU time that the machine never exceeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_milli: Option<Millicores>,
    /// How its CPUs and memory lie on the NUMA cells of the node.
    #[serde(default, skip_serializing_if = "is_any")]
    pub numa: NumaPolicy,
    /// Which host CPUs a virtual CPU may run on; virtual CPUs that are not listed float.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pinning: Vec<CpuPin>,
}

/// One virtual CPU and the host CPUs that it may run on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CpuPin {
    /// The virtual CPU, from 0.
    pub vcpu: u32,
    /// The host CPUs.
    pub host_cpus: Vec<u32>,
}

fn one() -> u32 {
    1
}

// The signature is what serde asks of `skip_serializing_if`.
fn is_one(value: &u32) -> bool {
    *value == 1
}

fn is_any(policy: &NumaPolicy) -> bool {
    *policy == NumaPolicy::Any
}

fn host_model() -> String {
    "host_model".to_owned()
}

fn is_host_model(model: &String) -> bool {
    model == "host_model"
}

impl CpuSpec {
    /// That many virtual CPUs in one socket, one thread per core, of the host's model.
    #[must_use]
    pub fn new(cores: u32) -> Self {
        Self {
            cores,
            sockets: 1,
            threads_per_core: 1,
            model: host_model(),
            reservation_milli: None,
            limit_milli: None,
            numa: NumaPolicy::Any,
            pinning: Vec::new(),
        }
    }
}

impl Validate for CpuSpec {
    fn validate(&self, faults: &mut Faults) {
        faults.range("cores", &self.cores, &limits::VM_CPUS);
        let per_unit = u64::from(self.sockets) * u64::from(self.threads_per_core);
        if per_unit == 0 {
            let field = if self.sockets == 0 { "sockets" } else { "threads_per_core" };
            faults.error(field, "out-of-range", "0: expected at least 1");
        } else if !u64::from(self.cores).is_multiple_of(per_unit) {
            let message = format!(
                "{} virtual CPUs cannot be spread over {} sockets of cores with {} threads",
                self.cores, self.sockets, self.threads_per_core
            );
            faults.error("sockets", "uneven-topology", message);
        }
        super::text::name(faults, "model", &self.model, &(1..=64));
        if let (Some(low), Some(high)) = (self.reservation_milli, self.limit_milli)
            && low > high
        {
            let message = format!("{low} reserved exceeds the limit of {high}");
            faults.error("reservation_milli", "reservation-above-limit", message);
        }
        self.validate_pinning(faults);
    }
}

impl CpuSpec {
    fn validate_pinning(&self, faults: &mut Faults) {
        faults.unique("pinning", &self.pinning, "vcpu", |pin| Some(pin.vcpu));
        faults.each("pinning", &self.pinning, |faults, pin| {
            if pin.vcpu >= self.cores {
                let message = format!("{}: expected 0 to {}", pin.vcpu, self.cores.max(1) - 1);
                faults.error("vcpu", "out-of-range", message);
            }
            if pin.host_cpus.is_empty() {
                faults.error("host_cpus", "empty", "expected at least one host CPU");
            }
            faults.count("host_cpus", pin.host_cpus.len(), 4096);
        });
    }
}

/// The memory of a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// How much the guest sees.
    pub size_mib: MemoryMib,
    /// How much of it is set aside for the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reservation_mib: Option<MemoryMib>,
    /// How far a balloon may shrink it; without it there is no ballooning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balloon_min_mib: Option<MemoryMib>,
    /// Whether it is backed by huge pages, and of which size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub huge_pages: Option<HugePages>,
}

words! {
    /// The size of the huge pages that back a machine's memory.
    HugePages "huge page size" {
        /// 2 MiB.
        Mib2 "2MiB",
        /// 1 GiB.
        Gib1 "1GiB",
    }
}

impl HugePages {
    /// The size of one page.
    #[must_use]
    pub const fn page_mib(self) -> u64 {
        match self {
            Self::Mib2 => 2,
            Self::Gib1 => 1024,
        }
    }
}

impl MemorySpec {
    /// That much memory and nothing special.
    #[must_use]
    pub fn new(size_mib: MemoryMib) -> Self {
        Self { size_mib, reservation_mib: None, balloon_min_mib: None, huge_pages: None }
    }
}

impl Validate for MemorySpec {
    fn validate(&self, faults: &mut Faults) {
        faults.range("size_mib", &self.size_mib, &limits::VM_MEMORY);
        for (field, part) in
            [("reservation_mib", self.reservation_mib), ("balloon_min_mib", self.balloon_min_mib)]
        {
            if let Some(part) = part.filter(|part| *part > self.size_mib) {
                let message = format!("{part} exceeds the memory of {}", self.size_mib);
                faults.error(field, "above-size", message);
            }
        }
        let Some(pages) = self.huge_pages else { return };
        if !self.size_mib.0.is_multiple_of(pages.page_mib()) {
            let message = format!("{} is not a whole number of {pages} pages", self.size_mib);
            faults.error("size_mib", "not-whole-pages", message);
        }
        if self.balloon_min_mib.is_some() {
            let message = "a balloon cannot return memory that huge pages back: drop one of them";
            faults.error("balloon_min_mib", "balloon-with-huge-pages", message);
        }
    }
}

words! {
    /// The firmware of a machine.
    #[derive(Default)]
    Firmware "firmware" {
        /// BIOS.
        #[default]
        Bios "bios",
        /// UEFI.
        Efi "efi",
    }
}

words! {
    /// The interface of a TPM.
    #[derive(Default)]
    TpmModel "TPM model" {
        /// Command response buffer.
        #[default]
        Crb "crb",
        /// TPM interface specification (memory-mapped).
        Tis "tis",
    }
}

words! {
    /// The version of a TPM.
    #[derive(Default)]
    TpmVersion "TPM version" {
        /// 1.2, which current Windows refuses.
        V1_2 "1.2",
        /// 2.0.
        #[default]
        V2_0 "2.0",
    }
}

/// An emulated TPM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TpmSpec {
    /// Its interface.
    #[serde(default)]
    pub model: TpmModel,
    /// Its version.
    #[serde(default)]
    pub version: TpmVersion,
}

impl Validate for TpmSpec {
    fn validate(&self, faults: &mut Faults) {
        if self.model == TpmModel::Crb && self.version == TpmVersion::V1_2 {
            faults.error("model", "tpm-version", "a CRB interface needs version 2.0: use `tis`");
        }
    }
}
