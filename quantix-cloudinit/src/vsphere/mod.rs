//! Customization specs of vSphere: read from what vCenter gives out, and written so that it takes
//! them.
//!
//! Two forms are read: the JSON of the REST API (`/vcenter/guest/customization-specs`, bare or as
//! `GET` returns it) and XML, both the file that the vSphere client exports and the SOAP form of
//! PowerCLI and its kin. [`import`] tells every setting that the other side does not have, and so
//! does [`export`].
//!
//! ```
//! use quantix_cloudinit::vsphere::{Format, export, import};
//! let json = r#"{"name": "web", "spec": {"configuration_spec": {"linux_config": {
//!     "hostname": {"type": "VIRTUAL_MACHINE"}, "domain": "example.com"}},
//!     "global_DNS_settings": {"dns_servers": ["10.0.0.2"]}, "interfaces": [
//!     {"adapter": {"ipv4": {"type": "DHCP"}}}]}}"#;
//! let imported = import(json)?;
//! assert_eq!(imported.spec.hostname.as_deref(), Some("{{.VMName}}"));
//! let exported = export(&imported.spec, Format::Xml)?;
//! assert_eq!(import(&exported.text)?.spec, imported.spec);
//! # Ok::<(), quantix_cloudinit::vsphere::VsphereError>(())
//! ```
//!
//! Passwords that vCenter has encrypted with its certificate cannot be read; they are left out and
//! reported.

mod export;
mod import;
mod model;
mod xml_read;
mod xml_write;
mod zones;

use quantix_core::{CustomizationSpec, Finding};
use serde::Serialize;

pub use export::export;
pub use import::import;

/// The most bytes of a document that is imported.
pub const VSPHERE_BYTES_MAX: usize = 4 << 20;

/// The forms in which a spec is exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// The body of `POST /vcenter/guest/customization-specs`.
    #[default]
    Json,
    /// The file that the vSphere client imports.
    Xml,
}

impl std::str::FromStr for Format {
    type Err = VsphereError;

    /// Reads `json` or `xml`.
    fn from_str(text: &str) -> Result<Self, VsphereError> {
        match text {
            "json" => Ok(Self::Json),
            "xml" => Ok(Self::Xml),
            _ => Err(Problem::FormatName(text.chars().take(64).collect()).into()),
        }
    }
}

/// A spec that was read, and what was left out or doubtful.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Imported {
    /// The spec.
    pub spec: CustomizationSpec,
    /// What vSphere's spec has and this one has not.
    pub findings: Vec<Finding>,
}

/// A document for vSphere, and what it cannot say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// The document.
    pub text: String,
    /// What the spec has and vSphere's has not.
    pub findings: Vec<Finding>,
}

/// A document that is no customization spec of vSphere, or a spec that it cannot hold.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct VsphereError(#[from] Problem);

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("unknown format {0:?}: expected \"json\" or \"xml\"")]
    FormatName(String),
    #[error("{0} bytes, at most {VSPHERE_BYTES_MAX}")]
    TooLarge(usize),
    #[error(
        "neither JSON nor XML: expected what vCenter's REST API or the vSphere client gives out"
    )]
    Format,
    #[error("not the JSON of a customization spec")]
    Json(#[source] serde_json::Error),
    #[error("no customization spec: there is no {0}")]
    Missing(&'static str),
    #[error("not readable as XML")]
    Xml(#[source] quantix_xml::XmlError),
    #[error("cannot be written as XML")]
    XmlWrite(#[source] quantix_xml::EditError),
}
