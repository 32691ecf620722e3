//! Capacity: how many more machines fit, for how long that lasts, and what a change would do.

mod fits;
mod hints;
mod report;
mod whatif;

pub use fits::{
    CapacityReport, CapacityRequest, FITS_MAX, Room, SHAPES_MAX, ShapeRequest, capacity,
};
pub use hints::{Hint, HintKind};
pub use report::whatif_html;
pub use whatif::{
    CHANGES_MAX, Difference, Displaced, GROWN_VMS_MAX, Homeless, Supposition, WhatifReport,
    WhatifRequest, whatif,
};
