//! The limits of the platform, in one place: interface, server, node and library check the same.

use std::ops::RangeInclusive;

use crate::{Bytes, MemoryMib};

/// Characters of a machine's name.
pub const VM_NAME_CHARS: RangeInclusive<usize> = 1..=80;
/// The most characters of a name of anything else.
pub const NAME_CHARS: RangeInclusive<usize> = 1..=255;
/// The most characters of a description.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// The most labels of one object.
pub const LABELS_MAX: usize = 64;
/// The most characters of a label's key.
pub const LABEL_KEY_CHARS_MAX: usize = 63;
/// The most characters of a label's value.
pub const LABEL_VALUE_CHARS_MAX: usize = 255;
/// Virtual CPUs of a machine.
pub const VM_CPUS: RangeInclusive<u32> = 1..=768;
/// Memory of a machine: 64 MiB to 24 TiB.
pub const VM_MEMORY: RangeInclusive<MemoryMib> = MemoryMib(64)..=MemoryMib(24 << 20);
/// The most disks of a machine.
pub const VM_DISKS_MAX: usize = 256;
/// The size of a disk: 1 MiB to 64 TiB.
pub const DISK_BYTES: RangeInclusive<Bytes> = Bytes(1 << 20)..=Bytes(64 << 40);
/// The most network interfaces of a machine.
pub const VM_NICS_MAX: usize = 32;
/// The most security groups of a network interface.
pub const NIC_SECURITY_GROUPS_MAX: usize = 16;
/// The MTU of a network or interface.
pub const MTU: RangeInclusive<u32> = 576..=9216;
/// A VLAN identifier.
pub const VLAN_ID: RangeInclusive<u16> = 1..=4094;
/// An identifier of an overlay network (VNI).
pub const OVERLAY_ID: RangeInclusive<u32> = 1..=16_777_215;
/// The restart priority of a machine; higher starts first.
pub const PRIORITY: RangeInclusive<u32> = 0..=100;
/// The most nodes, machines or labels that a placement rule lists.
pub const PLACEMENT_LIST_MAX: usize = 256;
/// The most rules of a security group.
pub const SECURITY_RULES_MAX: usize = 1000;
/// The most bytes of a path to an ISO file.
pub const ISO_PATH_BYTES_MAX: usize = 4096;
