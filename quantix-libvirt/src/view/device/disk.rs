//! What stores: disks, folders of the host, leases.

use crate::view::field::view;

view! {
    /// A disk or a drive.
    Disk, DiskEdit {
        kind, set_kind: text("@type");
        device, set_device: text("@device");
        model, set_model: text("@model");
        rawio, set_rawio: yes_no("@rawio");
        sgio, set_sgio: text("@sgio");
        snapshot, set_snapshot: text("@snapshot");
        driver_name, set_driver_name: text("driver/@name");
        driver_kind, set_driver_kind: text("driver/@type");
        driver_cache, set_driver_cache: text("driver/@cache");
        driver_error_policy, set_driver_error_policy: text("driver/@error_policy");
        driver_rerror_policy, set_driver_rerror_policy: text("driver/@rerror_policy");
        driver_io, set_driver_io: text("driver/@io");
        driver_ioeventfd, set_driver_ioeventfd: on_off("driver/@ioeventfd");
        driver_event_idx, set_driver_event_idx: on_off("driver/@event_idx");
        driver_copy_on_read, set_driver_copy_on_read: on_off("driver/@copy_on_read");
        driver_discard, set_driver_discard: text("driver/@discard");
        driver_detect_zeroes, set_driver_detect_zeroes: text("driver/@detect_zeroes");
        driver_iothread, set_driver_iothread: number("driver/@iothread");
        driver_queues, set_driver_queues: number("driver/@queues");
        driver_queue_size, set_driver_queue_size: number("driver/@queue_size");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        driver_discard_no_unref, set_driver_discard_no_unref: on_off("driver/@discard_no_unref");
        driver_metadata_cache_max_size, set_driver_metadata_cache_max_size: bytes("driver/metadata_cache/max_size");
        source_file, set_source_file: text("source/@file");
        source_dev, set_source_dev: text("source/@dev");
        source_dir, set_source_dir: text("source/@dir");
        source_protocol, set_source_protocol: text("source/@protocol");
        source_name, set_source_name: text("source/@name");
        source_pool, set_source_pool: text("source/@pool");
        source_volume, set_source_volume: text("source/@volume");
        source_mode, set_source_mode: text("source/@mode");
        source_startup_policy, set_source_startup_policy: text("source/@startupPolicy");
        source_index, set_source_index: number("source/@index");
        source_tls, set_source_tls: yes_no("source/@tls");
        source_query, set_source_query: text("source/@query");
        source_kind, set_source_kind: text("source/@type");
        source_managed, set_source_managed: yes_no("source/@managed");
        source_namespace, set_source_namespace: number("source/@namespace");
        source_path, set_source_path: text("source/@path");
        source_host_name, set_source_host_name: text("source/host/@name");
        source_host_port, set_source_host_port: number("source/host/@port");
        source_host_transport, set_source_host_transport: text("source/host/@transport");
        source_host_socket, set_source_host_socket: text("source/host/@socket");
        source_initiator_iqn_name, set_source_initiator_iqn_name: text("source/initiator/iqn/@name");
        source_auth_username, set_source_auth_username: text("source/auth/@username");
        source_auth_secret_kind, set_source_auth_secret_kind: text("source/auth/secret/@type");
        source_auth_secret_uuid, set_source_auth_secret_uuid: text("source/auth/secret/@uuid");
        source_auth_secret_usage, set_source_auth_secret_usage: text("source/auth/secret/@usage");
        source_encryption_format, set_source_encryption_format: text("source/encryption/@format");
        source_reservations_managed, set_source_reservations_managed: yes_no("source/reservations/@managed");
        source_slices_slice_kind, set_source_slices_slice_kind: text("source/slices/slice/@type");
        source_slices_slice_offset, set_source_slices_slice_offset: number("source/slices/slice/@offset");
        source_slices_slice_size, set_source_slices_slice_size: number("source/slices/slice/@size");
        source_ssl_verify, set_source_ssl_verify: yes_no("source/ssl/@verify");
        source_readahead_size, set_source_readahead_size: number("source/readahead/@size");
        source_timeout_seconds, set_source_timeout_seconds: number("source/timeout/@seconds");
        source_snapshot_name, set_source_snapshot_name: text("source/snapshot/@name");
        source_config_file, set_source_config_file: text("source/config/@file");
        auth_username, set_auth_username: text("auth/@username");
        auth_secret_kind, set_auth_secret_kind: text("auth/secret/@type");
        auth_secret_uuid, set_auth_secret_uuid: text("auth/secret/@uuid");
        auth_secret_usage, set_auth_secret_usage: text("auth/secret/@usage");
        encryption_format, set_encryption_format: text("encryption/@format");
        backing_store_kind, set_backing_store_kind: text("backingStore/@type");
        backing_store_format_kind, set_backing_store_format_kind: text("backingStore/format/@type");
        backing_store_source_file, set_backing_store_source_file: text("backingStore/source/@file");
        mirror_kind, set_mirror_kind: text("mirror/@type");
        mirror_job, set_mirror_job: text("mirror/@job");
        mirror_ready, set_mirror_ready: text("mirror/@ready");
        target_dev, set_target_dev: text("target/@dev");
        target_bus, set_target_bus: text("target/@bus");
        target_tray, set_target_tray: text("target/@tray");
        target_removable, set_target_removable: on_off("target/@removable");
        target_rotation_rate, set_target_rotation_rate: number("target/@rotation_rate");
        readonly, set_readonly: flag("readonly");
        shareable, set_shareable: flag("shareable");
        transient, set_transient: flag("transient");
        transient_share_backing, set_transient_share_backing: yes_no("transient/@shareBacking");
        serial, set_serial: text("serial");
        wwn, set_wwn: text("wwn");
        vendor, set_vendor: text("vendor");
        product, set_product: text("product");
        boot_order, set_boot_order: number("boot/@order");
        boot_loadparm, set_boot_loadparm: text("boot/@loadparm");
        geometry_cyls, set_geometry_cyls: number("geometry/@cyls");
        geometry_heads, set_geometry_heads: number("geometry/@heads");
        geometry_secs, set_geometry_secs: number("geometry/@secs");
        geometry_trans, set_geometry_trans: text("geometry/@trans");
        blockio_logical_block_size, set_blockio_logical_block_size: number("blockio/@logical_block_size");
        blockio_physical_block_size, set_blockio_physical_block_size: number("blockio/@physical_block_size");
        blockio_discard_granularity, set_blockio_discard_granularity: number("blockio/@discard_granularity");
        iotune_total_bytes_sec, set_iotune_total_bytes_sec: number("iotune/total_bytes_sec");
        iotune_read_bytes_sec, set_iotune_read_bytes_sec: number("iotune/read_bytes_sec");
        iotune_write_bytes_sec, set_iotune_write_bytes_sec: number("iotune/write_bytes_sec");
        iotune_total_iops_sec, set_iotune_total_iops_sec: number("iotune/total_iops_sec");
        iotune_read_iops_sec, set_iotune_read_iops_sec: number("iotune/read_iops_sec");
        iotune_write_iops_sec, set_iotune_write_iops_sec: number("iotune/write_iops_sec");
        iotune_total_bytes_sec_max, set_iotune_total_bytes_sec_max: number("iotune/total_bytes_sec_max");
        iotune_read_bytes_sec_max, set_iotune_read_bytes_sec_max: number("iotune/read_bytes_sec_max");
        iotune_write_bytes_sec_max, set_iotune_write_bytes_sec_max: number("iotune/write_bytes_sec_max");
        iotune_total_iops_sec_max, set_iotune_total_iops_sec_max: number("iotune/total_iops_sec_max");
        iotune_read_iops_sec_max, set_iotune_read_iops_sec_max: number("iotune/read_iops_sec_max");
        iotune_write_iops_sec_max, set_iotune_write_iops_sec_max: number("iotune/write_iops_sec_max");
        iotune_size_iops_sec, set_iotune_size_iops_sec: number("iotune/size_iops_sec");
        iotune_group_name, set_iotune_group_name: text("iotune/group_name");
        address_kind, set_address_kind: text("address/@type");
        address_domain, set_address_domain: text("address/@domain");
        address_bus, set_address_bus: text("address/@bus");
        address_slot, set_address_slot: text("address/@slot");
        address_function, set_address_function: text("address/@function");
        address_controller, set_address_controller: text("address/@controller");
        address_target, set_address_target: text("address/@target");
        address_unit, set_address_unit: text("address/@unit");
        address_port, set_address_port: text("address/@port");
        alias_name, set_alias_name: text("alias/@name");
    }
}

view! {
    /// A lease of a lock manager.
    Lease, LeaseEdit {
        lockspace, set_lockspace: text("lockspace");
        key, set_key: text("key");
        target_path, set_target_path: text("target/@path");
        target_offset, set_target_offset: number("target/@offset");
    }
}

view! {
    /// A folder of the host in the guest.
    Filesystem, FilesystemEdit {
        kind, set_kind: text("@type");
        accessmode, set_accessmode: text("@accessmode");
        model, set_model: text("@model");
        multidevs, set_multidevs: text("@multidevs");
        fmode, set_fmode: text("@fmode");
        dmode, set_dmode: text("@dmode");
        driver_kind, set_driver_kind: text("driver/@type");
        driver_name, set_driver_name: text("driver/@name");
        driver_format, set_driver_format: text("driver/@format");
        driver_wrpolicy, set_driver_wrpolicy: text("driver/@wrpolicy");
        driver_queue, set_driver_queue: number("driver/@queue");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        binary_path, set_binary_path: text("binary/@path");
        binary_xattr, set_binary_xattr: on_off("binary/@xattr");
        binary_cache_mode, set_binary_cache_mode: text("binary/cache/@mode");
        binary_lock_posix, set_binary_lock_posix: on_off("binary/lock/@posix");
        binary_lock_flock, set_binary_lock_flock: on_off("binary/lock/@flock");
        binary_sandbox_mode, set_binary_sandbox_mode: text("binary/sandbox/@mode");
        binary_thread_pool_size, set_binary_thread_pool_size: number("binary/thread_pool/@size");
        source_dir, set_source_dir: text("source/@dir");
        source_file, set_source_file: text("source/@file");
        source_dev, set_source_dev: text("source/@dev");
        source_name, set_source_name: text("source/@name");
        source_pool, set_source_pool: text("source/@pool");
        source_volume, set_source_volume: text("source/@volume");
        source_usage, set_source_usage: number("source/@usage");
        source_socket, set_source_socket: text("source/@socket");
        target_dir, set_target_dir: text("target/@dir");
        readonly, set_readonly: flag("readonly");
        space_hard_limit, set_space_hard_limit: bytes("space_hard_limit");
        space_soft_limit, set_space_soft_limit: bytes("space_soft_limit");
        address_kind, set_address_kind: text("address/@type");
        address_domain, set_address_domain: text("address/@domain");
        address_bus, set_address_bus: text("address/@bus");
        address_slot, set_address_slot: text("address/@slot");
        address_function, set_address_function: text("address/@function");
        address_controller, set_address_controller: text("address/@controller");
        address_target, set_address_target: text("address/@target");
        address_unit, set_address_unit: text("address/@unit");
        address_port, set_address_port: text("address/@port");
        alias_name, set_alias_name: text("alias/@name");
    }
}
