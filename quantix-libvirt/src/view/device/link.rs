//! What talks with others: network interfaces, ports and consoles, sockets to the host.

use crate::view::{FilterParameter, VlanTag, field::view};

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
