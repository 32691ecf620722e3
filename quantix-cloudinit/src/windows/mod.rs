//! Answer files for Windows Setup: `Unattend.xml` for a machine that Sysprep has generalised.
//!
//! [`Unattend`] is typed; it is written by an XML serializer, so no value can add an element.
//! Passwords are encoded the way Setup hides them (UTF-16, a suffix, base64), which is no
//! encryption: the file must be kept from others.
//!
//! ```
//! use quantix_cloudinit::windows::Unattend;
//! let unattend = Unattend { computer_name: "WIN-01".into(), ..Unattend::default() };
//! assert!(unattend.to_xml()?.contains("<ComputerName>WIN-01</ComputerName>"));
//! # Ok::<(), quantix_cloudinit::DocumentError>(())
//! ```

mod check;
mod lint;
mod passes;

use base64::Engine as _;
use quantix_core::{Finding, Secret};
use quantix_xml::Document;

pub use lint::{ANSWER_FILE_BYTES_MAX, COMMAND_PATH_CHARS_MAX, check_answer_file};

use crate::{
    DocumentError,
    network::{Cidr, MacAddr},
};

/// The most characters of a command that Setup runs at the first logon.
pub const COMMAND_CHARS_MAX: usize = 1024;
/// The most characters of a computer name.
pub const COMPUTER_NAME_CHARS_MAX: usize = 15;

/// An answer file for the passes after Sysprep: `specialize` and `oobeSystem`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unattend {
    /// NetBIOS name of the machine; 1 to [`COMPUTER_NAME_CHARS_MAX`] characters.
    pub computer_name: String,
    /// Windows name of the time zone, such as `W. Europe Standard Time`.
    pub time_zone: Option<String>,
    /// Product key.
    pub product_key: Option<Secret>,
    /// Registered organisation.
    pub organization: Option<String>,
    /// Registered owner.
    pub owner: Option<String>,
    /// What the machine becomes a member of.
    pub membership: Membership,
    /// Password of the built-in administrator, in plain text as Setup needs it.
    pub administrator_password: Option<Secret>,
    /// How many times the administrator is logged on automatically.
    pub auto_logon_count: u32,
    /// Commands at the first logon, in order.
    pub first_logon_commands: Vec<String>,
    /// Locale of formats, language and system, such as `en-US`.
    pub locale: Option<String>,
    /// Keyboard, such as `0409:00000409`.
    pub input_locale: Option<String>,
    /// Interfaces with fixed addresses or name servers.
    pub interfaces: Vec<Interface>,
    /// Domains to search.
    pub search_domains: Vec<String>,
    /// The architecture that the answers are for.
    pub architecture: Architecture,
}

/// What a machine becomes a member of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Membership {
    /// What the image says.
    #[default]
    Unchanged,
    /// A workgroup.
    Workgroup(String),
    /// An Active Directory domain.
    Domain {
        /// DNS name of the domain.
        domain: String,
        /// Account that may join machines, without its domain.
        user: String,
        /// Domain of that account.
        user_domain: String,
        /// Its password.
        password: Secret,
        /// Organisational unit as a distinguished name.
        ou: Option<String>,
    },
}

/// The settings of a network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// Which one: its MAC address, or its name in Windows.
    pub identifier: Identifier,
    /// Whether IPv4 comes from DHCP.
    pub dhcp4: bool,
    /// Fixed addresses.
    pub addresses: Vec<Cidr>,
    /// Routes: destination and next hop, in order.
    pub routes: Vec<(Cidr, std::net::IpAddr)>,
    /// Name servers, in order.
    pub name_servers: Vec<std::net::IpAddr>,
}

/// Which interface settings are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// The interface with this MAC address.
    Mac(MacAddr),
    /// The interface with this name, such as `Ethernet`.
    Name(String),
}

impl Default for Identifier {
    fn default() -> Self {
        Self::Name("Ethernet".to_owned())
    }
}

/// The processor architecture of a component.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// 64-bit x86.
    #[default]
    Amd64,
    /// 32-bit x86.
    X86,
    /// 64-bit ARM.
    Arm64,
}

impl Unattend {
    /// Everything that is wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<Finding> {
        check::faults(self)
    }

    /// The answer file as text. The same settings give the same text.
    ///
    /// # Errors
    /// When [`Unattend::faults`] holds an error.
    pub fn to_xml(&self) -> Result<String, DocumentError> {
        DocumentError::check("the answer file", self.faults())?;
        match Document::new(&passes::root(self)) {
            Ok(document) => Ok(document.to_string()),
            Err(error) => {
                let fault = Finding::error("not-xml", error.to_string());
                Err(DocumentError::of("the answer file", vec![fault]))
            }
        }
    }
}

/// Hides a password the way Setup does: UTF-16LE of it and of the element's name, in base64.
fn hide_password(password: &Secret, element: &str) -> String {
    let text = password.expose().encode_utf16().chain(element.encode_utf16());
    let bytes: Vec<u8> = text.flat_map(u16::to_le_bytes).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
