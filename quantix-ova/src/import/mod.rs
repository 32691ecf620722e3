//! From an OVF descriptor to the machine that Quantix runs.
