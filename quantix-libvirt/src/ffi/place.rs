//! Storage pools, volumes and networks.

use std::ffi::{CString, c_char};

use super::sys;
use quantix_core::Bytes;

use super::{
    Session,
    handles::{Network, Pool, Volume, adopt_list, borrowed_text, c_string, owned_text},
};
use crate::{Class, Error, NetworkInfo, PoolInfo, ResourceAct, Result, VolumeInfo};

/// A UUID as libvirt writes it.
fn uuid_text(read: impl FnOnce(*mut c_char) -> i32) -> String {
    let mut text = [0 as c_char; 37];
    if read(text.as_mut_ptr()) < 0 {
        return String::new();
    }
    // SAFETY: libvirt wrote a C string of 36 characters.
    unsafe { borrowed_text(text.as_ptr()) }
}

impl Session {
    fn pool(&self, operation: &'static str, name: &str) -> Result<Pool> {
        let text = c_string(operation, name)?;
        // SAFETY: the connection is open and `text` a C string.
        let raw = unsafe { sys::virStoragePoolLookupByName(self.connection.raw(), text.as_ptr()) };
        Pool::adopt(raw).map_or_else(|| self.fail(operation), Ok).map_err(|e: Error| e.about(name))
    }

    pub(super) fn volume(&self, operation: &'static str, pool: &str, name: &str) -> Result<Volume> {
        let pool = self.pool(operation, pool)?;
        let text = c_string(operation, name)?;
        // SAFETY: the pool is valid and `text` a C string.
        let raw = unsafe { sys::virStorageVolLookupByName(pool.raw(), text.as_ptr()) };
        Volume::adopt(raw)
            .map_or_else(|| self.fail(operation), Ok)
            .map_err(|e: Error| e.about(name))
    }

    fn network(&self, operation: &'static str, name: &str) -> Result<Network> {
        let text = c_string(operation, name)?;
        // SAFETY: the connection is open and `text` a C string.
        let raw = unsafe { sys::virNetworkLookupByName(self.connection.raw(), text.as_ptr()) };
        Network::adopt(raw)
            .map_or_else(|| self.fail(operation), Ok)
            .map_err(|e: Error| e.about(name))
    }

    pub(super) fn list_pools(&self) -> Result<Vec<PoolInfo>> {
        const OPERATION: &str = "list pools of";
        let mut first = std::ptr::null_mut();
        // SAFETY: the connection is open and `first` writable; the list is ours afterwards.
        let pools = unsafe {
            let raw = self.connection.raw();
            let count = sys::virConnectListAllStoragePools(raw, &raw mut first, 0);
            if count < 0 {
                return self.fail(OPERATION);
            }
            adopt_list(first, count, Pool::adopt)
        };
        let mut infos: Vec<PoolInfo> = pools.iter().map(pool_info).collect();
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }

    pub(super) fn define_pool(&self, xml: &str) -> Result<String> {
        const OPERATION: &str = "define pool";
        let xml = c_string(OPERATION, xml)?;
        // SAFETY: the connection is open and `xml` a C string.
        let raw = unsafe { sys::virStoragePoolDefineXML(self.connection.raw(), xml.as_ptr(), 0) };
        let Some(pool) = Pool::adopt(raw) else { return self.fail(OPERATION) };
        // SAFETY: the pool is valid and keeps its name.
        Ok(unsafe { borrowed_text(sys::virStoragePoolGetName(pool.raw())) })
    }

    pub(super) fn read_pool(&self, name: &str) -> Result<String> {
        const OPERATION: &str = "read XML of pool";
        let pool = self.pool(OPERATION, name)?;
        // SAFETY: the pool is valid; the text is ours.
        let xml = unsafe { owned_text(sys::virStoragePoolGetXMLDesc(pool.raw(), 0)) };
        xml.map_or_else(|| self.fail(OPERATION), Ok)
    }

    pub(super) fn change_pool(&self, name: &str, act: ResourceAct) -> Result<()> {
        const OPERATION: &str = "change pool";
        let pool = self.pool(OPERATION, name)?;
        let raw = pool.raw();
        // SAFETY: the pool is valid.
        let done = unsafe {
            match act {
                ResourceAct::Start if sys::virStoragePoolIsActive(raw) == 1 => 0,
                // Makes the folder or the volume group where it is missing, never over another.
                ResourceAct::Start => {
                    let build = sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD
                        | sys::VIR_STORAGE_POOL_CREATE_WITH_BUILD_NO_OVERWRITE;
                    match sys::virStoragePoolCreate(raw, build) {
                        done if done < 0 => sys::virStoragePoolCreate(raw, 0),
                        done => done,
                    }
                }
                ResourceAct::Stop => sys::virStoragePoolDestroy(raw),
                ResourceAct::Undefine => sys::virStoragePoolUndefine(raw),
                ResourceAct::Autostart => sys::virStoragePoolSetAutostart(raw, 1),
                ResourceAct::NoAutostart => sys::virStoragePoolSetAutostart(raw, 0),
                ResourceAct::Refresh => sys::virStoragePoolRefresh(raw, 0),
            }
        };
        if done < 0 { self.fail(OPERATION).map_err(|e: Error| e.about(name)) } else { Ok(()) }
    }

    pub(super) fn list_volumes(&self, pool: &str) -> Result<Vec<VolumeInfo>> {
        const OPERATION: &str = "list volumes of pool";
        let handle = self.pool(OPERATION, pool)?;
        let mut first = std::ptr::null_mut();
        // SAFETY: the pool is valid and `first` writable; the list is ours afterwards.
        let volumes = unsafe {
            let count = sys::virStoragePoolListAllVolumes(handle.raw(), &raw mut first, 0);
            if count < 0 {
                return self.fail(OPERATION).map_err(|e: Error| e.about(pool));
            }
            adopt_list(first, count, Volume::adopt)
        };
        // A volume that was removed since it was listed has no XML any more.
        let mut infos: Vec<VolumeInfo> = volumes.iter().filter_map(volume_info).collect();
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }

    pub(super) fn create_volume(&self, pool: &str, xml: &str) -> Result<String> {
        const OPERATION: &str = "create volume in pool";
        let handle = self.pool(OPERATION, pool)?;
        let xml = c_string(OPERATION, xml)?;
        // SAFETY: the pool is valid and `xml` a C string.
        let raw = unsafe { sys::virStorageVolCreateXML(handle.raw(), xml.as_ptr(), 0) };
        let Some(volume) = Volume::adopt(raw) else {
            return self.fail(OPERATION).map_err(|e: Error| e.about(pool));
        };
        // SAFETY: the volume is valid; the text is ours.
        let path = unsafe { owned_text(sys::virStorageVolGetPath(volume.raw())) };
        path.map_or_else(|| self.fail(OPERATION), Ok)
    }

    pub(super) fn resize_volume(&self, pool: &str, name: &str, bytes: u64) -> Result<()> {
        const OPERATION: &str = "resize volume of pool";
        let volume = self.volume(OPERATION, pool, name)?;
        // SAFETY: the volume is valid.
        match unsafe { sys::virStorageVolResize(volume.raw(), bytes, 0) } {
            0 => Ok(()),
            _ => self.fail(OPERATION).map_err(|e: Error| e.about(name)),
        }
    }

    pub(super) fn delete_volume(&self, pool: &str, name: &str) -> Result<()> {
        const OPERATION: &str = "delete volume of pool";
        let volume = self.volume(OPERATION, pool, name)?;
        // SAFETY: the volume is valid.
        match unsafe { sys::virStorageVolDelete(volume.raw(), 0) } {
            0 => Ok(()),
            _ => self.fail(OPERATION).map_err(|e: Error| e.about(name)),
        }
    }

    pub(super) fn list_networks(&self) -> Result<Vec<NetworkInfo>> {
        const OPERATION: &str = "list networks of";
        let mut first = std::ptr::null_mut();
        // SAFETY: the connection is open and `first` writable; the list is ours afterwards.
        let networks = unsafe {
            let raw = self.connection.raw();
            let count = sys::virConnectListAllNetworks(raw, &raw mut first, 0);
            if count < 0 {
                return self.fail(OPERATION);
            }
            adopt_list(first, count, Network::adopt)
        };
        let mut infos: Vec<NetworkInfo> = networks.iter().map(network_info).collect();
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }

    pub(super) fn define_network(&self, xml: &str) -> Result<String> {
        const OPERATION: &str = "define network";
        let xml: CString = c_string(OPERATION, xml)?;
        // SAFETY: the connection is open and `xml` a C string.
        let raw = unsafe { sys::virNetworkDefineXML(self.connection.raw(), xml.as_ptr()) };
        let Some(network) = Network::adopt(raw) else { return self.fail(OPERATION) };
        // SAFETY: the network is valid and keeps its name.
        Ok(unsafe { borrowed_text(sys::virNetworkGetName(network.raw())) })
    }

    pub(super) fn read_network(&self, name: &str) -> Result<String> {
        const OPERATION: &str = "read XML of network";
        let network = self.network(OPERATION, name)?;
        // SAFETY: the network is valid; the text is ours.
        let xml = unsafe { owned_text(sys::virNetworkGetXMLDesc(network.raw(), 0)) };
        xml.map_or_else(|| self.fail(OPERATION), Ok)
    }

    pub(super) fn change_network(&self, name: &str, act: ResourceAct) -> Result<()> {
        const OPERATION: &str = "change network";
        let network = self.network(OPERATION, name)?;
        let raw = network.raw();
        // SAFETY: the network is valid.
        let done = unsafe {
            match act {
                ResourceAct::Start if sys::virNetworkIsActive(raw) == 1 => 0,
                ResourceAct::Start => sys::virNetworkCreate(raw),
                ResourceAct::Stop => sys::virNetworkDestroy(raw),
                ResourceAct::Undefine => sys::virNetworkUndefine(raw),
                ResourceAct::Autostart => sys::virNetworkSetAutostart(raw, 1),
                ResourceAct::NoAutostart => sys::virNetworkSetAutostart(raw, 0),
                ResourceAct::Refresh => {
                    let text = "a network has nothing to look at again";
                    return Err(Error::new(Class::Unsupported, OPERATION, text).about(name));
                }
            }
        };
        if done < 0 { self.fail(OPERATION).map_err(|e: Error| e.about(name)) } else { Ok(()) }
    }
}

fn pool_info(pool: &Pool) -> PoolInfo {
    let raw = pool.raw();
    let mut autostart = 0;
    let mut info = sys::virStoragePoolInfo { state: 0, capacity: 0, allocation: 0, available: 0 };
    // SAFETY: the pool is valid; all outputs are writable. What a call cannot say stays zero.
    unsafe {
        sys::virStoragePoolGetAutostart(raw, &raw mut autostart);
        sys::virStoragePoolGetInfo(raw, &raw mut info);
        PoolInfo {
            name: borrowed_text(sys::virStoragePoolGetName(raw)),
            id: uuid_text(|text| sys::virStoragePoolGetUUIDString(raw, text)),
            active: sys::virStoragePoolIsActive(raw) == 1,
            persistent: sys::virStoragePoolIsPersistent(raw) == 1,
            autostart: autostart == 1,
            capacity_bytes: Bytes(info.capacity),
            allocation_bytes: Bytes(info.allocation),
            available_bytes: Bytes(info.available),
        }
    }
}

fn volume_info(volume: &Volume) -> Option<VolumeInfo> {
    // SAFETY: the volume is valid; the texts are ours or the volume's.
    let (name, path, xml) = unsafe {
        (
            borrowed_text(sys::virStorageVolGetName(volume.raw())),
            owned_text(sys::virStorageVolGetPath(volume.raw()))?,
            owned_text(sys::virStorageVolGetXMLDesc(volume.raw(), 0))?,
        )
    };
    crate::view::volume_info(name, path, &xml)
}

fn network_info(network: &Network) -> NetworkInfo {
    let raw = network.raw();
    let mut autostart = 0;
    // SAFETY: the network is valid; `autostart` is writable; the bridge's name is ours.
    unsafe {
        sys::virNetworkGetAutostart(raw, &raw mut autostart);
        NetworkInfo {
            name: borrowed_text(sys::virNetworkGetName(raw)),
            id: uuid_text(|text| sys::virNetworkGetUUIDString(raw, text)),
            active: sys::virNetworkIsActive(raw) == 1,
            persistent: sys::virNetworkIsPersistent(raw) == 1,
            autostart: autostart == 1,
            bridge: owned_text(sys::virNetworkGetBridgeName(raw)),
        }
    }
}
