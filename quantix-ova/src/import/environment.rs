//! The OVF environment (DSP0243, annex): how a guest reads its properties.

use quantix_xml::{Document, EditError, NewElement};

use super::PropertyValue;

/// What the guest is told about where it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// The hypervisor, such as `QEMU`.
    pub kind: String,
    /// Its version.
    pub version: String,
    /// Who made it.
    pub vendor: String,
    /// The language of the guest, such as `en`.
    pub locale: String,
}

/// The document that is delivered to the guest, as `ovf-env.xml` on a CD or through its tools.
///
/// ```
/// use quantix_ova::import::Environment;
/// let xml = Environment { id: "vm1".to_owned(), ..Environment::default() }.to_xml()?;
/// assert!(String::from_utf8_lossy(&xml).contains("oe:id=\"vm1\""));
/// # Ok::<(), quantix_xml::EditError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The id of the machine: that of its system.
    pub id: String,
    /// Where it runs.
    pub platform: Platform,
    /// Its properties.
    pub properties: Vec<PropertyValue>,
    /// Properties of the other machines of its group, by their ids.
    pub others: Vec<(String, Vec<PropertyValue>)>,
}

impl Environment {
    /// The name of the file that guests look for.
    pub const FILE_NAME: &'static str = "ovf-env.xml";
    /// The label of the CD that guests look for.
    pub const LABEL: &'static str = "OVF ENV";

    /// The document. It holds the values of passwords in the clear: write it where only the guest
    /// can read it.
    ///
    /// # Errors
    /// When a text has a character that XML cannot carry.
    pub fn to_xml(&self) -> Result<Vec<u8>, EditError> {
        const OE: &str = "http://schemas.dmtf.org/ovf/environment/1";
        let Platform { kind, version, vendor, locale } = &self.platform;
        let said = [("Kind", kind), ("Version", version), ("Vendor", vendor), ("Locale", locale)];
        let platform = NewElement::new("PlatformSection").children(
            said.into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| NewElement::new(name).text(text)),
        );
        let root = NewElement::new("Environment")
            .attr("xmlns", OE)
            .attr("xmlns:oe", OE)
            .attr("oe:id", self.id.clone())
            .child(platform)
            .child(section(&self.properties))
            .children(self.others.iter().map(|(id, properties)| {
                NewElement::new("Entity").attr("oe:id", id.clone()).child(section(properties))
            }));
        Ok(Document::new(&root)?.to_bytes())
    }
}

fn section(properties: &[PropertyValue]) -> NewElement {
    NewElement::new("PropertySection").children(properties.iter().map(|property| {
        NewElement::new("Property")
            .attr("oe:key", property.key.clone())
            .attr("oe:value", property.value.expose())
    }))
}
