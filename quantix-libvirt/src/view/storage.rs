//! Storage pools and volumes.

use super::field::{document, view};

view! {
    /// What a pool is.
    Pool, PoolEdit {
        kind, set_kind: text("@type");
        name, set_name: text("name");
        uuid, set_uuid: text("uuid");
        capacity, set_capacity: bytes("capacity");
        allocation, set_allocation: bytes("allocation");
        available, set_available: bytes("available");
        features_cow_state, set_features_cow_state: yes_no("features/cow/@state");
        source_name, set_source_name: text("source/name");
        source_dir_path, set_source_dir_path: text("source/dir/@path");
        source_adapter_kind, set_source_adapter_kind: text("source/adapter/@type");
        source_adapter_name, set_source_adapter_name: text("source/adapter/@name");
        source_adapter_parent, set_source_adapter_parent: text("source/adapter/@parent");
        source_adapter_managed, set_source_adapter_managed: yes_no("source/adapter/@managed");
        source_adapter_wwnn, set_source_adapter_wwnn: text("source/adapter/@wwnn");
        source_adapter_wwpn, set_source_adapter_wwpn: text("source/adapter/@wwpn");
        source_format_kind, set_source_format_kind: text("source/format/@type");
        source_auth_kind, set_source_auth_kind: text("source/auth/@type");
        source_auth_username, set_source_auth_username: text("source/auth/@username");
        source_auth_secret_usage, set_source_auth_secret_usage: text("source/auth/secret/@usage");
        source_auth_secret_uuid, set_source_auth_secret_uuid: text("source/auth/secret/@uuid");
        source_initiator_iqn_name, set_source_initiator_iqn_name: text("source/initiator/iqn/@name");
        source_protocol_ver, set_source_protocol_ver: text("source/protocol/@ver");
        source_vendor_name, set_source_vendor_name: text("source/vendor/@name");
        source_product_name, set_source_product_name: text("source/product/@name");
        target_path, set_target_path: text("target/path");
        target_permissions_owner, set_target_permissions_owner: text("target/permissions/owner");
        target_permissions_group, set_target_permissions_group: text("target/permissions/group");
        target_permissions_mode, set_target_permissions_mode: text("target/permissions/mode");
        target_permissions_label, set_target_permissions_label: text("target/permissions/label");
        refresh_volume_allocation, set_refresh_volume_allocation: text("refresh/volume/@allocation");
        [hosts: PoolHost("source/host")]
        [devices: PoolDevice("source/device")]
    }
}

document! {
    /// A storage pool (`<pool>`).
    PoolXml("pool") of Pool, PoolEdit
}

view! {
    /// A server of a pool.
    PoolHost, PoolHostEdit {
        name, set_name: text("@name");
        port, set_port: number("@port");
    }
}

view! {
    /// A device of a pool.
    PoolDevice, PoolDeviceEdit {
        path, set_path: text("@path");
        part_separator, set_part_separator: yes_no("@part_separator");
    }
}

view! {
    /// What a volume is.
    Volume, VolumeEdit {
        kind, set_kind: text("@type");
        name, set_name: text("name");
        key, set_key: text("key");
        capacity, set_capacity: bytes("capacity");
        allocation, set_allocation: bytes("allocation");
        physical, set_physical: bytes("physical");
        target_path, set_target_path: text("target/path");
        target_format_kind, set_target_format_kind: text("target/format/@type");
        target_permissions_owner, set_target_permissions_owner: text("target/permissions/owner");
        target_permissions_group, set_target_permissions_group: text("target/permissions/group");
        target_permissions_mode, set_target_permissions_mode: text("target/permissions/mode");
        target_permissions_label, set_target_permissions_label: text("target/permissions/label");
        target_timestamps_atime, set_target_timestamps_atime: text("target/timestamps/atime");
        target_timestamps_mtime, set_target_timestamps_mtime: text("target/timestamps/mtime");
        target_timestamps_ctime, set_target_timestamps_ctime: text("target/timestamps/ctime");
        target_timestamps_btime, set_target_timestamps_btime: text("target/timestamps/btime");
        target_compat, set_target_compat: text("target/compat");
        target_cluster_size, set_target_cluster_size: bytes("target/clusterSize");
        target_nocow, set_target_nocow: flag("target/nocow");
        target_features_lazy_refcounts, set_target_features_lazy_refcounts: flag("target/features/lazy_refcounts");
        target_features_extended_l2, set_target_features_extended_l2: flag("target/features/extended_l2");
        target_encryption_format, set_target_encryption_format: text("target/encryption/@format");
        target_encryption_secret_kind, set_target_encryption_secret_kind: text("target/encryption/secret/@type");
        target_encryption_secret_uuid, set_target_encryption_secret_uuid: text("target/encryption/secret/@uuid");
        target_encryption_cipher_name, set_target_encryption_cipher_name: text("target/encryption/cipher/@name");
        target_encryption_cipher_size, set_target_encryption_cipher_size: number("target/encryption/cipher/@size");
        target_encryption_cipher_mode, set_target_encryption_cipher_mode: text("target/encryption/cipher/@mode");
        target_encryption_cipher_hash, set_target_encryption_cipher_hash: text("target/encryption/cipher/@hash");
        backing_store_path, set_backing_store_path: text("backingStore/path");
        backing_store_format_kind, set_backing_store_format_kind: text("backingStore/format/@type");
        backing_store_permissions_owner, set_backing_store_permissions_owner: text("backingStore/permissions/owner");
        backing_store_permissions_group, set_backing_store_permissions_group: text("backingStore/permissions/group");
        backing_store_permissions_mode, set_backing_store_permissions_mode: text("backingStore/permissions/mode");
        backing_store_permissions_label, set_backing_store_permissions_label: text("backingStore/permissions/label");
    }
}

document! {
    /// A volume (`<volume>`).
    VolumeXml("volume") of Volume, VolumeEdit
}
