//! XML of the vSphere client (`<_type>` elements, `<e>` items) and of SOAP (`xsi:type`).

use quantix_core::Secret;
use quantix_xml::{Document, Element};

use super::{
    Problem,
    model::{
        Adapter, Configuration, Domain, GlobalDns, GuiUnattended, Ipv4, Ipv6, Ipv6Address, Item,
        Linux, Mapping, Name, Password, Spec, Sysprep, UserData, Windows, WindowsAdapter,
    },
};

/// Reads the first spec item of a document.
pub(super) fn item(text: &str) -> Result<Item, Problem> {
    let document = Document::parse(text).map_err(Problem::Xml)?;
    let root = document.root();
    // The spec is where the identity is; the info stands beside it.
    let spec = find(root, 0, &|element| element.child("identity").is_some())
        .ok_or(Problem::Missing("<identity>"))?;
    let info =
        find(root, 0, &|element| element.local_name() == "info" && element.child("name").is_some());
    let of_info = |name: &str| info.and_then(|info| words_of(info, name));
    let identity = spec.child("identity").ok_or(Problem::Missing("<identity>"))?;
    let mut configuration = Configuration::default();
    match kind(identity).as_str() {
        "LinuxPrep" => configuration.linux_config = Some(linux(identity)),
        "Sysprep" => configuration.windows_config = Some(windows(spec, identity)),
        "SysprepText" => {
            let sysprep_xml = text_of(identity, "value");
            configuration.windows_config = Some(Windows { sysprep_xml, ..Windows::default() });
        }
        _ => return Err(Problem::Missing("identity of type LinuxPrep or Sysprep")),
    }
    let is_windows = configuration.windows_config.is_some();
    let global = spec.child("globalIPSettings");
    let list = |name: &str| global.map(|global| list_of(global, name)).unwrap_or_default();
    let interfaces = items(spec, "nicSettingMap").into_iter().map(|nic| mapping(nic, is_windows));
    Ok(Item {
        name: of_info("name").unwrap_or_default(),
        description: of_info("description").unwrap_or_default(),
        last_modified: info.and_then(|info| text_of(info, "lastUpdateTime")),
        spec: Spec {
            configuration_spec: configuration,
            global_dns: GlobalDns {
                dns_suffix_list: list("dnsSuffixList"),
                dns_servers: list("dnsServerList"),
            },
            interfaces: interfaces.collect(),
        },
    })
}

/// The first element, parents before children, for which `wanted` holds. Six levels are enough for
/// any envelope.
fn find<'d>(
    element: Element<'d>,
    depth: usize,
    wanted: &dyn Fn(Element<'d>) -> bool,
) -> Option<Element<'d>> {
    if wanted(element) {
        return Some(element);
    }
    (depth < 6)
        .then(|| element.elements().find_map(|child| find(child, depth + 1, wanted)))
        .flatten()
}

/// The last word of an element's type, without `Customization`: `FixedName`, `LinuxPrep`.
fn kind(element: Element<'_>) -> String {
    let text = text_of(element, "_type")
        .or_else(|| element.attr_local("type").map(|text| text.into_owned()))
        .unwrap_or_default();
    let last = text.rsplit(['.', ':']).next().unwrap_or_default();
    last.strip_prefix("Customization").unwrap_or(last).to_owned()
}

fn text_of(element: Element<'_>, name: &str) -> Option<String> {
    element.child(name).map(|child| child.text().trim().to_owned()).filter(|text| !text.is_empty())
}

/// What people wrote, with the blanks at its ends; nothing where there are only blanks.
fn words_of(element: Element<'_>, name: &str) -> Option<String> {
    let text = element.child(name)?.text();
    (!text.trim().is_empty()).then(|| text.into_owned())
}

/// The elements of a list: `<name><e/><e/></name>`, or `<name/>` repeated.
fn items<'d>(element: Element<'d>, name: &str) -> Vec<Element<'d>> {
    let all: Vec<Element<'d>> = element.elements_named(name).collect();
    match all[..] {
        [one] if one.child("_length").is_some() || one.child("e").is_some() => {
            one.elements_named("e").collect()
        }
        _ => all,
    }
}

fn list_of(element: Element<'_>, name: &str) -> Vec<String> {
    let texts = items(element, name).into_iter().map(|item| item.text().trim().to_owned());
    texts.filter(|text| !text.is_empty()).collect()
}

fn name(element: Element<'_>, child: &str) -> Name {
    let Some(generator) = element.child(child) else { return Name::default() };
    let of = |kind: &str| Name { kind: kind.to_owned(), ..Name::default() };
    match kind(generator).as_str() {
        "FixedName" => Name { fixed_name: text_of(generator, "name"), ..of("FIXED") },
        "PrefixName" | "PrefixNameGenerator" => {
            Name { prefix: text_of(generator, "base"), ..of("PREFIX") }
        }
        "VirtualMachineName" | "VirtualMachineNameGenerator" => of("VIRTUAL_MACHINE"),
        _ => of("USER_INPUT_REQUIRED"),
    }
}

fn password(element: Element<'_>, child: &str) -> Option<Password> {
    let password = element.child(child)?;
    // A blank at either end, and one alone, is part of a password.
    let text = password.child("value")?.text().into_owned();
    if text.is_empty() {
        return None;
    }
    let text = Secret::new(text);
    Some(Password { text, is_plain: text_of(password, "plainText").as_deref() == Some("true") })
}

fn linux(identity: Element<'_>) -> Linux {
    Linux {
        hostname: name(identity, "hostName"),
        domain: text_of(identity, "domain").unwrap_or_default(),
        time_zone: text_of(identity, "timeZone"),
        script_text: identity.child("scriptText").map(|script| script.text().into_owned()),
        compatible_customization_method: None,
        password: password(identity, "password"),
    }
}

fn windows(spec: Element<'_>, identity: Element<'_>) -> Windows {
    let number = |element: Option<Element<'_>>, name: &str| {
        element.and_then(|element| text_of(element, name)?.parse().ok()).unwrap_or(0)
    };
    let user = identity.child("userData");
    let of_user = |name: &str| user.and_then(|user| words_of(user, name)).unwrap_or_default();
    let unattended = identity.child("guiUnattended");
    let logon = unattended.and_then(|element| text_of(element, "autoLogon"));
    let run_once = identity.child("guiRunOnce");
    let sysprep = Sysprep {
        gui_run_once_commands: run_once
            .map(|once| items(once, "commandList"))
            .unwrap_or_default()
            .into_iter()
            .map(|command| command.text().into_owned())
            .filter(|command| !command.trim().is_empty())
            .collect(),
        user_data: UserData {
            computer_name: user.map(|user| name(user, "computerName")).unwrap_or_default(),
            full_name: of_user("fullName"),
            organization: of_user("orgName"),
            product_key: user.and_then(|user| text_of(user, "productId")).unwrap_or_default(),
        },
        domain: identity.child("identification").map(domain),
        gui_unattended: GuiUnattended {
            auto_logon: logon.as_deref() == Some("true"),
            auto_logon_count: number(unattended, "autoLogonCount"),
            password: unattended.and_then(|element| password(element, "password")),
            time_zone: number(unattended, "timeZone"),
        },
    };
    let options = spec.child("options");
    let reboot = options.and_then(|options| text_of(options, "reboot"));
    Windows {
        reboot: reboot.map(|reboot| reboot.to_ascii_uppercase()),
        sysprep: Some(sysprep),
        sysprep_xml: None,
    }
}

fn domain(identification: Element<'_>) -> Domain {
    let workgroup = words_of(identification, "joinWorkgroup");
    let domain = text_of(identification, "joinDomain");
    Domain {
        kind: if domain.is_some() { "DOMAIN" } else { "WORKGROUP" }.to_owned(),
        workgroup,
        domain,
        domain_username: words_of(identification, "domainAdmin"),
        domain_password: password(identification, "domainAdminPassword"),
        domain_ou: words_of(identification, "domainOU"),
    }
}

fn mapping(nic: Element<'_>, is_windows: bool) -> Mapping {
    let mac_address = text_of(nic, "macAddress");
    let Some(adapter) = nic.child("adapter") else {
        return Mapping { mac_address, ..Mapping::default() };
    };
    let ip = adapter.child("ip");
    let prefix = text_of(adapter, "subnetMask").and_then(|mask| prefix_of(&mask));
    let ipv4 = ip.map(|ip| Ipv4 {
        kind: ip_kind(ip).to_owned(),
        ip_address: text_of(ip, "ipAddress"),
        prefix,
        gateways: list_of(adapter, "gateway"),
    });
    let ipv6 = adapter.child("ipV6Spec").map(|spec| {
        let addresses = items(spec, "ip");
        let fixed = addresses.iter().filter_map(|ip| {
            let prefix = text_of(*ip, "subnetMask")?.parse().ok()?;
            Some(Ipv6Address { ip_address: text_of(*ip, "ipAddress")?, prefix })
        });
        Ipv6 {
            kind: addresses.first().map_or("STATIC", |ip| ip_kind(*ip)).to_owned(),
            ipv6: fixed.collect(),
            gateways: list_of(spec, "gateway"),
        }
    });
    let wins =
        ["primaryWINS", "secondaryWINS"].into_iter().filter_map(|name| text_of(adapter, name));
    let windows = WindowsAdapter {
        dns_servers: list_of(adapter, "dnsServerList"),
        dns_domain: text_of(adapter, "dnsDomain"),
        wins_servers: wins.collect(),
        net_bios_mode: None,
    };
    let named = !windows.dns_servers.is_empty() || windows.dns_domain.is_some();
    let windows = (is_windows || named).then_some(windows);
    Mapping { mac_address, adapter: Adapter { ipv4, ipv6, windows } }
}

/// `DhcpIpGenerator`, `FixedIp`, `FixedIpV6`, `DhcpIpV6Generator`; all others ask.
fn ip_kind(ip: Element<'_>) -> &'static str {
    let kind = kind(ip);
    if kind.starts_with("Dhcp") {
        "DHCP"
    } else if kind.starts_with("Fixed") {
        "STATIC"
    } else {
        "USER_INPUT_REQUIRED"
    }
}

/// The prefix length of a mask such as `255.255.255.0`.
fn prefix_of(mask: &str) -> Option<u8> {
    let bits = u32::from(mask.parse::<std::net::Ipv4Addr>().ok()?);
    let ones = bits.leading_ones();
    (bits.checked_shl(ones).unwrap_or(0) == 0).then(|| u8::try_from(ones).ok()).flatten()
}
