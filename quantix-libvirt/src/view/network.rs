//! Networks, their ports, and the filters of network interfaces.

use super::field::{document, view};

view! {
    /// What a network is.
    Network, NetworkEdit {
        ipv6, set_ipv6: yes_no("@ipv6");
        trust_guest_rx_filters, set_trust_guest_rx_filters: yes_no("@trustGuestRxFilters");
        connections, set_connections: number("@connections");
        name, set_name: text("name");
        uuid, set_uuid: text("uuid");
        title, set_title: text("title");
        description, set_description: text("description");
        bridge_name, set_bridge_name: text("bridge/@name");
        bridge_stp, set_bridge_stp: on_off("bridge/@stp");
        bridge_delay, set_bridge_delay: number("bridge/@delay");
        bridge_zone, set_bridge_zone: text("bridge/@zone");
        bridge_mac_table_manager, set_bridge_mac_table_manager: text("bridge/@macTableManager");
        mtu_size, set_mtu_size: number("mtu/@size");
        mac_address, set_mac_address: text("mac/@address");
        domain_name, set_domain_name: text("domain/@name");
        domain_local_only, set_domain_local_only: yes_no("domain/@localOnly");
        domain_register, set_domain_register: yes_no("domain/@register");
        forward_mode, set_forward_mode: text("forward/@mode");
        forward_dev, set_forward_dev: text("forward/@dev");
        forward_managed, set_forward_managed: yes_no("forward/@managed");
        forward_driver_name, set_forward_driver_name: text("forward/driver/@name");
        forward_nat_ipv6, set_forward_nat_ipv6: yes_no("forward/nat/@ipv6");
        forward_nat_address_start, set_forward_nat_address_start: text("forward/nat/address/@start");
        forward_nat_address_end, set_forward_nat_address_end: text("forward/nat/address/@end");
        forward_nat_port_start, set_forward_nat_port_start: number("forward/nat/port/@start");
        forward_nat_port_end, set_forward_nat_port_end: number("forward/nat/port/@end");
        forward_pf_dev, set_forward_pf_dev: text("forward/pf/@dev");
        dns_enable, set_dns_enable: yes_no("dns/@enable");
        dns_forward_plain_names, set_dns_forward_plain_names: yes_no("dns/@forwardPlainNames");
        bandwidth_inbound_average, set_bandwidth_inbound_average: number("bandwidth/inbound/@average");
        bandwidth_inbound_peak, set_bandwidth_inbound_peak: number("bandwidth/inbound/@peak");
        bandwidth_inbound_burst, set_bandwidth_inbound_burst: number("bandwidth/inbound/@burst");
        bandwidth_inbound_floor, set_bandwidth_inbound_floor: number("bandwidth/inbound/@floor");
        bandwidth_outbound_average, set_bandwidth_outbound_average: number("bandwidth/outbound/@average");
        bandwidth_outbound_peak, set_bandwidth_outbound_peak: number("bandwidth/outbound/@peak");
        bandwidth_outbound_burst, set_bandwidth_outbound_burst: number("bandwidth/outbound/@burst");
        vlan_trunk, set_vlan_trunk: yes_no("vlan/@trunk");
        virtualport_kind, set_virtualport_kind: text("virtualport/@type");
        virtualport_parameters_profileid, set_virtualport_parameters_profileid: text("virtualport/parameters/@profileid");
        virtualport_parameters_interfaceid, set_virtualport_parameters_interfaceid: text("virtualport/parameters/@interfaceid");
        virtualport_parameters_managerid, set_virtualport_parameters_managerid: text("virtualport/parameters/@managerid");
        virtualport_parameters_typeid, set_virtualport_parameters_typeid: text("virtualport/parameters/@typeid");
        virtualport_parameters_typeidversion, set_virtualport_parameters_typeidversion: text("virtualport/parameters/@typeidversion");
        virtualport_parameters_instanceid, set_virtualport_parameters_instanceid: text("virtualport/parameters/@instanceid");
        port_isolated, set_port_isolated: yes_no("port/@isolated");
        [ips: NetworkIp("ip")]
        [routes: Route("route")]
        [port_groups: PortGroup("portgroup")]
        [interfaces: ForwardInterface("forward/interface")]
        [forwarders: DnsForwarder("dns/forwarder")]
        [dns_hosts: DnsHost("dns/host")]
        [dns_texts: DnsText("dns/txt")]
        [dns_services: DnsService("dns/srv")]
        [tags: VlanTag("vlan/tag")]
    }
}

document! {
    /// A network (`<network>`).
    NetworkXml("network") of Network, NetworkEdit
}

view! {
    /// An address of a network on its host.
    NetworkIp, NetworkIpEdit {
        family, set_family: text("@family");
        address, set_address: text("@address");
        netmask, set_netmask: text("@netmask");
        prefix, set_prefix: number("@prefix");
        local_ptr, set_local_ptr: yes_no("@localPtr");
        tftp_root, set_tftp_root: text("tftp/@root");
        dhcp_bootp_file, set_dhcp_bootp_file: text("dhcp/bootp/@file");
        dhcp_bootp_server, set_dhcp_bootp_server: text("dhcp/bootp/@server");
        [ranges: DhcpRange("dhcp/range")]
        [hosts: DhcpHost("dhcp/host")]
    }
}

view! {
    /// Addresses that a network hands out.
    DhcpRange, DhcpRangeEdit {
        start, set_start: text("@start");
        end, set_end: text("@end");
        lease_expiry, set_lease_expiry: number("lease/@expiry");
        lease_unit, set_lease_unit: text("lease/@unit");
    }
}

view! {
    /// An address that is kept for one guest.
    DhcpHost, DhcpHostEdit {
        mac, set_mac: text("@mac");
        id, set_id: text("@id");
        name, set_name: text("@name");
        ip, set_ip: text("@ip");
        lease_expiry, set_lease_expiry: number("lease/@expiry");
        lease_unit, set_lease_unit: text("lease/@unit");
    }
}

view! {
    /// A static route.
    Route, RouteEdit {
        family, set_family: text("@family");
        address, set_address: text("@address");
        netmask, set_netmask: text("@netmask");
        prefix, set_prefix: number("@prefix");
        gateway, set_gateway: text("@gateway");
        metric, set_metric: number("@metric");
    }
}

view! {
    /// A group of ports with properties of its own.
    PortGroup, PortGroupEdit {
        name, set_name: text("@name");
        default, set_default: yes_no("@default");
        trust_guest_rx_filters, set_trust_guest_rx_filters: yes_no("@trustGuestRxFilters");
        virtualport_kind, set_virtualport_kind: text("virtualport/@type");
        virtualport_parameters_profileid, set_virtualport_parameters_profileid: text("virtualport/parameters/@profileid");
        bandwidth_inbound_average, set_bandwidth_inbound_average: number("bandwidth/inbound/@average");
        bandwidth_outbound_average, set_bandwidth_outbound_average: number("bandwidth/outbound/@average");
        vlan_trunk, set_vlan_trunk: yes_no("vlan/@trunk");
        [tags: VlanTag("vlan/tag")]
    }
}

view! {
    /// A device of the host that a network forwards to.
    ForwardInterface, ForwardInterfaceEdit {
        dev, set_dev: text("@dev");
        connections, set_connections: number("@connections");
    }
}

view! {
    /// A server that names are asked from.
    DnsForwarder, DnsForwarderEdit {
        addr, set_addr: text("@addr");
        domain, set_domain: text("@domain");
    }
}

view! {
    /// A name that a network answers.
    DnsHost, DnsHostEdit {
        ip, set_ip: text("@ip");
        hostname, set_hostname: text("hostname");
    }
}

view! {
    /// A text that a network answers.
    DnsText, DnsTextEdit {
        name, set_name: text("@name");
        value, set_value: text("@value");
    }
}

view! {
    /// A service that a network answers.
    DnsService, DnsServiceEdit {
        service, set_service: text("@service");
        protocol, set_protocol: text("@protocol");
        domain, set_domain: text("@domain");
        target, set_target: text("@target");
        port, set_port: number("@port");
        priority, set_priority: number("@priority");
        weight, set_weight: number("@weight");
    }
}

view! {
    /// A VLAN.
    VlanTag, VlanTagEdit {
        id, set_id: number("@id");
        native_mode, set_native_mode: text("@nativeMode");
    }
}

view! {
    /// What a port of a network is.
    NetworkPort, NetworkPortEdit {
        uuid, set_uuid: text("uuid");
        owner_name, set_owner_name: text("owner/name");
        owner_uuid, set_owner_uuid: text("owner/uuid");
        group, set_group: text("group");
        mac_address, set_mac_address: text("mac/@address");
        virtualport_kind, set_virtualport_kind: text("virtualport/@type");
        virtualport_parameters_profileid, set_virtualport_parameters_profileid: text("virtualport/parameters/@profileid");
        virtualport_parameters_interfaceid, set_virtualport_parameters_interfaceid: text("virtualport/parameters/@interfaceid");
        plug_kind, set_plug_kind: text("plug/@type");
        plug_bridge, set_plug_bridge: text("plug/@bridge");
        plug_network, set_plug_network: text("plug/@network");
        plug_dev, set_plug_dev: text("plug/@dev");
        plug_mode, set_plug_mode: text("plug/@mode");
        plug_managed, set_plug_managed: yes_no("plug/@managed");
        plug_mac_table_manager, set_plug_mac_table_manager: text("plug/@macTableManager");
        plug_driver_name, set_plug_driver_name: text("plug/driver/@name");
        rxfilters_trust_guest, set_rxfilters_trust_guest: yes_no("rxfilters/@trustGuest");
        port_isolated, set_port_isolated: yes_no("port/@isolated");
        bandwidth_inbound_average, set_bandwidth_inbound_average: number("bandwidth/inbound/@average");
        bandwidth_inbound_floor, set_bandwidth_inbound_floor: number("bandwidth/inbound/@floor");
        bandwidth_outbound_average, set_bandwidth_outbound_average: number("bandwidth/outbound/@average");
        [tags: VlanTag("vlan/tag")]
    }
}

document! {
    /// A port of a network (`<networkport>`).
    NetworkPortXml("networkport") of NetworkPort, NetworkPortEdit
}

view! {
    /// What a network filter is.
    Filter, FilterEdit {
        name, set_name: text("@name");
        chain, set_chain: text("@chain");
        priority, set_priority: text("@priority");
        uuid, set_uuid: text("uuid");
        [rules: FilterRule("rule")]
        [references: FilterReference("filterref")]
    }
}

document! {
    /// A network filter (`<filter>`).
    FilterXml("filter") of Filter, FilterEdit
}

view! {
    /// A rule of a filter.
    FilterRule, FilterRuleEdit {
        action, set_action: text("@action");
        direction, set_direction: text("@direction");
        priority, set_priority: text("@priority");
        statematch, set_statematch: text("@statematch");
    }
}

view! {
    /// Another filter that a filter takes in.
    FilterReference, FilterReferenceEdit {
        filter, set_filter: text("@filter");
        priority, set_priority: text("@priority");
        [parameters: FilterParameter("parameter")]
    }
}

view! {
    /// A variable of a filter.
    FilterParameter, FilterParameterEdit {
        name, set_name: text("@name");
        value, set_value: text("@value");
    }
}

view! {
    /// Which interface a filter is bound to.
    FilterBinding, FilterBindingEdit {
        owner_name, set_owner_name: text("owner/name");
        owner_uuid, set_owner_uuid: text("owner/uuid");
        portdev_name, set_portdev_name: text("portdev/@name");
        mac_address, set_mac_address: text("mac/@address");
        filterref_filter, set_filterref_filter: text("filterref/@filter");
        [parameters: FilterParameter("filterref/parameter")]
    }
}

document! {
    /// A binding of a filter to an interface (`<filterbinding>`).
    FilterBindingXml("filterbinding") of FilterBinding, FilterBindingEdit
}
