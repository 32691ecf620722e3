//! Measurements of the Quantix crates against their peers.
