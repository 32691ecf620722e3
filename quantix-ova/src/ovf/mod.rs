//! The OVF descriptor: what an appliance says it is.
//!
//! [`Descriptor::parse`] reads OVF 0.9, 1.x and 2.x and the dialects of VMware, VirtualBox, oVirt,
//! Xen and Hyper-V exporters into one model. Whatever is ignored, doubtful or wrong becomes a
//! finding with its line and column. [`Descriptor::machine`] says what one of the systems is in a
//! chosen deployment option, and [`Inspect`] is all of it as a document.
//!
//! ```
//! use quantix_ova::ovf::Descriptor;
//! let ovf = br#"<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" version="1.0">
//!   <References/>
//!   <VirtualSystem id="web"><Info>a server</Info>
//!     <VirtualHardwareSection><Info>hardware</Info><System/>
//!       <Item><InstanceID>1</InstanceID><ResourceType>3</ResourceType><VirtualQuantity>2</VirtualQuantity></Item>
//!       <Item><InstanceID>2</InstanceID><ResourceType>4</ResourceType>
//!         <AllocationUnits>byte * 2^30</AllocationUnits><VirtualQuantity>4</VirtualQuantity></Item>
//!     </VirtualHardwareSection>
//!   </VirtualSystem>
//! </Envelope>"#;
//! let descriptor = Descriptor::parse(ovf)?;
//! let system = descriptor.systems()[0];
//! let machine = descriptor.machine(system, None);
//! assert_eq!((machine.cpus, machine.memory_mib), (Some(2), Some(4096)));
//! # Ok::<(), quantix_ova::ovf::OvfError>(())
//! ```

mod attach;
mod check;
mod devices;
mod dialect;
mod diff;
pub mod edit;
mod envelope;
mod hardware;
mod inspect;
mod machine;
mod model;
mod packaged;
mod product;
mod reader;
mod system;
pub mod units;
pub mod write;

use quantix_core::Finding;
use quantix_xml::{Document, Position, XmlError};

pub use self::{
    devices::{
        Bus, Cdrom, Controller, Firmware, Floppy, Machine, MachineDisk, Media, Nic, OtherDevice,
    },
    diff::{Change, Diff, diff},
    inspect::{
        Inspect, InspectCdrom, InspectDisk, InspectFile, InspectNic, InspectOption, InspectOs,
        InspectProperty, InspectSystem,
    },
    model::{
        About, Bound, Capacity, Collection, DeploymentOption, DiskRef, Entity, FileRef, Hardware,
        Item, NetworkRef, OperatingSystem, Product, Property, Setting, StartupItem, VirtualSystem,
    },
    packaged::{DescriptorError, diff_packages, inspect, read},
    reader::FINDINGS_MAX,
};

/// The deepest nesting of collections of systems.
pub const COLLECTION_DEPTH_MAX: usize = 32;

/// A descriptor that cannot be read at all.
///
/// What can be read, but is wrong, is a [`Finding`] of a [`Descriptor`] instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OvfError {
    /// It is not well-formed XML, or larger than allowed.
    #[error("the descriptor is not well-formed XML")]
    Xml(#[source] XmlError),
    /// It is XML, but no OVF.
    #[error("{at}: the root element is `{found}`: expected an OVF `Envelope`")]
    NotOvf {
        /// The name of the root element.
        found: String,
        /// Where it stands.
        at: Position,
    },
}

impl OvfError {
    /// Where.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Xml(error) => error.position(),
            Self::NotOvf { at, .. } => *at,
        }
    }

    /// The error as a finding.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let (at, finding) = match self {
            Self::Xml(error) => (error.position(), Finding::error(error.code(), error.message())),
            Self::NotOvf { at, found } => {
                let message = format!("the root element is `{found}`: expected an OVF `Envelope`");
                (*at, Finding::error("not-ovf", message))
            }
        };
        finding.at_position(at.line, at.column)
    }
}

/// Faults that the rest of the package makes up for: the image itself tells its format and size.
const HARMLESS: &[&str] = &[
    "duplicate-product",
    "invalid-number",
    "missing-format",
    "missing-info",
    "missing-quantity",
    "missing-system-id",
    "missing-type",
    "missing-version",
    "misplaced-section",
    "populated-above-capacity",
    "shared-file",
    "uncertain-capacity",
    "unknown-network",
    "unknown-type",
    "unknown-version",
];

fn is_broken(findings: &[Finding]) -> bool {
    findings.iter().any(|found| found.is_error() && !HARMLESS.contains(&found.code.as_ref()))
}

/// A descriptor: the model, the findings, and the document they were read from.
#[derive(Clone, Debug)]
pub struct Descriptor {
    document: Document,
    /// `0.9`, `1.0`, `1.1`, `2.0` and so on: what it says, or what its namespace means.
    pub version: String,
    /// The program that wrote it, where it can be told.
    pub producer: Option<String>,
    /// The files of the package.
    pub files: Vec<FileRef>,
    /// The disks.
    pub disks: Vec<DiskRef>,
    /// The networks.
    pub networks: Vec<NetworkRef>,
    /// The sizes it can be deployed in.
    pub options: Vec<DeploymentOption>,
    /// What it says about itself at the level of the envelope.
    pub about: About,
    /// The machine, or the group of machines; `None` where there is none (an error finding).
    pub content: Option<Entity>,
    /// Whether an oVirt engine wrote it, which uses CIM's numbers in its own way.
    is_ovirt: bool,
    findings: Vec<Finding>,
}

impl Descriptor {
    /// Reads a descriptor.
    ///
    /// # Errors
    /// When it is not well-formed XML, too large, or no OVF. What else is wrong is a finding.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, OvfError> {
        let document = Document::parse(bytes).map_err(OvfError::Xml)?;
        envelope::read(document)
    }

    /// The document that was read; edits of it are minimal.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The document, to be edited. The model does not follow edits: parse the result again.
    #[must_use]
    pub fn into_document(self) -> Document {
        self.document
    }

    /// What was noticed, in the order of the text.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether something is so wrong that a machine cannot be made as described.
    ///
    /// Errors that break the standard but leave no doubt about the machine (a disk whose format
    /// is not named, a file size that is no number) do not count.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        is_broken(&self.findings)
    }

    /// Every machine, in the order of the text.
    #[must_use]
    pub fn systems(&self) -> Vec<&VirtualSystem> {
        fn visit<'d>(entity: &'d Entity, found: &mut Vec<&'d VirtualSystem>) {
            match entity {
                Entity::System(system) => found.push(system),
                // Nesting is bounded by `COLLECTION_DEPTH_MAX` when the tree is built.
                Entity::Collection(group) => group.members.iter().for_each(|m| visit(m, found)),
            }
        }
        let mut found = Vec::new();
        if let Some(content) = &self.content {
            visit(content, &mut found);
        }
        found
    }

    /// Every product section: the envelope's, the groups' and the machines', in that order.
    #[must_use]
    pub fn products(&self) -> Vec<&Product> {
        let mut found: Vec<&Product> = self.about.products.iter().collect();
        self.visit_about(&mut |about| found.extend(&about.products));
        found
    }

    /// Every licence that the deployer has to accept.
    #[must_use]
    pub fn eulas(&self) -> Vec<&str> {
        let mut found: Vec<&str> = self.about.eulas.iter().map(String::as_str).collect();
        self.visit_about(&mut |about| found.extend(about.eulas.iter().map(String::as_str)));
        found
    }

    fn visit_about<'d>(&'d self, see: &mut dyn FnMut(&'d About)) {
        fn visit<'d>(entity: &'d Entity, see: &mut dyn FnMut(&'d About)) {
            match entity {
                Entity::System(system) => see(&system.about),
                Entity::Collection(group) => {
                    see(&group.about);
                    group.members.iter().for_each(|member| visit(member, see));
                }
            }
        }
        if let Some(content) = &self.content {
            visit(content, see);
        }
    }

    /// The deployment option that is used when none is chosen: the one marked as default, else the
    /// first.
    #[must_use]
    pub fn default_option(&self) -> Option<&DeploymentOption> {
        self.options.iter().find(|option| option.is_default).or(self.options.first())
    }

    /// The file of this id.
    #[must_use]
    pub fn file(&self, id: &str) -> Option<&FileRef> {
        self.files.iter().find(|file| file.id == id)
    }

    /// The disk of this id.
    #[must_use]
    pub fn disk(&self, id: &str) -> Option<&DiskRef> {
        self.disks.iter().find(|disk| disk.id == id)
    }

    /// The default value of the property with this key, qualified or not, in a deployment option.
    #[must_use]
    pub fn property_value(&self, key: &str, option: Option<&str>) -> Option<&str> {
        let is_it = |p: &&Property| p.key == key || p.qualified_key == key;
        let property =
            self.products().into_iter().flat_map(|product| &product.properties).find(is_it)?;
        let chosen = option.and_then(|option| property.values.get(option));
        chosen.or(property.value.as_ref()).map(String::as_str)
    }
}
