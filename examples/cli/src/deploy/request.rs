//! What one deployment is asked to make, and by which name it finds its own work again.

use std::fmt::Write as _;

use quantix_core::{Finding, VmId};
use quantix_libvirt::NicSource;
use quantix_ova::{
    import::{Choices, Import, ImportError, import},
    ovf::Descriptor,
    package::Package,
};
use sha2::{Digest, Sha256};

use super::DeployArgs;
use crate::{failure::Failure, input, ova};

/// The machine to make.
#[derive(Debug)]
pub(super) struct Request {
    /// The appliance.
    pub(super) package: Package,
    /// Name of the machine.
    pub(super) name: String,
    /// Its UUID, which follows from the request.
    pub(super) id: VmId,
    /// SHA-256 of everything that was asked, in hexadecimal digits.
    pub(super) digest: String,
    /// The key of the randomness that host names and salts are drawn from.
    pub(super) key: [u8; 32],
}

/// Opens the appliance, makes a machine of it and names the request.
pub(super) fn read(args: &DeployArgs) -> Result<(Request, Import, Vec<Finding>), Failure> {
    let package = ova::open(&args.ova)?;
    let broken = |findings: &[Finding]| {
        let errors = findings.iter().filter(|finding| finding.is_error()).cloned().collect();
        Failure::input(format!("{} is broken", args.ova.display())).with_findings(errors)
    };
    let descriptor = Descriptor::parse(&package.descriptor().bytes)
        .map_err(|error| broken(&[error.finding().at(&package.descriptor().name)]))?;
    if descriptor.is_broken() {
        return Err(broken(descriptor.findings()));
    }
    let choices = Choices {
        system: args.system.clone(),
        option: args.option.clone(),
        drivers: args.drivers.into(),
        properties: args.properties.iter().cloned().collect(),
        ..Choices::default()
    };
    let import = import(&descriptor, &choices).map_err(not_imported)?;
    let name = args.name.clone().unwrap_or_else(|| import.name.clone());
    let digest = digest(args, &package, &name, &import.system)?;
    let key: [u8; 32] = Sha256::digest([b"entropy:", digest.as_slice()].concat()).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let id = VmId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid());
    let digest = digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let findings = descriptor.findings().to_vec();
    Ok((Request { package, name, id, digest, key }, import, findings))
}

fn not_imported(error: ImportError) -> Failure {
    let hint = match &error {
        ImportError::ManySystems { .. } => "choose one with --system",
        ImportError::NoSystem | ImportError::Unknown { .. } | ImportError::Properties { .. } => {
            "`quantix ova inspect` tells what there is"
        }
    };
    let findings = match &error {
        ImportError::Properties { findings } => findings.clone(),
        _ => Vec::new(),
    };
    Failure::input(error.to_string()).with_findings(findings).hint(hint)
}

/// The digest of everything that the machine follows from. The manifest stands for the disks.
fn digest(
    args: &DeployArgs,
    package: &Package,
    name: &str,
    system: &str,
) -> Result<[u8; 32], Failure> {
    let spec = input::read(&args.spec)?;
    let manifest = package.manifest().map(|text| text.bytes.as_slice()).unwrap_or_default();
    let choices = format!("{:?} {:?} {:?}", args.network, args.drivers, args.properties);
    let parts: [&[u8]; 7] = [
        &package.descriptor().bytes,
        manifest,
        &spec,
        name.as_bytes(),
        system.as_bytes(),
        args.option.as_deref().unwrap_or_default().as_bytes(),
        choices.as_bytes(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    Ok(hash.finalize().into())
}

/// Reads `NETWORK=SOURCE`.
pub(super) fn network(text: &str) -> Result<(String, NicSource), String> {
    const EXPECTED: &str = "expected NETWORK=user, NETWORK=network:NAME or NETWORK=bridge:NAME";
    let (network, source) = text.rsplit_once('=').ok_or(EXPECTED)?;
    let source = match source.split_once(':') {
        None if source == "user" => NicSource::User,
        Some(("network", name)) if !name.is_empty() => NicSource::Network { name: name.into() },
        Some(("bridge", name)) if !name.is_empty() => NicSource::Bridge { name: name.into() },
        _ => return Err(EXPECTED.to_owned()),
    };
    Ok((network.to_owned(), source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_the_appliance_are_mapped_by_name() {
        for (text, expected) in [
            ("VM Network=user", Some(("VM Network", NicSource::User))),
            ("a=b=bridge:br0", Some(("a=b", NicSource::Bridge { name: "br0".into() }))),
            ("lan=network:default", Some(("lan", NicSource::Network { name: "default".into() }))),
            ("lan=network:", None),
            ("lan=", None),
            ("lan", None),
            ("lan=tap:0", None),
        ] {
            let expected = expected.map(|(name, source)| (name.to_owned(), source));
            assert_eq!(network(text).ok(), expected, "{text}");
        }
    }
}
