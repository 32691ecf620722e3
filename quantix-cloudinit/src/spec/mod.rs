//! Customization specs rendered for one machine.
//!
//! ```
//! use quantix_cloudinit::spec::{Entropy, RenderOptions, render};
//! use quantix_core::{CustomizationSpec, OsFamily, SpecVm};
//! let spec = CustomizationSpec::new("web", OsFamily::Linux)
//!     .with_hostname("{{.VMName}}-{{.Random}}")
//!     .with_timezone("America/New_York");
//! let vm = SpecVm { name: "web".into(), id: Some("i-1".into()), ..SpecVm::default() };
//! let rendered = render(&spec, &vm, RenderOptions::default(), &mut Entropy::from_seed(1))?;
//! assert_eq!(rendered.hostname(), "web-bcdjps");
//! assert_eq!(rendered.names(), ["meta-data", "user-data"]);
//! # Ok::<(), quantix_cloudinit::spec::RenderError>(())
//! ```
//!
//! Nothing is rendered while anything is wrong, and everything that is wrong is told at once, with
//! the path of its field. Files come from the typed documents of this crate, never from pasted
//! text.

mod agent;
mod config_drive;
mod documents;
mod entropy;
mod ignition;
mod ignition_user_data;
mod linux;
mod network;
mod nocloud;
mod render;
mod rendered;
mod windows;

pub use agent::AgentFile;
pub use entropy::{Entropy, EntropyError};
pub use render::{RenderOptions, Target, TargetError, render};
pub use rendered::{RenderError, RenderReport, Rendered, WriteError};
