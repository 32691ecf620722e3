//! A real Debian guest: what a spec asks of it, and what its own tools say it became.

#![allow(dead_code, reason = "each test binary uses some of them")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::{env, path::PathBuf};

use base64::Engine as _;
use quantix_cloudinit::spec::{AgentFile, Entropy, RenderOptions, Rendered, Target, render};
use quantix_core::{
    CustomizationSpec, SpecVm,
    spec::{NicSpec, Password, SpecFile},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Looks at a guest from inside.
pub(crate) const FACTS: &str = include_str!("facts.py");

/// A part of the guest appliance, unpacked by `./dev`: `root` or `disk.raw`.
pub(crate) fn part(name: &str) -> PathBuf {
    let parts = env::var_os("QUANTIX_GUEST_PARTS").map(PathBuf::from).expect(
        "QUANTIX_GUEST_PARTS names the folder of the unpacked guest; `./dev test` makes it and \
         sets that",
    );
    let path = parts.join(name);
    assert!(path.exists(), "{} is missing: run `./dev test`, which makes it", path.display());
    path
}

/// A spec for a machine, and what must come of it beyond what the spec itself says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) spec: CustomizationSpec,
    #[serde(default)]
    pub(crate) vm: Option<SpecVm>,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    expect: Value,
    /// What stands in for the agent, by architecture.
    #[serde(default)]
    pub(crate) agent_files: Vec<Agent>,
    /// Whether a server with the agent is there for the guest to fetch it from.
    #[serde(default)]
    pub(crate) https: bool,
}

/// A program for an architecture, with its signature in base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Agent {
    pub(crate) arch: String,
    pub(crate) text: String,
    #[serde(default)]
    signature: Option<String>,
}

impl Agent {
    pub(crate) fn file(&self) -> AgentFile {
        let decode =
            |text: &String| base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        AgentFile {
            arch: self.arch.clone(),
            binary: self.text.clone().into_bytes(),
            signature: self.signature.as_ref().map(decode),
        }
    }
}

/// The specs that guests of this suite are made of.
pub(crate) fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("specs.json")).unwrap()
}

/// The specs of whole machines.
pub(crate) fn boots() -> Vec<Case> {
    serde_json::from_str(include_str!("boots.json")).unwrap()
}

impl Case {
    pub(crate) fn vm(&self) -> SpecVm {
        let plain = || SpecVm { name: "guest".into(), id: Some("i-0".into()), ..SpecVm::default() };
        self.vm.clone().unwrap_or_else(plain)
    }

    pub(crate) fn target(&self) -> Target {
        self.target.as_deref().unwrap_or("nocloud").parse().unwrap()
    }

    pub(crate) fn render(&self) -> Rendered {
        let agent_files: Vec<AgentFile> = self.agent_files.iter().map(Agent::file).collect();
        let options = RenderOptions {
            target: self.target(),
            agent_files: &agent_files,
            ..RenderOptions::default()
        };
        render(&self.spec, &self.vm(), options, &mut Entropy::from_seed(7))
            .unwrap_or_else(|error| panic!("{}: {error}\n{:#?}", self.name, error.faults()))
    }

    /// The facts that the guest must show: those of the spec, then those of the table.
    pub(crate) fn asked(&self) -> Value {
        let rendered = self.render();
        let mut asked = json!({"errors": [], "sudoers": true});
        let (short, domain) = rendered
            .hostname()
            .split_once('.')
            .map_or((rendered.hostname(), None), |(s, d)| (s, Some(d)));
        asked["hostname"] = short.into();
        asked["hostname_file"] = short.into();
        if domain.is_some() {
            asked["fqdn"] = rendered.hostname().into();
        }
        asked["instance_id"] = self.vm().id.into();
        if let Some(zone) = &self.spec.timezone {
            asked["timezone"] = zone.as_str().into();
            // Debian's zone of this name is a link to the longer one.
            asked["localtime"] =
                if zone == "UTC" { "Etc/UTC".into() } else { zone.as_str().into() };
        }
        join(&mut asked, self.asked_of_linux());
        join(&mut asked, self.asked_of_network());
        join(&mut asked, self.expect.clone());
        asked
    }

    fn asked_of_linux(&self) -> Value {
        let mut asked = json!({});
        let spec = &self.spec;
        let linux = spec.linux.clone().unwrap_or_default();
        let mut users = Map::new();
        if !spec.ssh_keys.is_empty() || spec.admin_password.is_some() {
            let name = linux.admin_user.as_deref().unwrap_or("admin");
            let mut user = password(spec.admin_password.as_ref());
            user["keys"] = sorted(&spec.ssh_keys);
            user["shell"] = "/bin/bash".into();
            let rule = linux.admin_sudo.as_deref().unwrap_or("ALL=(ALL) NOPASSWD:ALL");
            user["sudo"] = if rule.is_empty() { json!([]) } else { json!([rule]) };
            users.insert(name.to_owned(), user);
        }
        for wanted in &linux.users {
            let mut user = password(wanted.password.as_ref());
            user["groups"] = sorted(&wanted.groups);
            user["keys"] = sorted(&wanted.ssh_keys);
            user["sudo"] = json!(wanted.sudo.iter().collect::<Vec<_>>());
            let texts =
                [("gecos", &wanted.gecos), ("shell", &wanted.shell), ("home", &wanted.home)];
            for (key, text) in texts {
                if let Some(text) = text {
                    user[key] = text.as_str().into();
                }
            }
            if let Some(uid) = wanted.uid {
                user["uid"] = uid.into();
            }
            users.insert(wanted.name.clone(), user);
        }
        asked["users"] = users.into();
        let files = linux.write_files.iter().map(|file| (file.path.clone(), asked_of_file(file)));
        asked["files"] = files.collect::<Map<_, _>>().into();
        asked["packages"] = json!(linux.packages);
        if !linux.ntp_servers.is_empty() {
            asked["ntp"] = json!(linux.ntp_servers);
        }
        if let Some(locale) = &linux.locale {
            asked["locale"] = locale.as_str().into();
        }
        if let Some(layout) = &linux.keyboard {
            asked["keyboard"] = format!("set-x11-keymap {layout} pc105  ").trim().into();
        }
        asked
    }

    /// The names of the interfaces, and the lines of systemd-networkd's files.
    fn asked_of_network(&self) -> Value {
        let mut asked = json!({});
        let (Some(network), vm) = (&self.spec.network, self.vm()) else { return asked };
        let mut lines = Vec::new();
        for nic in &network.nics {
            let owner = vm.nics.iter().find(|own| match (&nic.mac, &nic.network) {
                (None, None) => true,
                (mac, network) => own.mac == *mac || network.is_some() && own.network == *network,
            });
            if let (Some(mac), Some(name)) = (owner.and_then(|own| own.mac.as_ref()), &nic.name) {
                asked["links"][mac] = name.as_str().into();
            }
            lines.extend(asked_of_nic(nic));
        }
        lines.extend(network.nameservers.iter().map(|address| format!("DNS={address}")));
        lines.extend(network.search.iter().map(|domain| format!("Domains={domain}")));
        asked["networkd"] = json!(lines);
        asked
    }

    /// What `facts.py` is to look at.
    pub(crate) fn wanted(&self) -> Value {
        let asked = self.asked();
        let files: Vec<&String> = asked["files"].as_object().unwrap().keys().collect();
        let mut passwords = Map::new();
        for (name, user) in asked["users"].as_object().unwrap() {
            if let Some(plain) = user.get("password") {
                passwords.insert(name.clone(), plain.clone());
            }
        }
        json!({"files": files, "packages": asked["packages"], "passwords": passwords})
    }
}

/// cloud-init keeps keys and groups in no order.
fn sorted(texts: &[String]) -> Value {
    let mut texts = texts.to_vec();
    texts.sort();
    json!(texts)
}

fn password(password: Option<&Password>) -> Value {
    match password {
        None => json!({"locked": true}),
        Some(Password::Hash(hash)) => json!({"locked": false, "hash": hash.expose()}),
        Some(Password::Plain(plain)) => json!({"locked": false, "password": plain.expose()}),
    }
}

fn asked_of_file(file: &SpecFile) -> Value {
    let engine = base64::engine::general_purpose::STANDARD;
    let encoded = || engine.encode(file.content.as_deref().unwrap_or_default());
    json!({
        "base64": file.base64.clone().unwrap_or_else(encoded),
        "mode": file.permissions.as_deref().unwrap_or("0644"),
        "owner": file.owner.as_deref().unwrap_or("root:root"),
    })
}

fn asked_of_nic(nic: &NicSpec) -> Vec<String> {
    let mut lines: Vec<String> = nic.addresses.iter().map(|it| format!("Address={it}")).collect();
    lines.extend(nic.gateway4.iter().chain(&nic.gateway6).map(|it| format!("Gateway={it}")));
    lines.extend(nic.nameservers.iter().map(|it| format!("DNS={it}")));
    lines.extend(nic.mtu.map(|mtu| format!("MTUBytes={mtu}")));
    for route in &nic.routes {
        lines.extend([format!("Destination={}", route.to), format!("Gateway={}", route.via)]);
        lines.extend(route.metric.map(|metric| format!("Metric={metric}")));
    }
    match (nic.dhcp4.unwrap_or(nic.addresses.is_empty()), nic.dhcp6) {
        (true, true) => lines.push("DHCP=yes".into()),
        (true, false) => lines.push("DHCP=ipv4".into()),
        (false, true) => lines.push("DHCP=ipv6".into()),
        (false, false) => {}
    }
    lines
}

/// Mappings are joined, everything else is replaced.
fn join(asked: &mut Value, more: Value) {
    match (asked, more) {
        (_, Value::Null) => {}
        (Value::Object(asked), Value::Object(more)) => {
            for (key, value) in more {
                join(asked.entry(key).or_insert(Value::Null), value);
            }
        }
        (asked, more) => *asked = more,
    }
}

/// What was asked and is not so, path by path. Of `networkd` every line asked for has to be there;
/// all other lists are equal.
pub(crate) fn differences(asked: &Value, got: &Value) -> Vec<String> {
    let mut out = Vec::new();
    compare("", asked, got, &mut out);
    out
}

fn compare(path: &str, asked: &Value, got: &Value, out: &mut Vec<String>) {
    if let Value::Object(fields) = asked {
        for (key, value) in fields {
            let found = got.get(key).unwrap_or(&Value::Null);
            compare(&format!("{path}/{key}"), value, found, out);
        }
    } else if path == "/networkd" {
        let found = got.as_array().map(Vec::as_slice).unwrap_or_default();
        let missing: Vec<&Value> =
            asked.as_array().unwrap().iter().filter(|line| !found.contains(line)).collect();
        if !missing.is_empty() {
            out.push(format!("{path}: {missing:?} is not in {found:?}"));
        }
    } else if asked != got {
        out.push(format!("{path}: asked {asked}, got {got}"));
    }
}
