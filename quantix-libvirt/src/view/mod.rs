//! Domain XML as it is: typed to read, typed to edit, and otherwise left alone.

mod details;
mod edit;
#[cfg(feature = "ffi")]
mod others;

use std::{borrow::Cow, fmt};

use quantix_core::{MemoryMib, VmId};
use quantix_xml::{Document, EditError, Element, NodeId};

pub use self::details::{DiskDetails, DomainDetails, FirmwareDetails, GraphicsDetails, NicDetails};
#[cfg(feature = "ffi")]
pub(crate) use self::others::{snapshot_info, volume_info};
use crate::{Class, Error, Result};

/// A domain's XML with typed access to what it says.
///
/// What is not touched stays byte by byte: comments, unknown elements, the order and the spelling
/// of everything. An edit changes as few bytes as it can.
///
/// ```
/// use quantix_libvirt::DomainXml;
/// let source = "<domain type='kvm'>\n  <name>web</name>\n  <!-- 2 is enough -->\n  \
///               <vcpu  placement='static'>2</vcpu>\n</domain>\n";
/// let mut domain = DomainXml::parse(source)?;
/// assert_eq!((domain.name().as_ref(), domain.cpus_max()), ("web", Some(2)));
/// domain.set_cpus_max(4)?;
/// assert_eq!(domain.to_string(), source.replace(">2</vcpu>", ">4</vcpu>"));
/// # Ok::<(), quantix_libvirt::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DomainXml {
    document: Document,
}

const OPERATION: &str = "read domain XML";

fn invalid(error: impl ToString) -> Error {
    Error::new(Class::Invalid, OPERATION, error.to_string())
}

pub(crate) fn refused(error: EditError) -> Error {
    Error::new(Class::Invalid, "edit domain XML", error.to_string())
}

impl DomainXml {
    /// Reads a `<domain>` document.
    ///
    /// # Errors
    /// [`Class::Invalid`] with line and column where it is not well-formed or not a domain.
    pub fn parse(xml: impl AsRef<[u8]>) -> Result<Self> {
        let document = Document::parse(xml).map_err(invalid)?;
        if document.root().local_name() != "domain" {
            let text = ["expected a `domain`, found `", document.root().name(), "`"].concat();
            return Err(invalid(text));
        }
        Ok(Self { document })
    }

    /// The tree, for what has no typed access.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The tree, to edit what has no typed access.
    pub fn document_mut(&mut self) -> &mut Document {
        &mut self.document
    }

    fn root(&self) -> Element<'_> {
        self.document.root()
    }

    fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.root().find(path).map(Element::text).map(trimmed)
    }

    fn attr(&self, path: &str, name: &str) -> Option<Cow<'_, str>> {
        if path.is_empty() {
            return self.root().attr(name);
        }
        self.root().find(path).and_then(|element| element.attr(name))
    }

    /// `kvm`, `qemu`, …
    #[must_use]
    pub fn domain_type(&self) -> Cow<'_, str> {
        self.attr("", "type").unwrap_or_default()
    }

    /// The name; empty where there is none.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        self.text("name").unwrap_or_default()
    }

    /// The UUID.
    #[must_use]
    pub fn id(&self) -> Option<VmId> {
        self.text("uuid").and_then(|text| text.parse().ok())
    }

    /// The title.
    #[must_use]
    pub fn title(&self) -> Option<Cow<'_, str>> {
        self.text("title")
    }

    /// The description.
    #[must_use]
    pub fn description(&self) -> Option<Cow<'_, str>> {
        self.text("description")
    }

    /// Architecture of the guest.
    #[must_use]
    pub fn arch(&self) -> Option<Cow<'_, str>> {
        self.attr("os/type", "arch")
    }

    /// Machine type.
    #[must_use]
    pub fn machine(&self) -> Option<Cow<'_, str>> {
        self.attr("os/type", "machine")
    }

    /// The most virtual CPUs.
    #[must_use]
    pub fn cpus_max(&self) -> Option<u32> {
        self.text("vcpu").and_then(|text| text.parse().ok())
    }

    /// Virtual CPUs that are on.
    #[must_use]
    pub fn cpus(&self) -> Option<u32> {
        let current = self.attr("vcpu", "current").and_then(|text| text.parse().ok());
        current.or_else(|| self.cpus_max())
    }

    /// The most memory, in bytes.
    #[must_use]
    pub fn memory_max_bytes(&self) -> Option<u128> {
        self.root().child("memory").and_then(crate::plan::quantity)
    }

    /// The most memory, in MiB, rounded up.
    #[must_use]
    pub fn memory_max_mib(&self) -> Option<MemoryMib> {
        let mib = self.memory_max_bytes()?.div_ceil(1 << 20);
        u64::try_from(mib).ok().map(MemoryMib)
    }

    /// The devices of a kind, such as `disk` or `interface`, in order.
    pub fn devices<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = Element<'d>> {
        self.root().elements_named("devices").flat_map(move |devices| devices.elements_named(kind))
    }

    /// A disk by its target, such as `vda`.
    #[must_use]
    pub fn disk(&self, target: &str) -> Option<NodeId> {
        let mut disks = self.devices("disk");
        disks
            .find(|disk| attr_of(*disk, "target", "dev").as_deref() == Some(target))
            .map(Element::id)
    }

    /// A network interface by its address.
    #[must_use]
    pub fn nic(&self, mac: crate::Mac) -> Option<NodeId> {
        let is_it = |nic: &Element<'_>| {
            attr_of(*nic, "mac", "address").and_then(|text| text.parse().ok()) == Some(mac)
        };
        self.devices("interface").find(is_it).map(Element::id)
    }

    /// Everything that it says about the machine, as values.
    #[must_use]
    pub fn details(&self) -> DomainDetails {
        details::details(self)
    }
}

impl fmt::Display for DomainXml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.document.fmt(f)
    }
}

/// An attribute of a child.
fn attr_of<'d>(element: Element<'d>, child: &str, name: &str) -> Option<Cow<'d, str>> {
    element.child(child).and_then(|child| child.attr(name))
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests;
