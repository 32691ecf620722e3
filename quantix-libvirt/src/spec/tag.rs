//! The mark that Quantix leaves on what it makes.

use quantix_xml::{Document, EditError, NewElement};
use serde::{Deserialize, Serialize};

use crate::MetadataKey;

/// Where the mark is in a domain's metadata.
pub const TAG: MetadataKey = MetadataKey { prefix: "quantix", uri: "urn:quantix:libvirt:1" };

/// Who owns a domain, and which request made it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnerTag {
    /// Who owns it: a deployment, a controller, a test.
    pub owner: String,
    /// The request that made it. The same request again finds its own work.
    pub request: String,
    /// Files that were made for the domain and go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

impl OwnerTag {
    /// A mark.
    #[must_use]
    pub fn new(owner: impl Into<String>, request: impl Into<String>) -> Self {
        Self { owner: owner.into(), request: request.into(), files: Vec::new() }
    }

    /// The same, naming one more file that was made for the domain.
    #[must_use]
    pub fn file(mut self, path: impl Into<String>) -> Self {
        self.files.push(path.into());
        self
    }

    /// The element as it stands in `<metadata>`.
    pub(crate) fn element(&self) -> NewElement {
        self.fill(NewElement::new("quantix:machine").attr("xmlns:quantix", TAG.uri), "quantix:file")
    }

    /// The element as calls take it: without the prefix, which the hypervisor adds.
    ///
    /// # Errors
    /// When a text has a character that XML cannot carry.
    pub(crate) fn to_xml(&self) -> Result<String, EditError> {
        let document = Document::new(&self.fill(NewElement::new("machine"), "file"))?;
        Ok(document.root().node().raw().into_owned())
    }

    fn fill(&self, root: NewElement, file: &str) -> NewElement {
        let files = self.files.iter().map(|path| NewElement::new(file).attr("path", path.as_str()));
        root.attr("owner", self.owner.as_str())
            .attr("request", self.request.as_str())
            .children(files)
    }

    /// Reads the element back; libvirt hands it out with or without its prefix.
    #[must_use]
    pub fn parse(xml: &str) -> Option<Self> {
        let document = Document::parse(xml).ok()?;
        let root = document.root();
        (root.local_name() == "machine").then_some(())?;
        let text = |name| root.attr(name).map(std::borrow::Cow::into_owned);
        let files = root.elements_named("file").filter_map(|file| file.attr("path"));
        let files = files.map(std::borrow::Cow::into_owned).collect();
        Some(Self { owner: text("owner")?, request: text("request")?, files })
    }
}
