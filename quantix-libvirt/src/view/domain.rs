//! Domains as a whole; their devices are in their own module.

use super::{
    Audio, Balloon, CharDevice, Controller, CpuFeature, Crypto, Disk, Filesystem, Hostdev, Hub,
    Input, Interface, Iommu, Lease, MemoryDevice, NumaDistance, Nvram, Panic, Pstore, RedirDevice,
    RedirRule, Rng, Screen, SharedMemory, SmartCard, Sound, Tpm, Video, Vsock, Watchdog,
    field::view,
};

view! {
    /// What a domain is.
    Domain, DomainEdit {
        kind, set_kind: text("@type");
        id, set_id: number("@id");
        name, set_name: text("name");
        uuid, set_uuid: text("uuid");
        title, set_title: text("title");
        description, set_description: text("description");
        genid, set_genid: text("genid");
        memory, set_memory: kib("memory");
        max_memory, set_max_memory: kib("maxMemory");
        max_memory_slots, set_max_memory_slots: number("maxMemory/@slots");
        current_memory, set_current_memory: kib("currentMemory");
        vcpu, set_vcpu: number("vcpu");
        vcpu_placement, set_vcpu_placement: text("vcpu/@placement");
        vcpu_current, set_vcpu_current: number("vcpu/@current");
        vcpu_cpuset, set_vcpu_cpuset: text("vcpu/@cpuset");
        iothreads, set_iothreads: number("iothreads");
        os_firmware, set_os_firmware: text("os/@firmware");
        os_kind, set_os_kind: text("os/type");
        os_arch, set_os_arch: text("os/type/@arch");
        os_machine, set_os_machine: text("os/type/@machine");
        os_loader, set_os_loader: text("os/loader");
        os_loader_readonly, set_os_loader_readonly: yes_no("os/loader/@readonly");
        os_loader_secure, set_os_loader_secure: yes_no("os/loader/@secure");
        os_loader_kind, set_os_loader_kind: text("os/loader/@type");
        os_nvram, set_os_nvram: text("os/nvram");
        os_nvram_template, set_os_nvram_template: text("os/nvram/@template");
        os_kernel, set_os_kernel: text("os/kernel");
        os_initrd, set_os_initrd: text("os/initrd");
        os_cmdline, set_os_cmdline: text("os/cmdline");
        os_dtb, set_os_dtb: text("os/dtb");
        os_bootmenu_enable, set_os_bootmenu_enable: yes_no("os/bootmenu/@enable");
        os_bootmenu_timeout, set_os_bootmenu_timeout: number("os/bootmenu/@timeout");
        os_bios_useserial, set_os_bios_useserial: yes_no("os/bios/@useserial");
        os_bios_reboot_timeout, set_os_bios_reboot_timeout: text("os/bios/@rebootTimeout");
        os_smbios_mode, set_os_smbios_mode: text("os/smbios/@mode");
        os_init, set_os_init: text("os/init");
        bootloader, set_bootloader: text("bootloader");
        features_acpi, set_features_acpi: flag("features/acpi");
        features_apic, set_features_apic: flag("features/apic");
        features_apic_eoi, set_features_apic_eoi: on_off("features/apic/@eoi");
        features_pae, set_features_pae: flag("features/pae");
        features_hap_state, set_features_hap_state: on_off("features/hap/@state");
        features_viridian, set_features_viridian: flag("features/viridian");
        features_privnet, set_features_privnet: flag("features/privnet");
        features_pvspinlock_state, set_features_pvspinlock_state: on_off("features/pvspinlock/@state");
        features_pmu_state, set_features_pmu_state: on_off("features/pmu/@state");
        features_vmport_state, set_features_vmport_state: on_off("features/vmport/@state");
        features_smm_state, set_features_smm_state: on_off("features/smm/@state");
        features_smm_tseg, set_features_smm_tseg: bytes("features/smm/tseg");
        features_ioapic_driver, set_features_ioapic_driver: text("features/ioapic/@driver");
        features_hpt_resizing, set_features_hpt_resizing: text("features/hpt/@resizing");
        features_gic_version, set_features_gic_version: text("features/gic/@version");
        features_vmcoreinfo_state, set_features_vmcoreinfo_state: on_off("features/vmcoreinfo/@state");
        features_htm_state, set_features_htm_state: on_off("features/htm/@state");
        features_nested_hv_state, set_features_nested_hv_state: on_off("features/nested-hv/@state");
        features_kvm_hidden_state, set_features_kvm_hidden_state: on_off("features/kvm/hidden/@state");
        features_kvm_poll_control_state, set_features_kvm_poll_control_state: on_off("features/kvm/poll-control/@state");
        features_kvm_pv_ipi_state, set_features_kvm_pv_ipi_state: on_off("features/kvm/pv-ipi/@state");
        features_kvm_hint_dedicated_state, set_features_kvm_hint_dedicated_state: on_off("features/kvm/hint-dedicated/@state");
        features_hyperv_mode, set_features_hyperv_mode: text("features/hyperv/@mode");
        features_hyperv_relaxed_state, set_features_hyperv_relaxed_state: on_off("features/hyperv/relaxed/@state");
        features_hyperv_vapic_state, set_features_hyperv_vapic_state: on_off("features/hyperv/vapic/@state");
        features_hyperv_spinlocks_state, set_features_hyperv_spinlocks_state: on_off("features/hyperv/spinlocks/@state");
        features_hyperv_spinlocks_retries, set_features_hyperv_spinlocks_retries: number("features/hyperv/spinlocks/@retries");
        features_hyperv_vpindex_state, set_features_hyperv_vpindex_state: on_off("features/hyperv/vpindex/@state");
        features_hyperv_runtime_state, set_features_hyperv_runtime_state: on_off("features/hyperv/runtime/@state");
        features_hyperv_synic_state, set_features_hyperv_synic_state: on_off("features/hyperv/synic/@state");
        features_hyperv_stimer_state, set_features_hyperv_stimer_state: on_off("features/hyperv/stimer/@state");
        features_hyperv_reset_state, set_features_hyperv_reset_state: on_off("features/hyperv/reset/@state");
        features_hyperv_vendor_id_state, set_features_hyperv_vendor_id_state: on_off("features/hyperv/vendor_id/@state");
        features_hyperv_vendor_id_value, set_features_hyperv_vendor_id_value: text("features/hyperv/vendor_id/@value");
        features_hyperv_frequencies_state, set_features_hyperv_frequencies_state: on_off("features/hyperv/frequencies/@state");
        features_hyperv_reenlightenment_state, set_features_hyperv_reenlightenment_state: on_off("features/hyperv/reenlightenment/@state");
        features_hyperv_tlbflush_state, set_features_hyperv_tlbflush_state: on_off("features/hyperv/tlbflush/@state");
        features_hyperv_ipi_state, set_features_hyperv_ipi_state: on_off("features/hyperv/ipi/@state");
        features_hyperv_evmcs_state, set_features_hyperv_evmcs_state: on_off("features/hyperv/evmcs/@state");
        features_tcg_tb_cache, set_features_tcg_tb_cache: bytes("features/tcg/tb-cache");
        cpu_mode, set_cpu_mode: text("cpu/@mode");
        cpu_match, set_cpu_match: text("cpu/@match");
        cpu_check, set_cpu_check: text("cpu/@check");
        cpu_migratable, set_cpu_migratable: on_off("cpu/@migratable");
        cpu_model, set_cpu_model: text("cpu/model");
        cpu_model_fallback, set_cpu_model_fallback: text("cpu/model/@fallback");
        cpu_model_vendor_id, set_cpu_model_vendor_id: text("cpu/model/@vendor_id");
        cpu_vendor, set_cpu_vendor: text("cpu/vendor");
        cpu_topology_sockets, set_cpu_topology_sockets: number("cpu/topology/@sockets");
        cpu_topology_dies, set_cpu_topology_dies: number("cpu/topology/@dies");
        cpu_topology_cores, set_cpu_topology_cores: number("cpu/topology/@cores");
        cpu_topology_threads, set_cpu_topology_threads: number("cpu/topology/@threads");
        cpu_cache_level, set_cpu_cache_level: number("cpu/cache/@level");
        cpu_cache_mode, set_cpu_cache_mode: text("cpu/cache/@mode");
        cpu_maxphysaddr_mode, set_cpu_maxphysaddr_mode: text("cpu/maxphysaddr/@mode");
        cpu_maxphysaddr_bits, set_cpu_maxphysaddr_bits: number("cpu/maxphysaddr/@bits");
        clock_offset, set_clock_offset: text("clock/@offset");
        clock_basis, set_clock_basis: text("clock/@basis");
        clock_timezone, set_clock_timezone: text("clock/@timezone");
        clock_adjustment, set_clock_adjustment: text("clock/@adjustment");
        on_poweroff, set_on_poweroff: text("on_poweroff");
        on_reboot, set_on_reboot: text("on_reboot");
        on_crash, set_on_crash: text("on_crash");
        on_lockfailure, set_on_lockfailure: text("on_lockfailure");
        pm_suspend_to_mem_enabled, set_pm_suspend_to_mem_enabled: yes_no("pm/suspend-to-mem/@enabled");
        pm_suspend_to_disk_enabled, set_pm_suspend_to_disk_enabled: yes_no("pm/suspend-to-disk/@enabled");
        perf_event_name, set_perf_event_name: text("perf/event/@name");
        memory_backing_nosharepages, set_memory_backing_nosharepages: flag("memoryBacking/nosharepages");
        memory_backing_locked, set_memory_backing_locked: flag("memoryBacking/locked");
        memory_backing_source_kind, set_memory_backing_source_kind: text("memoryBacking/source/@type");
        memory_backing_access_mode, set_memory_backing_access_mode: text("memoryBacking/access/@mode");
        memory_backing_allocation_mode, set_memory_backing_allocation_mode: text("memoryBacking/allocation/@mode");
        memory_backing_discard, set_memory_backing_discard: flag("memoryBacking/discard");
        memory_backing_hugepages, set_memory_backing_hugepages: flag("memoryBacking/hugepages");
        memtune_hard_limit, set_memtune_hard_limit: kib("memtune/hard_limit");
        memtune_soft_limit, set_memtune_soft_limit: kib("memtune/soft_limit");
        memtune_swap_hard_limit, set_memtune_swap_hard_limit: kib("memtune/swap_hard_limit");
        memtune_min_guarantee, set_memtune_min_guarantee: kib("memtune/min_guarantee");
        numatune_memory_mode, set_numatune_memory_mode: text("numatune/memory/@mode");
        numatune_memory_nodeset, set_numatune_memory_nodeset: text("numatune/memory/@nodeset");
        numatune_memory_placement, set_numatune_memory_placement: text("numatune/memory/@placement");
        blkiotune_weight, set_blkiotune_weight: number("blkiotune/weight");
        cputune_shares, set_cputune_shares: number("cputune/shares");
        cputune_period, set_cputune_period: number("cputune/period");
        cputune_quota, set_cputune_quota: text("cputune/quota");
        cputune_global_period, set_cputune_global_period: number("cputune/global_period");
        cputune_global_quota, set_cputune_global_quota: text("cputune/global_quota");
        cputune_emulator_period, set_cputune_emulator_period: number("cputune/emulator_period");
        cputune_emulator_quota, set_cputune_emulator_quota: text("cputune/emulator_quota");
        cputune_emulatorpin_cpuset, set_cputune_emulatorpin_cpuset: text("cputune/emulatorpin/@cpuset");
        resource_partition, set_resource_partition: text("resource/partition");
        resource_fibrechannel_appid, set_resource_fibrechannel_appid: text("resource/fibrechannel/@appid");
        launch_security_kind, set_launch_security_kind: text("launchSecurity/@type");
        launch_security_policy, set_launch_security_policy: text("launchSecurity/policy");
        launch_security_cbitpos, set_launch_security_cbitpos: number("launchSecurity/cbitpos");
        launch_security_reduced_phys_bits, set_launch_security_reduced_phys_bits: number("launchSecurity/reducedPhysBits");
        devices_emulator, set_devices_emulator: text("devices/emulator");
        [boot_devices: BootDevice("os/boot")]
        [cpu_features: CpuFeature("cpu/feature")]
        [guest_cells: GuestCell("cpu/numa/cell")]
        [timers: Timer("clock/timer")]
        [cpu_pins: CpuPin("cputune/vcpupin")]
        [io_thread_pins: IoThreadPin("cputune/iothreadpin")]
        [huge_pages: HugePage("memoryBacking/hugepages/page")]
        [security_labels: SecurityLabel("seclabel")]
        [vcpus: Vcpu("vcpus/vcpu")]
        [weights: DeviceWeight("blkiotune/device")]
        [system_infos: SystemInfo("sysinfo")]
        [id_maps: IdMap("idmap/uid")]
        [disks: Disk("devices/disk")]
        [controllers: Controller("devices/controller")]
        [leases: Lease("devices/lease")]
        [filesystems: Filesystem("devices/filesystem")]
        [interfaces: Interface("devices/interface")]
        [hostdevs: Hostdev("devices/hostdev")]
        [inputs: Input("devices/input")]
        [screens: Screen("devices/graphics")]
        [videos: Video("devices/video")]
        [sounds: Sound("devices/sound")]
        [audios: Audio("devices/audio")]
        [serials: CharDevice("devices/serial")]
        [parallels: CharDevice("devices/parallel")]
        [consoles: CharDevice("devices/console")]
        [channels: CharDevice("devices/channel")]
        [redirs: RedirDevice("devices/redirdev")]
        [redir_rules: RedirRule("devices/redirfilter/usbdev")]
        [smart_cards: SmartCard("devices/smartcard")]
        [hubs: Hub("devices/hub")]
        [watchdogs: Watchdog("devices/watchdog")]
        [balloons: Balloon("devices/memballoon")]
        [rngs: Rng("devices/rng")]
        [tpms: Tpm("devices/tpm")]
        [panics: Panic("devices/panic")]
        [shared_memories: SharedMemory("devices/shmem")]
        [memory_devices: MemoryDevice("devices/memory")]
        [iommus: Iommu("devices/iommu")]
        [vsocks: Vsock("devices/vsock")]
        [nvrams: Nvram("devices/nvram")]
        [cryptos: Crypto("devices/crypto")]
        [pstores: Pstore("devices/pstore")]
    }
}

view! {
    /// What a domain boots from.
    BootDevice, BootDeviceEdit {
        dev, set_dev: text("@dev");
    }
}

view! {
    /// A NUMA node of a guest.
    GuestCell, GuestCellEdit {
        id, set_id: number("@id");
        cpus, set_cpus: text("@cpus");
        memory, set_memory: kib("@memory");
        unit, set_unit: text("@unit");
        mem_access, set_mem_access: text("@memAccess");
        discard, set_discard: yes_no("@discard");
        [distances: NumaDistance("distances/sibling")]
    }
}

view! {
    /// A timer of a guest.
    Timer, TimerEdit {
        name, set_name: text("@name");
        tickpolicy, set_tickpolicy: text("@tickpolicy");
        track, set_track: text("@track");
        present, set_present: yes_no("@present");
        frequency, set_frequency: number("@frequency");
        mode, set_mode: text("@mode");
        catchup_threshold, set_catchup_threshold: number("catchup/@threshold");
        catchup_slew, set_catchup_slew: number("catchup/@slew");
        catchup_limit, set_catchup_limit: number("catchup/@limit");
    }
}

view! {
    /// Where a virtual CPU may run.
    CpuPin, CpuPinEdit {
        vcpu, set_vcpu: number("@vcpu");
        cpuset, set_cpuset: text("@cpuset");
    }
}

view! {
    /// Where an I/O thread may run.
    IoThreadPin, IoThreadPinEdit {
        iothread, set_iothread: number("@iothread");
        cpuset, set_cpuset: text("@cpuset");
    }
}

view! {
    /// A size of huge pages.
    HugePage, HugePageEdit {
        size, set_size: number("@size");
        unit, set_unit: text("@unit");
        nodeset, set_nodeset: text("@nodeset");
    }
}

view! {
    /// A label of a security driver.
    SecurityLabel, SecurityLabelEdit {
        kind, set_kind: text("@type");
        model, set_model: text("@model");
        relabel, set_relabel: yes_no("@relabel");
        label, set_label: text("label");
        baselabel, set_baselabel: text("baselabel");
        imagelabel, set_imagelabel: text("imagelabel");
    }
}

view! {
    /// A virtual CPU of its own.
    Vcpu, VcpuEdit {
        id, set_id: number("@id");
        enabled, set_enabled: yes_no("@enabled");
        hotpluggable, set_hotpluggable: yes_no("@hotpluggable");
        order, set_order: number("@order");
    }
}

view! {
    /// The share of a disk of the host.
    DeviceWeight, DeviceWeightEdit {
        path, set_path: text("path");
        weight, set_weight: number("weight");
        read_bytes_sec, set_read_bytes_sec: number("read_bytes_sec");
        write_bytes_sec, set_write_bytes_sec: number("write_bytes_sec");
        read_iops_sec, set_read_iops_sec: number("read_iops_sec");
        write_iops_sec, set_write_iops_sec: number("write_iops_sec");
    }
}

view! {
    /// What a guest reads in its SMBIOS.
    SystemInfo, SystemInfoEdit {
        kind, set_kind: text("@type");
        [bios: SystemEntry("bios/entry")]
        [system: SystemEntry("system/entry")]
        [board: SystemEntry("baseBoard/entry")]
        [chassis: SystemEntry("chassis/entry")]
        [texts: SystemEntry("oemStrings/entry")]
    }
}

view! {
    /// An entry of the SMBIOS.
    SystemEntry, SystemEntryEdit {
        name, set_name: text("@name");
        text, set_text: text(".");
    }
}

view! {
    /// How users of a container are mapped.
    IdMap, IdMapEdit {
        start, set_start: number("@start");
        target, set_target: number("@target");
        count, set_count: number("@count");
    }
}
