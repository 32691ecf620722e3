//! Storage pools and volumes of a fake host.

use std::collections::BTreeMap;

use quantix_core::Bytes;
use quantix_xml::Document;

use super::{
    connection::{Call, FakeConnection, absent, conflict, identified, invalid},
    content::Content,
    world::Inner,
};
use crate::{
    Class, Error, PoolInfo, ResourceAct, Result, TransferSink, TransferSource, VolumeInfo,
    view::{Pool, Volume},
};

/// What each pool of a fake host holds.
const POOL_BYTES: u64 = 64 << 30;

/// A pool.
#[derive(Debug)]
pub(super) struct FakePool {
    id: String,
    xml: String,
    path: String,
    active: bool,
    autostart: bool,
    volumes: BTreeMap<String, FakeVolume>,
}

/// A volume.
#[derive(Debug)]
struct FakeVolume {
    path: String,
    format: Option<String>,
    backing: Option<String>,
    capacity: u64,
    content: Content,
}

impl FakePool {
    fn allocation(&self) -> u64 {
        self.volumes.values().map(|volume| volume.content.stored()).sum()
    }
}

fn pool<'i>(inner: &'i mut Inner, operation: &'static str, name: &str) -> Result<&'i mut FakePool> {
    let text = ["no storage pool with matching name '", name, "'"].concat();
    inner.pools.get_mut(name).ok_or_else(|| absent(operation, &text).about(name))
}

/// A pool that is started.
fn open<'i>(inner: &'i mut Inner, operation: &'static str, name: &str) -> Result<&'i mut FakePool> {
    let pool = pool(inner, operation, name)?;
    if pool.active {
        return Ok(pool);
    }
    let text = ["storage pool '", name, "' is not active"].concat();
    Err(conflict(operation, &text).about(name))
}

fn volume<'i>(
    inner: &'i mut Inner,
    operation: &'static str,
    (of, name): (&str, &str),
) -> Result<&'i mut FakeVolume> {
    let text = ["no storage vol with matching name '", name, "'"].concat();
    let volume = open(inner, operation, of)?.volumes.get_mut(name);
    volume.ok_or_else(|| absent(operation, &text).about(name))
}

pub(super) fn list(inner: &mut Inner) -> Vec<PoolInfo> {
    let info = |(name, pool): (&String, &FakePool)| {
        let known = |bytes: u64| Bytes(if pool.active { bytes } else { 0 });
        PoolInfo {
            name: name.clone(),
            id: pool.id.clone(),
            active: pool.active,
            persistent: true,
            autostart: pool.autostart,
            capacity_bytes: known(POOL_BYTES),
            allocation_bytes: known(pool.allocation()),
            available_bytes: known(POOL_BYTES.saturating_sub(pool.allocation())),
        }
    };
    inner.pools.iter().map(info).collect()
}

pub(super) fn define(inner: &mut Inner, xml: &str) -> Result<String> {
    const OPERATION: &str = "define pool";
    let document = Document::parse(xml).map_err(|error| invalid(OPERATION, error))?;
    let wanted = Pool::of(document.root());
    let text = |value: Option<std::borrow::Cow<'_, str>>| {
        value.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    if wanted.kind().is_none() {
        return Err(invalid(OPERATION, "storage pool missing type attribute"));
    }
    let name = text(wanted.name()).or_else(|| text(wanted.source_name()));
    let name = name.ok_or_else(|| invalid(OPERATION, "missing pool source name element"))?;
    // As in libvirt: without a UUID it is another pool, and its name must be free.
    let id = text(wanted.uuid()).unwrap_or_else(|| inner.draw_uuid());
    let path = text(wanted.target_path()).unwrap_or_else(|| ["/fake/", &name].concat());
    let xml = identified(OPERATION, document, &id)?;
    match inner.pools.get_mut(&name) {
        Some(known) if id != known.id => {
            let text = ["pool '", &name, "' already exists with uuid ", &known.id].concat();
            return Err(conflict(OPERATION, &text).about(name));
        }
        Some(known) => known.xml = xml,
        None => {
            let volumes = BTreeMap::new();
            let fresh = FakePool { id, xml, path, active: false, autostart: false, volumes };
            inner.pools.insert(name.clone(), fresh);
        }
    }
    Ok(name)
}

pub(super) fn xml(inner: &mut Inner, name: &str) -> Result<String> {
    Ok(pool(inner, "read XML of pool", name)?.xml.clone())
}

pub(super) fn act(inner: &mut Inner, name: &str, act: ResourceAct) -> Result<()> {
    const OPERATION: &str = "change pool";
    let known = pool(inner, OPERATION, name)?;
    match act {
        ResourceAct::Start => known.active = true,
        ResourceAct::Stop => open(inner, OPERATION, name)?.active = false,
        ResourceAct::Refresh => drop(open(inner, OPERATION, name)?),
        ResourceAct::Autostart => known.autostart = true,
        ResourceAct::NoAutostart => known.autostart = false,
        ResourceAct::Undefine if known.active => {
            let text = ["storage pool '", name, "' is still active"].concat();
            return Err(conflict(OPERATION, &text).about(name));
        }
        ResourceAct::Undefine => drop(inner.pools.remove(name)),
    }
    Ok(())
}

pub(super) fn volumes(inner: &mut Inner, name: &str) -> Result<Vec<VolumeInfo>> {
    let pool = open(inner, "list volumes of pool", name)?;
    let info = |(name, volume): (&String, &FakeVolume)| VolumeInfo {
        name: name.clone(),
        path: volume.path.clone(),
        format: volume.format.clone(),
        capacity_bytes: Bytes(volume.capacity),
        allocation_bytes: Bytes(volume.content.stored()),
        backing: volume.backing.clone(),
    };
    Ok(pool.volumes.iter().map(info).collect())
}

pub(super) fn create_volume(inner: &mut Inner, name: &str, xml: &str) -> Result<String> {
    const OPERATION: &str = "create volume in pool";
    let document = Document::parse(xml).map_err(|error| invalid(OPERATION, error))?;
    let wanted = Volume::of(document.root());
    let pool = open(inner, OPERATION, name)?;
    let file = wanted.name().map(|text| text.trim().to_owned()).unwrap_or_default();
    if file.is_empty() || file.contains('/') {
        return Err(invalid(OPERATION, "a volume needs a name without slashes").about(name));
    }
    let capacity =
        wanted.capacity().ok_or_else(|| invalid(OPERATION, "missing capacity element"))?;
    if pool.volumes.contains_key(&file) {
        let text = ["storage vol '", &file, "' already exists"].concat();
        return Err(conflict(OPERATION, &text).about(file));
    }
    let path = [&pool.path, "/", &file].concat();
    let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
    let volume = FakeVolume {
        path: path.clone(),
        format: Some(owned(wanted.target_format_kind()).unwrap_or_else(|| "raw".to_owned())),
        backing: owned(wanted.backing_store_path()),
        capacity,
        content: Content::default(),
    };
    pool.volumes.insert(file, volume);
    Ok(path)
}

pub(super) fn resize_volume(inner: &mut Inner, place: (&str, &str), bytes: u64) -> Result<()> {
    const OPERATION: &str = "resize volume of pool";
    let volume = volume(inner, OPERATION, place)?;
    if bytes < volume.capacity {
        let text = "Can't shrink capacity below current capacity unless shrink flag explicitly \
                    specified";
        return Err(invalid(OPERATION, text).about(place.1));
    }
    volume.capacity = bytes;
    Ok(())
}

pub(super) fn delete_volume(inner: &mut Inner, (of, name): (&str, &str)) -> Result<()> {
    const OPERATION: &str = "delete volume of pool";
    volume(inner, OPERATION, (of, name))?;
    open(inner, OPERATION, of)?.volumes.remove(name);
    Ok(())
}

/// Pools that start with their host do so; the others are off.
pub(super) fn reboot(inner: &mut Inner) {
    for pool in inner.pools.values_mut() {
        pool.active = pool.autostart;
    }
}

impl FakeConnection {
    /// Takes the content of a volume. It is read before the world is entered: a source may block.
    pub(super) fn upload(
        &self,
        place: (&str, &str),
        mut source: Box<dyn TransferSource>,
    ) -> Result<u64> {
        const OPERATION: &str = "upload volume of pool";
        let taken = Content::take(&mut *source);
        self.call(Call::host("volume_upload"), |inner| {
            let volume = volume(inner, OPERATION, place)?;
            let failed = |text: String| Error::new(Class::Failed, OPERATION, text).about(place.1);
            let content = taken.map_err(|error| failed(error.to_string()))?;
            let length = content.length();
            volume.content = content;
            if volume.format.as_deref() == Some("raw") {
                volume.capacity = volume.capacity.max(length);
            }
            Ok(length)
        })
    }

    /// Gives the content of a volume, holes as holes. A raw volume is as long as its capacity.
    pub(super) fn download(
        &self,
        place: (&str, &str),
        mut sink: Box<dyn TransferSink>,
    ) -> Result<u64> {
        const OPERATION: &str = "download volume of pool";
        let (content, length) = self.call(Call::host("volume_download"), |inner| {
            let volume = volume(inner, OPERATION, place)?;
            let is_raw = volume.format.as_deref() == Some("raw");
            let length = if is_raw { volume.capacity } else { volume.content.length() };
            Ok((volume.content.clone(), length))
        })?;
        let given = content.give(length, &mut *sink);
        given.map_err(|error| Error::new(Class::Failed, OPERATION, error.to_string()))?;
        Ok(length)
    }
}
