//! The life of a domain beyond single calls: making it whole or not at all, stopping it for sure,
//! removing it, finding what was left behind.

mod create;
mod stop;
mod sweep;

pub use self::{
    create::{CreateOptions, Created},
    stop::{StopMode, StopReport, StoppedBy},
    sweep::{DeleteReport, SweepReport, Tagged},
};
