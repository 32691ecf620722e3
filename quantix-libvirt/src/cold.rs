//! Moving a domain that is off: its definition and its volumes, safe to repeat at every moment.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use quantix_core::Bytes;
use quantix_xml::{Document, NewElement};
use serde::{Deserialize, Serialize};

use crate::{
    Class, DiskDetails, DomainRef, DomainXml, Error, Host, MetadataKey, Result, TransferSink,
    TransferSource, UndefineScope, VolumeInfo, XmlKind,
};

const OPERATION: &str = "move domain that is off";

/// Where the mark of a move is in a domain's metadata.
pub const MOVE_TAG: MetadataKey =
    MetadataKey { prefix: "quantix-move", uri: "urn:quantix:libvirt:move:1" };

/// Chunks that wait between the two hosts.
const CHUNKS_WAITING: usize = 16;

/// The most zeros that are handed on at once.
const ZEROS: usize = 64 << 10;

/// How often the progress is told.
const POLL: Duration = Duration::from_millis(200);

/// How a domain that is off moves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColdMove {
    /// Whether both hosts see the same storage: only the definition moves then.
    pub shared_storage: bool,
    /// The pool of the destination that takes the volumes; the one of the same name where absent.
    pub pool: Option<String>,
}

/// How far a move is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColdProgress {
    /// The disk that is copied, such as `vda`.
    pub disk: String,
    /// What has arrived of it.
    pub bytes: Bytes,
    /// How long it is at most.
    pub total_bytes: Bytes,
}

/// A volume that was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedVolume {
    /// The disk, such as `vda`.
    pub disk: String,
    /// Where it was, and still is.
    pub from: String,
    /// Where it is now.
    pub to: String,
    /// How much was copied, holes among it.
    pub bytes: Bytes,
}

/// A move that is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColdMoveReport {
    /// The domain.
    #[serde(flatten)]
    pub domain: DomainRef,
    /// The volumes that were copied now; those of an earlier, interrupted try that had ended with
    /// all of them in place are not among them. The originals stay where they were.
    pub volumes: Vec<MovedVolume>,
    /// Whether an earlier try had copied everything, so that only its end was missing.
    pub resumed: bool,
}

/// A volume to copy.
struct Copy {
    disk: String,
    path: String,
    from: (String, VolumeInfo),
    to_pool: String,
}

fn error(class: Class, domain: &DomainRef, text: &str) -> Error {
    Error::new(class, OPERATION, text).about(domain)
}

/// The state of a move, as the destination's definition bears it.
fn mark(source: &str, state: &str) -> Result<String> {
    let element = NewElement::new("move").attr("from", source).attr("state", state);
    let document = Document::new(&element)
        .map_err(|error| Error::new(Class::Invalid, OPERATION, error.to_string()))?;
    Ok(document.root().node().raw().into_owned())
}

impl Host {
    /// Moves a domain that is off to another host: its definition goes there marked as incoming, its
    /// volumes follow, the mark becomes `arrived`, and only then does the source lose its
    /// definition. The volumes of the source stay. Wherever it breaks off, the same call again takes
    /// it up: what had not arrived is copied anew, what had is not. The deadline is for each volume.
    ///
    /// Firmware variables and the state of a TPM are not moved: libvirt does not hand them out.
    ///
    /// # Errors
    /// [`Class::Conflict`] where it runs on either side, where the destination has another domain of
    /// this name or UUID, or a volume that is not of this move; [`Class::Unsupported`] for a disk
    /// that is no volume of a pool or stands on another image; else as every call.
    pub async fn move_cold(
        &self,
        domain: &DomainRef,
        there: &Host,
        request: &ColdMove,
        mut progress: impl FnMut(&ColdProgress),
    ) -> Result<ColdMoveReport> {
        let source =
            crate::migrate::host_uuid(self).await?.unwrap_or_else(|| self.uri().to_owned());
        let target =
            crate::migrate::host_uuid(there).await?.unwrap_or_else(|| there.uri().to_owned());
        if source == target {
            return Err(error(Class::Invalid, domain, "both connections lead to the same host"));
        }
        if self.domain_by_id(domain.id).await?.is_none() {
            return ended(there, domain, &source).await;
        }
        let arrived = mark_of(there, domain, &source).await?;
        if self.state(domain.id).await?.is_active() {
            let text = "the domain runs; stop it, or migrate it live";
            return Err(error(Class::Conflict, domain, text));
        }
        let resumed = arrived.as_deref() == Some("arrived");
        let mut volumes = Vec::new();
        if !resumed {
            let xml = self.xml(domain.id, XmlKind::NextBootWithSecrets).await?;
            let xml = DomainXml::parse(xml)?;
            let copies = self.copies(domain, there, &xml, request).await?;
            let is_ours = arrived.is_some();
            let paths = copy_targets(domain, there, &copies, is_ours).await?;
            // The mark is in the definition from the first: whatever breaks off, it is known again.
            there.define(&moved_xml(xml, &copies, &paths, &source)?).await?;
            for copy in copies {
                volumes.push(self.copy_volume(there, copy, &mut progress).await?);
            }
            if self.state(domain.id).await?.is_active() {
                let text = "the domain was started while its volumes were copied";
                let error = error(Class::Conflict, domain, text);
                return Err(error.with_remedy("stop it, and move it again"));
            }
            there.set_metadata(domain.id, &MOVE_TAG, Some(&mark(&source, "arrived")?)).await?;
        }
        // Twice the same definition for a moment: better than none.
        match self.undefine(domain.id, UndefineScope::EVERYTHING).await {
            Err(error) if error.is_not_found() => {}
            outcome => outcome?,
        }
        there.set_metadata(domain.id, &MOVE_TAG, None).await?;
        Ok(ColdMoveReport { domain: domain.clone(), volumes, resumed })
    }

    /// The volumes that must be copied.
    async fn copies(
        &self,
        domain: &DomainRef,
        there: &Host,
        xml: &DomainXml,
        request: &ColdMove,
    ) -> Result<Vec<Copy>> {
        let disks = xml.details().disks.into_iter();
        let disks: Vec<DiskDetails> =
            disks.filter(|disk| disk.source.is_some() && !disk.readonly).collect();
        if request.shared_storage || disks.is_empty() {
            return Ok(Vec::new());
        }
        let mut known = Vec::new();
        for pool in self.pools().await?.into_iter().filter(|pool| pool.active) {
            let volumes = self.volumes(&pool.name).await?;
            known.extend(volumes.into_iter().map(|volume| (pool.name.clone(), volume)));
        }
        let pools = there.pools().await?;
        let mut copies = Vec::new();
        for disk in disks {
            let path = disk.source.unwrap_or_default();
            let found = known.iter().find(|(_, volume)| volume.path == path);
            let Some((pool, volume)) = found else {
                let text = ["disk ", &disk.target, " (", &path, ") is no volume of a pool here"];
                let error = error(Class::Unsupported, domain, &text.concat());
                return Err(error.with_remedy(
                    "define a pool on its folder, or say `shared_storage` if both hosts see it",
                ));
            };
            if let Some(backing) = &volume.backing {
                let text = ["disk ", &disk.target, " stands on the image ", backing].concat();
                let error = error(Class::Unsupported, domain, &text);
                return Err(error.with_remedy("pull that image into it first"));
            }
            let to_pool = request.pool.clone().unwrap_or_else(|| pool.clone());
            if !pools.iter().any(|known| known.name == to_pool && known.active) {
                let text = ["the destination has no started pool ", &to_pool].concat();
                return Err(error(Class::NotFound, domain, &text).with_remedy("name one in `pool`"));
            }
            let from = (pool.clone(), volume.clone());
            copies.push(Copy { disk: disk.target, path, from, to_pool });
        }
        Ok(copies)
    }

    /// Copies one volume, over whatever an earlier try has left.
    async fn copy_volume(
        &self,
        there: &Host,
        copy: Copy,
        progress: &mut impl FnMut(&ColdProgress),
    ) -> Result<MovedVolume> {
        let Copy { disk, path, from: (pool, volume), to_pool } = copy;
        match there.volume_delete(&to_pool, &volume.name).await {
            Err(error) if error.is_not_found() => {}
            outcome => outcome?,
        }
        let to = there.volume_create(&to_pool, &volume_xml(&volume)?).await?;
        let arrived = Arc::new(AtomicU64::new(0));
        let (sender, receiver) = mpsc::sync_channel(CHUNKS_WAITING);
        let source =
            Outlet { receiver, now: Vec::new(), at: 0, zeros: 0, arrived: arrived.clone() };
        let down = self.volume_download(&pool, &volume.name, Inlet(sender));
        let up = there.volume_upload(&to_pool, &volume.name, source);
        let mut both = std::pin::pin!(async { tokio::join!(down, up) });
        let total_bytes = volume.capacity_bytes;
        let (down, up) = loop {
            tokio::select! {
                outcome = &mut both => break outcome,
                () = tokio::time::sleep(POLL) => progress(&ColdProgress {
                    disk: disk.clone(),
                    bytes: Bytes(arrived.load(Ordering::Relaxed)),
                    total_bytes,
                }),
            }
        };
        // What broke above is why the other side broke below.
        let (down, up) = match (down, up) {
            (Err(error), Err(other)) if error.class() == Class::Failed => return Err(other),
            (down, up) => (down?, up?),
        };
        if down != up {
            let text = "the volume did not arrive whole; try again";
            return Err(Error::new(Class::Retryable, OPERATION, text).about(path));
        }
        let bytes = Bytes(up);
        progress(&ColdProgress { disk: disk.clone(), bytes, total_bytes: bytes });
        Ok(MovedVolume { disk, from: path, to, bytes })
    }
}

/// The end of a move whose source has lost its definition already, perhaps with the last word.
async fn ended(there: &Host, domain: &DomainRef, source: &str) -> Result<ColdMoveReport> {
    if there.domain_by_id(domain.id).await?.is_none() {
        return Err(error(Class::NotFound, domain, "neither host has such a domain"));
    }
    match mark_state(there, domain, source).await? {
        Some(state) if state != "arrived" => {
            let text = "the source has lost its definition before the domain had arrived";
            return Err(error(Class::Conflict, domain, text));
        }
        Some(_) => there.set_metadata(domain.id, &MOVE_TAG, None).await?,
        None => {}
    }
    Ok(ColdMoveReport { domain: domain.clone(), volumes: Vec::new(), resumed: true })
}

/// The state that the mark of a move from a source tells.
async fn mark_state(there: &Host, domain: &DomainRef, source: &str) -> Result<Option<String>> {
    let mark = there.metadata(domain.id, &MOVE_TAG).await?;
    let mark = mark.and_then(|xml| Document::parse(&xml).ok());
    Ok(mark.as_ref().and_then(|mark| {
        let root = mark.root();
        let state = root.attr("state").filter(|_| root.attr("from").as_deref() == Some(source));
        state.map(std::borrow::Cow::into_owned)
    }))
}

/// What the destination says about a move of a domain from a source; nothing where it does not know
/// the domain.
async fn mark_of(there: &Host, domain: &DomainRef, source: &str) -> Result<Option<String>> {
    let other = there.domain_by_name(&domain.name).await?;
    if other.is_some_and(|other| other.id != domain.id) {
        let text = "the destination has another domain of this name";
        return Err(error(Class::Conflict, domain, text));
    }
    if there.domain_by_id(domain.id).await?.is_none() {
        return Ok(None);
    }
    let state = mark_state(there, domain, source).await?;
    let Some(state) = state else {
        let text = "the destination has a domain of this UUID that no move from here has brought";
        let error = error(Class::Conflict, domain, text);
        return Err(error.with_remedy("look on both hosts, and delete the one that is not wanted"));
    };
    if there.state(domain.id).await?.is_active() {
        let text = "the domain runs at the destination although it has not arrived";
        return Err(error(Class::Conflict, domain, text));
    }
    Ok(Some(state))
}

/// Where the volumes will be. A volume that is there already must be of an earlier try.
async fn copy_targets(
    domain: &DomainRef,
    there: &Host,
    copies: &[Copy],
    is_ours: bool,
) -> Result<Vec<String>> {
    let mut paths = Vec::with_capacity(copies.len());
    for copy in copies {
        let name = &copy.from.1.name;
        let known = there.volumes(&copy.to_pool).await?;
        match known.into_iter().find(|volume| volume.name == *name) {
            Some(volume) if is_ours => paths.push(volume.path),
            Some(volume) => {
                let text = ["the destination has a volume ", &volume.path, " already"].concat();
                let error = error(Class::Conflict, domain, &text);
                return Err(
                    error.with_remedy("remove it if nothing needs it, or name another pool")
                );
            }
            None => paths.push(target_path(there, &copy.to_pool, name).await?),
        }
    }
    Ok(paths)
}

/// The path that a volume will have in a pool.
async fn target_path(there: &Host, pool: &str, name: &str) -> Result<String> {
    let xml = crate::view::PoolXml::parse(there.pool_xml(pool).await?)?;
    let folder = xml.get().target_path().map(std::borrow::Cow::into_owned);
    folder.map(|folder| [folder.trim_end_matches('/'), "/", name].concat()).ok_or_else(|| {
        let text = "the pool has no folder in which a volume's path could be foretold";
        Error::new(Class::Unsupported, OPERATION, text).about(pool)
    })
}

/// The definition with the disks where they will be, marked as incoming.
fn moved_xml(mut xml: DomainXml, copies: &[Copy], paths: &[String], from: &str) -> Result<String> {
    for (copy, path) in copies.iter().zip(paths) {
        let disk = xml.disk(&copy.disk);
        let source = disk.and_then(|disk| xml.document().element(disk)?.child("source"));
        if let Some(source) = source.map(|source| source.id())
            && copy.path != *path
        {
            let edited = xml.document_mut().set_attribute(source, "file", path);
            edited.map_err(crate::view::refused)?;
        }
    }
    let document = xml.document_mut();
    let metadata = document.root().child("metadata").map(|metadata| metadata.id());
    let metadata = match metadata {
        Some(metadata) => metadata,
        None => {
            let root = document.root().id();
            document.append(root, &NewElement::new("metadata")).map_err(crate::view::refused)?
        }
    };
    let old = document.element(metadata).and_then(|metadata| {
        let mut marks = metadata.elements();
        marks.find(|e| e.namespace().as_deref() == Some(MOVE_TAG.uri)).map(|mark| mark.id())
    });
    if let Some(old) = old {
        document.remove(old).map_err(crate::view::refused)?;
    }
    let prefixed = |text: &str| [text, MOVE_TAG.prefix].concat();
    let mark = NewElement::new([MOVE_TAG.prefix, ":move"].concat())
        .attr(prefixed("xmlns:"), MOVE_TAG.uri)
        .attr("from", from)
        .attr("state", "incoming");
    document.append(metadata, &mark).map_err(crate::view::refused)?;
    Ok(xml.to_string())
}

fn volume_xml(volume: &VolumeInfo) -> Result<String> {
    let format = volume.format.as_deref().unwrap_or("raw");
    let element = NewElement::new("volume")
        .child(NewElement::new("name").text(volume.name.as_str()))
        .child(
            NewElement::new("capacity")
                .attr("unit", "bytes")
                .text(volume.capacity_bytes.0.to_string()),
        )
        .child(NewElement::new("allocation").text("0"))
        .child(NewElement::new("target").child(NewElement::new("format").attr("type", format)));
    let document = Document::new(&element);
    document
        .map(|document| document.to_string())
        .map_err(|error| Error::new(Class::Invalid, OPERATION, error.to_string()))
}

enum Chunk {
    Data(Vec<u8>),
    Hole(u64),
}

/// Takes what the source gives.
struct Inlet(mpsc::SyncSender<Chunk>);

impl TransferSink for Inlet {
    fn data(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.send(Chunk::Data(bytes.to_vec())).map_err(std::io::Error::other)
    }

    fn hole(&mut self, length: u64) -> std::io::Result<()> {
        self.0.send(Chunk::Hole(length)).map_err(std::io::Error::other)
    }
}

/// Gives it to the destination. Its end may also be that of a source that broke off, which is why
/// the lengths are compared.
struct Outlet {
    receiver: mpsc::Receiver<Chunk>,
    now: Vec<u8>,
    at: usize,
    zeros: u64,
    arrived: Arc<AtomicU64>,
}

impl TransferSource for Outlet {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.now.len() && self.zeros == 0 {
            match self.receiver.recv() {
                Ok(Chunk::Data(bytes)) => (self.now, self.at) = (bytes, 0),
                Ok(Chunk::Hole(length)) => self.zeros = length,
                Err(_) => return Ok(0),
            }
        }
        let count = if self.zeros > 0 {
            let zeros = usize::try_from(self.zeros).unwrap_or(usize::MAX);
            let count = buffer.len().min(zeros).min(ZEROS);
            buffer.get_mut(..count).unwrap_or_default().fill(0);
            self.zeros -= count as u64;
            count
        } else {
            let rest = self.now.get(self.at..).unwrap_or_default();
            let count = buffer.len().min(rest.len());
            for (to, from) in buffer.iter_mut().zip(rest) {
                *to = *from;
            }
            self.at += count;
            count
        };
        self.arrived.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
