//! What a board carries: randomness, TPM, cryptography, IOMMU, watchdog, panic device.

use crate::view::field::view;

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
