//! Modules that install and configure software.

use std::collections::BTreeMap;

use serde_json::Number;

use super::{
    macros::model,
    shape::{Either, Nullable, NumberOrText, Open, SecretText, TextOr},
};

model! {
    /// `apk_repos`.
    struct ApkRepos {
        preserve_repositories: bool = "preserve_repositories",
        alpine_repo: Nullable<ApkReposAlpineRepo> = "alpine_repo",
        local_repo_base_url: String = "local_repo_base_url",
    }
    /// `apk_repos.alpine_repo`.
    struct ApkReposAlpineRepo {
        base_url: String = "base_url",
        community_enabled: bool = "community_enabled",
        testing_enabled: bool = "testing_enabled",
        version: String = "version",
    }
    /// `apt`.
    struct Apt {
        preserve_sources_list: bool = "preserve_sources_list",
        generate_mirrorlists: bool = "generate_mirrorlists",
        disable_suites: Vec<String> = "disable_suites",
        primary: Vec<AptPrimaryItem> = "primary",
        security: Vec<AptPrimaryItem> = "security",
        add_apt_repo_match: String = "add_apt_repo_match",
        debconf_selections: BTreeMap<String, String> = "debconf_selections",
        sources_list: String = "sources_list",
        conf: String = "conf",
        https_proxy: String = "https_proxy",
        http_proxy: String = "http_proxy",
        proxy: String = "proxy",
        ftp_proxy: String = "ftp_proxy",
        sources: BTreeMap<String, AptSource> = "sources",
    }
    /// `apt.primary[]`.
    struct AptPrimaryItem {
        arches: Vec<String> = "arches",
        uri: String = "uri",
        search: Vec<String> = "search",
        search_dns: bool = "search_dns",
        keyid: String = "keyid",
        key: String = "key",
        keyserver: String = "keyserver",
    }
    /// `apt.sources.*`.
    struct AptSource {
        source: String = "source",
        keyid: String = "keyid",
        key: String = "key",
        keyserver: String = "keyserver",
        filename: String = "filename",
        append: bool = "append",
    }
    /// `fan`.
    struct Fan {
        config: String = "config",
        config_path: String = "config_path",
    }
    /// `lxd`.
    struct Lxd {
        init: LxdInit = "init",
        bridge: LxdBridge = "bridge",
        preseed: String = "preseed",
    }
    /// `lxd.init`.
    struct LxdInit {
        network_address: String = "network_address",
        network_port: Number = "network_port",
        storage_backend: LxdInitStorageBackend = "storage_backend",
        storage_create_device: String = "storage_create_device",
        storage_create_loop: Number = "storage_create_loop",
        storage_pool: String = "storage_pool",
        trust_password: SecretText = "trust_password",
    }
    /// `lxd.init.storage_backend`.
    enum LxdInitStorageBackend {
        Zfs = "zfs",
        Dir = "dir",
        Lvm = "lvm",
        Btrfs = "btrfs",
    }
    /// `lxd.bridge`.
    struct LxdBridge {
        mode: LxdBridgeMode = "mode",
        name: String = "name",
        mtu: Number = "mtu",
        ipv4_address: String = "ipv4_address",
        ipv4_netmask: Number = "ipv4_netmask",
        ipv4_dhcp_first: String = "ipv4_dhcp_first",
        ipv4_dhcp_last: String = "ipv4_dhcp_last",
        ipv4_dhcp_leases: Number = "ipv4_dhcp_leases",
        ipv4_nat: bool = "ipv4_nat",
        ipv6_address: String = "ipv6_address",
        ipv6_netmask: Number = "ipv6_netmask",
        ipv6_nat: bool = "ipv6_nat",
        domain: String = "domain",
    }
    /// `lxd.bridge.mode`.
    enum LxdBridgeMode {
        None = "none",
        Existing = "existing",
        New = "new",
    }
    /// `packages[]`.
    struct Package {
        apt: Vec<TextOr<Vec<String>>> = "apt",
        snap: Vec<TextOr<Vec<String>>> = "snap",
    }
    /// `rh_subscription`.
    struct RhSubscription {
        username: String = "username",
        password: SecretText = "password",
        activation_key: SecretText = "activation_key",
        activation_key_old: SecretText = "activation-key",
        org: NumberOrText = "org",
        auto_attach: bool = "auto_attach",
        auto_attach_old: bool = "auto-attach",
        service_level: String = "service_level",
        service_level_old: String = "service-level",
        add_pool: Vec<String> = "add_pool",
        add_pool_old: Vec<String> = "add-pool",
        enable_repo: Vec<String> = "enable_repo",
        enable_repo_old: Vec<String> = "enable-repo",
        disable_repo: Vec<String> = "disable_repo",
        disable_repo_old: Vec<String> = "disable-repo",
        release_version: String = "release_version",
        rhsm_baseurl: String = "rhsm_baseurl",
        rhsm_baseurl_old: String = "rhsm-baseurl",
        server_hostname: String = "server_hostname",
        server_hostname_old: String = "server-hostname",
    }
    /// `snap`.
    struct Snap {
        assertions: Either<Vec<String>, BTreeMap<String, String>> = "assertions",
        commands: Either<Vec<TextOr<Vec<String>>>, BTreeMap<String, TextOr<Vec<String>>>> = "commands",
    }
    /// `drivers`.
    struct Drivers {
        nvidia: DriversNvidia = "nvidia",
    }
    /// `drivers.nvidia`.
    struct DriversNvidia {
        license_accepted: bool = "license-accepted",
        version: String = "version",
    }
    /// `ubuntu_pro`.
    struct UbuntuPro {
        enable: Vec<String> = "enable",
        enable_beta: Vec<String> = "enable_beta",
        token: SecretText = "token",
        features: UbuntuProFeatures = "features",
        config: UbuntuProConfig = "config",
    }
    /// `ubuntu_pro.features`.
    struct UbuntuProFeatures {
        disable_auto_attach: bool = "disable_auto_attach",
    }
    /// `ubuntu_pro.config`.
    struct UbuntuProConfig {
        http_proxy: Nullable<String> = "http_proxy",
        https_proxy: Nullable<String> = "https_proxy",
        global_apt_http_proxy: Nullable<String> = "global_apt_http_proxy",
        global_apt_https_proxy: Nullable<String> = "global_apt_https_proxy",
        ua_apt_http_proxy: Nullable<String> = "ua_apt_http_proxy",
        ua_apt_https_proxy: Nullable<String> = "ua_apt_https_proxy",
    }
    /// `yum_repos.*`.
    struct YumRepo {
        baseurl: String = "baseurl",
        metalink: String = "metalink",
        mirrorlist: String = "mirrorlist",
        name: String = "name",
        enabled: bool = "enabled",
    }
    /// `zypper`.
    struct Zypper {
        repos: Vec<ZypperRepo> = "repos",
        config: Open = "config",
    }
    /// `zypper.repos[]`.
    struct ZypperRepo {
        id: String = "id",
        baseurl: String = "baseurl",
    }
}
