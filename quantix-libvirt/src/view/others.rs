//! What is read from documents other than domains.

use quantix_core::Bytes;
use quantix_xml::{Document, Element};

use crate::{CheckpointInfo, NodeDeviceInfo, SnapshotInfo, VolumeInfo};

fn text(element: Option<Element<'_>>) -> Option<String> {
    element.map(|element| element.text().trim().to_owned()).filter(|text| !text.is_empty())
}

/// A snapshot from its XML; `None` where it is none.
pub(crate) fn snapshot_info(xml: &str, current: bool) -> Option<SnapshotInfo> {
    let document = Document::parse(xml).ok()?;
    let root = document.root();
    Some(SnapshotInfo {
        name: text(root.child("name"))?,
        parent: text(root.find("parent/name")),
        state: text(root.child("state")).unwrap_or_default(),
        created_at: text(root.child("creationTime")).and_then(|t| t.parse().ok()).unwrap_or(0),
        current,
    })
}

/// A volume from its XML; `None` where it is none.
pub(crate) fn volume_info(name: String, path: String, xml: &str) -> Option<VolumeInfo> {
    let document = Document::parse(xml).ok()?;
    let root = document.root();
    let bytes = |name| {
        let text = text(root.child(name));
        Bytes(text.and_then(|text| text.parse().ok()).unwrap_or(0))
    };
    let format = root.find("target/format").and_then(|format| format.attr("type"));
    Some(VolumeInfo {
        name,
        path,
        format: format.map(std::borrow::Cow::into_owned),
        capacity_bytes: bytes("capacity"),
        allocation_bytes: bytes("allocation"),
        backing: text(root.find("backingStore/path")),
    })
}

/// A device of a host from its XML; `None` where it is none.
pub(crate) fn node_device_info(xml: &str) -> Option<NodeDeviceInfo> {
    let document = Document::parse(xml).ok()?;
    let device = super::NodeDevice::of(document.root());
    let capability = *device.capabilities().first()?;
    let owned = |text: Option<std::borrow::Cow<'_, str>>| {
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let kind = owned(capability.kind())?;
    let child = |name| text(capability.element().child(name));
    let address = match kind.as_str() {
        "pci" => {
            let number = |value: Option<u64>| value.unwrap_or(0);
            Some(format!(
                "{:04x}:{:02x}:{:02x}.{:x}",
                number(capability.domain()),
                capability.bus()?,
                capability.slot()?,
                number(capability.function()),
            ))
        }
        "usb_device" => {
            let device = owned(capability.device())?;
            Some([&capability.bus()?.to_string(), ":", &device].concat())
        }
        "net" => child("interface"),
        "storage" => child("block"),
        _ => None,
    };
    Some(NodeDeviceInfo {
        name: owned(device.name())?,
        parent: owned(device.parent()),
        address,
        driver: owned(device.driver_name()),
        class: owned(capability.class()),
        vendor_id: owned(capability.vendor_id()),
        product_id: owned(capability.product_id()),
        vendor: owned(capability.vendor()),
        product: owned(capability.product()),
        iommu_group: capability.iommu_group_number(),
        numa_node: capability.numa_node(),
        kind,
    })
}

/// A checkpoint from its XML; `None` where it is none.
pub(crate) fn checkpoint_info(xml: &str) -> Option<CheckpointInfo> {
    let document = Document::parse(xml).ok()?;
    let checkpoint = super::Checkpoint::of(document.root());
    let kept = |disk: &super::CheckpointDisk<'_>| disk.checkpoint().as_deref() == Some("bitmap");
    let disks = checkpoint.disks().into_iter().filter(kept).filter_map(|disk| disk.name());
    Some(CheckpointInfo {
        name: checkpoint.name()?.into_owned(),
        parent: checkpoint.parent_name().map(std::borrow::Cow::into_owned),
        created_at: checkpoint.creation_time().unwrap_or(0),
        disks: disks.map(std::borrow::Cow::into_owned).collect(),
    })
}
