//! What a pattern expects next, in words.

use std::collections::BTreeSet;

use super::{
    derive::Name,
    pattern::{Node, Pat, Patterns},
};

/// How many things are named before "and more".
const NAMED_MAX: usize = 24;

/// Names that are expected, in order.
pub(super) type Expected = BTreeSet<String>;

/// Things in a sentence.
pub(super) fn list(names: &Expected, none: &str) -> String {
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        if at == NAMED_MAX {
            text.push_str(" or more");
            break;
        }
        text.push_str(if at == 0 { "" } else { ", " });
        text.push_str(name);
    }
    if text.is_empty() { none.to_owned() } else { text }
}

impl Patterns {
    /// The elements that may come next.
    pub(super) fn elements_next(&self, pattern: Pat, out: &mut Expected) {
        self.next(pattern, out, &|node, out| {
            if let Node::Element(element) = node {
                let mut names = Vec::new();
                self.element_of(element).names.describe(&mut names);
                out.extend(names.iter().map(|name| ["`", name, "`"].concat()));
            }
        });
    }

    /// The attributes that may come next.
    pub(super) fn attributes_next(&self, pattern: Pat, out: &mut Expected) {
        self.anywhere(pattern, &mut |node| {
            if let Node::Attribute(names, _) = node {
                let mut texts = Vec::new();
                self.names_of(names).describe(&mut texts);
                out.extend(texts.iter().map(|name| ["`", name, "`"].concat()));
            }
        });
    }

    /// The values that an attribute may have; empty where there may be no such attribute.
    pub(super) fn values_of(&self, pattern: Pat, name: Name<'_>) -> Expected {
        let mut out = Expected::new();
        self.anywhere(pattern, &mut |node| {
            if let Node::Attribute(names, value) = node
                && self.names_of(names).contain(name)
            {
                self.values_next(value, &mut out);
            }
        });
        out
    }

    /// The texts that may come next.
    pub(super) fn values_next(&self, pattern: Pat, out: &mut Expected) {
        self.next(pattern, out, &|node, out| match node {
            Node::Text => drop(out.insert("a text".to_owned())),
            Node::Data(number) => drop(out.insert(self.data[number as usize].describe())),
            Node::Value(number) => drop(out.insert(self.values[number as usize].describe())),
            Node::List(_) => drop(out.insert("a list of words".to_owned())),
            _ => {}
        });
    }

    /// What has to come before the end: names of elements, of attributes with `@`, values.
    pub(super) fn missing(&self, pattern: Pat, out: &mut Expected) {
        if self.nullable(pattern) {
            return;
        }
        match self.node(pattern) {
            Node::Choice(a, b) => {
                // One of them would do.
                let (mut left, mut right) = (Expected::new(), Expected::new());
                self.missing(a, &mut left);
                self.missing(b, &mut right);
                if left == right {
                    out.extend(left);
                } else if !left.is_empty() && !right.is_empty() {
                    let (left, right) = (join(&left), join(&right));
                    out.insert([left.as_str(), " or ", &right].concat());
                }
            }
            Node::Interleave(a, b) | Node::Group(a, b) => {
                self.missing(a, out);
                self.missing(b, out);
            }
            Node::OneOrMore(a) | Node::After(a, _) => self.missing(a, out),
            Node::Attribute(names, _) => {
                let mut texts = Vec::new();
                self.names_of(names).describe(&mut texts);
                out.insert(["`@", &texts.join("|"), "`"].concat());
            }
            Node::Element(_) => self.elements_next(pattern, out),
            Node::Data(_) | Node::Value(_) | Node::List(_) => self.values_next(pattern, out),
            Node::NotAllowed | Node::Empty | Node::Text => {}
        }
    }

    /// Visits what can come first.
    fn next(&self, pattern: Pat, out: &mut Expected, visit: &dyn Fn(Node, &mut Expected)) {
        match self.node(pattern) {
            Node::Choice(a, b) | Node::Interleave(a, b) => {
                self.next(a, out, visit);
                self.next(b, out, visit);
            }
            Node::Group(a, b) => {
                self.next(a, out, visit);
                if self.nullable(a) {
                    self.next(b, out, visit);
                }
            }
            Node::OneOrMore(a) | Node::After(a, _) => self.next(a, out, visit),
            node => visit(node, out),
        }
    }

    /// Visits everything before the next element is entered, in any order.
    fn anywhere(&self, pattern: Pat, visit: &mut dyn FnMut(Node)) {
        match self.node(pattern) {
            Node::Choice(a, b) | Node::Interleave(a, b) | Node::Group(a, b) => {
                self.anywhere(a, visit);
                self.anywhere(b, visit);
            }
            Node::OneOrMore(a) | Node::After(a, _) => self.anywhere(a, visit),
            node => visit(node),
        }
    }
}

fn join(names: &Expected) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(" and ")
}
