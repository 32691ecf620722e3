//! The passes of an answer file as XML elements.

use quantix_xml::NewElement;

use super::{Architecture, Identifier, Interface, Membership, Unattend, hide_password};

/// Builds the whole file.
pub(super) fn root(unattend: &Unattend) -> NewElement {
    NewElement::new("unattend")
        .attr("xmlns", "urn:schemas-microsoft-com:unattend")
        .attr("xmlns:wcm", "http://schemas.microsoft.com/WMIConfig/2002/State")
        .child(pass("specialize", specialize(unattend)))
        .child(pass("oobeSystem", oobe_system(unattend)))
}

fn pass(name: &str, components: Vec<NewElement>) -> NewElement {
    NewElement::new("settings").attr("pass", name).children(components)
}

fn component(unattend: &Unattend, name: &str, children: Vec<NewElement>) -> Option<NewElement> {
    let architecture = match unattend.architecture {
        Architecture::Amd64 => "amd64",
        Architecture::X86 => "x86",
        Architecture::Arm64 => "arm64",
    };
    (!children.is_empty()).then(|| {
        NewElement::new("component")
            .attr("name", name)
            .attr("processorArchitecture", architecture)
            .attr("publicKeyToken", "31bf3856ad364e35")
            .attr("language", "neutral")
            .attr("versionScope", "nonSxS")
            .children(children)
    })
}

fn leaf(name: &str, text: impl Into<String>) -> NewElement {
    NewElement::new(name).text(text)
}

/// A member of a list, as Setup marks it.
fn item(name: &str) -> NewElement {
    NewElement::new(name).attr("wcm:action", "add")
}

fn specialize(unattend: &Unattend) -> Vec<NewElement> {
    let mut shell = vec![leaf("ComputerName", &unattend.computer_name)];
    shell.extend(unattend.product_key.as_ref().map(|key| leaf("ProductKey", key.expose())));
    shell.extend(unattend.organization.as_ref().map(|text| leaf("RegisteredOrganization", text)));
    shell.extend(unattend.owner.as_ref().map(|text| leaf("RegisteredOwner", text)));
    shell.extend(unattend.time_zone.as_ref().map(|zone| leaf("TimeZone", zone)));
    let components = [
        component(unattend, "Microsoft-Windows-Shell-Setup", shell),
        component(unattend, "Microsoft-Windows-UnattendedJoin", membership(unattend)),
        component(unattend, "Microsoft-Windows-TCPIP", tcpip(unattend)),
        component(unattend, "Microsoft-Windows-DNS-Client", dns_client(unattend)),
    ];
    components.into_iter().flatten().collect()
}

fn membership(unattend: &Unattend) -> Vec<NewElement> {
    let children = match &unattend.membership {
        Membership::Unchanged => return Vec::new(),
        Membership::Workgroup(name) => vec![leaf("JoinWorkgroup", name)],
        Membership::Domain { domain, user, user_domain, password, ou } => {
            let mut children = vec![
                NewElement::new("Credentials")
                    .child(leaf("Domain", user_domain))
                    .child(leaf("Password", password.expose()))
                    .child(leaf("Username", user)),
                leaf("JoinDomain", domain),
            ];
            children.extend(ou.as_ref().map(|ou| leaf("MachineObjectOU", ou)));
            children
        }
    };
    vec![NewElement::new("Identification").children(children)]
}

/// Windows names an interface by its MAC address with hyphens.
fn identifier(interface: &Interface) -> NewElement {
    match &interface.identifier {
        Identifier::Mac(mac) => {
            leaf("Identifier", mac.to_string().to_ascii_uppercase().replace(':', "-"))
        }
        Identifier::Name(name) => leaf("Identifier", name),
    }
}

fn tcpip(unattend: &Unattend) -> Vec<NewElement> {
    let interfaces: Vec<NewElement> = unattend.interfaces.iter().map(tcpip_interface).collect();
    if interfaces.is_empty() {
        return Vec::new();
    }
    vec![NewElement::new("Interfaces").children(interfaces)]
}

fn tcpip_interface(interface: &Interface) -> NewElement {
    let dhcp = NewElement::new("Ipv4Settings")
        .child(leaf("DhcpEnabled", if interface.dhcp4 { "true" } else { "false" }));
    let mut out = item("Interface").child(identifier(interface)).child(dhcp);
    if !interface.addresses.is_empty() {
        let numbered = (1..).zip(&interface.addresses).map(|(number, cidr): (u32, _)| {
            item("IpAddress").attr("wcm:keyValue", number.to_string()).text(cidr.to_string())
        });
        out = out.child(NewElement::new("UnicastIpAddresses").children(numbered));
    }
    if !interface.routes.is_empty() {
        let numbered = (0..).zip(&interface.routes).map(|(number, (to, via)): (u32, _)| {
            item("Route")
                .child(leaf("Identifier", number.to_string()))
                .child(leaf("Prefix", to.to_string()))
                .child(leaf("NextHopAddress", via.to_string()))
        });
        out = out.child(NewElement::new("Routes").children(numbered));
    }
    out
}

fn dns_client(unattend: &Unattend) -> Vec<NewElement> {
    let mut out = Vec::new();
    let with_servers = unattend.interfaces.iter().filter(|i| !i.name_servers.is_empty());
    let interfaces: Vec<NewElement> = with_servers
        .map(|interface| {
            let servers = (1..).zip(&interface.name_servers).map(|(number, address): (u32, _)| {
                item("IpAddress").attr("wcm:keyValue", number.to_string()).text(address.to_string())
            });
            item("Interface")
                .child(identifier(interface))
                .child(NewElement::new("DNSServerSearchOrder").children(servers))
        })
        .collect();
    if !interfaces.is_empty() {
        out.push(NewElement::new("Interfaces").children(interfaces));
    }
    if !unattend.search_domains.is_empty() {
        let domains = (1..).zip(&unattend.search_domains).map(|(number, domain): (u32, _)| {
            item("DomainName").attr("wcm:keyValue", number.to_string()).text(domain)
        });
        out.push(NewElement::new("DNSSuffixSearchOrder").children(domains));
    }
    out
}

fn oobe_system(unattend: &Unattend) -> Vec<NewElement> {
    let mut locale = Vec::new();
    locale.extend(unattend.input_locale.as_ref().map(|text| leaf("InputLocale", text)));
    for name in ["SystemLocale", "UILanguage", "UserLocale"] {
        locale.extend(unattend.locale.as_ref().map(|text| leaf(name, text)));
    }
    let components = [
        component(unattend, "Microsoft-Windows-International-Core", locale),
        component(unattend, "Microsoft-Windows-Shell-Setup", oobe_shell(unattend)),
    ];
    components.into_iter().flatten().collect()
}

fn oobe_shell(unattend: &Unattend) -> Vec<NewElement> {
    let hidden = |name: &str, element: &str| {
        let password = unattend.administrator_password.as_ref()?;
        Some(
            NewElement::new(name)
                .child(leaf("Value", hide_password(password, element)))
                .child(leaf("PlainText", "false")),
        )
    };
    let mut out = Vec::new();
    if unattend.auto_logon_count > 0 {
        out.push(
            NewElement::new("AutoLogon")
                .children(hidden("Password", "Password"))
                .child(leaf("Enabled", "true"))
                .child(leaf("LogonCount", unattend.auto_logon_count.to_string()))
                .child(leaf("Username", "Administrator")),
        );
    }
    if !unattend.first_logon_commands.is_empty() {
        let commands = (1..).zip(&unattend.first_logon_commands).map(|(order, line): (u32, _)| {
            item("SynchronousCommand")
                .child(leaf("CommandLine", line))
                .child(leaf("Order", order.to_string()))
        });
        out.push(NewElement::new("FirstLogonCommands").children(commands));
    }
    // Nobody is there to answer the questions of the first run.
    out.push(
        NewElement::new("OOBE")
            .child(leaf("HideEULAPage", "true"))
            .child(leaf("HideLocalAccountScreen", "true"))
            .child(leaf("HideOnlineAccountScreens", "true"))
            .child(leaf("HideWirelessSetupInOOBE", "true"))
            .child(leaf("ProtectYourPC", "3")),
    );
    let password = hidden("AdministratorPassword", "AdministratorPassword");
    out.extend(password.map(|password| NewElement::new("UserAccounts").child(password)));
    out
}
