//! Security groups: what traffic machines may have.

use serde::{Deserialize, Serialize};

use super::{Cidr, Labels, SecurityGroupKey, limits, text, words};
use crate::{Faults, ProjectId, Validate};

words! {
    /// Which way traffic goes.
    Direction "direction" {
        /// To the machine.
        Ingress "ingress",
        /// From the machine.
        Egress "egress",
    }
}

words! {
    /// What becomes of traffic.
    #[derive(Default)]
    RuleAction "rule action" {
        /// It passes.
        #[default]
        Allow "allow",
        /// It is dropped.
        Drop "drop",
        /// It is refused, and the sender is told.
        Reject "reject",
    }
}

words! {
    /// A protocol above IP.
    #[derive(Default)]
    Protocol "protocol" {
        /// Every one.
        #[default]
        Any "any",
        /// TCP.
        Tcp "tcp",
        /// UDP.
        Udp "udp",
        /// ICMP of IPv4.
        Icmp "icmp",
        /// ICMP of IPv6.
        Icmpv6 "icmpv6",
    }
}

/// A range of ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PortRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

/// Who is at the other end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Remote {
    /// Anybody.
    #[default]
    #[serde(deserialize_with = "crate::word::nothing_else")]
    Any,
    /// Hosts of a network.
    Network {
        /// The network.
        cidr: Cidr,
    },
    /// Interfaces in a security group.
    Group {
        /// The group.
        security_group_id: SecurityGroupKey,
    },
}

/// One rule. Rules are tried in order; the first that fits decides, and what fits none is dropped
/// when it comes in and passes when it goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecurityRule {
    /// Which way the traffic goes.
    pub direction: Direction,
    /// What becomes of it.
    #[serde(default)]
    pub action: RuleAction,
    /// Which protocol it uses.
    #[serde(default)]
    pub protocol: Protocol,
    /// Which ports of the receiver; all when there are none. Only for TCP and UDP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<PortRange>,
    /// Who is at the other end.
    #[serde(default)]
    pub remote: Remote,
    /// What the rule is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// Rules for the interfaces that are in the group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupKey,
    /// Its name.
    pub name: String,
    /// The project that it belongs to.
    #[serde(default)]
    pub project_id: ProjectId,
    /// What its owner says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Labels.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Whether answers to what was allowed pass on their own.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub stateful: bool,
    /// The rules, in the order in which they are tried.
    #[serde(default)]
    pub rules: Vec<SecurityRule>,
    /// Counts its changes.
    #[serde(default)]
    pub revision: u64,
}

fn yes() -> bool {
    true
}

impl Validate for SecurityRule {
    fn validate(&self, faults: &mut Faults) {
        text::description(faults, &self.description);
        if let Some(ports) = self.ports {
            if !matches!(self.protocol, Protocol::Tcp | Protocol::Udp) {
                let message = format!("protocol {} has no ports", self.protocol);
                faults.error("ports", "ports-without-protocol", message);
            }
            if ports.last < ports.first {
                let message = format!("{} is before {}", ports.last, ports.first);
                faults.error("ports", "range-order", message);
            }
            if ports.first == 0 {
                faults.error("ports", "out-of-range", "port 0 is not used: begin at 1");
            }
        }
        if let Remote::Network { cidr } = self.remote {
            let fits = match self.protocol {
                Protocol::Icmp => cidr.network().is_ipv4(),
                Protocol::Icmpv6 => cidr.network().is_ipv6(),
                Protocol::Any | Protocol::Tcp | Protocol::Udp => true,
            };
            if !fits {
                let message = format!("{} does not come from {cidr}", self.protocol);
                faults.error("remote", "family-mismatch", message);
            }
        }
    }
}

impl Validate for SecurityGroup {
    fn validate(&self, faults: &mut Faults) {
        text::name(faults, "name", &self.name, &limits::NAME_CHARS);
        text::description(faults, &self.description);
        text::labels(faults, "labels", &self.labels);
        faults.count("rules", self.rules.len(), limits::SECURITY_RULES_MAX);
        faults.each("rules", &self.rules, |faults, rule| rule.validate(faults));
    }
}
