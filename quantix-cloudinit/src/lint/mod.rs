//! Doubtful settings in documents that are valid: names that guests change, networks that one
//! renderer applies differently, and what an attacker would look for.

mod distro;
mod host_name;
mod network;
mod renderer;
mod security;
mod size;
mod user_data;

pub use distro::{Distro, DistroError};
pub use host_name::check_host_name;
pub use network::NetworkRenderer;
pub(crate) use network::network;
pub(crate) use size::size;
pub use size::{PLATFORMS, Platform, PlatformError};
pub(crate) use user_data::user_data;
