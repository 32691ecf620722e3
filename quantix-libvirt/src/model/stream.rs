//! What flows: screens, consoles, migrations.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Params, Result};

/// The largest picture of a screen.
pub const SCREENSHOT_BYTES_MAX: usize = 64 << 20;

/// A picture of a domain's screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screenshot {
    /// Such as `image/x-portable-pixmap` or `image/png`.
    pub mime: String,
    /// The picture.
    pub bytes: Vec<u8>,
}

/// What comes out of a console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsoleOutput {
    /// Some bytes.
    Data(Vec<u8>),
    /// The far side has closed it.
    Closed,
}

/// Takes what comes out of a console; called on a thread of the backend and never blocks.
pub type ConsoleSink = Arc<dyn Fn(ConsoleOutput) + Send + Sync>;

/// The way into a console; dropping it closes the console.
pub trait ConsoleInput: Send + Sync + fmt::Debug {
    /// Sends some bytes without waiting: how many were taken, perhaps none.
    ///
    /// # Errors
    /// When the console is closed.
    fn send(&self, bytes: &[u8]) -> Result<usize>;
}

/// Gives the content of a volume; called on a thread of the backend, where it may block.
pub trait TransferSource: Send {
    /// Fills a part of a buffer: how much, nothing at the end.
    ///
    /// # Errors
    /// When the content cannot be read; the transfer then fails.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize>;
}

impl<R: std::io::Read + Send> TransferSource for R {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        std::io::Read::read(self, buffer)
    }
}

/// Takes the content of a volume; called on a thread of the backend, where it may block.
pub trait TransferSink: Send {
    /// Takes bytes.
    ///
    /// # Errors
    /// When they cannot be kept; the transfer then fails.
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()>;

    /// Takes so many zeros, which need not be stored.
    ///
    /// # Errors
    /// As [`TransferSink::data`].
    fn hole(&mut self, length: u64) -> std::io::Result<()>;
}

/// A file takes holes by leaving them out.
impl TransferSink for std::fs::File {
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        std::io::Write::write_all(self, bytes)
    }

    fn hole(&mut self, length: u64) -> std::io::Result<()> {
        use std::io::Seek;
        let length = i64::try_from(length).map_err(std::io::Error::other)?;
        let end = self.seek(std::io::SeekFrom::Current(length))?;
        // A hole at the end is there only once the file is as long.
        if end > self.metadata()?.len() { self.set_len(end) } else { Ok(()) }
    }
}

/// How a domain moves to another host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MigrateRequest {
    /// The URI by which the source host reaches the destination's libvirt.
    pub destination: String,
    /// The URI by which the source host reaches the destination's hypervisor, where it cannot be
    /// told from the other.
    #[serde(default)]
    pub transport: Option<String>,
    /// Whether the guest runs on while it moves.
    #[serde(default)]
    pub live: bool,
    /// Whether its disks are copied too: the hosts share no storage.
    #[serde(default)]
    pub copy_storage: bool,
    /// Whether the guest is slowed where it writes faster than it can be copied.
    #[serde(default)]
    pub auto_converge: bool,
    /// Whether it may be switched over before all memory is there.
    #[serde(default)]
    pub post_copy: bool,
    /// Whether the source keeps its definition.
    #[serde(default)]
    pub keep_source: bool,
    /// The most to send, in MiB per second.
    #[serde(default)]
    pub bandwidth_mib: Option<u64>,
}

impl MigrateRequest {
    /// A live migration that moves the definition too.
    #[must_use]
    pub fn live(destination: impl Into<String>) -> Self {
        Self {
            destination: destination.into(),
            transport: None,
            live: true,
            copy_storage: false,
            auto_converge: false,
            post_copy: false,
            keep_source: false,
            bandwidth_mib: None,
        }
    }

    /// libvirt's `virDomainMigrateFlags`: always peer to peer, with the definition at the far end.
    #[must_use]
    pub fn flags(&self) -> u32 {
        const PEER2PEER: u32 = 2;
        const PERSIST_DEST: u32 = 8;
        let mut flags = PEER2PEER | PERSIST_DEST;
        for (wanted, bit) in [
            (self.live, 1),
            (!self.keep_source, 16),
            (self.copy_storage, 64),
            (self.auto_converge, 8192),
            (self.post_copy, 32768),
        ] {
            flags |= if wanted { bit } else { 0 };
        }
        flags
    }
}

/// A job of a domain: a migration, a save.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobInfo {
    /// libvirt's `virDomainJobType`: 0 is none.
    pub kind: i32,
    /// Its progress, as libvirt names it.
    pub params: Params,
}

impl JobInfo {
    /// The kind of a job that ended well.
    pub const COMPLETED: i32 = 3;

    /// Whether a job runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.kind, 1 | 2)
    }

    /// Bytes that are done and that there are in all.
    #[must_use]
    pub fn progress(&self) -> Option<(u64, u64)> {
        let number = |name: &str| self.params.get(name).and_then(crate::Param::as_u64);
        Some((number("data_processed")?, number("data_total")?))
    }
}
