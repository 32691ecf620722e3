//! See the crate page.

mod entropy;

pub use entropy::{Entropy, EntropyError};
