//! The node of a connection: what it is, what it can run.

use std::mem::MaybeUninit;

use quantix_core::MemoryMib;

use super::{
    Session,
    handles::{borrowed_text, c_string, owned_text},
    sys,
};
use crate::{NodeInfo, Result};

impl Session {
    pub(super) fn read_node(&self) -> Result<NodeInfo> {
        const OPERATION: &str = "read node of";
        let connection = self.connection.raw();
        let mut info = MaybeUninit::<sys::virNodeInfo>::zeroed();
        // SAFETY: the connection is open and `info` is a writable node info.
        if unsafe { sys::virNodeGetInfo(connection, info.as_mut_ptr()) } < 0 {
            return self.fail(OPERATION);
        }
        // SAFETY: libvirt filled it, and all of its fields are plain numbers.
        let info = unsafe { info.assume_init() };
        let arch =
            info.model.iter().take_while(|&&c| c != 0).map(|c| char::from(c.to_ne_bytes()[0]));
        let (hostname, uri, driver, free) = {
            // SAFETY: the connection is open; the first two texts are ours, the third is libvirt's.
            unsafe {
                (
                    owned_text(sys::virConnectGetHostname(connection)),
                    owned_text(sys::virConnectGetURI(connection)),
                    borrowed_text(sys::virConnectGetType(connection)),
                    sys::virNodeGetFreeMemory(connection),
                )
            }
        };
        Ok(NodeInfo {
            hostname: hostname.unwrap_or_default(),
            uri: uri.unwrap_or_default(),
            driver,
            libvirt_version: self.version(OPERATION, sys::virConnectGetLibVersion)?,
            hypervisor_version: self.version(OPERATION, sys::virConnectGetVersion)?,
            arch: arch.collect(),
            cpus: info.cpus,
            numa_nodes: info.nodes,
            memory_mib: MemoryMib(info.memory / 1024),
            memory_free_mib: MemoryMib(free >> 20),
        })
    }

    pub(super) fn read_domain_capabilities(
        &self,
        arch: &str,
        machine: &str,
        kind: &str,
    ) -> Result<String> {
        const OPERATION: &str = "read domain capabilities of";
        let texts = [arch, machine, kind].map(|text| c_string(OPERATION, text));
        let [arch, machine, kind] = texts;
        let (arch, machine, kind) = (arch?, machine?, kind?);
        let or_null = |text: &std::ffi::CString| {
            if text.is_empty() { std::ptr::null() } else { text.as_ptr() }
        };
        // SAFETY: the texts live through the call; null means the host's choice.
        let text = unsafe {
            sys::virConnectGetDomainCapabilities(
                self.connection.raw(),
                std::ptr::null(),
                or_null(&arch),
                or_null(&machine),
                or_null(&kind),
                0,
            )
        };
        self.text(OPERATION, text)
    }
}
