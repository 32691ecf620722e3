//! From our spec to vSphere's.

use quantix_core::{
    CustomizationSpec, Finding, OsFamily,
    spec::{LinuxSpec, NicSpec, Password as OurPassword, WindowsSpec},
};

use super::{
    Exported, Format, Problem, VsphereError,
    model::{
        Adapter, Configuration, Domain, GlobalDns, GuiUnattended, Ipv4, Ipv6, Ipv6Address, Item,
        Linux, Mapping, Name, Password, Spec, Sysprep, UserData, Windows, WindowsAdapter,
    },
    xml_write, zones,
};
use crate::{hostname::HostnameTemplate, network::Cidr, timezone::TimeZone};

/// Greenwich, for a guest whose zone vSphere has no number for.
const ZONE_INDEX_DEFAULT: u32 = 90;

/// Writes a spec for vSphere. What vSphere's specs cannot say is left out and told.
///
/// The document carries passwords in plain text where the spec has them so, as vCenter wants them.
///
/// # Errors
/// A text that XML cannot carry, such as a control character.
pub fn export(spec: &CustomizationSpec, format: Format) -> Result<Exported, VsphereError> {
    let mut job = Job { findings: Vec::new() };
    let item = job.item(spec);
    let text = match format {
        Format::Json => {
            let value = serde_json::to_value(&item).map_err(Problem::Json)?;
            format!("{value:#}\n")
        }
        Format::Xml => xml_write::item(&item)?,
    };
    Ok(Exported { text, findings: job.findings })
}

struct Job {
    findings: Vec<Finding>,
}

impl Job {
    fn drop_if(&mut self, given: bool, path: &str) {
        if given {
            let message = "vSphere's specs have no place for it; it is left out";
            self.findings.push(Finding::warning("dropped-setting", message).at(path));
        }
    }

    fn item(&mut self, spec: &CustomizationSpec) -> Item {
        let mut configuration = Configuration::default();
        let hostname = self.hostname(spec);
        match spec.os_family {
            OsFamily::Linux => configuration.linux_config = Some(self.linux(spec, hostname)),
            OsFamily::Windows => configuration.windows_config = Some(self.windows(spec, hostname)),
        }
        self.drop_if(spec.user_data.is_some(), "user_data");
        self.drop_if(spec.meta_data.is_some(), "meta_data");
        self.drop_if(spec.network_config.is_some(), "network_config");
        self.drop_if(!spec.ssh_keys.is_empty(), "ssh_keys");
        self.drop_if(spec.install_agent, "install_agent");
        self.drop_if(!spec.labels.is_empty(), "labels");
        let network = spec.network.clone().unwrap_or_default();
        let is_windows = spec.os_family == OsFamily::Windows;
        // One interface of which nothing is said is how name servers alone are imported.
        let is_unsaid = *network.nics == [NicSpec::default()];
        let nics = if is_unsaid { &[] } else { &*network.nics };
        let nics = nics.iter().enumerate();
        let interfaces = nics.map(|(index, nic)| self.mapping(index, nic, is_windows)).collect();
        Item {
            name: spec.name.clone(),
            description: spec.description.clone(),
            spec: Spec {
                configuration_spec: configuration,
                global_dns: GlobalDns {
                    dns_suffix_list: network.search,
                    dns_servers: network.nameservers,
                },
                interfaces,
            },
            last_modified: spec.updated_at.clone(),
        }
    }

    /// A fixed name, a prefix with a number, or the machine's name; others are asked for.
    fn hostname(&mut self, spec: &CustomizationSpec) -> Name {
        let of = |kind: &str| Name { kind: kind.to_owned(), ..Name::default() };
        let Some(template) = spec.hostname.as_deref() else { return of("VIRTUAL_MACHINE") };
        let random = template.find("-{{.Random").filter(|_| template.ends_with("}}"));
        let placeholders = template.matches("{{").count();
        match (template, placeholders, random) {
            ("{{.VMName}}", ..) => of("VIRTUAL_MACHINE"),
            (name, 0, _) if name.parse::<HostnameTemplate>().is_ok() => {
                Name { fixed_name: Some(name.to_owned()), ..of("FIXED") }
            }
            (_, 1, Some(at)) if at > 0 => {
                Name { prefix: Some(template[..at].to_owned()), ..of("PREFIX") }
            }
            _ => {
                let message = "vSphere has no such template; it will ask for the name";
                self.findings.push(Finding::warning("name-is-asked-for", message).at("hostname"));
                of("USER_INPUT_REQUIRED")
            }
        }
    }

    fn linux(&mut self, spec: &CustomizationSpec, hostname: Name) -> Linux {
        let none = LinuxSpec::default();
        let linux = spec.linux.as_ref().unwrap_or(&none);
        self.drop_if(spec.admin_password.is_some(), "admin_password");
        for (given, path) in [
            (linux.admin_user.is_some(), "linux.admin_user"),
            (!linux.users.is_empty(), "linux.users"),
            (!linux.groups.is_empty(), "linux.groups"),
            (!linux.packages.is_empty() || linux.guest_agent, "linux.packages"),
            (linux.package_upgrade, "linux.package_upgrade"),
            (!linux.write_files.is_empty(), "linux.write_files"),
            (!linux.scripts.is_empty(), "linux.scripts"),
            (!linux.run_commands.is_empty(), "linux.run_commands"),
            (linux.locale.is_some(), "linux.locale"),
            (linux.keyboard.is_some(), "linux.keyboard"),
            (!linux.ntp_servers.is_empty(), "linux.ntp_servers"),
            (linux.ssh_password_auth.is_some(), "linux.ssh_password_auth"),
        ] {
            self.drop_if(given, path);
        }
        Linux {
            hostname,
            domain: linux.domain.clone().unwrap_or_default(),
            time_zone: spec.timezone.clone(),
            ..Linux::default()
        }
    }

    fn windows(&mut self, spec: &CustomizationSpec, hostname: Name) -> Windows {
        let none = WindowsSpec::default();
        let windows = spec.windows.as_ref().unwrap_or(&none);
        let password = match &spec.admin_password {
            Some(OurPassword::Plain(text)) => Some(Password { text: text.clone(), is_plain: true }),
            other => {
                self.drop_if(other.is_some(), "admin_password");
                None
            }
        };
        self.drop_if(!windows.scripts.is_empty(), "windows.scripts");
        self.drop_if(windows.locale.is_some(), "windows.locale");
        self.drop_if(windows.input_locale.is_some(), "windows.input_locale");
        let domain = match (&windows.domain_join, &windows.workgroup) {
            (Some(join), _) => Some(Domain {
                kind: "DOMAIN".to_owned(),
                workgroup: None,
                domain: Some(join.domain.clone()),
                domain_username: Some(join.user.clone()),
                domain_password: Some(Password { text: join.password.clone(), is_plain: true }),
                domain_ou: join.ou.clone(),
            }),
            (None, Some(name)) => Some(Domain {
                kind: "WORKGROUP".to_owned(),
                workgroup: Some(name.clone()),
                ..Domain::default()
            }),
            (None, None) => None,
        };
        let sysprep = Sysprep {
            gui_run_once_commands: windows.run_once.clone(),
            user_data: UserData {
                computer_name: hostname,
                full_name: windows.full_name.clone().unwrap_or_default(),
                organization: windows.organization.clone().unwrap_or_default(),
                product_key: windows
                    .product_key
                    .as_ref()
                    .map(|key| key.expose().to_owned())
                    .unwrap_or_default(),
            },
            domain,
            gui_unattended: GuiUnattended {
                auto_logon: windows.auto_logon_count > 0,
                auto_logon_count: windows.auto_logon_count,
                password,
                time_zone: self.zone_index(spec),
            },
        };
        Windows { reboot: Some("REBOOT".to_owned()), sysprep: Some(sysprep), sysprep_xml: None }
    }

    fn zone_index(&mut self, spec: &CustomizationSpec) -> u32 {
        let Some(name) = spec.timezone.as_deref() else { return ZONE_INDEX_DEFAULT };
        let zone = name.parse::<TimeZone>().ok().and_then(TimeZone::windows);
        zone.and_then(zones::index_of).unwrap_or_else(|| {
            let message = format!("vSphere has no number for {name:?}; Greenwich is taken");
            self.findings.push(Finding::warning("unknown-timezone", message).at("timezone"));
            ZONE_INDEX_DEFAULT
        })
    }

    fn mapping(&mut self, index: usize, nic: &NicSpec, is_windows: bool) -> Mapping {
        let path = |field: &str| format!("network.nics[{index}].{field}");
        self.drop_if(nic.name.is_some(), &path("name"));
        self.drop_if(nic.network.is_some(), &path("network"));
        self.drop_if(nic.mtu.is_some(), &path("mtu"));
        self.drop_if(nic.optional, &path("optional"));
        self.drop_if(!nic.routes.is_empty(), &path("routes"));
        let addresses: Vec<Cidr> =
            nic.addresses.iter().filter_map(|address| address.parse().ok()).collect();
        let v4: Vec<&Cidr> = addresses.iter().filter(|cidr| cidr.address().is_ipv4()).collect();
        self.drop_if(v4.len() > 1, &path("addresses"));
        let ipv4 = match v4.first() {
            Some(cidr) => Ipv4 {
                kind: "STATIC".to_owned(),
                ip_address: Some(cidr.address().to_string()),
                prefix: Some(cidr.prefix()),
                gateways: nic.gateway4.iter().cloned().collect(),
            },
            None => Ipv4 { kind: "DHCP".to_owned(), ..Ipv4::default() },
        };
        let v6 = addresses.iter().filter(|cidr| cidr.address().is_ipv6());
        let ipv6: Vec<Ipv6Address> = v6
            .map(|c| Ipv6Address { ip_address: c.address().to_string(), prefix: c.prefix() })
            .collect();
        let has_v6 = nic.dhcp6 || !ipv6.is_empty() || nic.gateway6.is_some();
        let ipv6 = has_v6.then(|| Ipv6 {
            kind: if ipv6.is_empty() { "DHCP" } else { "STATIC" }.to_owned(),
            ipv6,
            gateways: nic.gateway6.iter().cloned().collect(),
        });
        let windows =
            (is_windows && !(nic.nameservers.is_empty() && nic.search.is_empty())).then(|| {
                WindowsAdapter {
                    dns_servers: nic.nameservers.clone(),
                    dns_domain: nic.search.first().cloned(),
                    ..WindowsAdapter::default()
                }
            });
        self.drop_if(!is_windows && !nic.nameservers.is_empty(), &path("nameservers"));
        Mapping {
            mac_address: nic.mac.clone(),
            adapter: Adapter { ipv4: Some(ipv4), ipv6, windows },
        }
    }
}
