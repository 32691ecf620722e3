//! The devices of a domain.

use super::{FilterParameter, VlanTag, field::view};

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
    /// A controller.
    Controller, ControllerEdit {
        kind, set_kind: text("@type");
        index, set_index: number("@index");
        model, set_model: text("@model");
        ports, set_ports: number("@ports");
        vectors, set_vectors: number("@vectors");
        max_grant_frames, set_max_grant_frames: number("@maxGrantFrames");
        max_event_channels, set_max_event_channels: number("@maxEventChannels");
        driver_queues, set_driver_queues: number("driver/@queues");
        driver_cmd_per_lun, set_driver_cmd_per_lun: number("driver/@cmd_per_lun");
        driver_max_sectors, set_driver_max_sectors: number("driver/@max_sectors");
        driver_ioeventfd, set_driver_ioeventfd: on_off("driver/@ioeventfd");
        driver_iothread, set_driver_iothread: number("driver/@iothread");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        model_name, set_model_name: text("model/@name");
        target_chassis_nr, set_target_chassis_nr: number("target/@chassisNr");
        target_chassis, set_target_chassis: number("target/@chassis");
        target_port, set_target_port: text("target/@port");
        target_bus_nr, set_target_bus_nr: number("target/@busNr");
        target_index, set_target_index: number("target/@index");
        target_hotplug, set_target_hotplug: on_off("target/@hotplug");
        target_node, set_target_node: number("target/node");
        pcihole64, set_pcihole64: kib("pcihole64");
        master_startport, set_master_startport: number("master/@startport");
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

view! {
    /// A network interface.
    Interface, InterfaceEdit {
        kind, set_kind: text("@type");
        managed, set_managed: yes_no("@managed");
        trust_guest_rx_filters, set_trust_guest_rx_filters: yes_no("@trustGuestRxFilters");
        mac_address, set_mac_address: text("mac/@address");
        mac_kind, set_mac_kind: text("mac/@type");
        mac_check, set_mac_check: yes_no("mac/@check");
        source_network, set_source_network: text("source/@network");
        source_bridge, set_source_bridge: text("source/@bridge");
        source_dev, set_source_dev: text("source/@dev");
        source_mode, set_source_mode: text("source/@mode");
        source_portgroup, set_source_portgroup: text("source/@portgroup");
        source_portid, set_source_portid: text("source/@portid");
        source_path, set_source_path: text("source/@path");
        source_kind, set_source_kind: text("source/@type");
        source_address, set_source_address: text("source/@address");
        source_port, set_source_port: number("source/@port");
        source_name, set_source_name: text("source/@name");
        source_switchid, set_source_switchid: text("source/@switchid");
        source_managed, set_source_managed: yes_no("source/@managed");
        source_local_address, set_source_local_address: text("source/local/@address");
        source_local_port, set_source_local_port: number("source/local/@port");
        source_reconnect_enabled, set_source_reconnect_enabled: yes_no("source/reconnect/@enabled");
        source_reconnect_timeout, set_source_reconnect_timeout: number("source/reconnect/@timeout");
        source_address_kind, set_source_address_kind: text("source/address/@type");
        source_address_domain, set_source_address_domain: text("source/address/@domain");
        source_address_bus, set_source_address_bus: text("source/address/@bus");
        source_address_slot, set_source_address_slot: text("source/address/@slot");
        source_address_function, set_source_address_function: text("source/address/@function");
        virtualport_kind, set_virtualport_kind: text("virtualport/@type");
        virtualport_parameters_profileid, set_virtualport_parameters_profileid: text("virtualport/parameters/@profileid");
        virtualport_parameters_interfaceid, set_virtualport_parameters_interfaceid: text("virtualport/parameters/@interfaceid");
        virtualport_parameters_managerid, set_virtualport_parameters_managerid: text("virtualport/parameters/@managerid");
        virtualport_parameters_typeid, set_virtualport_parameters_typeid: text("virtualport/parameters/@typeid");
        virtualport_parameters_typeidversion, set_virtualport_parameters_typeidversion: text("virtualport/parameters/@typeidversion");
        virtualport_parameters_instanceid, set_virtualport_parameters_instanceid: text("virtualport/parameters/@instanceid");
        backenddomain_name, set_backenddomain_name: text("backenddomain/@name");
        teaming_kind, set_teaming_kind: text("teaming/@type");
        teaming_persistent, set_teaming_persistent: text("teaming/@persistent");
        ip_address, set_ip_address: text("ip/@address");
        ip_prefix, set_ip_prefix: number("ip/@prefix");
        ip_family, set_ip_family: text("ip/@family");
        ip_peer, set_ip_peer: text("ip/@peer");
        script_path, set_script_path: text("script/@path");
        target_dev, set_target_dev: text("target/@dev");
        target_managed, set_target_managed: yes_no("target/@managed");
        guest_dev, set_guest_dev: text("guest/@dev");
        guest_actual, set_guest_actual: text("guest/@actual");
        model_kind, set_model_kind: text("model/@type");
        driver_name, set_driver_name: text("driver/@name");
        driver_queues, set_driver_queues: number("driver/@queues");
        driver_rx_queue_size, set_driver_rx_queue_size: number("driver/@rx_queue_size");
        driver_tx_queue_size, set_driver_tx_queue_size: number("driver/@tx_queue_size");
        driver_txmode, set_driver_txmode: text("driver/@txmode");
        driver_ioeventfd, set_driver_ioeventfd: on_off("driver/@ioeventfd");
        driver_event_idx, set_driver_event_idx: on_off("driver/@event_idx");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        driver_rss, set_driver_rss: on_off("driver/@rss");
        driver_rss_hash_report, set_driver_rss_hash_report: on_off("driver/@rss_hash_report");
        driver_page_per_vq, set_driver_page_per_vq: on_off("driver/@page_per_vq");
        driver_host_csum, set_driver_host_csum: on_off("driver/host/@csum");
        driver_host_gso, set_driver_host_gso: on_off("driver/host/@gso");
        driver_host_tso4, set_driver_host_tso4: on_off("driver/host/@tso4");
        driver_host_tso6, set_driver_host_tso6: on_off("driver/host/@tso6");
        driver_host_ecn, set_driver_host_ecn: on_off("driver/host/@ecn");
        driver_host_ufo, set_driver_host_ufo: on_off("driver/host/@ufo");
        driver_host_mrg_rxbuf, set_driver_host_mrg_rxbuf: on_off("driver/host/@mrg_rxbuf");
        driver_guest_csum, set_driver_guest_csum: on_off("driver/guest/@csum");
        driver_guest_tso4, set_driver_guest_tso4: on_off("driver/guest/@tso4");
        driver_guest_tso6, set_driver_guest_tso6: on_off("driver/guest/@tso6");
        driver_guest_ecn, set_driver_guest_ecn: on_off("driver/guest/@ecn");
        driver_guest_ufo, set_driver_guest_ufo: on_off("driver/guest/@ufo");
        backend_kind, set_backend_kind: text("backend/@type");
        backend_tap, set_backend_tap: text("backend/@tap");
        backend_vhost, set_backend_vhost: text("backend/@vhost");
        backend_log_file, set_backend_log_file: text("backend/@logFile");
        boot_order, set_boot_order: number("boot/@order");
        boot_loadparm, set_boot_loadparm: text("boot/@loadparm");
        tune_sndbuf, set_tune_sndbuf: number("tune/sndbuf");
        rom_bar, set_rom_bar: on_off("rom/@bar");
        rom_file, set_rom_file: text("rom/@file");
        rom_enabled, set_rom_enabled: yes_no("rom/@enabled");
        link_state, set_link_state: text("link/@state");
        mtu_size, set_mtu_size: number("mtu/@size");
        coalesce_rx_frames_max, set_coalesce_rx_frames_max: number("coalesce/rx/frames/@max");
        filterref_filter, set_filterref_filter: text("filterref/@filter");
        bandwidth_inbound_average, set_bandwidth_inbound_average: number("bandwidth/inbound/@average");
        bandwidth_inbound_peak, set_bandwidth_inbound_peak: number("bandwidth/inbound/@peak");
        bandwidth_inbound_burst, set_bandwidth_inbound_burst: number("bandwidth/inbound/@burst");
        bandwidth_inbound_floor, set_bandwidth_inbound_floor: number("bandwidth/inbound/@floor");
        bandwidth_outbound_average, set_bandwidth_outbound_average: number("bandwidth/outbound/@average");
        bandwidth_outbound_peak, set_bandwidth_outbound_peak: number("bandwidth/outbound/@peak");
        bandwidth_outbound_burst, set_bandwidth_outbound_burst: number("bandwidth/outbound/@burst");
        vlan_trunk, set_vlan_trunk: yes_no("vlan/@trunk");
        port_isolated, set_port_isolated: yes_no("port/@isolated");
        acpi_index, set_acpi_index: number("acpi/@index");
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
        [tags: VlanTag("vlan/tag")]
        [parameters: FilterParameter("filterref/parameter")]
    }
}

view! {
    /// A device of the host in the guest.
    Hostdev, HostdevEdit {
        mode, set_mode: text("@mode");
        kind, set_kind: text("@type");
        managed, set_managed: yes_no("@managed");
        model, set_model: text("@model");
        display, set_display: on_off("@display");
        ramfb, set_ramfb: on_off("@ramfb");
        sgio, set_sgio: text("@sgio");
        rawio, set_rawio: yes_no("@rawio");
        source_startup_policy, set_source_startup_policy: text("source/@startupPolicy");
        source_guest_reset, set_source_guest_reset: text("source/@guestReset");
        source_write_filtering, set_source_write_filtering: yes_no("source/@writeFiltering");
        source_protocol, set_source_protocol: text("source/@protocol");
        source_name, set_source_name: text("source/@name");
        source_wwpn, set_source_wwpn: text("source/@wwpn");
        source_vendor_id, set_source_vendor_id: text("source/vendor/@id");
        source_product_id, set_source_product_id: text("source/product/@id");
        source_address_domain, set_source_address_domain: text("source/address/@domain");
        source_address_bus, set_source_address_bus: text("source/address/@bus");
        source_address_slot, set_source_address_slot: text("source/address/@slot");
        source_address_function, set_source_address_function: text("source/address/@function");
        source_address_device, set_source_address_device: text("source/address/@device");
        source_address_uuid, set_source_address_uuid: text("source/address/@uuid");
        source_address_kind, set_source_address_kind: text("source/address/@type");
        source_address_unit, set_source_address_unit: text("source/address/@unit");
        source_address_target, set_source_address_target: text("source/address/@target");
        source_adapter_name, set_source_adapter_name: text("source/adapter/@name");
        source_host_name, set_source_host_name: text("source/host/@name");
        source_host_port, set_source_host_port: number("source/host/@port");
        source_initiator_iqn_name, set_source_initiator_iqn_name: text("source/initiator/iqn/@name");
        source_block, set_source_block: text("source/block");
        source_char, set_source_char: text("source/char");
        source_interface, set_source_interface: text("source/interface");
        driver_name, set_driver_name: text("driver/@name");
        driver_model, set_driver_model: text("driver/@model");
        boot_order, set_boot_order: number("boot/@order");
        rom_bar, set_rom_bar: on_off("rom/@bar");
        rom_file, set_rom_file: text("rom/@file");
        rom_enabled, set_rom_enabled: yes_no("rom/@enabled");
        readonly, set_readonly: flag("readonly");
        shareable, set_shareable: flag("shareable");
        teaming_kind, set_teaming_kind: text("teaming/@type");
        teaming_persistent, set_teaming_persistent: text("teaming/@persistent");
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
    /// A mouse, a keyboard, a tablet.
    Input, InputEdit {
        kind, set_kind: text("@type");
        bus, set_bus: text("@bus");
        model, set_model: text("@model");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
        source_evdev, set_source_evdev: text("source/@evdev");
        source_dev, set_source_dev: text("source/@dev");
        source_grab, set_source_grab: text("source/@grab");
        source_grab_toggle, set_source_grab_toggle: text("source/@grabToggle");
        source_repeat, set_source_repeat: on_off("source/@repeat");
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
    /// A way to reach the screen.
    Screen, ScreenEdit {
        kind, set_kind: text("@type");
        port, set_port: text("@port");
        autoport, set_autoport: yes_no("@autoport");
        websocket, set_websocket: text("@websocket");
        tls_port, set_tls_port: text("@tlsPort");
        listen, set_listen: text("@listen");
        socket, set_socket: text("@socket");
        passwd, set_passwd: text("@passwd");
        passwd_valid_to, set_passwd_valid_to: text("@passwdValidTo");
        connected, set_connected: text("@connected");
        keymap, set_keymap: text("@keymap");
        share_policy, set_share_policy: text("@sharePolicy");
        power_control, set_power_control: yes_no("@powerControl");
        display, set_display: text("@display");
        xauth, set_xauth: text("@xauth");
        fullscreen, set_fullscreen: yes_no("@fullscreen");
        default_mode, set_default_mode: text("@defaultMode");
        multi_user, set_multi_user: yes_no("@multiUser");
        replace_user, set_replace_user: yes_no("@replaceUser");
        p2p, set_p2p: yes_no("@p2p");
        address, set_address: text("@address");
        rendernode, set_rendernode: text("@rendernode");
        listen_kind, set_listen_kind: text("listen/@type");
        listen_address, set_listen_address: text("listen/@address");
        listen_network, set_listen_network: text("listen/@network");
        listen_socket, set_listen_socket: text("listen/@socket");
        channel_name, set_channel_name: text("channel/@name");
        channel_mode, set_channel_mode: text("channel/@mode");
        image_compression, set_image_compression: text("image/@compression");
        jpeg_compression, set_jpeg_compression: text("jpeg/@compression");
        zlib_compression, set_zlib_compression: text("zlib/@compression");
        playback_compression, set_playback_compression: on_off("playback/@compression");
        streaming_mode, set_streaming_mode: text("streaming/@mode");
        clipboard_copypaste, set_clipboard_copypaste: yes_no("clipboard/@copypaste");
        mouse_mode, set_mouse_mode: text("mouse/@mode");
        filetransfer_enable, set_filetransfer_enable: yes_no("filetransfer/@enable");
        gl_enable, set_gl_enable: yes_no("gl/@enable");
        gl_rendernode, set_gl_rendernode: text("gl/@rendernode");
        audio_id, set_audio_id: number("audio/@id");
    }
}

view! {
    /// A graphics card.
    Video, VideoEdit {
        model_kind, set_model_kind: text("model/@type");
        model_ram, set_model_ram: number("model/@ram");
        model_vram, set_model_vram: number("model/@vram");
        model_vram64, set_model_vram64: number("model/@vram64");
        model_vgamem, set_model_vgamem: number("model/@vgamem");
        model_heads, set_model_heads: number("model/@heads");
        model_primary, set_model_primary: yes_no("model/@primary");
        model_blob, set_model_blob: on_off("model/@blob");
        model_acceleration_accel3d, set_model_acceleration_accel3d: yes_no("model/acceleration/@accel3d");
        model_acceleration_accel2d, set_model_acceleration_accel2d: yes_no("model/acceleration/@accel2d");
        model_acceleration_rendernode, set_model_acceleration_rendernode: text("model/acceleration/@rendernode");
        model_resolution_x, set_model_resolution_x: number("model/resolution/@x");
        model_resolution_y, set_model_resolution_y: number("model/resolution/@y");
        driver_name, set_driver_name: text("driver/@name");
        driver_vgaconf, set_driver_vgaconf: text("driver/@vgaconf");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
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
    /// A sound card.
    Sound, SoundEdit {
        model, set_model: text("@model");
        multichannel, set_multichannel: yes_no("@multichannel");
        streams, set_streams: number("@streams");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        audio_id, set_audio_id: number("audio/@id");
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
        [codecs: Codec("codec")]
    }
}

view! {
    /// A codec of a sound card.
    Codec, CodecEdit {
        kind, set_kind: text("@type");
    }
}

view! {
    /// Where sound goes.
    Audio, AudioEdit {
        id, set_id: number("@id");
        kind, set_kind: text("@type");
        driver, set_driver: text("@driver");
        dev, set_dev: text("@dev");
        server_name, set_server_name: text("@serverName");
        runtime_dir, set_runtime_dir: text("@runtimeDir");
        exclusive, set_exclusive: yes_no("@exclusive");
        timer_period, set_timer_period: number("@timerPeriod");
        input_mixing_engine, set_input_mixing_engine: yes_no("input/@mixingEngine");
        input_fixed_settings, set_input_fixed_settings: yes_no("input/@fixedSettings");
        input_voices, set_input_voices: number("input/@voices");
        input_buffer_length, set_input_buffer_length: number("input/@bufferLength");
        input_dev, set_input_dev: text("input/@dev");
        input_name, set_input_name: text("input/@name");
        output_mixing_engine, set_output_mixing_engine: yes_no("output/@mixingEngine");
        output_fixed_settings, set_output_fixed_settings: yes_no("output/@fixedSettings");
        output_voices, set_output_voices: number("output/@voices");
        output_buffer_length, set_output_buffer_length: number("output/@bufferLength");
        output_dev, set_output_dev: text("output/@dev");
        output_name, set_output_name: text("output/@name");
    }
}

view! {
    /// A serial or parallel port, a console or a channel.
    CharDevice, CharDeviceEdit {
        kind, set_kind: text("@type");
        source_path, set_source_path: text("source/@path");
        source_mode, set_source_mode: text("source/@mode");
        source_host, set_source_host: text("source/@host");
        source_service, set_source_service: text("source/@service");
        source_channel, set_source_channel: text("source/@channel");
        source_append, set_source_append: on_off("source/@append");
        source_tls, set_source_tls: yes_no("source/@tls");
        protocol_kind, set_protocol_kind: text("protocol/@type");
        log_file, set_log_file: text("log/@file");
        log_append, set_log_append: on_off("log/@append");
        target_kind, set_target_kind: text("target/@type");
        target_port, set_target_port: number("target/@port");
        target_name, set_target_name: text("target/@name");
        target_address, set_target_address: text("target/@address");
        target_state, set_target_state: text("target/@state");
        target_model_name, set_target_model_name: text("target/model/@name");
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
    /// A USB device that a viewer lends.
    RedirDevice, RedirDeviceEdit {
        bus, set_bus: text("@bus");
        kind, set_kind: text("@type");
        source_mode, set_source_mode: text("source/@mode");
        source_host, set_source_host: text("source/@host");
        source_service, set_source_service: text("source/@service");
        source_channel, set_source_channel: text("source/@channel");
        source_path, set_source_path: text("source/@path");
        boot_order, set_boot_order: number("boot/@order");
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
    /// A rule of what a viewer may lend.
    RedirRule, RedirRuleEdit {
        class, set_class: text("@class");
        vendor, set_vendor: text("@vendor");
        product, set_product: text("@product");
        version, set_version: text("@version");
        allow, set_allow: yes_no("@allow");
    }
}

view! {
    /// A smart card.
    SmartCard, SmartCardEdit {
        mode, set_mode: text("@mode");
        kind, set_kind: text("@type");
        database, set_database: text("database");
        source_mode, set_source_mode: text("source/@mode");
        source_host, set_source_host: text("source/@host");
        source_service, set_source_service: text("source/@service");
        source_channel, set_source_channel: text("source/@channel");
        protocol_kind, set_protocol_kind: text("protocol/@type");
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
        [certificates: Certificate("certificate")]
    }
}

view! {
    /// A certificate of a smart card.
    Certificate, CertificateEdit {
        text, set_text: text(".");
    }
}

view! {
    /// A hub.
    Hub, HubEdit {
        kind, set_kind: text("@type");
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
    /// A watchdog.
    Watchdog, WatchdogEdit {
        model, set_model: text("@model");
        action, set_action: text("@action");
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
    /// A memory balloon.
    Balloon, BalloonEdit {
        model, set_model: text("@model");
        autodeflate, set_autodeflate: on_off("@autodeflate");
        free_page_reporting, set_free_page_reporting: on_off("@freePageReporting");
        stats_period, set_stats_period: number("stats/@period");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
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
    /// A source of randomness.
    Rng, RngEdit {
        model, set_model: text("@model");
        rate_bytes, set_rate_bytes: number("rate/@bytes");
        rate_period, set_rate_period: number("rate/@period");
        backend, set_backend: text("backend");
        backend_model, set_backend_model: text("backend/@model");
        backend_kind, set_backend_kind: text("backend/@type");
        backend_source_mode, set_backend_source_mode: text("backend/source/@mode");
        backend_source_host, set_backend_source_host: text("backend/source/@host");
        backend_source_service, set_backend_source_service: text("backend/source/@service");
        backend_protocol_kind, set_backend_protocol_kind: text("backend/protocol/@type");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
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
    /// A TPM.
    Tpm, TpmEdit {
        model, set_model: text("@model");
        backend_kind, set_backend_kind: text("backend/@type");
        backend_version, set_backend_version: text("backend/@version");
        backend_persistent_state, set_backend_persistent_state: yes_no("backend/@persistent_state");
        backend_debug, set_backend_debug: number("backend/@debug");
        backend_device_path, set_backend_device_path: text("backend/device/@path");
        backend_encryption_secret, set_backend_encryption_secret: text("backend/encryption/@secret");
        backend_active_pcr_banks_sha1, set_backend_active_pcr_banks_sha1: flag("backend/active_pcr_banks/sha1");
        backend_active_pcr_banks_sha256, set_backend_active_pcr_banks_sha256: flag("backend/active_pcr_banks/sha256");
        backend_active_pcr_banks_sha384, set_backend_active_pcr_banks_sha384: flag("backend/active_pcr_banks/sha384");
        backend_active_pcr_banks_sha512, set_backend_active_pcr_banks_sha512: flag("backend/active_pcr_banks/sha512");
        backend_source_kind, set_backend_source_kind: text("backend/source/@type");
        backend_source_mode, set_backend_source_mode: text("backend/source/@mode");
        backend_source_path, set_backend_source_path: text("backend/source/@path");
        backend_profile_source, set_backend_profile_source: text("backend/profile/@source");
        backend_profile_name, set_backend_profile_name: text("backend/profile/@name");
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
    /// A panic device.
    Panic, PanicEdit {
        model, set_model: text("@model");
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
    /// Memory that guests share.
    SharedMemory, SharedMemoryEdit {
        name, set_name: text("@name");
        role, set_role: text("@role");
        model_kind, set_model_kind: text("model/@type");
        size, set_size: bytes("size");
        server_path, set_server_path: text("server/@path");
        msi_enabled, set_msi_enabled: on_off("msi/@enabled");
        msi_vectors, set_msi_vectors: number("msi/@vectors");
        msi_ioeventfd, set_msi_ioeventfd: on_off("msi/@ioeventfd");
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
    /// Memory that is plugged in.
    MemoryDevice, MemoryDeviceEdit {
        model, set_model: text("@model");
        access, set_access: text("@access");
        discard, set_discard: yes_no("@discard");
        uuid, set_uuid: text("uuid");
        source_pagesize, set_source_pagesize: kib("source/pagesize");
        source_nodemask, set_source_nodemask: text("source/nodemask");
        source_path, set_source_path: text("source/path");
        source_alignsize, set_source_alignsize: kib("source/alignsize");
        source_pmem, set_source_pmem: flag("source/pmem");
        target_size, set_target_size: kib("target/size");
        target_node, set_target_node: number("target/node");
        target_block, set_target_block: kib("target/block");
        target_requested, set_target_requested: kib("target/requested");
        target_current, set_target_current: kib("target/current");
        target_readonly, set_target_readonly: flag("target/readonly");
        target_label_size, set_target_label_size: kib("target/label/size");
        target_address_base, set_target_address_base: text("target/address/@base");
        target_dynamic_memslots, set_target_dynamic_memslots: yes_no("target/@dynamicMemslots");
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
    /// An IOMMU.
    Iommu, IommuEdit {
        model, set_model: text("@model");
        driver_intremap, set_driver_intremap: on_off("driver/@intremap");
        driver_caching_mode, set_driver_caching_mode: on_off("driver/@caching_mode");
        driver_eim, set_driver_eim: on_off("driver/@eim");
        driver_iotlb, set_driver_iotlb: on_off("driver/@iotlb");
        driver_aw_bits, set_driver_aw_bits: number("driver/@aw_bits");
        driver_dma_translation, set_driver_dma_translation: on_off("driver/@dma_translation");
        driver_passthrough, set_driver_passthrough: on_off("driver/@passthrough");
        driver_xtsup, set_driver_xtsup: on_off("driver/@xtsup");
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
    /// A socket between host and guest.
    Vsock, VsockEdit {
        model, set_model: text("@model");
        cid_auto, set_cid_auto: yes_no("cid/@auto");
        cid_address, set_cid_address: number("cid/@address");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
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
    /// A non-volatile memory.
    Nvram, NvramEdit {
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
    /// A cryptography device.
    Crypto, CryptoEdit {
        model, set_model: text("@model");
        kind, set_kind: text("@type");
        backend_model, set_backend_model: text("backend/@model");
        backend_queues, set_backend_queues: number("backend/@queues");
        driver_iommu, set_driver_iommu: on_off("driver/@iommu");
        driver_ats, set_driver_ats: on_off("driver/@ats");
        driver_packed, set_driver_packed: on_off("driver/@packed");
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
    /// A store that survives a crash.
    Pstore, PstoreEdit {
        backend, set_backend: text("@backend");
        path, set_path: text("path");
        size, set_size: kib("size");
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
