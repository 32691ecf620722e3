//! The OVF descriptor: what an appliance says it is.
