//! What tells one domain definition from another, element by element.

use quantix_xml::{Document, EditError, Element, NewElement, Node, NodeId, Place};

/// How much of the wanted document counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// What it does not say stays as it is: it came from a description.
    Subset,
    /// It is the whole definition: what it does not say goes.
    Exact,
}

/// One difference and how to remove it.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// Such as `devices/disk[vda]/source/@file`.
    pub(super) path: String,
    /// The top element below `domain` or `devices` that it is in, as it is now.
    pub(super) part: Option<NodeId>,
    /// What it is now, for people.
    pub(super) from: Option<String>,
    /// What it shall be, for people.
    pub(super) to: Option<String>,
    pub(super) edit: Edit,
}

#[derive(Clone, Debug)]
pub(super) enum Edit {
    SetAttribute {
        node: NodeId,
        name: String,
        value: String,
    },
    RemoveAttribute {
        node: NodeId,
        name: String,
    },
    SetText {
        node: NodeId,
        text: String,
    },
    /// A number with a unit.
    SetQuantity {
        node: NodeId,
        text: String,
        unit: Option<String>,
    },
    Insert {
        parent: NodeId,
        name: String,
        xml: String,
    },
    Remove {
        node: NodeId,
    },
}

/// Devices that a description lists in full: one that it does not list goes. Others may have been
/// added by an administrator or by libvirt itself, and stay.
const LISTED: [&str; 5] = ["disk", "interface", "rng", "tpm", "graphics"];

/// The differences between two domains.
pub(super) fn diff(current: &Document, wanted: &Document, mode: Mode) -> Vec<Difference> {
    let mut walk = Walk { mode, out: Vec::new() };
    walk.element(current.root(), wanted.root(), "", None);
    if mode == Mode::Subset {
        walk.current_memory(current.root(), wanted.root());
    }
    walk.out
}

struct Walk {
    mode: Mode,
    out: Vec<Difference>,
}

impl Walk {
    fn element(&mut self, now: Element<'_>, want: Element<'_>, path: &str, part: Option<NodeId>) {
        if let (Some(a), Some(b)) = (quantity(now), quantity(want)) {
            if a != b {
                let unit = want.attr("unit").map(std::borrow::Cow::into_owned);
                let text = want.text().trim().to_owned();
                let edit = Edit::SetQuantity { node: now.id(), text, unit };
                self.push(path, part, Some(show_quantity(now)), Some(show_quantity(want)), edit);
            }
            return;
        }
        self.attributes(now, want, path, part);
        self.text(now, want, path, part);
        self.children(now, want, path, part);
    }

    fn push(
        &mut self,
        path: &str,
        part: Option<NodeId>,
        from: Option<String>,
        to: Option<String>,
        edit: Edit,
    ) {
        self.out.push(Difference { path: path.to_owned(), part, from, to, edit });
    }

    fn attributes(
        &mut self,
        now: Element<'_>,
        want: Element<'_>,
        path: &str,
        part: Option<NodeId>,
    ) {
        let node = now.id();
        for attribute in want.attributes().filter(|a| !a.is_namespace_declaration()) {
            let (name, value) = (attribute.name(), attribute.value());
            let old = now.attr(name);
            if old.as_deref().is_some_and(|old| same_value(self.mode, name, old, &value)) {
                continue;
            }
            let path = [path, "/@", name].concat();
            let edit = Edit::SetAttribute {
                node,
                name: name.to_owned(),
                value: value.clone().into_owned(),
            };
            self.push(&path, part, old.map(Into::into), Some(value.into_owned()), edit);
        }
        if self.mode == Mode::Exact {
            let gone = now.attributes().filter(|a| !a.is_namespace_declaration());
            for attribute in gone.filter(|a| want.attr(a.name()).is_none()) {
                let name = attribute.name().to_owned();
                let path = [path, "/@", &name].concat();
                let edit = Edit::RemoveAttribute { node, name };
                self.push(&path, part, Some(attribute.value().into_owned()), None, edit);
            }
        }
    }

    fn text(&mut self, now: Element<'_>, want: Element<'_>, path: &str, part: Option<NodeId>) {
        if want.elements().next().is_some() || now.elements().next().is_some() {
            return;
        }
        let (old, new) = (now.text(), want.text());
        if old.trim() != new.trim() {
            let edit = Edit::SetText { node: now.id(), text: new.trim().to_owned() };
            let (from, to) = (old.trim().to_owned(), new.trim().to_owned());
            self.push(path, part, Some(from), Some(to), edit);
        }
    }

    fn children(&mut self, now: Element<'_>, want: Element<'_>, path: &str, part: Option<NodeId>) {
        let at_devices = path == "devices";
        let (mut old, new) = (keyed(now), keyed(want));
        for (key, wanted) in &new {
            if self.mode == Mode::Subset && is_port(*wanted) {
                continue;
            }
            let child_path = join(path, key);
            let found = old.iter().position(|(known, _)| known == key);
            let found = found.or_else(|| self.unnamed_nic(&old, &new, key, *wanted));
            match found {
                Some(at) => {
                    let (_, existing) = old.remove(at);
                    let part = part_of(path, existing).or(part);
                    self.element(existing, *wanted, &child_path, part);
                }
                None => {
                    let xml = wanted.node().raw().into_owned();
                    let name = wanted.name().to_owned();
                    let edit = Edit::Insert { parent: now.id(), name, xml };
                    self.push(&child_path, part, None, Some(summary(*wanted)), edit);
                }
            }
        }
        for (key, existing) in old {
            let listed = at_devices && LISTED.contains(&existing.local_name());
            if self.mode == Mode::Exact || listed {
                let edit = Edit::Remove { node: existing.id() };
                let part = part_of(path, existing).or(part);
                self.push(&join(path, &key), part, Some(summary(existing)), None, edit);
            }
        }
    }

    /// An interface that is wanted without an address is the first one that no other wants.
    fn unnamed_nic(
        &self,
        old: &[(String, Element<'_>)],
        new: &[(String, Element<'_>)],
        key: &str,
        wanted: Element<'_>,
    ) -> Option<usize> {
        if self.mode == Mode::Exact || wanted.local_name() != "interface" {
            return None;
        }
        if wanted.child("mac").is_some() || !key.starts_with("interface[") {
            return None;
        }
        old.iter().position(|(known, element)| {
            element.local_name() == "interface" && !new.iter().any(|(other, _)| other == known)
        })
    }

    /// A description has one amount of memory; libvirt keeps two, and the second follows the first.
    fn current_memory(&mut self, now: Element<'_>, want: Element<'_>) {
        let (Some(memory), None) = (want.child("memory"), want.child("currentMemory")) else {
            return;
        };
        let Some(balloon) = now.child("currentMemory") else { return };
        if quantity(balloon) != quantity(memory) {
            let unit = memory.attr("unit").map(std::borrow::Cow::into_owned);
            let text = memory.text().trim().to_owned();
            let edit = Edit::SetQuantity { node: balloon.id(), text, unit };
            let (from, to) = (show_quantity(balloon), show_quantity(memory));
            self.push("currentMemory", Some(balloon.id()), Some(from), Some(to), edit);
        }
    }
}

/// Whether an element asks for a slot: libvirt numbers them as it likes.
fn is_port(element: Element<'_>) -> bool {
    element.local_name() == "controller" && element.attr("type").as_deref() == Some("pci")
}

/// The element as the part that changes are about: a top element or a device.
fn part_of(parent: &str, element: Element<'_>) -> Option<NodeId> {
    let is_part = parent == "devices" || (parent.is_empty() && element.local_name() != "devices");
    is_part.then(|| element.id())
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { [path, "/", key].concat() }
}

/// The children of an element with keys that tell them apart.
fn keyed(element: Element<'_>) -> Vec<(String, Element<'_>)> {
    let mut out: Vec<(String, Element<'_>)> = Vec::new();
    for child in element.elements() {
        let base = match identity(child) {
            Some(identity) => [child.name(), "[", &identity, "]"].concat(),
            None => child.name().to_owned(),
        };
        let mut key = base.clone();
        let mut count = 1u32;
        while out.iter().any(|(known, _)| *known == key) {
            count += 1;
            key = [&base, "#", &count.to_string()].concat();
        }
        out.push((key, child));
    }
    out
}

/// What an element is called among its likes.
fn identity(element: Element<'_>) -> Option<String> {
    let of = |child: &str, name: &str| {
        element.child(child).and_then(|child| child.attr(name)).map(std::borrow::Cow::into_owned)
    };
    let own = |name: &str| element.attr(name).map(std::borrow::Cow::into_owned);
    match element.local_name() {
        "disk" => of("target", "dev"),
        "interface" => {
            of("mac", "address").map(|mac| mac.to_ascii_lowercase()).or(Some("?".into()))
        }
        "controller" => Some([own("type")?, own("index").unwrap_or_default()].join(" ")),
        "graphics" => own("type"),
        "channel" => of("target", "name"),
        "filesystem" => of("target", "dir"),
        "serial" | "console" | "parallel" => Some(of("target", "port").unwrap_or("0".into())),
        "feature" | "timer" | "bootmenu" => own("name"),
        "cell" => own("id"),
        "file" => own("path"),
        _ => None,
    }
}

/// Whether two values of an attribute mean the same.
fn same_value(mode: Mode, name: &str, old: &str, new: &str) -> bool {
    if old == new {
        return true;
    }
    match (name, mode) {
        // libvirt resolves these aliases when it defines a domain.
        ("machine", Mode::Subset) => match new {
            "q35" => old.starts_with("pc-q35-"),
            "pc" => old.starts_with("pc-i440fx-"),
            _ => false,
        },
        ("address", _) => old.eq_ignore_ascii_case(new),
        _ => false,
    }
}

/// The bytes that an element like `<memory unit='KiB'>` stands for.
pub(crate) fn quantity(element: Element<'_>) -> Option<u128> {
    let name = element.local_name();
    if !matches!(name, "memory" | "currentMemory" | "tb-cache" | "maxMemory") {
        return None;
    }
    let factor: u128 = match element.attr("unit").as_deref().unwrap_or("KiB") {
        "b" | "bytes" => 1,
        "k" | "KiB" => 1 << 10,
        "KB" => 1_000,
        "M" | "MiB" => 1 << 20,
        "MB" => 1_000_000,
        "G" | "GiB" => 1 << 30,
        "GB" => 1_000_000_000,
        "T" | "TiB" => 1 << 40,
        _ => return None,
    };
    element.text().trim().parse::<u64>().ok().map(|amount| u128::from(amount) * factor)
}

fn show_quantity(element: Element<'_>) -> String {
    let unit = element.attr("unit").unwrap_or("KiB".into());
    [element.text().trim(), " ", &*unit].concat()
}

/// A device in a few words.
fn summary(element: Element<'_>) -> String {
    let source = element.child("source");
    let place = source.and_then(|source| source.attributes().next());
    if let Some(place) = place {
        return place.value().into_owned();
    }
    let text = element.text();
    if !text.trim().is_empty() && element.elements().next().is_none() {
        return text.trim().to_owned();
    }
    let first = element.attributes().next();
    first.map_or_else(|| "present".to_owned(), |first| first.value().into_owned())
}

/// Makes one difference disappear.
pub(super) fn apply(document: &mut Document, edit: &Edit) -> Result<(), EditError> {
    match edit {
        Edit::SetAttribute { node, name, value } => document.set_attribute(*node, name, value),
        Edit::RemoveAttribute { node, name } => document.remove_attribute(*node, name).map(drop),
        Edit::SetText { node, text } => document.set_text(*node, text),
        Edit::SetQuantity { node, text, unit } => {
            document.set_text(*node, text)?;
            match unit {
                Some(unit) => document.set_attribute(*node, "unit", unit),
                None => document.remove_attribute(*node, "unit").map(drop),
            }
        }
        Edit::Insert { parent, name, xml } => {
            // Beside its likes, where there are any.
            let last = document.element(*parent).and_then(|parent| {
                parent.elements().filter(|element| element.name() == name).last()
            });
            let place = last.map_or(Place::LastIn(*parent), |last| Place::After(last.id()));
            insert(document, place, xml)
        }
        Edit::Remove { node } => document.remove(*node),
    }
}

/// Inserts an element given as text, laid out like its new neighbours.
fn insert(document: &mut Document, place: Place, xml: &str) -> Result<(), EditError> {
    match Document::parse(xml) {
        Ok(fragment) => document.insert(place, &rebuild(fragment.root())).map(drop),
        Err(_) => document.insert_xml(place, xml).map(drop),
    }
}

/// An element of one document as a new one for another.
fn rebuild(element: Element<'_>) -> NewElement {
    let mut out = NewElement::new(element.name());
    for attribute in element.attributes() {
        out = out.attr(attribute.name(), attribute.value());
    }
    if element.elements().next().is_none() {
        let text = element.text();
        return if text.is_empty() { out } else { out.text(text) };
    }
    let children = element.children().filter_map(Node::element);
    children.fold(out, |out, child| out.child(rebuild(child)))
}
