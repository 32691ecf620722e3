//! What is in the optical drives: images of the appliance, and its properties for the guest.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use quantix_cloudinit::seed::{ImageFormat, SeedFile, SeedImage, VolumeLabel};
use quantix_ova::{
    import::{Environment, Import, Platform, PropertyValue},
    package::Package,
};

use super::target::MachineFolder;
use crate::{failure::Failure, ova};

/// How much is copied in one go.
const PIECE_BYTES: u64 = 1 << 20;

/// The drives of a machine.
#[derive(Debug)]
pub(super) struct Drives {
    images: Vec<String>,
    system: String,
    properties: Vec<PropertyValue>,
}

impl Drives {
    pub(super) fn new(import: &Import) -> Self {
        Self {
            images: import.cdroms.clone(),
            system: import.system.clone(),
            properties: import.properties.clone(),
        }
    }

    /// Writes what is in them into the folder of the machine: their paths.
    pub(super) fn write(
        &self,
        package: &Package,
        folder: &MachineFolder,
    ) -> Result<Vec<String>, Failure> {
        let mut paths = Vec::new();
        for (number, href) in (1..).zip(&self.images) {
            let path = folder.file(&format!("cdrom-{number}.iso"))?;
            copy(package, href, Path::new(&path))?;
            paths.push(path);
        }
        if !self.properties.is_empty() {
            let path = folder.file("ovf-env.iso")?;
            self.environment(Path::new(&path))?;
            paths.push(path);
        }
        Ok(paths)
    }

    /// The properties, as guests look for them: `ovf-env.xml` on a CD of a certain name.
    fn environment(&self, path: &Path) -> Result<(), Failure> {
        let environment = Environment {
            id: self.system.clone(),
            platform: Platform {
                kind: "QEMU".to_owned(),
                vendor: "QEMU".to_owned(),
                locale: "en".to_owned(),
                ..Platform::default()
            },
            properties: self.properties.clone(),
            others: Vec::new(),
        };
        let xml = environment.to_xml().map_err(|error| {
            Failure::input("a property cannot be told to the guest").because(error)
        })?;
        let file = SeedFile::new(Environment::FILE_NAME, xml);
        SeedImage::build(&[file], VolumeLabel::OvfEnvironment, ImageFormat::Iso9660)
            .and_then(|image| image.write_to(path))
            .map(drop)
            .map_err(|error| Failure::environment("cannot write the properties").because(error))
    }
}

/// Copies a file of the appliance. Its digest was checked when the disks were converted.
fn copy(package: &Package, href: &str, path: &Path) -> Result<(), Failure> {
    let member = package.find(href).map_err(ova::package_failure)?;
    let source = package.open_member(&member).map_err(ova::package_failure)?;
    let write = || -> io::Result<()> {
        let mut file: File =
            OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
        let (mut at, mut buffer) = (0, Vec::new());
        while at < member.bytes {
            let piece = PIECE_BYTES.min(member.bytes - at);
            buffer.resize(usize::try_from(piece).map_err(io::Error::other)?, 0);
            source.read_exact_at(at, &mut buffer)?;
            file.write_all(&buffer)?;
            at += piece;
        }
        Ok(())
    };
    write().map_err(|error| Failure::environment(format!("cannot copy {href}")).because(error))
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use quantix_ova::{
        import::{Choices, import},
        ovf,
    };

    use super::*;

    #[test]
    fn images_and_properties_are_written_for_the_guest() {
        let work = tempfile::tempdir().unwrap();
        let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/ova/web.ovf");
        let ovf = fs::read_to_string(vectors).unwrap();
        let ovf = ovf
            .replace("<References>", "<References><File ovf:id=\"iso\" ovf:href=\"tools.iso\"/>")
            .replace(
                "<Item><rasd:ElementName>Sound",
                "<Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:ElementName>CD\
                 </rasd:ElementName><rasd:HostResource>ovf:/file/iso</rasd:HostResource>\
                 <rasd:InstanceID>9</rasd:InstanceID><rasd:Parent>3</rasd:Parent>\
                 <rasd:ResourceType>15</rasd:ResourceType></Item><Item><rasd:ElementName>Sound",
            );
        fs::write(work.path().join("web.ovf"), ovf).unwrap();
        fs::write(work.path().join("tools.iso"), vec![7; 3 << 20]).unwrap();
        let package = Package::open(work.path()).unwrap();
        let choices = Choices {
            properties: [("hostname".to_owned(), "web-1".to_owned())].into(),
            ..Choices::default()
        };
        let import = import(&ovf::read(&package).unwrap(), &choices).unwrap();
        let folder = MachineFolder::create(work.path(), "web").unwrap();
        let paths = Drives::new(&import).write(&package, &folder).unwrap();
        let [image, environment] = paths.as_slice() else { panic!("{paths:?}") };
        assert_eq!(fs::read(image).unwrap(), vec![7; 3 << 20]);
        let read = Command::new("xorriso")
            .args(["-indev", environment, "-osirrox", "on", "-extract", "/ovf-env.xml"])
            .arg(work.path().join("env.xml"))
            .output()
            .expect("xorriso runs: install xorriso");
        let said = String::from_utf8_lossy(&read.stderr);
        assert!(said.contains("OVF ENV"), "{said}");
        let xml = fs::read_to_string(work.path().join("env.xml")).unwrap();
        assert!(
            xml.contains("oe:key=\"web.hostname\"") && xml.contains("oe:value=\"web-1\""),
            "{xml}"
        );
        assert!(xml.contains("changeme"), "the guest needs its password");
    }
}
