//! Host names from templates: `{{.VMName}}-{{.Random}}` becomes `web-01-k7f2qx`.
//!
//! ```
//! use quantix_cloudinit::{hostname::{HostnameContext, HostnameTemplate, NameRules}, spec::Entropy};
//! let template: HostnameTemplate = "{{.VMName}}-{{.Index:03}}".parse()?;
//! let context = HostnameContext { vm_name: "Web Server", index: Some(7), ..Default::default() };
//! let name = template.render(&context, NameRules::Rfc1123, &mut Entropy::from_seed(1), &|_| false)?;
//! assert_eq!(name.as_str(), "web-server-007");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A template is text and placeholders:
//!
//! | placeholder | value |
//! |---|---|
//! | `{{.VMName}}` | the machine's name |
//! | `{{.Random}}`, `{{.Random 8}}` | random letters and digits: 6, at least 4 where the name is long, or exactly 8 |
//! | `{{.ProjectID}}` | the project's id |
//! | `{{.Folder}}` | the last part of the folder's path |
//! | `{{.Index}}`, `{{.Index:03}}` | the machine's number, with zeros in front |
//! | `{{.Date}}` | the date as `20261121` |
//!
//! `VMName`, `ProjectID` and `Folder` take a number too (`{{.ProjectID 8}}`): the most characters.
//!
//! Values are made fit: accents are dropped (`Größe` is `grosse`), everything else that is no
//! letter or digit becomes one `-`, and letters are lower case for Linux. When the result is longer
//! than a name may be, the longest of `VMName`, `ProjectID` and `Folder` is cut first, then
//! `Random` down to 4; literal text and numbers are never cut.

mod error;
mod render;
mod template;

pub use error::{HostnameError, TemplateError};
pub use render::{HOSTNAME_TRIES_MAX, Hostname, HostnameContext, NameRules, date_of_unix_seconds};
pub use template::{HostnameTemplate, RANDOM_CHARS, RANDOM_CHARS_MIN, TEMPLATE_BYTES_MAX};
