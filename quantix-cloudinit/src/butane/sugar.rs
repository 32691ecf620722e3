//! What Butane adds to Ignition: local texts, mount units, trees, quadlets, users of GRUB.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{
    resource,
    systemd_path::escape,
    translate::{Job, text_of},
};
use crate::yaml::{Data, Node, Value};

/// Adds an entry to a list of a config, which is made where there is none.
pub(super) fn push(config: &mut Json, section: &str, name: &str, item: Json) {
    match config[section][name].as_array_mut() {
        Some(items) => items.push(item),
        None => config[section][name] = json!([item]),
    }
}

/// The entries of a list of a config.
fn entries<'c>(
    config: &'c mut Json,
    section: &str,
    name: &str,
) -> impl Iterator<Item = &'c mut Json> {
    let list = config.get_mut(section).and_then(|section| section.get_mut(name));
    list.and_then(Json::as_array_mut).into_iter().flatten()
}

pub(super) fn flag(node: Option<&Node>) -> bool {
    matches!(node.map(|node| &node.data), Some(Data::Scalar { value: Value::Bool(true), .. }))
}

fn items<'a>(job: &Job<'a>, section: &str, name: &str) -> Vec<&'a Node> {
    let list = job.root.entry(section).and_then(|entry| entry.value.entry(name));
    list.map(|list| list.value.items().iter().collect()).unwrap_or_default()
}

/// Keys, units and drop-ins whose text lies in a local file.
pub(super) fn local_texts(job: &mut Job<'_>, config: &mut Json) {
    if job.dialect.spec < 4 {
        return;
    }
    for (i, user) in items(job, "passwd", "users").into_iter().enumerate() {
        let Some(names) = user.entry("ssh_authorized_keys_local") else { continue };
        for (k, name) in names.value.items().iter().enumerate() {
            let path = format!("$.passwd.users.{i}.ssh_authorized_keys_local.{k}");
            let Some(bytes) = job.local(name, &path) else { continue };
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let Some(place) = entries(config, "passwd", "users").nth(i) else { continue };
            let keys = &mut place["sshAuthorizedKeys"];
            let mut all = keys.as_array().cloned().unwrap_or_default();
            all.extend(text.lines().filter(|line| !line.is_empty()).map(Json::from));
            *keys = all.into();
        }
    }
    for (i, unit) in items(job, "systemd", "units").into_iter().enumerate() {
        let path = format!("$.systemd.units.{i}");
        let Some(place) = entries(config, "systemd", "units").nth(i) else { continue };
        local_contents(job, unit, &path, place);
        let dropins = unit.entry("dropins").map(|entry| entry.value.items()).unwrap_or_default();
        for (k, dropin) in dropins.iter().enumerate() {
            let place = place.get_mut("dropins").and_then(|dropins| dropins.get_mut(k));
            let Some(place) = place else { continue };
            local_contents(job, dropin, &format!("{path}.dropins.{k}"), place);
        }
    }
}

fn local_contents(job: &mut Job<'_>, node: &Node, path: &str, place: &mut Json) {
    let Some(name) = node.entry("contents_local") else { return };
    let path = format!("{path}.contents_local");
    if node.entry("contents").is_some() {
        let message = "only one of contents and contents_local can be set";
        return job.error(&path, &name.value, "too-many-sources", message);
    }
    if let Some(bytes) = job.local(&name.value, &path) {
        place["contents"] = String::from_utf8_lossy(&bytes).into_owned().into();
    }
}

/// `with_mount_unit`: the unit that mounts a file system, or switches swap on.
pub(super) fn mount_units(job: &mut Job<'_>, config: &mut Json) {
    for (i, filesystem) in items(job, "storage", "filesystems").into_iter().enumerate() {
        if job.dialect.spec < 1 || !flag(filesystem.entry("with_mount_unit").map(|it| &it.value)) {
            continue;
        }
        let text = |key: &str| filesystem.entry(key).and_then(|entry| text_of(&entry.value));
        let path = format!("$.storage.filesystems.{i}");
        let (format, device) = (text("format"), text("device").unwrap_or_default());
        let Some(format) = format else {
            let message = "a mount unit needs the format of the file system";
            job.error(&format!("{path}.format"), filesystem, "missing-field", message);
            continue;
        };
        let is_swap = format == "swap" && job.dialect.spec >= 3;
        let mount_point = text("path").filter(|path| !path.is_empty());
        if mount_point.is_none() && !is_swap {
            let message = "a mount unit needs the path where the file system is mounted";
            job.error(&format!("{path}.path"), filesystem, "missing-field", message);
            continue;
        }
        let options = filesystem.entry("mount_options").map(|entry| entry.value.items());
        let mut options: Vec<String> =
            options.unwrap_or_default().iter().filter_map(text_of).collect();
        let is_remote = is_remote(config, &device);
        if is_remote {
            options.push("_netdev".to_owned());
        }
        let mount = Mount { device, format, mount_point, options, is_remote };
        let unit = if is_swap { mount.swap_unit() } else { mount.unit() };
        add_unit(config, unit);
    }
}

/// Whether a device is opened with a key from a server.
fn is_remote(config: &Json, device: &str) -> bool {
    let name = device
        .strip_prefix("/dev/mapper/")
        .or_else(|| device.strip_prefix("/dev/disk/by-id/dm-name-"));
    let volumes = config["storage"]["luks"].as_array();
    name.is_some_and(|name| {
        volumes.into_iter().flatten().any(|volume| {
            volume["name"] == name
                && volume["clevis"]["tang"].as_array().is_some_and(|tang| !tang.is_empty())
        })
    })
}

struct Mount {
    device: String,
    format: String,
    mount_point: Option<String>,
    options: Vec<String>,
    is_remote: bool,
}

impl Mount {
    fn options(&self) -> String {
        match &self.options[..] {
            [] => String::new(),
            options => format!("\nOptions={}", options.join(",")),
        }
    }

    fn swap_unit(&self) -> Json {
        let device = &self.device;
        json!({
            "name": format!("{}.swap", escape(device)),
            "enabled": true,
            "contents": format!(
                "# Generated by Butane\n[Swap]\nWhat={device}{}\n\n[Install]\n\
                 RequiredBy=swap.target",
                self.options()
            ),
        })
    }

    fn unit(&self) -> Json {
        let (device, path) = (&self.device, self.mount_point.as_deref().unwrap_or_default());
        let check = format!("systemd-fsck@{}.service", escape(device));
        let target = if self.is_remote { "remote-fs.target" } else { "local-fs.target" };
        json!({
            "name": format!("{}.mount", escape(path)),
            "enabled": true,
            "contents": format!(
                "# Generated by Butane\n[Unit]\nRequires={check}\nAfter={check}\n\n[Mount]\n\
                 Where={path}\nWhat={device}\nType={}{}\n\n[Install]\nRequiredBy={target}",
                self.format,
                self.options()
            ),
        })
    }
}

/// Adds a unit; one of this name that the document has keeps its own settings.
fn add_unit(config: &mut Json, unit: Json) {
    let own = entries(config, "systemd", "units").find(|other| other["name"] == unit["name"]);
    if let Some(own) = own {
        for (key, value) in unit.as_object().into_iter().flatten() {
            if own.get(key).is_none() {
                own[key] = value.clone();
            }
        }
        return;
    }
    push(config, "systemd", "units", unit);
}

/// Files and folders of a local tree, where the document does not have them itself.
pub(super) fn trees(job: &mut Job<'_>, config: &mut Json) {
    for (i, tree) in items(job, "storage", "trees").into_iter().enumerate() {
        let path = format!("$.storage.trees.{i}");
        let Some(local) = tree.entry("local") else {
            job.error(&format!("{path}.local"), tree, "missing-field", "local is required");
            continue;
        };
        let Some(name) = text_of(&local.value) else { continue };
        let prefix = format!("{}/", name.trim_start_matches("./").trim_end_matches('/'));
        let below: BTreeMap<String, _> = job
            .options
            .files
            .iter()
            .filter_map(|(file, content)| Some((file.strip_prefix(&prefix)?.to_owned(), content)))
            .collect();
        if below.is_empty() {
            let message = format!("there is no local folder {name:?}");
            job.error(&path, &local.key, "no-such-file", message);
            continue;
        }
        let target = tree.entry("path").and_then(|entry| text_of(&entry.value));
        let target = target.unwrap_or_default();
        let may_compress = job.may_compress();
        for (file, content) in below {
            let path = format!("{}/{file}", target.trim_end_matches('/'));
            let is_it = |other: &&mut Json| other["path"] == path.as_str();
            if entries(config, "storage", "files").find(is_it).is_none() {
                push(config, "storage", "files", json!({ "path": path }));
            }
            let Some(place) = entries(config, "storage", "files").find(is_it) else { continue };
            if place.get("contents").is_some() {
                continue;
            }
            let mut contents = Map::new();
            resource::put(&mut contents, &content.bytes, may_compress);
            place["contents"] = contents.into();
            if place.get("mode").is_none() {
                place["mode"] = if content.is_executable { 0o755 } else { 0o644 }.into();
            }
        }
    }
}

/// Units of containers, which are files to Ignition.
pub(super) fn quadlets(job: &mut Job<'_>, config: &mut Json) {
    for (i, quadlet) in items(job, "systemd", "quadlets").into_iter().enumerate() {
        let path = format!("$.systemd.quadlets.{i}");
        let text = |node: &Node, key: &str| node.entry(key).and_then(|it| text_of(&it.value));
        let Some(name) = text(quadlet, "name") else {
            job.error(&format!("{path}.name"), quadlet, "missing-field", "name is required");
            continue;
        };
        let folder = match flag(quadlet.entry("rootful").map(|it| &it.value)) {
            true => "/etc/containers/systemd",
            false => "/etc/containers/systemd/users",
        };
        let mut add = |job: &mut Job<'_>, node: &Node, path: &str, file: String| {
            let mut place = json!({});
            local_contents(job, node, path, &mut place);
            let own = text(node, "contents").or_else(|| place["contents"].as_str().map(Into::into));
            let Some(own) = own else { return };
            let mut contents = Map::new();
            resource::put(&mut contents, own.as_bytes(), job.may_compress());
            let file = json!({ "path": file, "mode": 0o644, "contents": contents });
            push(config, "storage", "files", file);
        };
        add(job, quadlet, &path, format!("{folder}/{name}"));
        let dropins = quadlet.entry("dropins").map(|it| it.value.items()).unwrap_or_default();
        for (k, dropin) in dropins.iter().enumerate() {
            let own = text(dropin, "name").unwrap_or_default();
            let file = format!("{folder}/{name}.d/{own}");
            add(job, dropin, &format!("{path}.dropins.{k}"), file);
        }
    }
}

/// Users of the boot loader: a file on the boot file system, which is mounted for it.
pub(super) fn grub(job: &mut Job<'_>, config: &mut Json) {
    let mut lines = String::new();
    let mut names = Vec::new();
    for (i, user) in items(job, "grub", "users").into_iter().enumerate() {
        let mut required = |key: &str| {
            let value = user.entry(key).and_then(|entry| text_of(&entry.value));
            let value = value.filter(|value| !value.is_empty());
            if value.is_none() {
                let path = format!("$.grub.users.{i}.{key}");
                job.error(&path, user, "missing-field", format!("{key} is required"));
            }
            value
        };
        let (Some(name), Some(hash)) = (required("name"), required("password_hash")) else {
            continue;
        };
        lines.push_str(&format!("password_pbkdf2 {name} {hash}\n"));
        names.push(name);
    }
    if names.is_empty() {
        return;
    }
    let text = format!("# Generated by Butane\n\nset superusers=\"{}\"\n{lines}", names.join(" "));
    let boot = json!({"device": "/dev/disk/by-label/boot", "format": "ext4", "path": "/boot"});
    if !entries(config, "storage", "filesystems").any(|other| other["path"] == "/boot") {
        push(config, "storage", "filesystems", boot);
    }
    let mut contents = Map::new();
    resource::put(&mut contents, text.as_bytes(), job.may_compress());
    let file = json!({ "path": "/boot/grub2/user.cfg", "append": [contents] });
    push(config, "storage", "files", file);
}
