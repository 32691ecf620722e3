//! What is left of a pattern when a part of a document has been seen: James Clark's derivatives.
//! What was worked out once is remembered.

use std::collections::HashMap;

use super::{
    datatype::words,
    pattern::{Node, Pat, Patterns},
};

/// A name: namespace and local name.
pub(super) type Name<'n> = (&'n str, &'n str);

/// How strictly an open tag is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Strictness {
    /// What is missing makes the pattern impossible.
    Strict,
    /// What is missing is let go: it has been reported.
    Forgiving,
}

/// What is put back around the part of a pattern that comes after an element.
#[derive(Clone, Copy)]
enum Around {
    InterleaveWith(Pat),
    Then(Pat),
    After(Pat),
}

/// A schema in use.
#[derive(Debug)]
pub(super) struct Derivation {
    pub(super) patterns: Patterns,
    starts: HashMap<(Pat, u32), Pat>,
    closed: HashMap<(Pat, Strictness), Pat>,
    ended: HashMap<(Pat, Strictness), Pat>,
    names: HashMap<(String, String), u32>,
}

impl Derivation {
    pub(super) fn new(patterns: Patterns) -> Self {
        Self {
            patterns,
            starts: HashMap::new(),
            closed: HashMap::new(),
            ended: HashMap::new(),
            names: HashMap::new(),
        }
    }

    fn name_number(&mut self, (namespace, local): Name<'_>) -> u32 {
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        *self.names.entry((namespace.to_owned(), local.to_owned())).or_insert(next)
    }

    /// After the name of a start tag.
    pub(super) fn start(&mut self, pattern: Pat, name: Name<'_>) -> Pat {
        let number = self.name_number(name);
        self.start_of(pattern, name, number)
    }

    fn start_of(&mut self, pattern: Pat, name: Name<'_>, number: u32) -> Pat {
        if let Some(&known) = self.starts.get(&(pattern, number)) {
            return known;
        }
        let left = match self.patterns.node(pattern) {
            Node::Choice(a, b) => {
                let (a, b) = (self.start_of(a, name, number), self.start_of(b, name, number));
                self.patterns.choice(a, b)
            }
            Node::Interleave(a, b) => {
                let first = self.start_of(a, name, number);
                let first = self.put_around(first, Around::InterleaveWith(b));
                let second = self.start_of(b, name, number);
                let second = self.put_around(second, Around::InterleaveWith(a));
                self.patterns.choice(first, second)
            }
            Node::Group(a, b) => {
                let first = self.start_of(a, name, number);
                let first = self.put_around(first, Around::Then(b));
                if self.patterns.nullable(a) {
                    let second = self.start_of(b, name, number);
                    self.patterns.choice(first, second)
                } else {
                    first
                }
            }
            Node::OneOrMore(a) => {
                let rest = self.patterns.optional(pattern);
                let first = self.start_of(a, name, number);
                self.put_around(first, Around::Then(rest))
            }
            Node::After(a, b) => {
                let first = self.start_of(a, name, number);
                self.put_around(first, Around::After(b))
            }
            Node::Element(element) => {
                let element = self.patterns.element_of(element);
                if element.names.contain(name) {
                    let content = element.content;
                    self.patterns.after(content, Patterns::EMPTY)
                } else {
                    Patterns::NOT_ALLOWED
                }
            }
            _ => Patterns::NOT_ALLOWED,
        };
        self.starts.insert((pattern, number), left);
        left
    }

    fn put_around(&mut self, pattern: Pat, around: Around) -> Pat {
        match self.patterns.node(pattern) {
            Node::Choice(a, b) => {
                let (a, b) = (self.put_around(a, around), self.put_around(b, around));
                self.patterns.choice(a, b)
            }
            Node::After(content, rest) => {
                let rest = match around {
                    Around::InterleaveWith(other) => self.patterns.interleave(rest, other),
                    Around::Then(next) => self.patterns.group(rest, next),
                    Around::After(outer) => self.patterns.after(rest, outer),
                };
                self.patterns.after(content, rest)
            }
            _ => Patterns::NOT_ALLOWED,
        }
    }

    /// After an attribute.
    pub(super) fn attribute(&mut self, pattern: Pat, name: Name<'_>, value: &str) -> Pat {
        if !self.patterns.has_attributes(pattern) {
            return Patterns::NOT_ALLOWED;
        }
        match self.patterns.node(pattern) {
            Node::Choice(a, b) => {
                let (a, b) = (self.attribute(a, name, value), self.attribute(b, name, value));
                self.patterns.choice(a, b)
            }
            Node::Interleave(a, b) => {
                let first = self.attribute(a, name, value);
                let first = self.patterns.interleave(first, b);
                let second = self.attribute(b, name, value);
                let second = self.patterns.interleave(a, second);
                self.patterns.choice(first, second)
            }
            Node::Group(a, b) => {
                let first = self.attribute(a, name, value);
                let first = self.patterns.group(first, b);
                let second = self.attribute(b, name, value);
                let second = self.patterns.group(a, second);
                self.patterns.choice(first, second)
            }
            Node::OneOrMore(a) => {
                let rest = self.patterns.optional(pattern);
                let first = self.attribute(a, name, value);
                self.patterns.group(first, rest)
            }
            Node::After(a, b) => {
                let first = self.attribute(a, name, value);
                self.patterns.after(first, b)
            }
            Node::Attribute(names, inner)
                if self.patterns.names_of(names).contain(name) && self.holds(inner, value) =>
            {
                Patterns::EMPTY
            }
            _ => Patterns::NOT_ALLOWED,
        }
    }

    /// Whether a whole text is what a pattern says.
    fn holds(&mut self, pattern: Pat, text: &str) -> bool {
        if self.patterns.nullable(pattern) && super::datatype::is_space(text) {
            return true;
        }
        let left = self.text(pattern, text);
        self.patterns.nullable(left)
    }

    /// At the end of a start tag.
    pub(super) fn close(&mut self, pattern: Pat, strictness: Strictness) -> Pat {
        if !self.patterns.has_attributes(pattern) {
            return pattern;
        }
        if let Some(&known) = self.closed.get(&(pattern, strictness)) {
            return known;
        }
        let left = match self.patterns.node(pattern) {
            Node::Choice(a, b) => {
                let (a, b) = (self.close(a, strictness), self.close(b, strictness));
                self.patterns.choice(a, b)
            }
            Node::Interleave(a, b) => {
                let (a, b) = (self.close(a, strictness), self.close(b, strictness));
                self.patterns.interleave(a, b)
            }
            Node::Group(a, b) => {
                let (a, b) = (self.close(a, strictness), self.close(b, strictness));
                self.patterns.group(a, b)
            }
            Node::OneOrMore(a) => {
                let a = self.close(a, strictness);
                self.patterns.one_or_more(a)
            }
            Node::After(a, b) => {
                let a = self.close(a, strictness);
                self.patterns.after(a, b)
            }
            Node::Attribute(..) if strictness == Strictness::Forgiving => Patterns::EMPTY,
            Node::Attribute(..) => Patterns::NOT_ALLOWED,
            _ => pattern,
        };
        self.closed.insert((pattern, strictness), left);
        left
    }

    /// After a text.
    pub(super) fn text(&mut self, pattern: Pat, text: &str) -> Pat {
        match self.patterns.node(pattern) {
            Node::Choice(a, b) => {
                let (a, b) = (self.text(a, text), self.text(b, text));
                self.patterns.choice(a, b)
            }
            Node::Interleave(a, b) => {
                let first = self.text(a, text);
                let first = self.patterns.interleave(first, b);
                let second = self.text(b, text);
                let second = self.patterns.interleave(a, second);
                self.patterns.choice(first, second)
            }
            Node::Group(a, b) => {
                let first = self.text(a, text);
                let first = self.patterns.group(first, b);
                if self.patterns.nullable(a) {
                    let second = self.text(b, text);
                    self.patterns.choice(first, second)
                } else {
                    first
                }
            }
            Node::After(a, b) => {
                let first = self.text(a, text);
                self.patterns.after(first, b)
            }
            Node::OneOrMore(a) => {
                let rest = self.patterns.optional(pattern);
                let first = self.text(a, text);
                self.patterns.group(first, rest)
            }
            Node::Text => pattern,
            Node::Data(number) => {
                let data = &self.patterns.data[number as usize];
                let (accepted, except) = (data.accepts(text), data.except);
                let refused = except.is_some_and(|except| self.holds(except, text));
                if accepted && !refused { Patterns::EMPTY } else { Patterns::NOT_ALLOWED }
            }
            Node::Value(number) if self.patterns.values[number as usize].accepts(text) => {
                Patterns::EMPTY
            }
            Node::List(inner) => {
                let left = words(text).fold(inner, |left, word| self.text(left, word));
                if self.patterns.nullable(left) { Patterns::EMPTY } else { Patterns::NOT_ALLOWED }
            }
            _ => Patterns::NOT_ALLOWED,
        }
    }

    /// At an end tag.
    pub(super) fn end(&mut self, pattern: Pat, strictness: Strictness) -> Pat {
        if let Some(&known) = self.ended.get(&(pattern, strictness)) {
            return known;
        }
        let left = match self.patterns.node(pattern) {
            Node::Choice(a, b) => {
                let (a, b) = (self.end(a, strictness), self.end(b, strictness));
                self.patterns.choice(a, b)
            }
            Node::After(a, b)
                if strictness == Strictness::Forgiving || self.patterns.nullable(a) =>
            {
                b
            }
            _ => Patterns::NOT_ALLOWED,
        };
        self.ended.insert((pattern, strictness), left);
        left
    }
}
