//! Network configuration, version 1.

use serde_json::Number;

use super::{
    macros::model,
    shape::{Nullable, TextOr},
};

model! {
    /// The document.
    struct NetworkConfigV1 {
        version: Number = "version",
        config: Vec<Interface> = "config",
    }
    /// `config[]`.
    struct Interface {
        kind: InterfaceType = "type",
        name: String = "name",
        mac_address: String = "mac_address",
        bond_interfaces: Vec<String> = "bond_interfaces",
        mtu: Nullable<Number> = "mtu",
        accept_ra: bool = "accept-ra",
        params: InterfaceParams = "params",
        subnets: Vec<InterfaceSubnet> = "subnets",
        bridge_interfaces: Vec<String> = "bridge_interfaces",
        keep_configuration: bool = "keep_configuration",
        address: TextOr<Vec<String>> = "address",
        search: Vec<String> = "search",
        interface: String = "interface",
        network: String = "network",
        destination: String = "destination",
        netmask: String = "netmask",
        gateway: String = "gateway",
        metric: Number = "metric",
        vlan_link: String = "vlan_link",
        vlan_id: Number = "vlan_id",
    }
    /// `config[].type`.
    enum InterfaceType {
        Bond = "bond",
        Bridge = "bridge",
        Physical = "physical",
        Nameserver = "nameserver",
        Route = "route",
        Vlan = "vlan",
    }
    /// `config[].params`.
    struct InterfaceParams {
        bond_active_slave: String = "bond-active_slave",
        bond_ad_actor_key: String = "bond-ad_actor_key",
        bond_ad_actor_sys_prio: Number = "bond-ad_actor_sys_prio",
        bond_ad_actor_system: String = "bond-ad_actor_system",
        bond_ad_aggregator: String = "bond-ad_aggregator",
        bond_ad_num_ports: Number = "bond-ad_num_ports",
        bond_ad_partner_key: String = "bond-ad_partner_key",
        bond_ad_partner_mac: String = "bond-ad_partner_mac",
        bond_ad_select: String = "bond-ad_select",
        bond_ad_user_port_key: String = "bond-ad_user_port_key",
        bond_all_slaves_active: String = "bond-all_slaves_active",
        bond_arp_all_targets: String = "bond-arp_all_targets",
        bond_arp_interval: Number = "bond-arp_interval",
        bond_arp_ip_target: String = "bond-arp_ip_target",
        bond_arp_validate: bool = "bond-arp_validate",
        bond_downdelay: Number = "bond-downdelay",
        bond_fail_over_mac: String = "bond-fail_over_mac",
        bond_lacp_rate: String = "bond-lacp_rate",
        bond_lp_interval: Number = "bond-lp_interval",
        bond_miimon: Number = "bond-miimon",
        bond_mii_status: String = "bond-mii_status",
        bond_min_links: Number = "bond-min_links",
        bond_mode: InterfaceParamsBondMode = "bond-mode",
        bond_num_grat_arp: Number = "bond-num_grat_arp",
        bond_num_unsol_na: Number = "bond-num_unsol_na",
        bond_packets_per_slave: Number = "bond-packets_per_slave",
        bond_peer_notif_delay: Number = "bond-peer_notif_delay",
        bond_primary: String = "bond-primary",
        bond_primary_reselect: InterfaceParamsBondPrimaryReselect = "bond-primary_reselect",
        bond_queue_id: String = "bond-queue_id",
        bond_resend_igmp: String = "bond-resend_igmp",
        bond_slaves: String = "bond-slaves",
        bond_tlb_dynamic_lb: String = "bond-tlb_dynamic_lb",
        bond_updelay: String = "bond-updelay",
        bond_use_carrier: String = "bond-use_carrier",
        bond_xmit_hash_policy: String = "bond-xmit_hash_policy",
        bridge_ageing: Number = "bridge_ageing",
        bridge_bridgeprio: Number = "bridge_bridgeprio",
        bridge_fd: Number = "bridge_fd",
        bridge_hello: Number = "bridge_hello",
        bridge_hw: String = "bridge_hw",
        bridge_maxage: Number = "bridge_maxage",
        bridge_maxwait: Number = "bridge_maxwait",
        bridge_pathcost: Vec<String> = "bridge_pathcost",
        bridge_portprio: Vec<String> = "bridge_portprio",
        bridge_ports: Vec<String> = "bridge_ports",
        bridge_stp: InterfaceParamsBridgeStp = "bridge_stp",
        bridge_waitport: Vec<String> = "bridge_waitport",
    }
    /// `config[].params.bond-mode`.
    enum InterfaceParamsBondMode {
        BalanceRr = "balance-rr",
        ActiveBackup = "active-backup",
        BalanceAlb = "balance-alb",
        BalanceTcp = "balance-tcp",
        BalanceTlb = "balance-tlb",
        BalanceSlb = "balance-slb",
        BalanceXor = "balance-xor",
        Broadcast = "broadcast",
        N8023ad = "802.3ad",
    }
    /// `config[].params.bond-primary_reselect`.
    enum InterfaceParamsBondPrimaryReselect {
        Always = "always",
        Better = "better",
        Failure = "failure",
    }
    /// `config[].params.bridge_stp`.
    enum InterfaceParamsBridgeStp {
        On = "on",
        Off = "off",
    }
    /// `config[].subnets[]`.
    struct InterfaceSubnet {
        kind: InterfaceSubnetType = "type",
        control: InterfaceSubnetControl = "control",
        address: String = "address",
        netmask: String = "netmask",
        broadcast: String = "broadcast",
        gateway: String = "gateway",
        dns_nameservers: Vec<String> = "dns_nameservers",
        dns_search: Vec<String> = "dns_search",
        routes: Vec<InterfaceSubnetRoute> = "routes",
        ipv4: bool = "ipv4",
        ipv6: bool = "ipv6",
        metric: Number = "metric",
    }
    /// `config[].subnets[].type`.
    enum InterfaceSubnetType {
        Dhcp4 = "dhcp4",
        Dhcp = "dhcp",
        Dhcp6 = "dhcp6",
        Static = "static",
        Static6 = "static6",
        Ipv6Dhcpv6Stateful = "ipv6_dhcpv6-stateful",
        Ipv6Dhcpv6Stateless = "ipv6_dhcpv6-stateless",
        Ipv6Slaac = "ipv6_slaac",
        Manual = "manual",
    }
    /// `config[].subnets[].control`.
    enum InterfaceSubnetControl {
        Manual = "manual",
        Auto = "auto",
        Hotplug = "hotplug",
    }
    /// `config[].subnets[].routes[]`.
    struct InterfaceSubnetRoute {
        kind: InterfaceSubnetRouteType = "type",
        network: String = "network",
        destination: String = "destination",
        netmask: String = "netmask",
        gateway: String = "gateway",
        metric: Number = "metric",
    }
    /// `config[].subnets[].routes[].type`.
    enum InterfaceSubnetRouteType {
        Route = "route",
    }
}
