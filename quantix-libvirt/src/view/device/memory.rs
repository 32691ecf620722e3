//! Memory that is plugged in, shared, given back, or kept.

use crate::view::field::view;

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
