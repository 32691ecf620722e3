//! XML as the vSphere client exports and imports it.

use quantix_xml::{Document, NewElement};

use super::{
    Problem,
    model::{Adapter, Item, Linux, Mapping, Name, Password, Sysprep},
};

/// Writes a spec item.
pub(super) fn item(item: &Item) -> Result<String, Problem> {
    let configuration = &item.spec.configuration_spec;
    let family = if configuration.windows_config.is_some() { "Windows" } else { "Linux" };
    let info = typed("info", "vim.CustomizationSpecInfo")
        .child(leaf("description", &item.description))
        .children(item.last_modified.as_ref().map(|time| leaf("lastUpdateTime", time)))
        .child(leaf("name", &item.name))
        .child(leaf("type", family));
    let dns = &item.spec.global_dns;
    let global = typed("globalIPSettings", "vim.vm.customization.GlobalIPSettings")
        .children(texts("dnsServerList", &dns.dns_servers))
        .children(texts("dnsSuffixList", &dns.dns_suffix_list));
    let mut spec = typed("spec", "vim.vm.customization.Specification").child(global);
    let sysprep =
        configuration.windows_config.as_ref().and_then(|windows| windows.sysprep.as_ref());
    if let Some(linux) = &configuration.linux_config {
        spec = spec.child(linux_prep(linux));
    } else if let Some(sysprep) = sysprep {
        spec = spec.child(sysprep_identity(sysprep));
    }
    let nics = item.spec.interfaces.iter().map(mapping);
    spec = spec.children(list("nicSettingMap", "vim.vm.customization.AdapterMapping[]", nics));
    let options = match family {
        "Windows" => typed("options", "vim.vm.customization.WinOptions")
            .child(leaf("changeSID", "true"))
            .child(leaf("deleteAccounts", "false"))
            .child(leaf("reboot", "reboot")),
        _ => typed("options", "vim.vm.customization.LinuxOptions"),
    };
    let root = NewElement::new("ConfigRoot")
        .child(leaf("_type", "vim.CustomizationSpecItem"))
        .child(info)
        .child(spec.child(options));
    Document::new(&root).map(|document| document.to_string()).map_err(Problem::XmlWrite)
}

fn leaf(name: &str, text: &str) -> NewElement {
    NewElement::new(name).text(text)
}

fn typed(name: &str, kind: &str) -> NewElement {
    NewElement::new(name).child(leaf("_type", kind))
}

/// A list with its length and numbered items; nothing where it is empty.
fn list(
    name: &str,
    kind: &str,
    items: impl ExactSizeIterator<Item = NewElement>,
) -> Option<NewElement> {
    let len = items.len();
    (len > 0).then(|| {
        let items = items.enumerate().map(|(id, item)| item.attr("id", id.to_string()));
        NewElement::new(name)
            .child(leaf("_length", &len.to_string()))
            .child(leaf("_type", kind))
            .children(items)
    })
}

fn texts(name: &str, texts: &[String]) -> Option<NewElement> {
    list(name, "string[]", texts.iter().map(|text| leaf("e", text)))
}

fn generator(element: &str, name: &Name) -> NewElement {
    let kind = |kind: &str| typed(element, &format!("vim.vm.customization.{kind}"));
    match name.kind.as_str() {
        "FIXED" => {
            kind("FixedName").child(leaf("name", name.fixed_name.as_deref().unwrap_or_default()))
        }
        "PREFIX" => kind("PrefixNameGenerator")
            .child(leaf("base", name.prefix.as_deref().unwrap_or_default())),
        "VIRTUAL_MACHINE" => kind("VirtualMachineNameGenerator"),
        _ => kind("UnknownNameGenerator"),
    }
}

fn linux_prep(linux: &Linux) -> NewElement {
    typed("identity", "vim.vm.customization.LinuxPrep")
        .child(leaf("domain", &linux.domain))
        .child(generator("hostName", &linux.hostname))
        .child(leaf("hwClockUTC", "true"))
        .children(linux.script_text.as_ref().map(|script| leaf("scriptText", script)))
        .children(linux.time_zone.as_ref().map(|zone| leaf("timeZone", zone)))
}

fn password(name: &str, password: Option<&Password>) -> Option<NewElement> {
    password.map(|password| {
        typed(name, "vim.vm.customization.Password")
            .child(leaf("plainText", if password.is_plain { "true" } else { "false" }))
            .child(leaf("value", password.text.expose()))
    })
}

fn sysprep_identity(sysprep: &Sysprep) -> NewElement {
    let commands = texts("commandList", &sysprep.gui_run_once_commands);
    let run_once = commands
        .map(|commands| typed("guiRunOnce", "vim.vm.customization.GuiRunOnce").child(commands));
    let logon = &sysprep.gui_unattended;
    let unattended = typed("guiUnattended", "vim.vm.customization.GuiUnattended")
        .child(leaf("autoLogon", if logon.auto_logon { "true" } else { "false" }))
        .child(leaf("autoLogonCount", &logon.auto_logon_count.to_string()))
        .children(password("password", logon.password.as_ref()))
        .child(leaf("timeZone", &logon.time_zone.to_string()));
    let mut identification = typed("identification", "vim.vm.customization.Identification");
    if let Some(domain) = &sysprep.domain {
        let text = |name: &str, text: &Option<String>| text.as_ref().map(|text| leaf(name, text));
        identification = identification
            .children(text("domainAdmin", &domain.domain_username))
            .children(password("domainAdminPassword", domain.domain_password.as_ref()))
            .children(text("domainOU", &domain.domain_ou))
            .children(text("joinDomain", &domain.domain))
            .children(text("joinWorkgroup", &domain.workgroup));
    }
    let user = &sysprep.user_data;
    let user = typed("userData", "vim.vm.customization.UserData")
        .child(generator("computerName", &user.computer_name))
        .child(leaf("fullName", &user.full_name))
        .child(leaf("orgName", &user.organization))
        .child(leaf("productId", &user.product_key));
    typed("identity", "vim.vm.customization.Sysprep")
        .children(run_once)
        .child(unattended)
        .child(identification)
        .child(user)
}

fn mapping(mapping: &Mapping) -> NewElement {
    typed("e", "vim.vm.customization.AdapterMapping")
        .child(adapter(&mapping.adapter))
        .children(mapping.mac_address.as_ref().map(|mac| leaf("macAddress", mac)))
}

fn adapter(adapter: &Adapter) -> NewElement {
    let mut out = typed("adapter", "vim.vm.customization.IPSettings");
    if let Some(windows) = &adapter.windows {
        out = out
            .children(windows.dns_domain.as_ref().map(|domain| leaf("dnsDomain", domain)))
            .children(texts("dnsServerList", &windows.dns_servers));
    }
    if let Some(ipv4) = &adapter.ipv4 {
        out = out.children(texts("gateway", &ipv4.gateways));
        let kind = |kind: &str| typed("ip", &format!("vim.vm.customization.{kind}"));
        out = match (ipv4.kind.as_str(), &ipv4.ip_address, ipv4.prefix) {
            ("STATIC", Some(address), Some(prefix)) => {
                let bits = u32::MAX.checked_shl(32u32.saturating_sub(prefix.into())).unwrap_or(0);
                let mask = std::net::Ipv4Addr::from(bits).to_string();
                out.child(kind("FixedIp").child(leaf("ipAddress", address)))
                    .child(leaf("subnetMask", &mask))
            }
            ("DHCP", ..) => out.child(kind("DhcpIpGenerator")),
            _ => out.child(kind("UnknownIpGenerator")),
        };
    }
    let Some(ipv6) = &adapter.ipv6 else { return out };
    let mut spec = typed("ipV6Spec", "vim.vm.customization.IPSettings.IpV6AddressSpec")
        .children(texts("gateway", &ipv6.gateways));
    let kind = "vim.vm.customization.IpV6Generator[]";
    if ipv6.kind == "DHCP" {
        let dhcp = typed("e", "vim.vm.customization.DhcpIpV6Generator");
        spec = spec.children(list("ip", kind, std::iter::once(dhcp)));
    } else {
        let fixed = ipv6.ipv6.iter().map(|address| {
            typed("e", "vim.vm.customization.FixedIpV6")
                .child(leaf("ipAddress", &address.ip_address))
                .child(leaf("subnetMask", &address.prefix.to_string()))
        });
        spec = spec.children(list("ip", kind, fixed));
    }
    out.child(spec)
}
