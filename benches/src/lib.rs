//! Measurements of the Quantix crates against their peers.

/// The Rust of the README, compiled as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;
