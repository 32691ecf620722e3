//! Screens and consoles.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use quantix_core::VmId;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep},
};

use super::{Host, Target};
use crate::{ConsoleInput, ConsoleOutput, Error, Lane, Result, Screenshot};

/// Chunks of output that wait for a slow reader; what comes on top is dropped and counted.
pub const CONSOLE_CHUNKS_MAX: usize = 1024;

/// An open console. Dropping it closes it.
pub struct Console {
    input: Box<dyn ConsoleInput>,
    output: mpsc::Receiver<ConsoleOutput>,
    lost: Arc<AtomicU64>,
    limit: Duration,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("lost_bytes", &self.lost_bytes()).finish_non_exhaustive()
    }
}

impl Console {
    /// The next output; `None` when the console was closed.
    pub async fn read(&mut self) -> Option<Vec<u8>> {
        match self.output.recv().await {
            Some(ConsoleOutput::Data(bytes)) => Some(bytes),
            Some(ConsoleOutput::Closed) | None => None,
        }
    }

    /// Sends bytes, all of them.
    ///
    /// # Errors
    /// [`crate::Class::Deadline`] where the far side does not take them in time; when it has closed.
    pub async fn write(&self, mut bytes: &[u8]) -> Result<()> {
        const OPERATION: &str = "write to console of domain";
        let until = Instant::now() + self.limit.min(Duration::from_secs(86_400));
        while !bytes.is_empty() {
            let taken = self.input.send(bytes)?;
            bytes = bytes.get(taken..).unwrap_or_default();
            if taken == 0 {
                if Instant::now() >= until {
                    let text = "the far side does not take the bytes";
                    return Err(Error::deadline(OPERATION, self.limit, text));
                }
                sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }

    /// Bytes that were dropped because nobody read them in time.
    #[must_use]
    pub fn lost_bytes(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Host {
    /// A picture of a screen.
    ///
    /// # Errors
    /// [`crate::Class::Unsupported`] or [`crate::Class::Failed`] for a domain without one.
    pub async fn screenshot(&self, id: VmId, screen: u32) -> Result<Screenshot> {
        let operation = "take picture of domain";
        let target = Target::Guest(id);
        self.act(Lane::Control, operation, target, move |h| h.screenshot(id, screen)).await
    }

    /// Opens a console: the first serial port, or the device of an alias. `force` ends who else
    /// has it open.
    ///
    /// # Errors
    /// [`crate::Class::Conflict`] or [`crate::Class::Failed`] where someone has it open; else as every call.
    pub async fn console(&self, id: VmId, device: Option<&str>, force: bool) -> Result<Console> {
        let device = device.map(str::to_owned);
        let (sender, output) = mpsc::channel(CONSOLE_CHUNKS_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let dropped = Arc::clone(&lost);
        let sink = move |chunk: ConsoleOutput| {
            if let Err(mpsc::error::TrySendError::Full(ConsoleOutput::Data(bytes))) =
                sender.try_send(chunk)
            {
                let count = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                dropped.fetch_add(count, Ordering::Relaxed);
            }
        };
        let sink = Arc::new(sink);
        let input = self
            .act(Lane::Control, "open console of domain", Target::Record(id), move |h| {
                h.open_console(id, device.as_deref(), force, sink)
            })
            .await?;
        Ok(Console { input, output, lost, limit: self.deadline() })
    }
}
