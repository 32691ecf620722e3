//! The fewest hosts that could do, and how far a placement is from them.

use serde::Serialize;

/// A bound below: no placement of these machines can do with fewer nodes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// The fewest nodes that could hold the machines.
    pub hosts: u32,
    /// How many more nodes are used, as a part of the bound.
    pub gap: f64,
}
