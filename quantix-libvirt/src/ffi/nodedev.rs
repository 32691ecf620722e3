//! Devices of the node.

use super::{
    Session,
    handles::{NodeDevice, adopt_list, owned_text},
    sys,
};
use crate::{NodeDeviceInfo, Result};

impl Session {
    pub(super) fn list_node_devices(&self) -> Result<Vec<NodeDeviceInfo>> {
        const OPERATION: &str = "list devices of";
        let kinds = sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV
            | sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV
            | sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET
            | sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_STORAGE
            | sys::VIR_CONNECT_LIST_NODE_DEVICES_CAP_MDEV;
        let mut first = std::ptr::null_mut();
        // SAFETY: the connection is open and `first` writable; the list is ours afterwards.
        let devices = unsafe {
            let raw = self.connection.raw();
            let count = sys::virConnectListAllNodeDevices(raw, &raw mut first, kinds);
            if count < 0 {
                return self.fail(OPERATION);
            }
            adopt_list(first, count, NodeDevice::adopt)
        };
        let mut infos = Vec::with_capacity(devices.len());
        for device in devices {
            // SAFETY: the device is valid; the text is ours.
            let xml = unsafe { owned_text(sys::virNodeDeviceGetXMLDesc(device.raw(), 0)) };
            // One that was unplugged meanwhile has no XML any more.
            infos.extend(xml.and_then(|xml| crate::view::node_device_info(&xml)));
        }
        infos.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(infos)
    }
}
