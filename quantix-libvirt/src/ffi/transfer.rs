//! The content of volumes, up and down, without their holes.

use super::{
    Session,
    handles::{Stream, Volume, owned_text},
    sys,
};
use crate::{Class, Error, Result, TransferSink, TransferSource, view::VolumeXml};

/// How much is handed over at once; libvirt's protocol takes no more in one message.
const CHUNK: usize = 256 << 10;

/// A stream that is aborted unless it was finished.
struct Transfer<'s> {
    session: &'s Session,
    stream: Stream,
    operation: &'static str,
    is_done: bool,
}

impl Drop for Transfer<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            // SAFETY: the stream is valid and was not finished.
            unsafe { sys::virStreamAbort(self.stream.raw()) };
        }
    }
}

impl Transfer<'_> {
    fn local(&self, error: &std::io::Error) -> Error {
        Error::new(Class::Failed, self.operation, error.to_string())
    }

    fn send(&self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let raw = self.stream.raw();
            // SAFETY: the stream is valid and blocking; `bytes` has as many bytes as is said.
            let sent = unsafe { sys::virStreamSend(raw, bytes.as_ptr().cast(), bytes.len()) };
            match usize::try_from(sent) {
                Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
                Err(_) => return self.session.fail(self.operation),
            }
        }
        Ok(())
    }

    fn send_hole(&self, length: u64) -> Result<()> {
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        // SAFETY: the stream is valid and sparse.
        match unsafe { sys::virStreamSendHole(self.stream.raw(), length, 0) } {
            0 => Ok(()),
            _ => self.session.fail(self.operation),
        }
    }

    fn finish(mut self) -> Result<()> {
        self.is_done = true;
        // SAFETY: the stream is valid and everything was sent or received.
        match unsafe { sys::virStreamFinish(self.stream.raw()) } {
            0 => Ok(()),
            _ => self.session.fail(self.operation),
        }
    }
}

/// What the upload to a volume must know about it.
struct Shape {
    /// Whether it is a file, which can have holes.
    is_file: bool,
    /// How long it is at least: a raw image shorter than its capacity would shrink the disk.
    length: u64,
}

impl Session {
    fn transfer(&self, operation: &'static str) -> Result<Transfer<'_>> {
        let stream = self.stream(operation, 0)?;
        Ok(Transfer { session: self, stream, operation, is_done: false })
    }

    pub(super) fn upload(
        &self,
        pool: &str,
        name: &str,
        mut source: Box<dyn TransferSource>,
    ) -> Result<u64> {
        const OPERATION: &str = "upload volume of pool";
        let volume = self.volume(OPERATION, pool, name)?;
        let about = |error: Error| error.about(name);
        let shape = self.shape(OPERATION, &volume).map_err(about)?;
        if shape.is_file {
            // Two things about libvirt's holes: it leaves in them what was there before, and it
            // cuts the file where they end. So the file is cut first, to one byte.
            let cut = self.upload_stream(OPERATION, &volume, true).map_err(about)?;
            cut.send_hole(1)?;
            cut.finish()?;
        }
        let transfer = self.upload_stream(OPERATION, &volume, shape.is_file).map_err(about)?;
        let mut chunk = vec![0u8; CHUNK];
        let (mut total, mut hole) = (0u64, 0u64);
        loop {
            let count = source.read(&mut chunk).map_err(|error| transfer.local(&error))?;
            let Some(bytes) = chunk.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            // The one byte that is left is written to.
            let is_hole = shape.is_file && total > 0 && bytes.iter().all(|&byte| byte == 0);
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            total = total.saturating_add(count);
            if is_hole {
                hole = hole.saturating_add(count);
                continue;
            }
            if hole > 0 {
                transfer.send_hole(std::mem::take(&mut hole))?;
            }
            transfer.send(bytes)?;
        }
        if shape.is_file && total == 0 {
            transfer.send(&[0])?;
        }
        let rest = shape.length.saturating_sub(total.max(1));
        if shape.is_file && hole.saturating_add(rest) > 0 {
            transfer.send_hole(hole.saturating_add(rest))?;
        }
        transfer.finish()?;
        Ok(total)
    }

    fn upload_stream(
        &self,
        operation: &'static str,
        volume: &Volume,
        sparse: bool,
    ) -> Result<Transfer<'_>> {
        let transfer = self.transfer(operation)?;
        let flags = if sparse { sys::VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM } else { 0 };
        let raw = transfer.stream.raw();
        // SAFETY: both handles are valid; a length of zero means to the end.
        match unsafe { sys::virStorageVolUpload(volume.raw(), raw, 0, 0, flags) } {
            0 => Ok(transfer),
            _ => self.fail(operation),
        }
    }

    fn shape(&self, operation: &'static str, volume: &Volume) -> Result<Shape> {
        // SAFETY: the volume is valid; the text is ours.
        let xml = unsafe { owned_text(sys::virStorageVolGetXMLDesc(volume.raw(), 0)) };
        let xml = VolumeXml::parse(xml.map_or_else(|| self.fail(operation), Ok)?)?;
        let is_raw = xml.get().target_format_kind().as_deref() == Some("raw");
        Ok(Shape {
            is_file: matches!(xml.get().kind().as_deref(), None | Some("file")),
            length: xml.get().capacity().filter(|_| is_raw).unwrap_or(0),
        })
    }

    pub(super) fn download(
        &self,
        pool: &str,
        name: &str,
        mut sink: Box<dyn TransferSink>,
    ) -> Result<u64> {
        const OPERATION: &str = "download volume of pool";
        let volume = self.volume(OPERATION, pool, name)?;
        let transfer = self.transfer(OPERATION)?;
        let flags = sys::VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM;
        let raw = transfer.stream.raw();
        // SAFETY: both handles are valid; a length of zero means to the end.
        if unsafe { sys::virStorageVolDownload(volume.raw(), raw, 0, 0, flags) } < 0 {
            return self.fail(OPERATION).map_err(|error: Error| error.about(name));
        }
        let mut chunk = vec![0u8; CHUNK];
        let mut total = 0u64;
        loop {
            let stop = sys::VIR_STREAM_RECV_STOP_AT_HOLE;
            // SAFETY: the stream is valid and `chunk` has as many bytes as is said.
            let count = unsafe {
                sys::virStreamRecvFlags(raw, chunk.as_mut_ptr().cast(), chunk.len(), stop)
            };
            let length = match usize::try_from(count) {
                Ok(0) => break,
                Ok(count) => {
                    let bytes = chunk.get(..count).unwrap_or_default();
                    sink.data(bytes).map_err(|error| transfer.local(&error))?;
                    u64::try_from(count).unwrap_or(u64::MAX)
                }
                // -3 says that a hole is next.
                Err(_) if count == -3 => {
                    let mut length = 0;
                    // SAFETY: the stream is valid and `length` writable.
                    if unsafe { sys::virStreamRecvHole(raw, &raw mut length, 0) } < 0 {
                        return self.fail(OPERATION);
                    }
                    let length = u64::try_from(length).unwrap_or(0);
                    sink.hole(length).map_err(|error| transfer.local(&error))?;
                    length
                }
                Err(_) => return self.fail(OPERATION),
            };
            total = total.saturating_add(length);
        }
        transfer.finish()?;
        Ok(total)
    }
}
