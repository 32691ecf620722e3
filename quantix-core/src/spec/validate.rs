//! Checks of a spec that need neither tables nor parsers; all faults at once.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    AgentSpec, CustomizationSpec, LinuxSpec, NetworkSpec, NicSpec, OsFamily, Password, SpecFile,
    SpecUser, WindowsSpec,
};
use crate::Finding;

/// The most bytes that the name of a spec may have.
pub const SPEC_NAME_BYTES_MAX: usize = 255;
/// The most labels that a spec may have.
pub const LABELS_MAX: usize = 64;
/// The most bytes that a label's key may have.
pub const LABEL_KEY_BYTES_MAX: usize = 63;
/// The most bytes that a label's value may have.
pub const LABEL_VALUE_BYTES_MAX: usize = 255;
/// The most entries that any list of a spec may have.
pub const SPEC_ITEMS_MAX: usize = 256;
/// The most bytes that a file, script or document inside a spec may have.
pub const SPEC_TEXT_BYTES_MAX: usize = 1 << 20;

impl CustomizationSpec {
    /// Every fault that can be found without a time-zone table or a document parser.
    ///
    /// Findings are in the order of the fields, each with the path of its field. None means that
    /// the structure is sound; `quantix-cloudinit` checks the rest when it renders.
    #[must_use]
    pub fn validate(&self) -> Vec<Finding> {
        let mut check = Check(Vec::new());
        check.identity(self);
        if let Some(url) = &self.control_plane_url {
            check.https("control_plane_url", url);
        }
        check.agent(self);
        check.len("ssh_keys", self.ssh_keys.len());
        check.password("admin_password", self.admin_password.as_ref());
        check.labels(self);
        for (path, time) in [("created_at", &self.created_at), ("updated_at", &self.updated_at)] {
            if let Some(time) = time.as_deref().filter(|time| !is_rfc3339(time)) {
                check.fault(
                    path,
                    "invalid-time",
                    format!("{} is not an RFC 3339 time such as 2026-11-21T01:00:00Z", show(time)),
                );
            }
        }
        check.family(self);
        if let Some(linux) = &self.linux {
            check.linux(linux);
        }
        if let Some(windows) = &self.windows {
            check.windows(windows);
        }
        if let Some(network) = &self.network {
            if self.network_config.is_some() {
                check.fault(
                    "network",
                    "conflicting-fields",
                    "`network` and `network_config` are both given: remove one",
                );
            }
            check.network(network);
        }
        check.0
    }
}

/// At most 64 characters of a text, quoted, for a message.
fn show(text: &str) -> String {
    let short: String = text.chars().take(64).collect();
    if short.len() < text.len() { format!("{short:?}…") } else { format!("{short:?}") }
}

struct Check(Vec<Finding>);

impl Check {
    fn fault(&mut self, path: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Finding::error(code, message).at(path));
    }

    fn len(&mut self, path: &str, found: usize) {
        if found > SPEC_ITEMS_MAX {
            self.fault(path, "too-many", format!("{found} entries, at most {SPEC_ITEMS_MAX}"));
        }
    }

    fn text_len(&mut self, path: &str, text: &str) {
        if text.len() > SPEC_TEXT_BYTES_MAX {
            let message = format!("{} bytes, at most {SPEC_TEXT_BYTES_MAX}", text.len());
            self.fault(path, "too-long", message);
        }
    }

    fn identity(&mut self, spec: &CustomizationSpec) {
        let name = &spec.name;
        let problem = if name.trim().is_empty() {
            "the name is empty"
        } else if name.len() > SPEC_NAME_BYTES_MAX {
            "the name is longer than 255 bytes"
        } else if name.chars().any(char::is_control) {
            "the name has control characters"
        } else if name.trim() != name {
            "the name has white space at an end"
        } else {
            ""
        };
        if !problem.is_empty() {
            self.fault("name", "invalid-name", problem);
        }
        self.text_len("description", &spec.description);
    }

    fn https(&mut self, path: &str, url: &str) {
        let host = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let plain =
            |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '\\' | '`' | '<' | '>');
        let problem = if host.is_none() {
            "is not an https URL: the agent would be fetched unprotected"
        } else if !url.chars().all(plain) {
            "has characters that a URL must percent-encode"
        } else if url[8..].split(['/', '?', '#']).next().is_none_or(str::is_empty) {
            "has no host"
        } else if url[8..].split(['/', '?', '#']).next().is_some_and(|host| host.contains('@')) {
            "carries a user name or password: use enrolment_token"
        } else {
            return;
        };
        self.fault(path, "invalid-url", format!("{} {problem}", show(url)));
    }

    fn agent(&mut self, spec: &CustomizationSpec) {
        if spec.install_agent && spec.control_plane_url.is_none() {
            self.fault(
                "control_plane_url",
                "agent-incomplete",
                "install_agent needs the https URL of the control plane",
            );
        }
        match &spec.agent {
            None if spec.install_agent => self.fault(
                "agent",
                "agent-incomplete",
                "install_agent needs agent.sha256, so that the guest can prove the binary",
            ),
            None => {}
            Some(agent) => self.agent_source(agent),
        }
    }

    fn agent_source(&mut self, agent: &AgentSpec) {
        if agent.sha256.is_empty() {
            self.fault(
                "agent.sha256",
                "agent-incomplete",
                "no digest: give the SHA-256 of the binary for each architecture, such as x86_64",
            );
        }
        for (arch, digest) in &agent.sha256 {
            let path = format!("agent.sha256.{arch}");
            let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
            if arch.is_empty() || arch.len() > 16 || !arch.bytes().all(word) {
                self.fault(
                    path.clone(),
                    "invalid-architecture",
                    "expected what `uname -m` prints, such as x86_64 or aarch64",
                );
            }
            if digest.len() != 64 || !digest.bytes().all(|b| b.is_ascii_hexdigit()) {
                self.fault(path, "invalid-digest", "expected 64 hexadecimal digits");
            }
        }
        if let Some(url) = &agent.url {
            self.https("agent.url", &url.replace("{arch}", "arch"));
        }
    }

    fn password(&mut self, path: &str, password: Option<&Password>) {
        if let Some(problem) = password.and_then(Password::problem) {
            self.fault(path, "invalid-password", problem);
        }
    }

    fn labels(&mut self, spec: &CustomizationSpec) {
        if spec.labels.len() > LABELS_MAX {
            let message = format!("{} labels, at most {LABELS_MAX}", spec.labels.len());
            self.fault("labels", "too-many", message);
        }
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'/');
        for (key, value) in &spec.labels {
            if key.is_empty() || key.len() > LABEL_KEY_BYTES_MAX || !key.bytes().all(word) {
                self.fault(
                    format!("labels.{}", show(key)),
                    "invalid-label",
                    "a key is 1 to 63 of the characters a-z A-Z 0-9 . _ - /",
                );
            }
            if value.len() > LABEL_VALUE_BYTES_MAX || value.chars().any(char::is_control) {
                self.fault(
                    format!("labels.{key}"),
                    "invalid-label",
                    "a value is at most 255 bytes without control characters",
                );
            }
        }
    }

    fn family(&mut self, spec: &CustomizationSpec) {
        let (other, given) = match spec.os_family {
            OsFamily::Linux => ("windows", spec.windows.is_some()),
            OsFamily::Windows => ("linux", spec.linux.is_some()),
        };
        if given {
            let message = format!("`{other}` is given in a spec for {}", spec.os_family);
            self.fault(other, "wrong-os-family", message);
        }
    }

    fn linux(&mut self, linux: &LinuxSpec) {
        if let Some(name) = &linux.admin_user {
            self.login("linux.admin_user", name);
        }
        if let Some(domain) = linux.domain.as_deref().filter(|domain| !is_domain(domain)) {
            self.fault(
                "linux.domain",
                "invalid-domain",
                format!("{} is not a DNS domain such as example.com", show(domain)),
            );
        }
        for (path, len) in [
            ("linux.users", linux.users.len()),
            ("linux.packages", linux.packages.len()),
            ("linux.write_files", linux.write_files.len()),
            ("linux.scripts", linux.scripts.len()),
            ("linux.run_commands", linux.run_commands.len()),
        ] {
            self.len(path, len);
        }
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        seen.insert(linux.admin_user.as_deref().unwrap_or("admin"));
        for (index, user) in linux.users.iter().enumerate() {
            self.user(&format!("linux.users[{index}]"), user, &mut seen);
        }
        for (index, name) in linux.groups.iter().enumerate() {
            self.login(&format!("linux.groups[{index}]"), name);
        }
        for (index, package) in linux.packages.iter().enumerate() {
            if package.is_empty()
                || package.starts_with('-')
                || package.chars().any(|c| c.is_control() || c == ' ')
            {
                self.fault(
                    format!("linux.packages[{index}]"),
                    "invalid-package",
                    format!("{} is not the name of a package", show(package)),
                );
            }
        }
        for (index, file) in linux.write_files.iter().enumerate() {
            self.file(&format!("linux.write_files[{index}]"), file);
        }
        for (index, script) in linux.scripts.iter().enumerate() {
            let path = format!("linux.scripts[{index}]");
            self.script_name(&format!("{path}.name"), &script.name);
            self.text_len(&format!("{path}.content"), &script.content);
            if !script.content.starts_with("#!") {
                self.fault(
                    format!("{path}.content"),
                    "no-interpreter",
                    "a script starts with its interpreter, such as #!/bin/sh",
                );
            }
        }
    }

    fn user<'a>(&mut self, path: &str, user: &'a SpecUser, seen: &mut BTreeSet<&'a str>) {
        self.login(&format!("{path}.name"), &user.name);
        if !seen.insert(&user.name) {
            self.fault(
                format!("{path}.name"),
                "duplicate-user",
                format!("the user {} is given twice", show(&user.name)),
            );
        }
        self.password(&format!("{path}.password"), user.password.as_ref());
        self.len(&format!("{path}.ssh_keys"), user.ssh_keys.len());
        for (index, group) in user.groups.iter().enumerate() {
            self.login(&format!("{path}.groups[{index}]"), group);
        }
        for (field, value) in [("home", &user.home), ("shell", &user.shell)] {
            if value.as_deref().is_some_and(|value| !is_plain_path(value)) {
                self.fault(format!("{path}.{field}"), "invalid-path", "expected an absolute path");
            }
        }
        let gecos = user.gecos.as_deref().unwrap_or("");
        if gecos.contains(':') || gecos.chars().any(char::is_control) {
            self.fault(
                format!("{path}.gecos"),
                "invalid-gecos",
                "`:` and control characters would end the field in /etc/passwd",
            );
        }
    }

    fn login(&mut self, path: &str, name: &str) {
        let tail = name.strip_suffix('$').unwrap_or(name);
        let first = tail.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        if !first || name.len() > 32 || !tail.bytes().all(word) {
            self.fault(path, "invalid-login", format!(
                "{} is not a login name: start with a letter or _, then letters, digits, _ - . up to \
                 32 characters", show(name)
            ));
        }
    }

    fn file(&mut self, path: &str, file: &SpecFile) {
        if !is_plain_path(&file.path) {
            self.fault(
                format!("{path}.path"),
                "invalid-path",
                format!("{} is not an absolute path", show(&file.path)),
            );
        }
        if file.content.is_some() && file.base64.is_some() {
            self.fault(path, "conflicting-fields", "`content` and `base64` are both given");
        }
        self.text_len(&format!("{path}.content"), file.content.as_deref().unwrap_or(""));
        self.text_len(&format!("{path}.base64"), file.base64.as_deref().unwrap_or(""));
        let octal = |mode: &str| {
            (3..=5).contains(&mode.len()) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b))
        };
        if file.permissions.as_deref().is_some_and(|mode| !octal(mode)) {
            self.fault(
                format!("{path}.permissions"),
                "invalid-mode",
                "expected octal digits in a text, such as \"0644\"",
            );
        }
        let owner = file.owner.as_deref().unwrap_or("root");
        let (user, group) = owner.split_once(':').unwrap_or((owner, "root"));
        self.login(&format!("{path}.owner"), user);
        self.login(&format!("{path}.owner"), group);
    }

    fn script_name(&mut self, path: &str, name: &str) {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if name.is_empty()
            || name.len() > 64
            || name.starts_with(['.', '-'])
            || !name.bytes().all(word)
        {
            self.fault(
                path,
                "invalid-script-name",
                "a name is 1 to 64 letters, digits, . _ - and starts with a letter or digit",
            );
        }
    }

    fn windows(&mut self, windows: &WindowsSpec) {
        let key = windows.product_key.as_ref().map_or("", |key| key.expose());
        let group = |text: &str| text.len() == 5 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let shaped = key.split('-').count() == 5 && key.split('-').all(group);
        if !key.is_empty() && !shaped {
            self.fault(
                "windows.product_key",
                "invalid-product-key",
                "expected five groups of five letters and digits, joined by -",
            );
        }
        if windows.domain_join.is_some() && windows.workgroup.is_some() {
            self.fault(
                "windows.workgroup",
                "conflicting-fields",
                "`workgroup` and `domain_join` are both given",
            );
        }
        if let Some(join) = &windows.domain_join {
            for (field, value) in [
                ("domain", join.domain.as_str()),
                ("user", &join.user),
                ("password", join.password.expose()),
            ] {
                if value.is_empty() || value.chars().any(char::is_control) {
                    self.fault(
                        format!("windows.domain_join.{field}"),
                        "invalid-domain-join",
                        "empty, or with control characters",
                    );
                }
            }
        }
        let bad = |c: char| c.is_control() || "\"/\\[]:|<>+=;,?*".contains(c);
        let workgroup = windows.workgroup.as_deref().unwrap_or("x");
        if workgroup.is_empty() || workgroup.chars().count() > 15 || workgroup.contains(bad) {
            self.fault(
                "windows.workgroup",
                "invalid-workgroup",
                "a workgroup is 1 to 15 characters without \" / \\ [ ] : | < > + = ; , ? *",
            );
        }
        self.len("windows.run_once", windows.run_once.len());
        self.len("windows.scripts", windows.scripts.len());
        for (index, script) in windows.scripts.iter().enumerate() {
            self.script_name(&format!("windows.scripts[{index}].name"), &script.name);
            self.text_len(&format!("windows.scripts[{index}].content"), &script.content);
        }
    }

    fn network(&mut self, network: &NetworkSpec) {
        self.len("network.nics", network.nics.len());
        self.addresses("network.nameservers", &network.nameservers);
        self.domains("network.search", &network.search);
        let (mut macs, mut names) = (BTreeSet::new(), BTreeSet::new());
        for (index, nic) in network.nics.iter().enumerate() {
            let path = format!("network.nics[{index}]");
            if let Some(mac) = &nic.mac {
                if !is_mac(mac) {
                    self.fault(
                        format!("{path}.mac"),
                        "invalid-mac",
                        format!("{} is not six pairs of hexadecimal digits joined by :", show(mac)),
                    );
                } else if !macs.insert(mac.to_ascii_lowercase()) {
                    self.fault(
                        format!("{path}.mac"),
                        "duplicate-mac",
                        format!("{mac} is given to two interfaces"),
                    );
                }
            }
            if let Some(name) = &nic.name {
                let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
                if name.is_empty() || name.len() > 15 || !name.bytes().all(word) {
                    self.fault(
                        format!("{path}.name"),
                        "invalid-interface-name",
                        "an interface name is 1 to 15 letters, digits, _ - .",
                    );
                } else if !names.insert(name) {
                    self.fault(
                        format!("{path}.name"),
                        "duplicate-interface-name",
                        format!("two interfaces are named {name}"),
                    );
                }
            }
            self.nic(&path, nic);
        }
    }

    fn nic(&mut self, path: &str, nic: &NicSpec) {
        for (index, address) in nic.addresses.iter().enumerate() {
            if parse_cidr(address).is_none() {
                self.fault(
                    format!("{path}.addresses[{index}]"),
                    "invalid-address",
                    format!(
                        "{} is not an address with prefix length such as 10.0.0.5/24",
                        show(address)
                    ),
                );
            }
        }
        self.addresses(&format!("{path}.nameservers"), &nic.nameservers);
        self.domains(&format!("{path}.search"), &nic.search);
        if nic.gateway4.as_deref().is_some_and(|text| text.parse::<Ipv4Addr>().is_err()) {
            self.fault(format!("{path}.gateway4"), "invalid-address", "expected an IPv4 address");
        }
        if nic.gateway6.as_deref().is_some_and(|text| text.parse::<Ipv6Addr>().is_err()) {
            self.fault(format!("{path}.gateway6"), "invalid-address", "expected an IPv6 address");
        }
        for (index, route) in nic.routes.iter().enumerate() {
            let path = format!("{path}.routes[{index}]");
            let via = route.via.parse::<IpAddr>().ok();
            let to = parse_cidr(&route.to);
            if route.to != "default" && to.is_none() {
                self.fault(
                    format!("{path}.to"),
                    "invalid-address",
                    "expected a network such as 10.1.0.0/16, or default",
                );
            }
            match (via, to) {
                (None, _) => {
                    self.fault(format!("{path}.via"), "invalid-address", "expected an address")
                }
                (Some(via), Some((to, _))) if via.is_ipv4() != to.is_ipv4() => self.fault(
                    format!("{path}.via"),
                    "mixed-address-families",
                    "the next hop and the destination are of different address families",
                ),
                _ => {}
            }
        }
        if nic.mtu.is_some_and(|mtu| !(68..=65_535).contains(&mtu)) {
            self.fault(format!("{path}.mtu"), "invalid-mtu", "expected 68 to 65535");
        }
    }

    fn addresses(&mut self, path: &str, list: &[String]) {
        for (index, text) in list.iter().enumerate() {
            if text.parse::<IpAddr>().is_err() {
                self.fault(
                    format!("{path}[{index}]"),
                    "invalid-address",
                    format!("{} is not an IP address", show(text)),
                );
            }
        }
    }

    fn domains(&mut self, path: &str, list: &[String]) {
        for (index, text) in list.iter().enumerate() {
            if !is_domain(text) {
                self.fault(
                    format!("{path}[{index}]"),
                    "invalid-domain",
                    format!("{} is not a DNS domain", show(text)),
                );
            }
        }
    }
}

/// An absolute path without `..`, control characters or a trailing slash.
fn is_plain_path(path: &str) -> bool {
    path.len() > 1
        && path.starts_with('/')
        && !path.ends_with('/')
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == "..")
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text.split(':').count() == 6
        && text
            .split(':')
            .all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let prefix: u8 = digits.then(|| prefix.parse().ok()).flatten()?;
    (prefix <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, prefix))
}

/// The shape of RFC 3339, without calendar arithmetic.
fn is_rfc3339(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = |pattern: &[u8], bytes: &[u8]| {
        pattern.len() == bytes.len()
            && pattern.iter().zip(bytes).all(|(p, b)| match p {
                b'0' => b.is_ascii_digit(),
                _ => p.eq_ignore_ascii_case(b),
            })
    };
    let Some((date, rest)) = bytes.split_at_checked(19) else { return false };
    let fraction = match rest {
        [b'.', digits @ ..] => 1 + digits.iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = &rest[fraction..];
    shape(b"0000-00-00T00:00:00", date)
        && fraction != 1
        && [&b"Z"[..], b"+00:00", b"-00:00"].into_iter().any(|pattern| shape(pattern, zone))
}
