//! What is read from documents other than domains.

use quantix_core::Bytes;
use quantix_xml::{Document, Element};

use crate::{CheckpointInfo, SnapshotInfo, VolumeInfo};

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
