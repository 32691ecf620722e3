//! Secrets, devices of the host, capabilities.

use super::field::{document, view};

view! {
    /// What a secret is for.
    Secret, SecretEdit {
        ephemeral, set_ephemeral: yes_no("@ephemeral");
        private, set_private: yes_no("@private");
        uuid, set_uuid: text("uuid");
        description, set_description: text("description");
        usage_kind, set_usage_kind: text("usage/@type");
        usage_volume, set_usage_volume: text("usage/volume");
        usage_name, set_usage_name: text("usage/name");
        usage_target, set_usage_target: text("usage/target");
    }
}

document! {
    /// The record of a secret (`<secret>`), without the secret itself.
    SecretXml("secret") of Secret, SecretEdit
}

view! {
    /// What a device of the host is.
    NodeDevice, NodeDeviceEdit {
        name, set_name: text("name");
        path, set_path: text("path");
        parent, set_parent: text("parent");
        devnode_kind, set_devnode_kind: text("devnode/@type");
        devnode, set_devnode: text("devnode");
        driver_name, set_driver_name: text("driver/name");
        [capabilities: NodeCapability("capability")]
    }
}

document! {
    /// A device of the host (`<device>`).
    NodeDeviceXml("device") of NodeDevice, NodeDeviceEdit
}

view! {
    /// What a device of the host can do.
    NodeCapability, NodeCapabilityEdit {
        kind, set_kind: text("@type");
        class, set_class: text("class");
        domain, set_domain: number("domain");
        bus, set_bus: number("bus");
        slot, set_slot: number("slot");
        function, set_function: number("function");
        device, set_device: text("device");
        product_id, set_product_id: text("product/@id");
        product, set_product: text("product");
        vendor_id, set_vendor_id: text("vendor/@id");
        vendor, set_vendor: text("vendor");
        iommu_group_number, set_iommu_group_number: number("iommuGroup/@number");
        numa_node, set_numa_node: number("numa/@node");
        hardware_vendor, set_hardware_vendor: text("hardware/vendor");
        hardware_version, set_hardware_version: text("hardware/version");
        hardware_serial, set_hardware_serial: text("hardware/serial");
        hardware_uuid, set_hardware_uuid: text("hardware/uuid");
        firmware_vendor, set_firmware_vendor: text("firmware/vendor");
        firmware_version, set_firmware_version: text("firmware/version");
        firmware_release_date, set_firmware_release_date: text("firmware/release_date");
        interface, set_interface: text("interface");
        address, set_address: text("address");
        link_speed, set_link_speed: number("link/@speed");
        link_state, set_link_state: text("link/@state");
        block, set_block: text("block");
        drive_kind, set_drive_kind: text("drive_type");
        model, set_model: text("model");
        serial, set_serial: text("serial");
        size, set_size: bytes("size");
        logical_block_size, set_logical_block_size: number("logical_block_size");
        num_blocks, set_num_blocks: number("num_blocks");
        host, set_host: number("host");
        unique_id, set_unique_id: number("unique_id");
        target, set_target: number("target");
        lun, set_lun: number("lun");
        scsi_kind, set_scsi_kind: text("type");
        wwn, set_wwn: text("wwn");
        wwnn, set_wwnn: text("wwnn");
        wwpn, set_wwpn: text("wwpn");
        uuid, set_uuid: text("uuid");
        available_instances, set_available_instances: number("availableInstances");
        [capabilities: NodeCapability("capability")]
    }
}

view! {
    /// What a host can do.
    Capabilities, CapabilitiesEdit {
        host_uuid, set_host_uuid: text("host/uuid");
        host_cpu_arch, set_host_cpu_arch: text("host/cpu/arch");
        host_cpu_model, set_host_cpu_model: text("host/cpu/model");
        host_cpu_vendor, set_host_cpu_vendor: text("host/cpu/vendor");
        host_cpu_microcode_version, set_host_cpu_microcode_version: number("host/cpu/microcode/@version");
        host_cpu_signature_family, set_host_cpu_signature_family: number("host/cpu/signature/@family");
        host_cpu_signature_model, set_host_cpu_signature_model: number("host/cpu/signature/@model");
        host_cpu_topology_sockets, set_host_cpu_topology_sockets: number("host/cpu/topology/@sockets");
        host_cpu_topology_dies, set_host_cpu_topology_dies: number("host/cpu/topology/@dies");
        host_cpu_topology_cores, set_host_cpu_topology_cores: number("host/cpu/topology/@cores");
        host_cpu_topology_threads, set_host_cpu_topology_threads: number("host/cpu/topology/@threads");
        host_cpu_maxphysaddr_bits, set_host_cpu_maxphysaddr_bits: number("host/cpu/maxphysaddr/@bits");
        host_power_management_suspend_mem, set_host_power_management_suspend_mem: flag("host/power_management/suspend_mem");
        host_power_management_suspend_disk, set_host_power_management_suspend_disk: flag("host/power_management/suspend_disk");
        host_power_management_suspend_hybrid, set_host_power_management_suspend_hybrid: flag("host/power_management/suspend_hybrid");
        host_iommu_support, set_host_iommu_support: yes_no("host/iommu/@support");
        host_migration_features_live, set_host_migration_features_live: flag("host/migration_features/live");
        host_topology_cells_num, set_host_topology_cells_num: number("host/topology/cells/@num");
        [cells: NumaCell("host/topology/cells/cell")]
        [pages: PageSize("host/cpu/pages")]
        [cpu_features: CpuFeature("host/cpu/feature")]
        [guests: GuestSupport("guest")]
        [security_models: SecurityModel("host/secmodel")]
        [migration_uris: MigrationTransport("host/migration_features/uri_transports/uri_transport")]
    }
}

document! {
    /// What a host can do (`<capabilities>`).
    CapabilitiesXml("capabilities") of Capabilities, CapabilitiesEdit
}

view! {
    /// A NUMA node of a host.
    NumaCell, NumaCellEdit {
        id, set_id: number("@id");
        memory, set_memory: kib("memory");
        cpus_num, set_cpus_num: number("cpus/@num");
        [cpus: NumaCpu("cpus/cpu")]
        [distances: NumaDistance("distances/sibling")]
        [pages: PageCount("pages")]
    }
}

view! {
    /// A CPU of a NUMA node.
    NumaCpu, NumaCpuEdit {
        id, set_id: number("@id");
        socket_id, set_socket_id: number("@socket_id");
        die_id, set_die_id: number("@die_id");
        core_id, set_core_id: number("@core_id");
        siblings, set_siblings: text("@siblings");
    }
}

view! {
    /// How far another NUMA node is.
    NumaDistance, NumaDistanceEdit {
        id, set_id: number("@id");
        value, set_value: number("@value");
    }
}

view! {
    /// How many pages of a size a NUMA node has.
    PageCount, PageCountEdit {
        size, set_size: number("@size");
        unit, set_unit: text("@unit");
        text, set_text: number(".");
    }
}

view! {
    /// A size of pages.
    PageSize, PageSizeEdit {
        size, set_size: number("@size");
        unit, set_unit: text("@unit");
    }
}

view! {
    /// A feature of a CPU.
    CpuFeature, CpuFeatureEdit {
        name, set_name: text("@name");
        policy, set_policy: text("@policy");
    }
}

view! {
    /// A way to migrate.
    MigrationTransport, MigrationTransportEdit {
        text, set_text: text(".");
    }
}

view! {
    /// A kind of guest that a host runs.
    GuestSupport, GuestSupportEdit {
        os_kind, set_os_kind: text("os_type");
        arch_name, set_arch_name: text("arch/@name");
        arch_wordsize, set_arch_wordsize: number("arch/wordsize");
        arch_emulator, set_arch_emulator: text("arch/emulator");
        features_cpuselection, set_features_cpuselection: flag("features/cpuselection");
        features_deviceboot, set_features_deviceboot: flag("features/deviceboot");
        features_disksnapshot_default, set_features_disksnapshot_default: on_off("features/disksnapshot/@default");
        features_acpi_default, set_features_acpi_default: on_off("features/acpi/@default");
        features_apic_default, set_features_apic_default: on_off("features/apic/@default");
        features_external_snapshot, set_features_external_snapshot: flag("features/externalSnapshot");
        [machines: MachineType("arch/machine")]
        [domains: DomainSupport("arch/domain")]
    }
}

view! {
    /// A machine type.
    MachineType, MachineTypeEdit {
        text, set_text: text(".");
        max_cpus, set_max_cpus: number("@maxCpus");
        canonical, set_canonical: text("@canonical");
        deprecated, set_deprecated: yes_no("@deprecated");
    }
}

view! {
    /// A way to execute a guest.
    DomainSupport, DomainSupportEdit {
        kind, set_kind: text("@type");
        emulator, set_emulator: text("emulator");
    }
}

view! {
    /// A security driver of a host.
    SecurityModel, SecurityModelEdit {
        model, set_model: text("model");
        doi, set_doi: text("doi");
        [labels: BaseLabel("baselabel")]
    }
}

view! {
    /// A label that a security driver gives.
    BaseLabel, BaseLabelEdit {
        kind, set_kind: text("@type");
        text, set_text: text(".");
    }
}

view! {
    /// What domains of one kind may have.
    DomainCapability, DomainCapabilityEdit {
        path, set_path: text("path");
        domain, set_domain: text("domain");
        machine, set_machine: text("machine");
        arch, set_arch: text("arch");
        vcpu_max, set_vcpu_max: number("vcpu/@max");
        iothreads_supported, set_iothreads_supported: yes_no("iothreads/@supported");
        os_supported, set_os_supported: yes_no("os/@supported");
        os_loader_supported, set_os_loader_supported: yes_no("os/loader/@supported");
        os_loader_value, set_os_loader_value: text("os/loader/value");
        devices_disk_supported, set_devices_disk_supported: yes_no("devices/disk/@supported");
        devices_graphics_supported, set_devices_graphics_supported: yes_no("devices/graphics/@supported");
        devices_video_supported, set_devices_video_supported: yes_no("devices/video/@supported");
        devices_hostdev_supported, set_devices_hostdev_supported: yes_no("devices/hostdev/@supported");
        devices_rng_supported, set_devices_rng_supported: yes_no("devices/rng/@supported");
        devices_filesystem_supported, set_devices_filesystem_supported: yes_no("devices/filesystem/@supported");
        devices_tpm_supported, set_devices_tpm_supported: yes_no("devices/tpm/@supported");
        devices_redirdev_supported, set_devices_redirdev_supported: yes_no("devices/redirdev/@supported");
        devices_channel_supported, set_devices_channel_supported: yes_no("devices/channel/@supported");
        features_gic_supported, set_features_gic_supported: yes_no("features/gic/@supported");
        features_vmcoreinfo_supported, set_features_vmcoreinfo_supported: yes_no("features/vmcoreinfo/@supported");
        features_genid_supported, set_features_genid_supported: yes_no("features/genid/@supported");
        features_backing_store_input_supported, set_features_backing_store_input_supported: yes_no("features/backingStoreInput/@supported");
        features_backup_supported, set_features_backup_supported: yes_no("features/backup/@supported");
        features_async_teardown_supported, set_features_async_teardown_supported: yes_no("features/async-teardown/@supported");
        features_sev_supported, set_features_sev_supported: yes_no("features/sev/@supported");
        features_sev_cbitpos, set_features_sev_cbitpos: number("features/sev/cbitpos");
        features_sev_reduced_phys_bits, set_features_sev_reduced_phys_bits: number("features/sev/reducedPhysBits");
        features_sgx_supported, set_features_sgx_supported: yes_no("features/sgx/@supported");
        features_hyperv_supported, set_features_hyperv_supported: yes_no("features/hyperv/@supported");
        [cpu_modes: CpuMode("cpu/mode")]
    }
}

document! {
    /// What domains of one kind may have on a host (`<domainCapabilities>`).
    DomainCapabilitiesXml("domainCapabilities") of DomainCapability, DomainCapabilityEdit
}

view! {
    /// A way to choose the CPU.
    CpuMode, CpuModeEdit {
        name, set_name: text("@name");
        supported, set_supported: yes_no("@supported");
        vendor, set_vendor: text("vendor");
        [models: CpuModelSupport("model")]
        [features: CpuFeature("feature")]
    }
}

view! {
    /// A named CPU.
    CpuModelSupport, CpuModelSupportEdit {
        text, set_text: text(".");
        usable, set_usable: yes_no("@usable");
        deprecated, set_deprecated: yes_no("@deprecated");
        vendor, set_vendor: text("@vendor");
        fallback, set_fallback: text("@fallback");
    }
}
