//! The walk: each field to its place in Ignition, with its type.

use quantix_core::Finding;
use serde_json::{Map, Value as Json, json};

use super::{
    ButaneOptions, boot_device,
    fields::{Field, Kind, ROOT},
    openshift, rules, sugar,
    version::{Dialect, Variant},
};
use crate::{
    check::nearest,
    yaml::{Data, Node, Position, Value},
};

/// A document under translation.
pub(super) struct Job<'a> {
    pub(super) root: &'a Node,
    pub(super) dialect: Dialect,
    pub(super) options: &'a ButaneOptions,
    pub(super) findings: Vec<Finding>,
}

/// The text of a scalar as it is written, whatever it looks like.
pub(super) fn text_of(node: &Node) -> Option<String> {
    match &node.data {
        Data::Scalar { value: Value::String(text), .. } => Some(text.clone()),
        Data::Scalar { value: Value::Null | Value::Binary(_), .. } => None,
        Data::Scalar { source, .. } => source.as_deref().map(str::to_owned),
        _ => None,
    }
}

pub(super) fn is_null(node: &Node) -> bool {
    matches!(&node.data, Data::Scalar { value: Value::Null, .. })
}

impl<'a> Job<'a> {
    pub(super) fn new(root: &'a Node, dialect: Dialect, options: &'a ButaneOptions) -> Self {
        Self { root, dialect, options, findings: Vec::new() }
    }

    /// Notes something at a place.
    fn note(&mut self, finding: Finding, path: &str, at: Position) {
        self.findings.push(finding.at(path).at_position(at.line, at.column));
    }

    pub(super) fn error(
        &mut self,
        path: &str,
        node: &Node,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.note(Finding::error(code, message), path, node.start);
    }

    pub(super) fn warn(
        &mut self,
        path: &str,
        node: &Node,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.note(Finding::warning(code, message), path, node.start);
    }

    /// The node that a path of Butane's names, such as `$.storage.files.0`, or the nearest above.
    pub(super) fn node_at(&self, path: &str) -> &'a Node {
        let mut node = self.root;
        for step in path.split('.').skip(1) {
            let next = match step.parse::<usize>() {
                Ok(index) if !node.items().is_empty() => node.items().get(index),
                _ => node.entry(step).map(|entry| &entry.value),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The whole config, without the version.
    pub(super) fn config(&mut self) -> Json {
        let mut config = match self.object(self.root, "$", ROOT) {
            Some(map) => Json::Object(map),
            None => json!({}),
        };
        if !config["ignition"].is_object() {
            config["ignition"] = json!({});
        }
        // Before anything is added, places in both documents are the same.
        rules::check(self, &config);
        if self.dialect.variant == Variant::OpenShift {
            openshift::unsupported(self, &config);
        }
        sugar::local_texts(self, &mut config);
        sugar::quadlets(self, &mut config);
        sugar::trees(self, &mut config);
        if self.dialect.has_boot_device() {
            boot_device::add(self, &mut config);
        }
        sugar::mount_units(self, &mut config);
        if self.dialect.has_grub() {
            sugar::grub(self, &mut config);
        }
        prune(&mut config);
        config
    }

    fn is_known(&self, field: &Field, path: &str) -> bool {
        let is_openshift = self.dialect.variant == Variant::OpenShift;
        let is_here = match (path, field.name) {
            ("$", "boot_device") => self.dialect.has_boot_device(),
            ("$", "grub") => self.dialect.has_grub(),
            ("$", "metadata" | "openshift") => is_openshift,
            // OpenShift has them in a section of its own, whatever the version of Ignition.
            ("$", "kernel_arguments") if is_openshift => false,
            _ => true,
        };
        is_here && field.since <= self.dialect.spec
    }

    /// A mapping with these fields; nothing where it is none or null.
    pub(super) fn object(
        &mut self,
        node: &'a Node,
        path: &str,
        fields: &[Field],
    ) -> Option<Map<String, Json>> {
        if is_null(node) {
            return None;
        }
        if !matches!(node.data, Data::Map(_)) {
            self.error(path, node, "wrong-type", "expected a mapping");
            return None;
        }
        let mut out = Map::new();
        for entry in node.merged_entries() {
            let name = entry.key.key_text();
            let path = format!("{path}.{name}");
            let known =
                |field: &&Field| self.is_known(field, path.rsplit_once('.').map_or("", |it| it.0));
            let Some(field) = fields.iter().filter(known).find(|field| field.name == name) else {
                let names = fields.iter().filter(known).map(|field| field.name);
                let meant = nearest(&name, names)
                    .map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
                let message = format!("unused key {name}{meant}");
                self.warn(&path, &entry.key, "unused-key", message);
                continue;
            };
            if let Some(value) = self.field(field, &entry.value, &path) {
                out.insert(field.target(), value);
            }
        }
        Some(out)
    }

    fn field(&mut self, field: &Field, node: &'a Node, path: &str) -> Option<Json> {
        if is_null(node) {
            return None;
        }
        match field.kind {
            Kind::Text => self.text(node, path).map(Json::String),
            Kind::Int => self.int(node, path),
            Kind::Bool => self.bool(node, path).map(Json::Bool),
            Kind::Texts => self.texts(node, path).map(Json::from),
            Kind::Object(fields) => self.object(node, path, fields).map(Json::Object),
            Kind::Objects(fields) => self.list(node, path, &mut |job, item, path| {
                job.object(item, path, fields).map(Json::Object)
            }),
            Kind::Resource => self.resource(node, path),
            Kind::Resources => {
                self.list(node, path, &mut |job, item, path| job.resource(item, path))
            }
            // Checked here, read by what makes something of it.
            Kind::Sugar(&[]) => None,
            Kind::Sugar(fields) => {
                self.object(node, path, fields);
                None
            }
            Kind::SugarList(fields) => {
                self.list(node, path, &mut |job, item, path| {
                    job.object(item, path, fields);
                    None
                });
                None
            }
            Kind::SugarText => {
                self.text(node, path);
                None
            }
            Kind::SugarBool => {
                self.bool(node, path);
                None
            }
            Kind::SugarTexts => {
                self.texts(node, path);
                None
            }
        }
    }

    /// A list; every item is translated, so that its places in both documents are the same.
    fn list(
        &mut self,
        node: &'a Node,
        path: &str,
        item: &mut dyn FnMut(&mut Self, &'a Node, &str) -> Option<Json>,
    ) -> Option<Json> {
        let Data::Seq(items) = &node.data else {
            self.error(path, node, "wrong-type", "expected a list");
            return None;
        };
        let mut out = Vec::with_capacity(items.len());
        for (i, inner) in items.iter().enumerate() {
            out.push(item(self, inner, &format!("{path}.{i}")).unwrap_or_else(|| json!({})));
        }
        Some(Json::Array(out))
    }

    pub(super) fn text(&mut self, node: &Node, path: &str) -> Option<String> {
        let text = text_of(node);
        if text.is_none() {
            self.error(path, node, "wrong-type", "expected a text");
        }
        text
    }

    fn int(&mut self, node: &Node, path: &str) -> Option<Json> {
        let number = match &node.data {
            Data::Scalar { value: Value::Int(number), .. } => i64::try_from(*number).ok(),
            // YAML 1.2 writes octal numbers so, and Butane reads both.
            Data::Scalar { value: Value::String(text), .. } => {
                text.strip_prefix("0o").and_then(|digits| i64::from_str_radix(digits, 8).ok())
            }
            _ => None,
        };
        if number.is_none() {
            self.error(path, node, "wrong-type", "expected a whole number");
        }
        number.map(Json::from)
    }

    fn bool(&mut self, node: &Node, path: &str) -> Option<bool> {
        if let Data::Scalar { value: Value::Bool(flag), .. } = &node.data {
            return Some(*flag);
        }
        self.error(path, node, "wrong-type", "expected true or false");
        None
    }

    fn texts(&mut self, node: &'a Node, path: &str) -> Option<Vec<String>> {
        let Data::Seq(items) = &node.data else {
            self.error(path, node, "wrong-type", "expected a list of texts");
            return None;
        };
        let items = items.iter().enumerate();
        Some(items.filter_map(|(i, item)| self.text(item, &format!("{path}.{i}"))).collect())
    }
}

/// Takes out empty lists and mappings, which Butane does not write.
fn prune(value: &mut Json) {
    match value {
        Json::Object(map) => {
            map.values_mut().for_each(prune);
            map.retain(|key, item| {
                key == "ignition"
                    || !(item.as_object().is_some_and(Map::is_empty)
                        || item.as_array().is_some_and(Vec::is_empty))
            });
        }
        Json::Array(items) => items.iter_mut().for_each(prune),
        _ => {}
    }
}
