//! Keys that stand twice in one mapping.

use std::{borrow::Cow, collections::BTreeMap};

use quantix_core::Finding;

use crate::yaml::{Data, Entry, Node, Position, Step, Value};

/// In mappings of up to so many entries every key is compared with those before it.
const COMPARED_KEYS_MAX: usize = 16;

/// Reports keys that stand twice in one mapping; the guest silently takes the last one.
pub(super) fn find(root: &Node, lint: &mut Vec<Finding>) {
    walk(root, &mut |node, path| {
        for (entry, before) in repeated(node.entries()) {
            let (key, at) = (entry.key.key_text(), entry.key.start);
            let message = format!(
                "{key:?} is there twice; the guest ignores the one at {before}: merge them"
            );
            let path = crate::yaml::dotted(&[&path.steps()[..], &[Step::Key(key)]].concat());
            let finding = Finding::warning("duplicate-key", message).at(path);
            lint.push(finding.at_position(at.line, at.column));
        }
    });
}

/// Entries whose key stands before them, and where.
fn repeated(entries: &[Entry]) -> Vec<(&Entry, Position)> {
    let mut found = Vec::new();
    if entries.len() <= COMPARED_KEYS_MAX {
        for (i, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.is_merge) {
            let mut before = entries[..i].iter().rev().filter(|other| !other.is_merge);
            if let Some(other) = before.find(|other| is_same_key(&other.key, &entry.key)) {
                found.push((entry, other.key.start));
            }
        }
        return found;
    }
    let mut seen = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.is_merge) {
        if let Some(before) = seen.insert(key_text(&entry.key), entry.key.start) {
            found.push((entry, before));
        }
    }
    found
}

fn key_text(key: &Node) -> Cow<'_, str> {
    match &key.data {
        Data::Scalar { value: Value::String(text), .. } => Cow::Borrowed(text),
        _ => Cow::Owned(key.key_text()),
    }
}

fn is_same_key(a: &Node, b: &Node) -> bool {
    key_text(a) == key_text(b)
}

/// How a walk came to a node: the node above, and the step from there.
#[derive(Clone, Copy)]
struct Trail<'a> {
    above: Option<&'a Trail<'a>>,
    step: TrailStep<'a>,
}

#[derive(Clone, Copy)]
enum TrailStep<'a> {
    Root,
    Index(usize),
    Key(&'a Node),
}

impl Trail<'_> {
    /// The same as steps from the root.
    fn steps(&self) -> Vec<Step> {
        let mut steps = self.above.map(Trail::steps).unwrap_or_default();
        match self.step {
            TrailStep::Root => {}
            TrailStep::Index(index) => steps.push(Step::Index(index)),
            TrailStep::Key(key) => steps.push(Step::Key(key.key_text())),
        }
        steps
    }
}

/// Visits every node, and tells how it got there.
fn walk(root: &Node, visit: &mut dyn FnMut(&Node, &Trail<'_>)) {
    walk_from(root, &Trail { above: None, step: TrailStep::Root }, visit);
}

fn walk_from(node: &Node, trail: &Trail<'_>, visit: &mut dyn FnMut(&Node, &Trail<'_>)) {
    visit(node, trail);
    for (i, item) in node.items().iter().enumerate() {
        walk_from(item, &Trail { above: Some(trail), step: TrailStep::Index(i) }, visit);
    }
    for entry in node.entries() {
        let step = TrailStep::Key(&entry.key);
        walk_from(&entry.value, &Trail { above: Some(trail), step }, visit);
    }
}
