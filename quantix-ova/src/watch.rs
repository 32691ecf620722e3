//! Watching long work: how far it is, and whether it should stop.

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the work that are done.
    pub done_bytes: u64,
    /// Bytes of the whole work; constant from the first report to the last.
    pub total_bytes: u64,
}

/// Somebody who watches long work. Called from several threads, now and then, never under a lock
/// of the work itself.
pub trait Watch: Sync {
    /// Takes note of how far the work is.
    fn progress(&self, progress: Progress) {
        let _ = progress;
    }

    /// Whether the work should stop; asked every few megabytes.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {}
