//! Security groups as network filters of libvirt.

use std::net::IpAddr;

use quantix_core::model::{
    Cidr, Direction, Protocol, Remote, RuleAction, SecurityGroup, SecurityGroupKey, SecurityRule,
};
use quantix_xml::{Document, NewElement};

use crate::{Class, Error, Host, Lane, Result, host::Target};

/// The most rules of a filter, after groups are resolved to addresses.
pub const FILTER_RULES_MAX: usize = 900;

const OPERATION: &str = "make filter of security group";

/// The name of the filter of a security group.
#[must_use]
pub fn filter_name(group: &SecurityGroupKey) -> String {
    ["quantix-", group.as_str()].concat()
}

/// The network filter that does what a security group says.
///
/// `members` gives the addresses of the interfaces in another group. Rules are tried in order; what
/// fits none is dropped when it comes in and passes when it goes out. What a machine needs to have
/// an address at all passes always: answers of DHCP servers, and the neighbour discovery and router
/// advertisements of IPv6. A group whose rules allow nothing of IPv6 so still answers there.
///
/// # Errors
/// [`Class::Invalid`] above [`FILTER_RULES_MAX`] rules.
///
/// # Example
/// ```
/// use quantix_core::model::SecurityGroup;
/// let group: SecurityGroup = serde_json::from_str(r#"{"id":"web","name":"web","rules":[
///     {"direction":"ingress","protocol":"tcp","ports":{"first":443,"last":443}}]}"#)?;
/// let filter = quantix_libvirt::security_filter(&group, |_| Vec::new())?;
/// assert!(filter.contains("dstportstart=\"443\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn security_filter(
    group: &SecurityGroup,
    members: impl Fn(&SecurityGroupKey) -> Vec<IpAddr>,
) -> Result<String> {
    let mut rules = always();
    for rule in &group.rules {
        for remote in remotes(&rule.remote, &members) {
            for family in families(rule.protocol, remote) {
                rules.push((rule.action, rule.direction, matches(rule, family, remote)));
            }
        }
        if rules.len() > FILTER_RULES_MAX {
            let text =
                "the group comes to more than 900 rules; allow networks, not single addresses";
            return Err(Error::new(Class::Invalid, OPERATION, text).about(&group.name));
        }
    }
    for (action, direction) in
        [(RuleAction::Drop, Direction::Ingress), (RuleAction::Allow, Direction::Egress)]
    {
        for protocol in ["all", "all-ipv6"] {
            rules.push((action, direction, NewElement::new(protocol)));
        }
    }
    let rules = rules.into_iter().enumerate().map(|(at, (action, direction, matched))| {
        let rule = NewElement::new("rule")
            .attr("action", action_word(action))
            .attr("direction", if direction == Direction::Ingress { "in" } else { "out" })
            .attr("priority", at.to_string());
        let rule = if group.stateful { rule } else { rule.attr("statematch", "false") };
        rule.child(matched)
    });
    let filter = NewElement::new("filter")
        .attr("name", filter_name(&group.id))
        .attr("chain", "root")
        .children(rules);
    let document = Document::new(&filter)
        .map_err(|error| Error::new(Class::Invalid, OPERATION, error.to_string()))?;
    Ok(document.to_string())
}

type Rule = (RuleAction, Direction, NewElement);

/// What passes whatever the rules say.
fn always() -> Vec<Rule> {
    let dhcp = NewElement::new("udp").attr("srcportstart", "67").attr("dstportstart", "68");
    let mut rules = vec![(RuleAction::Allow, Direction::Ingress, dhcp)];
    // Router advertisement, neighbour solicitation and advertisement (RFC 4861).
    for kind in ["134", "135", "136"] {
        let discovery = NewElement::new("icmpv6").attr("type", kind);
        rules.push((RuleAction::Allow, Direction::Ingress, discovery));
    }
    rules
}

fn action_word(action: RuleAction) -> &'static str {
    match action {
        RuleAction::Allow => "accept",
        RuleAction::Drop => "drop",
        RuleAction::Reject => "reject",
    }
}

/// Who is at the other end: `None` is anybody.
fn remotes(
    remote: &Remote,
    members: &impl Fn(&SecurityGroupKey) -> Vec<IpAddr>,
) -> Vec<Option<(IpAddr, u8)>> {
    let whole = |cidr: &Cidr| Some((cidr.network(), cidr.prefix()));
    match remote {
        Remote::Any => vec![None],
        Remote::Network { cidr } => vec![whole(cidr)],
        Remote::Group { security_group_id } => {
            let one = |address: IpAddr| (address, if address.is_ipv4() { 32 } else { 128 });
            members(security_group_id).into_iter().map(|address| Some(one(address))).collect()
        }
    }
}

/// The families of addresses that a rule is for; `true` is IPv6.
fn families(protocol: Protocol, remote: Option<(IpAddr, u8)>) -> Vec<bool> {
    let by_protocol = match protocol {
        Protocol::Icmp => [true, false],
        Protocol::Icmpv6 => [false, true],
        Protocol::Any | Protocol::Tcp | Protocol::Udp => [true, true],
    };
    let by_remote = remote.map(|(address, _)| address.is_ipv6());
    [false, true]
        .into_iter()
        .filter(|&ipv6| by_protocol[usize::from(ipv6)])
        .filter(|&ipv6| by_remote.is_none_or(|remote| remote == ipv6))
        .collect()
}

fn matches(rule: &SecurityRule, ipv6: bool, remote: Option<(IpAddr, u8)>) -> NewElement {
    let name = match (rule.protocol, ipv6) {
        (Protocol::Any, false) => "all",
        (Protocol::Any, true) => "all-ipv6",
        (Protocol::Tcp, false) => "tcp",
        (Protocol::Tcp, true) => "tcp-ipv6",
        (Protocol::Udp, false) => "udp",
        (Protocol::Udp, true) => "udp-ipv6",
        (Protocol::Icmp, _) => "icmp",
        (Protocol::Icmpv6, _) => "icmpv6",
    };
    let mut element = NewElement::new(name);
    if let Some((address, prefix)) = remote {
        let (ip, mask) = match rule.direction {
            Direction::Ingress => ("srcipaddr", "srcipmask"),
            Direction::Egress => ("dstipaddr", "dstipmask"),
        };
        element = element.attr(ip, address.to_string()).attr(mask, prefix.to_string());
    }
    if let Some(ports) = rule.ports {
        element = element
            .attr("dstportstart", ports.first.to_string())
            .attr("dstportend", ports.last.to_string());
    }
    element
}

impl Host {
    /// The names of the network filters, in order.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn filters(&self) -> Result<Vec<String>> {
        self.read(Lane::Control, "list filters of", Target::Host, |h| h.filters()).await
    }

    /// Defines a network filter from XML, or replaces the one of the same name; interfaces that
    /// use it change at once. Gives its name.
    ///
    /// # Errors
    /// As every call; see [`Class`].
    pub async fn filter_define(&self, xml: &str) -> Result<String> {
        let xml = xml.to_owned();
        let operation = "define filter";
        self.act(Lane::Control, operation, Target::Host, move |h| h.filter_define(&xml)).await
    }

    /// The XML of a network filter.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name.
    pub async fn filter_xml(&self, name: &str) -> Result<String> {
        let name = name.to_owned();
        let operation = "read XML of filter";
        self.read(Lane::Control, operation, Target::Host, move |h| h.filter_xml(&name)).await
    }

    /// Removes a network filter that nothing uses.
    ///
    /// # Errors
    /// [`Class::NotFound`] where there is none of this name; [`Class::Failed`] where it is used.
    pub async fn filter_undefine(&self, name: &str) -> Result<()> {
        let name = name.to_owned();
        let operation = "remove filter";
        self.act(Lane::Control, operation, Target::Host, move |h| h.filter_undefine(&name)).await
    }

    /// Makes the filter of a security group what the group says now; gives its name, for
    /// `<filterref>`. An existing one keeps its UUID.
    ///
    /// # Errors
    /// As [`security_filter`] and [`Host::filter_define`].
    pub async fn apply_security_group(
        &self,
        group: &SecurityGroup,
        members: impl Fn(&SecurityGroupKey) -> Vec<IpAddr>,
    ) -> Result<String> {
        let xml = security_filter(group, members)?;
        let mut filter = crate::view::FilterXml::parse(&xml)?;
        match self.filter_xml(&filter_name(&group.id)).await {
            Ok(there) => {
                let there = crate::view::FilterXml::parse(&there)?;
                let uuid = there.get().uuid().unwrap_or_default().into_owned();
                filter.edit().set_uuid(uuid.as_str())?;
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        self.filter_define(&filter.to_string()).await
    }
}
