//! Pure, deterministic, explained placement of virtual machines
