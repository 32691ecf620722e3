//! Network configuration, version 2.

use std::collections::BTreeMap;

use serde_json::Number;

use super::netplan::{DummyDevice, Modem, Tunnel, VirtualEthernet, Vrf, Wifi};
use super::{
    macros::model,
    shape::{BoolOrText, Open, SecretText},
};

model! {
    /// The document.
    struct NetworkConfigV2 {
        version: Number = "version",
        renderer: Renderer = "renderer",
        ethernets: BTreeMap<String, Ethernet> = "ethernets",
        bonds: BTreeMap<String, Bond> = "bonds",
        bridges: BTreeMap<String, Bridge> = "bridges",
        vlans: BTreeMap<String, Vlan> = "vlans",
        wifis: BTreeMap<String, Wifi> = "wifis",
        tunnels: BTreeMap<String, Tunnel> = "tunnels",
        vrfs: BTreeMap<String, Vrf> = "vrfs",
        dummy_devices: BTreeMap<String, DummyDevice> = "dummy-devices",
        modems: BTreeMap<String, Modem> = "modems",
        virtual_ethernets: BTreeMap<String, VirtualEthernet> = "virtual-ethernets",
        nm_devices: BTreeMap<String, Open> = "nm-devices",
        openvswitch: Open = "openvswitch",
    }
    /// `renderer`.
    enum Renderer {
        Networkd = "networkd",
        NetworkManager = "NetworkManager",
    }
    /// `ethernets.*`.
    struct Ethernet {
        match_by: EthernetMatch = "match",
        set_name: String = "set-name",
        wakeonlan: bool = "wakeonlan",
        auth: EthernetAuth = "auth",
        virtual_function_count: Number = "virtual-function-count",
        embedded_switch_mode: String = "embedded-switch-mode",
        delay_virtual_functions_rebind: bool = "delay-virtual-functions-rebind",
        infiniband_mode: String = "infiniband-mode",
        receive_checksum_offload: bool = "receive-checksum-offload",
        transmit_checksum_offload: bool = "transmit-checksum-offload",
        tcp_segmentation_offload: bool = "tcp-segmentation-offload",
        tcp6_segmentation_offload: bool = "tcp6-segmentation-offload",
        generic_segmentation_offload: bool = "generic-segmentation-offload",
        generic_receive_offload: bool = "generic-receive-offload",
        large_receive_offload: bool = "large-receive-offload",
        link: String = "link",
        renderer: Renderer = "renderer",
        dhcp4: BoolOrText = "dhcp4",
        dhcp6: BoolOrText = "dhcp6",
        dhcp4_overrides: EthernetDhcp4Overrides = "dhcp4-overrides",
        dhcp6_overrides: EthernetDhcp4Overrides = "dhcp6-overrides",
        addresses: Vec<String> = "addresses",
        gateway4: String = "gateway4",
        gateway6: String = "gateway6",
        optional: bool = "optional",
        mtu: Number = "mtu",
        nameservers: EthernetNameservers = "nameservers",
        routes: Vec<EthernetRoute> = "routes",
        dhcp_identifier: String = "dhcp-identifier",
        accept_ra: bool = "accept-ra",
        ipv6_privacy: bool = "ipv6-privacy",
        ipv6_address_generation: String = "ipv6-address-generation",
        ipv6_address_token: String = "ipv6-address-token",
        link_local: Vec<String> = "link-local",
        critical: bool = "critical",
        ignore_carrier: bool = "ignore-carrier",
        optional_addresses: Vec<String> = "optional-addresses",
        macaddress: String = "macaddress",
        ipv6_mtu: Number = "ipv6-mtu",
        activation_mode: String = "activation-mode",
        routing_policy: Vec<EthernetRoutingPolicyItem> = "routing-policy",
        neigh_suppress: bool = "neigh-suppress",
    }
    /// `ethernets.*.match`.
    struct EthernetMatch {
        name: String = "name",
        macaddress: String = "macaddress",
        driver: String = "driver",
    }
    /// `ethernets.*.auth`.
    struct EthernetAuth {
        key_management: String = "key-management",
        password: SecretText = "password",
        method: String = "method",
        identity: String = "identity",
        anonymous_identity: String = "anonymous-identity",
        ca_certificate: String = "ca-certificate",
        client_certificate: String = "client-certificate",
        client_key: String = "client-key",
        client_key_password: String = "client-key-password",
        phase2_auth: String = "phase2-auth",
    }
    /// `ethernets.*.dhcp4-overrides`.
    struct EthernetDhcp4Overrides {
        hostname: String = "hostname",
        route_metric: Number = "route-metric",
        send_hostname: bool = "send-hostname",
        use_dns: bool = "use-dns",
        use_domains: String = "use-domains",
        use_hostname: bool = "use-hostname",
        use_mtu: bool = "use-mtu",
        use_ntp: bool = "use-ntp",
        use_routes: bool = "use-routes",
    }
    /// `ethernets.*.nameservers`.
    struct EthernetNameservers {
        search: Vec<String> = "search",
        addresses: Vec<String> = "addresses",
    }
    /// `ethernets.*.routes[]`.
    struct EthernetRoute {
        to: String = "to",
        via: String = "via",
        metric: Number = "metric",
    }
    /// `ethernets.*.routing-policy[]`.
    struct EthernetRoutingPolicyItem {
        from: String = "from",
        to: String = "to",
        table: Number = "table",
        priority: Number = "priority",
        mark: Number = "mark",
        type_of_service: Number = "type-of-service",
    }
    /// `bonds.*`.
    struct Bond {
        interfaces: Vec<String> = "interfaces",
        parameters: BondParameters = "parameters",
        renderer: Renderer = "renderer",
        dhcp4: BoolOrText = "dhcp4",
        dhcp6: BoolOrText = "dhcp6",
        dhcp4_overrides: EthernetDhcp4Overrides = "dhcp4-overrides",
        dhcp6_overrides: EthernetDhcp4Overrides = "dhcp6-overrides",
        addresses: Vec<String> = "addresses",
        gateway4: String = "gateway4",
        gateway6: String = "gateway6",
        optional: bool = "optional",
        mtu: Number = "mtu",
        nameservers: EthernetNameservers = "nameservers",
        routes: Vec<EthernetRoute> = "routes",
        dhcp_identifier: String = "dhcp-identifier",
        accept_ra: bool = "accept-ra",
        ipv6_privacy: bool = "ipv6-privacy",
        ipv6_address_generation: String = "ipv6-address-generation",
        ipv6_address_token: String = "ipv6-address-token",
        link_local: Vec<String> = "link-local",
        critical: bool = "critical",
        ignore_carrier: bool = "ignore-carrier",
        optional_addresses: Vec<String> = "optional-addresses",
        macaddress: String = "macaddress",
        ipv6_mtu: Number = "ipv6-mtu",
        activation_mode: String = "activation-mode",
        routing_policy: Vec<EthernetRoutingPolicyItem> = "routing-policy",
        neigh_suppress: bool = "neigh-suppress",
    }
    /// `bonds.*.parameters`.
    struct BondParameters {
        mode: BondParametersMode = "mode",
        lacp_rate: BondParametersLacpRate = "lacp-rate",
        mii_monitor_interval: String = "mii-monitor-interval",
        min_links: Number = "min-links",
        transmit_hash_policy: BondParametersTransmitHashPolicy = "transmit-hash-policy",
        ad_select: BondParametersAdSelect = "ad-select",
        all_slaves_active: bool = "all-slaves-active",
        arp_interval: Number = "arp-interval",
        arp_ip_targets: Vec<String> = "arp-ip-targets",
        arp_validate: BondParametersArpValidate = "arp-validate",
        arp_all_targets: BondParametersArpAllTargets = "arp-all-targets",
        up_delay: Number = "up-delay",
        down_delay: Number = "down-delay",
        fail_over_mac_policy: BondParametersFailOverMacPolicy = "fail-over-mac-policy",
        gratuitous_arp: Number = "gratuitous-arp",
        packets_per_slave: Number = "packets-per-slave",
        primary_reselect_policy: BondParametersPrimaryReselectPolicy = "primary-reselect-policy",
        learn_packet_interval: String = "learn-packet-interval",
    }
    /// `bonds.*.parameters.mode`.
    enum BondParametersMode {
        BalanceRr = "balance-rr",
        ActiveBackup = "active-backup",
        BalanceXor = "balance-xor",
        Broadcast = "broadcast",
        N8023ad = "802.3ad",
        BalanceTlb = "balance-tlb",
        BalanceAlb = "balance-alb",
    }
    /// `bonds.*.parameters.lacp-rate`.
    enum BondParametersLacpRate {
        Fast = "fast",
        Slow = "slow",
    }
    /// `bonds.*.parameters.transmit-hash-policy`.
    enum BondParametersTransmitHashPolicy {
        Layer2 = "layer2",
        Layer34 = "layer3+4",
        Layer23 = "layer2+3",
        Encap23 = "encap2+3",
        Encap34 = "encap3+4",
    }
    /// `bonds.*.parameters.ad-select`.
    enum BondParametersAdSelect {
        Stable = "stable",
        Bandwidth = "bandwidth",
        Count = "count",
    }
    /// `bonds.*.parameters.arp-validate`.
    enum BondParametersArpValidate {
        None = "none",
        Active = "active",
        Backup = "backup",
        All = "all",
    }
    /// `bonds.*.parameters.arp-all-targets`.
    enum BondParametersArpAllTargets {
        Any = "any",
        All = "all",
    }
    /// `bonds.*.parameters.fail-over-mac-policy`.
    enum BondParametersFailOverMacPolicy {
        None = "none",
        Active = "active",
        Follow = "follow",
    }
    /// `bonds.*.parameters.primary-reselect-policy`.
    enum BondParametersPrimaryReselectPolicy {
        Always = "always",
        Better = "better",
        Failure = "failure",
    }
    /// `bridges.*`.
    struct Bridge {
        interfaces: Vec<String> = "interfaces",
        parameters: BridgeParameters = "parameters",
        renderer: Renderer = "renderer",
        dhcp4: BoolOrText = "dhcp4",
        dhcp6: BoolOrText = "dhcp6",
        dhcp4_overrides: EthernetDhcp4Overrides = "dhcp4-overrides",
        dhcp6_overrides: EthernetDhcp4Overrides = "dhcp6-overrides",
        addresses: Vec<String> = "addresses",
        gateway4: String = "gateway4",
        gateway6: String = "gateway6",
        optional: bool = "optional",
        mtu: Number = "mtu",
        nameservers: EthernetNameservers = "nameservers",
        routes: Vec<EthernetRoute> = "routes",
        dhcp_identifier: String = "dhcp-identifier",
        accept_ra: bool = "accept-ra",
        ipv6_privacy: bool = "ipv6-privacy",
        ipv6_address_generation: String = "ipv6-address-generation",
        ipv6_address_token: String = "ipv6-address-token",
        link_local: Vec<String> = "link-local",
        critical: bool = "critical",
        ignore_carrier: bool = "ignore-carrier",
        optional_addresses: Vec<String> = "optional-addresses",
        macaddress: String = "macaddress",
        ipv6_mtu: Number = "ipv6-mtu",
        activation_mode: String = "activation-mode",
        routing_policy: Vec<EthernetRoutingPolicyItem> = "routing-policy",
        neigh_suppress: bool = "neigh-suppress",
    }
    /// `bridges.*.parameters`.
    struct BridgeParameters {
        ageing_time: Number = "ageing-time",
        priority: Number = "priority",
        forward_delay: Number = "forward-delay",
        hello_time: Number = "hello-time",
        max_age: Number = "max-age",
        path_cost: Number = "path-cost",
        stp: bool = "stp",
    }
    /// `vlans.*`.
    struct Vlan {
        id: Number = "id",
        link: String = "link",
        renderer: Renderer = "renderer",
        dhcp4: BoolOrText = "dhcp4",
        dhcp6: BoolOrText = "dhcp6",
        dhcp4_overrides: EthernetDhcp4Overrides = "dhcp4-overrides",
        dhcp6_overrides: EthernetDhcp4Overrides = "dhcp6-overrides",
        addresses: Vec<String> = "addresses",
        gateway4: String = "gateway4",
        gateway6: String = "gateway6",
        optional: bool = "optional",
        mtu: Number = "mtu",
        nameservers: EthernetNameservers = "nameservers",
        routes: Vec<EthernetRoute> = "routes",
        dhcp_identifier: String = "dhcp-identifier",
        accept_ra: bool = "accept-ra",
        ipv6_privacy: bool = "ipv6-privacy",
        ipv6_address_generation: String = "ipv6-address-generation",
        ipv6_address_token: String = "ipv6-address-token",
        link_local: Vec<String> = "link-local",
        critical: bool = "critical",
        ignore_carrier: bool = "ignore-carrier",
        optional_addresses: Vec<String> = "optional-addresses",
        macaddress: String = "macaddress",
        ipv6_mtu: Number = "ipv6-mtu",
        activation_mode: String = "activation-mode",
        routing_policy: Vec<EthernetRoutingPolicyItem> = "routing-policy",
        neigh_suppress: bool = "neigh-suppress",
    }
}
