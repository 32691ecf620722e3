//! Where devices are plugged in, and what is lent to a guest: controllers, hubs, devices of the
//! host and of a viewer.

use crate::view::field::view;

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
