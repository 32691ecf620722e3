//! libvirt's functions, found when the first connection is made and not when the program starts.
//!
//! A program that never connects so needs no libvirt: the Python package and the C library are used
//! for appliances and customization alone on machines without it. Types and constants are those of
//! `virt-sys`; none of its functions is called, so nothing is linked.

#![allow(non_snake_case, reason = "the names of functions and arguments are libvirt's")]

use std::{
    ffi::{
        CStr, CString, c_char, c_int, c_longlong, c_uchar, c_uint, c_ulong, c_ulonglong, c_void,
    },
    sync::OnceLock,
};

pub(super) use virt_sys::*;

use super::handles::borrowed_text;
use crate::{Class, Error, Result};

/// A library that stays loaded for the life of the process.
struct Library {
    handle: *mut c_void,
    name: &'static str,
}

fn refused(name: &str) -> Error {
    // SAFETY: the text is of this thread and valid until its next call of this family.
    let why = unsafe { borrowed_text(libc::dlerror()) };
    let text = [name, ": ", &why].concat();
    Error::new(Class::Failed, "load libvirt for", text)
        .with_remedy("install libvirt's client library: the package libvirt0, or libvirt-libs")
}

impl Library {
    fn open(name: &'static str) -> Result<Self> {
        let text = CString::new(name).unwrap_or_default();
        // SAFETY: `text` is a C string; libvirt's initialisers have no requirement of their own.
        let handle = unsafe { libc::dlopen(text.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() { Err(refused(name)) } else { Ok(Self { handle, name }) }
    }

    fn find(&self, symbol: &CStr) -> Result<*mut c_void> {
        // SAFETY: the library is open and `symbol` a C string.
        let address = unsafe { libc::dlsym(self.handle, symbol.as_ptr()) };
        if address.is_null() { Err(refused(self.name)) } else { Ok(address) }
    }
}

macro_rules! functions {
    ($($library:literal: {
        $(fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)?;)*
    })*) => {
        struct Table {
            $($($name: unsafe extern "C" fn($($type),*) $(-> $out)?,)*)*
        }

        impl Table {
            fn load() -> Result<Self> {
                $(let functions = Library::open($library)?;
                $(let $name = {
                    let symbol = concat!(stringify!($name), "\0").as_bytes();
                    let symbol = CStr::from_bytes_until_nul(symbol).unwrap_or_default();
                    functions.find(symbol)?
                };)*)*
                // SAFETY: each symbol is the function of its name in libvirt's stable interface, so
                // its type is the one that the headers declare and `virt-sys` repeats.
                unsafe {
                    Ok(Self { $($($name: std::mem::transmute::<
                        *mut c_void,
                        unsafe extern "C" fn($($type),*) $(-> $out)?
                    >($name),)*)* })
                }
            }
        }

        $($(
            #[allow(clippy::too_many_arguments, reason = "the arguments are libvirt's")]
            pub(super) unsafe extern "C" fn $name($($arg: $type),*) $(-> $out)? {
                // SAFETY: the caller keeps what libvirt documents for this function.
                unsafe { (table().$name)($($arg),*) }
            }
        )*)*
    };
}

static TABLE: OnceLock<Result<Table>> = OnceLock::new();

/// Loads libvirt, once; must succeed before any function here is called.
pub(super) fn load() -> Result<()> {
    TABLE.get_or_init(Table::load).as_ref().map(drop).map_err(Clone::clone)
}

fn table() -> &'static Table {
    match TABLE.get_or_init(Table::load) {
        Ok(table) => table,
        // Cannot be: the event loop, which every connection starts first, has loaded the table, and
        // all other functions take what a connection gave.
        Err(_) => std::process::abort(),
    }
}

functions! {
    "libvirt.so.0": {
        fn virConnectClose(conn: virConnectPtr) -> c_int;
        fn virConnectDomainEventDeregisterAny(conn: virConnectPtr, callbackID: c_int) -> c_int;
        fn virConnectDomainEventRegisterAny(
            conn: virConnectPtr,
            dom: virDomainPtr,
            eventID: c_int,
            cb: virConnectDomainEventGenericCallback,
            opaque: *mut c_void,
            freecb: virFreeCallback,
        ) -> c_int;
        fn virConnectGetAllDomainStats(
            conn: virConnectPtr,
            stats: c_uint,
            retStats: *mut *mut virDomainStatsRecordPtr,
            flags: c_uint,
        ) -> c_int;
        fn virConnectGetCapabilities(conn: virConnectPtr) -> *mut c_char;
        fn virConnectGetDomainCapabilities(
            conn: virConnectPtr,
            emulatorbin: *const c_char,
            arch: *const c_char,
            machine: *const c_char,
            virttype: *const c_char,
            flags: c_uint,
        ) -> *mut c_char;
        fn virConnectGetHostname(conn: virConnectPtr) -> *mut c_char;
        fn virConnectGetLibVersion(conn: virConnectPtr, libVer: *mut c_ulong) -> c_int;
        fn virConnectGetType(conn: virConnectPtr) -> *const c_char;
        fn virConnectGetURI(conn: virConnectPtr) -> *mut c_char;
        fn virConnectGetVersion(conn: virConnectPtr, hvVer: *mut c_ulong) -> c_int;
        fn virConnectIsAlive(conn: virConnectPtr) -> c_int;
        fn virConnectListAllNWFilters(
            conn: virConnectPtr,
            filters: *mut *mut virNWFilterPtr,
            flags: c_uint,
        ) -> c_int;
        fn virConnectListAllNetworks(
            conn: virConnectPtr,
            nets: *mut *mut virNetworkPtr,
            flags: c_uint,
        ) -> c_int;
        fn virConnectListAllStoragePools(
            conn: virConnectPtr,
            pools: *mut *mut virStoragePoolPtr,
            flags: c_uint,
        ) -> c_int;
        fn virConnectOpen(name: *const c_char) -> virConnectPtr;
        fn virConnectRegisterCloseCallback(
            conn: virConnectPtr,
            cb: virConnectCloseFunc,
            opaque: *mut c_void,
            freecb: virFreeCallback,
        ) -> c_int;
        fn virConnectSetKeepAlive(conn: virConnectPtr, interval: c_int, count: c_uint) -> c_int;
        fn virConnectUnregisterCloseCallback(conn: virConnectPtr, cb: virConnectCloseFunc) -> c_int;
        fn virDomainAbortJob(dom: virDomainPtr) -> c_int;
        fn virDomainAttachDeviceFlags(domain: virDomainPtr, xml: *const c_char, flags: c_uint)
        -> c_int;
        fn virDomainBackupBegin(
            domain: virDomainPtr,
            backupXML: *const c_char,
            checkpointXML: *const c_char,
            flags: c_uint,
        ) -> c_int;
        fn virDomainBlockCommit(
            dom: virDomainPtr,
            disk: *const c_char,
            base: *const c_char,
            top: *const c_char,
            bandwidth: c_ulong,
            flags: c_uint,
        ) -> c_int;
        fn virDomainBlockCopy(
            dom: virDomainPtr,
            disk: *const c_char,
            destxml: *const c_char,
            params: virTypedParameterPtr,
            nparams: c_int,
            flags: c_uint,
        ) -> c_int;
        fn virDomainBlockJobAbort(dom: virDomainPtr, disk: *const c_char, flags: c_uint) -> c_int;
        fn virDomainBlockPull(
            dom: virDomainPtr,
            disk: *const c_char,
            bandwidth: c_ulong,
            flags: c_uint,
        ) -> c_int;
        fn virDomainBlockRebase(
            dom: virDomainPtr,
            disk: *const c_char,
            base: *const c_char,
            bandwidth: c_ulong,
            flags: c_uint,
        ) -> c_int;
        fn virDomainBlockResize(
            dom: virDomainPtr,
            disk: *const c_char,
            size: c_ulonglong,
            flags: c_uint,
        ) -> c_int;
        fn virDomainCheckpointDelete(checkpoint: virDomainCheckpointPtr, flags: c_uint) -> c_int;
        fn virDomainCheckpointFree(checkpoint: virDomainCheckpointPtr) -> c_int;
        fn virDomainCheckpointGetXMLDesc(
            checkpoint: virDomainCheckpointPtr,
            flags: c_uint,
        ) -> *mut c_char;
        fn virDomainCheckpointLookupByName(
            domain: virDomainPtr,
            name: *const c_char,
            flags: c_uint,
        ) -> virDomainCheckpointPtr;
        fn virDomainCreateWithFlags(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainDefineXMLFlags(
            conn: virConnectPtr,
            xml: *const c_char,
            flags: c_uint,
        ) -> virDomainPtr;
        fn virDomainDestroyFlags(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainDetachDeviceFlags(domain: virDomainPtr, xml: *const c_char, flags: c_uint)
        -> c_int;
        fn virDomainFSFreeze(
            dom: virDomainPtr,
            mountpoints: *mut *const c_char,
            nmountpoints: c_uint,
            flags: c_uint,
        ) -> c_int;
        fn virDomainFSThaw(
            dom: virDomainPtr,
            mountpoints: *mut *const c_char,
            nmountpoints: c_uint,
            flags: c_uint,
        ) -> c_int;
        fn virDomainFree(domain: virDomainPtr) -> c_int;
        fn virDomainGetAutostart(domain: virDomainPtr, autostart: *mut c_int) -> c_int;
        fn virDomainGetBlockIoTune(
            dom: virDomainPtr,
            disk: *const c_char,
            params: virTypedParameterPtr,
            nparams: *mut c_int,
            flags: c_uint,
        ) -> c_int;
        fn virDomainGetBlockJobInfo(
            dom: virDomainPtr,
            disk: *const c_char,
            info: virDomainBlockJobInfoPtr,
            flags: c_uint,
        ) -> c_int;
        fn virDomainGetInfo(domain: virDomainPtr, info: virDomainInfoPtr) -> c_int;
        fn virDomainGetJobStats(
            domain: virDomainPtr,
            type_: *mut c_int,
            params: *mut virTypedParameterPtr,
            nparams: *mut c_int,
            flags: c_uint,
        ) -> c_int;
        fn virDomainGetMetadata(
            domain: virDomainPtr,
            type_: c_int,
            uri: *const c_char,
            flags: c_uint,
        ) -> *mut c_char;
        fn virDomainGetName(domain: virDomainPtr) -> *const c_char;
        fn virDomainGetState(
            domain: virDomainPtr,
            state: *mut c_int,
            reason: *mut c_int,
            flags: c_uint,
        ) -> c_int;
        fn virDomainGetUUID(domain: virDomainPtr, uuid: *mut c_uchar) -> c_int;
        fn virDomainGetXMLDesc(domain: virDomainPtr, flags: c_uint) -> *mut c_char;
        fn virDomainHasManagedSaveImage(dom: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainInterfaceAddresses(
            dom: virDomainPtr,
            ifaces: *mut *mut virDomainInterfacePtr,
            source: c_uint,
            flags: c_uint,
        ) -> c_int;
        fn virDomainInterfaceFree(iface: virDomainInterfacePtr);
        fn virDomainIsPersistent(dom: virDomainPtr) -> c_int;
        fn virDomainListAllCheckpoints(
            domain: virDomainPtr,
            checkpoints: *mut *mut virDomainCheckpointPtr,
            flags: c_uint,
        ) -> c_int;
        fn virDomainListAllSnapshots(
            domain: virDomainPtr,
            snaps: *mut *mut virDomainSnapshotPtr,
            flags: c_uint,
        ) -> c_int;
        fn virDomainListGetStats(
            doms: *mut virDomainPtr,
            stats: c_uint,
            retStats: *mut *mut virDomainStatsRecordPtr,
            flags: c_uint,
        ) -> c_int;
        fn virDomainLookupByName(conn: virConnectPtr, name: *const c_char) -> virDomainPtr;
        fn virDomainLookupByUUID(conn: virConnectPtr, uuid: *const c_uchar) -> virDomainPtr;
        fn virDomainManagedSave(dom: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainManagedSaveRemove(dom: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainMigrateStartPostCopy(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainMigrateToURI3(
            domain: virDomainPtr,
            dconnuri: *const c_char,
            params: virTypedParameterPtr,
            nparams: c_uint,
            flags: c_uint,
        ) -> c_int;
        fn virDomainOpenConsole(
            dom: virDomainPtr,
            dev_name: *const c_char,
            st: virStreamPtr,
            flags: c_uint,
        ) -> c_int;
        fn virDomainReboot(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainReset(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainResume(domain: virDomainPtr) -> c_int;
        fn virDomainRevertToSnapshot(snapshot: virDomainSnapshotPtr, flags: c_uint) -> c_int;
        fn virDomainScreenshot(
            domain: virDomainPtr,
            stream: virStreamPtr,
            screen: c_uint,
            flags: c_uint,
        ) -> *mut c_char;
        fn virDomainSetAutostart(domain: virDomainPtr, autostart: c_int) -> c_int;
        fn virDomainSetBlockIoTune(
            dom: virDomainPtr,
            disk: *const c_char,
            params: virTypedParameterPtr,
            nparams: c_int,
            flags: c_uint,
        ) -> c_int;
        fn virDomainSetMemoryFlags(domain: virDomainPtr, memory: c_ulong, flags: c_uint) -> c_int;
        fn virDomainSetMetadata(
            domain: virDomainPtr,
            type_: c_int,
            metadata: *const c_char,
            key: *const c_char,
            uri: *const c_char,
            flags: c_uint,
        ) -> c_int;
        fn virDomainSetVcpusFlags(domain: virDomainPtr, nvcpus: c_uint, flags: c_uint) -> c_int;
        fn virDomainShutdownFlags(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainSnapshotCreateXML(
            domain: virDomainPtr,
            xmlDesc: *const c_char,
            flags: c_uint,
        ) -> virDomainSnapshotPtr;
        fn virDomainSnapshotDelete(snapshot: virDomainSnapshotPtr, flags: c_uint) -> c_int;
        fn virDomainSnapshotFree(snapshot: virDomainSnapshotPtr) -> c_int;
        fn virDomainSnapshotGetName(snapshot: virDomainSnapshotPtr) -> *const c_char;
        fn virDomainSnapshotGetXMLDesc(snapshot: virDomainSnapshotPtr, flags: c_uint) -> *mut c_char;
        fn virDomainSnapshotIsCurrent(snapshot: virDomainSnapshotPtr, flags: c_uint) -> c_int;
        fn virDomainSnapshotLookupByName(
            domain: virDomainPtr,
            name: *const c_char,
            flags: c_uint,
        ) -> virDomainSnapshotPtr;
        fn virDomainStatsRecordListFree(stats: *mut virDomainStatsRecordPtr);
        fn virDomainSuspend(domain: virDomainPtr) -> c_int;
        fn virDomainUndefineFlags(domain: virDomainPtr, flags: c_uint) -> c_int;
        fn virDomainUpdateDeviceFlags(domain: virDomainPtr, xml: *const c_char, flags: c_uint)
        -> c_int;
        fn virEventRegisterDefaultImpl() -> c_int;
        fn virEventRunDefaultImpl() -> c_int;
        fn virGetLastError() -> virErrorPtr;
        fn virInitialize() -> c_int;
        fn virNWFilterDefineXML(conn: virConnectPtr, xmlDesc: *const c_char) -> virNWFilterPtr;
        fn virNWFilterFree(nwfilter: virNWFilterPtr) -> c_int;
        fn virNWFilterGetName(nwfilter: virNWFilterPtr) -> *const c_char;
        fn virNWFilterGetXMLDesc(nwfilter: virNWFilterPtr, flags: c_uint) -> *mut c_char;
        fn virNWFilterLookupByName(conn: virConnectPtr, name: *const c_char) -> virNWFilterPtr;
        fn virNWFilterUndefine(nwfilter: virNWFilterPtr) -> c_int;
        fn virNetworkCreate(network: virNetworkPtr) -> c_int;
        fn virNetworkDefineXML(conn: virConnectPtr, xmlDesc: *const c_char) -> virNetworkPtr;
        fn virNetworkDestroy(network: virNetworkPtr) -> c_int;
        fn virConnectListAllNodeDevices(
            conn: virConnectPtr,
            devices: *mut *mut virNodeDevicePtr,
            flags: c_uint,
        ) -> c_int;
        fn virNodeDeviceFree(dev: virNodeDevicePtr) -> c_int;
        fn virNodeDeviceGetXMLDesc(dev: virNodeDevicePtr, flags: c_uint) -> *mut c_char;
        fn virNetworkFree(network: virNetworkPtr) -> c_int;
        fn virNetworkGetAutostart(network: virNetworkPtr, autostart: *mut c_int) -> c_int;
        fn virNetworkGetBridgeName(network: virNetworkPtr) -> *mut c_char;
        fn virNetworkGetName(network: virNetworkPtr) -> *const c_char;
        fn virNetworkGetUUIDString(network: virNetworkPtr, buf: *mut c_char) -> c_int;
        fn virNetworkGetXMLDesc(network: virNetworkPtr, flags: c_uint) -> *mut c_char;
        fn virNetworkIsActive(net: virNetworkPtr) -> c_int;
        fn virNetworkIsPersistent(net: virNetworkPtr) -> c_int;
        fn virNetworkLookupByName(conn: virConnectPtr, name: *const c_char) -> virNetworkPtr;
        fn virNetworkSetAutostart(network: virNetworkPtr, autostart: c_int) -> c_int;
        fn virNetworkUndefine(network: virNetworkPtr) -> c_int;
        fn virNodeGetFreeMemory(conn: virConnectPtr) -> c_ulonglong;
        fn virNodeGetInfo(conn: virConnectPtr, info: virNodeInfoPtr) -> c_int;
        fn virSetErrorFunc(userData: *mut c_void, handler: virErrorFunc);
        fn virStoragePoolCreate(pool: virStoragePoolPtr, flags: c_uint) -> c_int;
        fn virStoragePoolDefineXML(
            conn: virConnectPtr,
            xmlDesc: *const c_char,
            flags: c_uint,
        ) -> virStoragePoolPtr;
        fn virStoragePoolDestroy(pool: virStoragePoolPtr) -> c_int;
        fn virStoragePoolFree(pool: virStoragePoolPtr) -> c_int;
        fn virStoragePoolGetAutostart(pool: virStoragePoolPtr, autostart: *mut c_int) -> c_int;
        fn virStoragePoolGetInfo(vol: virStoragePoolPtr, info: virStoragePoolInfoPtr) -> c_int;
        fn virStoragePoolGetName(pool: virStoragePoolPtr) -> *const c_char;
        fn virStoragePoolGetUUIDString(pool: virStoragePoolPtr, buf: *mut c_char) -> c_int;
        fn virStoragePoolGetXMLDesc(pool: virStoragePoolPtr, flags: c_uint) -> *mut c_char;
        fn virStoragePoolIsActive(pool: virStoragePoolPtr) -> c_int;
        fn virStoragePoolIsPersistent(pool: virStoragePoolPtr) -> c_int;
        fn virStoragePoolListAllVolumes(
            pool: virStoragePoolPtr,
            vols: *mut *mut virStorageVolPtr,
            flags: c_uint,
        ) -> c_int;
        fn virStoragePoolLookupByName(conn: virConnectPtr, name: *const c_char) -> virStoragePoolPtr;
        fn virStoragePoolRefresh(pool: virStoragePoolPtr, flags: c_uint) -> c_int;
        fn virStoragePoolSetAutostart(pool: virStoragePoolPtr, autostart: c_int) -> c_int;
        fn virStoragePoolUndefine(pool: virStoragePoolPtr) -> c_int;
        fn virStorageVolCreateXML(
            pool: virStoragePoolPtr,
            xmldesc: *const c_char,
            flags: c_uint,
        ) -> virStorageVolPtr;
        fn virStorageVolDelete(vol: virStorageVolPtr, flags: c_uint) -> c_int;
        fn virStorageVolDownload(
            vol: virStorageVolPtr,
            stream: virStreamPtr,
            offset: c_ulonglong,
            length: c_ulonglong,
            flags: c_uint,
        ) -> c_int;
        fn virStorageVolFree(vol: virStorageVolPtr) -> c_int;
        fn virStorageVolGetName(vol: virStorageVolPtr) -> *const c_char;
        fn virStorageVolGetPath(vol: virStorageVolPtr) -> *mut c_char;
        fn virStorageVolGetXMLDesc(pool: virStorageVolPtr, flags: c_uint) -> *mut c_char;
        fn virStorageVolLookupByName(pool: virStoragePoolPtr, name: *const c_char) -> virStorageVolPtr;
        fn virStorageVolResize(vol: virStorageVolPtr, capacity: c_ulonglong, flags: c_uint) -> c_int;
        fn virStorageVolUpload(
            vol: virStorageVolPtr,
            stream: virStreamPtr,
            offset: c_ulonglong,
            length: c_ulonglong,
            flags: c_uint,
        ) -> c_int;
        fn virStreamAbort(st: virStreamPtr) -> c_int;
        fn virStreamEventAddCallback(
            stream: virStreamPtr,
            events: c_int,
            cb: virStreamEventCallback,
            opaque: *mut c_void,
            ff: virFreeCallback,
        ) -> c_int;
        fn virStreamEventRemoveCallback(stream: virStreamPtr) -> c_int;
        fn virStreamFinish(st: virStreamPtr) -> c_int;
        fn virStreamFree(st: virStreamPtr) -> c_int;
        fn virStreamNew(conn: virConnectPtr, flags: c_uint) -> virStreamPtr;
        fn virStreamRecv(st: virStreamPtr, data: *mut c_char, nbytes: usize) -> c_int;
        fn virStreamRecvFlags(
            st: virStreamPtr,
            data: *mut c_char,
            nbytes: usize,
            flags: c_uint,
        ) -> c_int;
        fn virStreamRecvHole(arg1: virStreamPtr, length: *mut c_longlong, flags: c_uint) -> c_int;
        fn virStreamSend(st: virStreamPtr, data: *const c_char, nbytes: usize) -> c_int;
        fn virStreamSendHole(st: virStreamPtr, length: c_longlong, flags: c_uint) -> c_int;
        fn virTypedParamsAddString(
            params: *mut virTypedParameterPtr,
            nparams: *mut c_int,
            maxparams: *mut c_int,
            name: *const c_char,
            value: *const c_char,
        ) -> c_int;
        fn virTypedParamsAddULLong(
            params: *mut virTypedParameterPtr,
            nparams: *mut c_int,
            maxparams: *mut c_int,
            name: *const c_char,
            value: c_ulonglong,
        ) -> c_int;
        fn virTypedParamsClear(params: virTypedParameterPtr, nparams: c_int);
        fn virTypedParamsFree(params: virTypedParameterPtr, nparams: c_int);
    }
    "libvirt-qemu.so.0": {
        fn virDomainQemuAgentCommand(
            domain: virDomainPtr,
            cmd: *const c_char,
            timeout: c_int,
            flags: c_uint,
        ) -> *mut c_char;
    }
}
