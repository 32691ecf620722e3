//! Patterns of a schema, each kept once and named by a number, so that what was worked out about one
//! need not be worked out again.

use std::collections::HashMap;

use super::datatype::{Data, Value};

/// The most patterns that there may be: an ambiguous schema could go on for ever.
pub(super) const PATTERNS_MAX: usize = 1 << 18;

/// How deep the patterns of a schema may nest.
pub(super) const SCHEMA_DEPTH_MAX: u16 = 500;

/// How deep patterns may nest while a document is checked.
const PATTERN_DEPTH_MAX: u16 = 1_000;

/// A pattern, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Pat(u32);

/// Which names a pattern is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Names {
    /// Any, but for some.
    Any(Option<Box<Names>>),
    /// Any of a namespace, but for some.
    Namespace(Box<str>, Option<Box<Names>>),
    /// One: namespace and local name.
    One(Box<str>, Box<str>),
    /// Those of either.
    Either(Vec<Names>),
}

impl Names {
    pub(super) fn contain(&self, (namespace, local): (&str, &str)) -> bool {
        let not = |except: &Option<Box<Self>>| {
            !except.as_ref().is_some_and(|except| except.contain((namespace, local)))
        };
        match self {
            Self::Any(except) => not(except),
            Self::Namespace(own, except) => **own == *namespace && not(except),
            Self::One(own, name) => **own == *namespace && **name == *local,
            Self::Either(names) => names.iter().any(|names| names.contain((namespace, local))),
        }
    }

    /// For people.
    pub(super) fn describe(&self, out: &mut Vec<String>) {
        match self {
            Self::Any(_) => out.push("any name".to_owned()),
            Self::Namespace(namespace, _) => out.push(["any name of ", namespace].concat()),
            Self::One(namespace, name) if namespace.is_empty() => out.push((**name).to_owned()),
            Self::One(namespace, name) => out.push([&**name, " of ", namespace].concat()),
            Self::Either(names) => names.iter().for_each(|names| names.describe(out)),
        }
    }
}

/// One pattern. Numbers of names, elements, data and values are places in [`Patterns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    NotAllowed,
    Empty,
    Text,
    Choice(Pat, Pat),
    Interleave(Pat, Pat),
    Group(Pat, Pat),
    OneOrMore(Pat),
    List(Pat),
    Data(u32),
    Value(u32),
    Attribute(u32, Pat),
    Element(u32),
    /// What is still to come in an open element, then what comes after it.
    After(Pat, Pat),
}

/// An element of the schema: its names, and what may be in it.
#[derive(Clone, Debug)]
pub(super) struct ElementPattern {
    pub(super) names: Names,
    pub(super) content: Pat,
}

#[derive(Clone, Copy, Debug)]
struct Facts {
    node: Node,
    depth: u16,
    nullable: bool,
    /// Whether an attribute may be met before an element is entered.
    attributes: bool,
}

/// All patterns of a schema, and those that a check makes of them.
#[derive(Clone, Debug)]
pub(super) struct Patterns {
    facts: Vec<Facts>,
    known: HashMap<Node, Pat>,
    pub(super) elements: Vec<ElementPattern>,
    pub(super) names: Vec<Names>,
    pub(super) data: Vec<Data>,
    pub(super) values: Vec<Value>,
    depth_max: u16,
    /// Whether a limit was met: verdicts are then worth nothing.
    pub(super) is_overfull: bool,
}

impl Patterns {
    pub(super) const NOT_ALLOWED: Pat = Pat(0);
    pub(super) const EMPTY: Pat = Pat(1);
    pub(super) const TEXT: Pat = Pat(2);

    pub(super) fn new() -> Self {
        let mut patterns = Self {
            facts: Vec::new(),
            known: HashMap::new(),
            elements: Vec::new(),
            names: Vec::new(),
            data: Vec::new(),
            values: Vec::new(),
            depth_max: SCHEMA_DEPTH_MAX,
            is_overfull: false,
        };
        for node in [Node::NotAllowed, Node::Empty, Node::Text] {
            patterns.intern(node);
        }
        patterns
    }

    /// Ends the reading of the schema; what checks make of its patterns may nest deeper.
    pub(super) fn ready(mut self) -> Self {
        self.depth_max = PATTERN_DEPTH_MAX;
        self
    }

    pub(super) fn len(&self) -> usize {
        self.facts.len()
    }

    fn facts(&self, pattern: Pat) -> Facts {
        // Every number was given out by `intern`.
        self.facts[pattern.0 as usize]
    }

    pub(super) fn node(&self, pattern: Pat) -> Node {
        self.facts(pattern).node
    }

    pub(super) fn nullable(&self, pattern: Pat) -> bool {
        self.facts(pattern).nullable
    }

    pub(super) fn has_attributes(&self, pattern: Pat) -> bool {
        self.facts(pattern).attributes
    }

    fn intern(&mut self, node: Node) -> Pat {
        if let Some(&known) = self.known.get(&node) {
            return known;
        }
        let facts = self.work_out(node);
        let number = u32::try_from(self.facts.len()).unwrap_or(u32::MAX);
        if self.facts.len() >= PATTERNS_MAX || facts.depth > self.depth_max {
            self.is_overfull = true;
            return Self::NOT_ALLOWED;
        }
        self.facts.push(facts);
        self.known.insert(node, Pat(number));
        Pat(number)
    }

    fn work_out(&self, node: Node) -> Facts {
        let of = |pattern| self.facts(pattern);
        let one = |a: Facts, nullable| (a.depth, nullable, a.attributes);
        let two = |a: Facts, b: Facts, nullable| {
            (a.depth.max(b.depth), nullable, a.attributes || b.attributes)
        };
        let (depth, nullable, attributes) = match node {
            Node::NotAllowed | Node::Data(_) | Node::Value(_) | Node::Element(_) => {
                (0, false, false)
            }
            Node::Empty | Node::Text => (0, true, false),
            Node::Choice(a, b) => two(of(a), of(b), of(a).nullable || of(b).nullable),
            Node::Interleave(a, b) | Node::Group(a, b) => {
                two(of(a), of(b), of(a).nullable && of(b).nullable)
            }
            Node::OneOrMore(a) => one(of(a), of(a).nullable),
            Node::List(a) => (of(a).depth, false, false),
            Node::Attribute(_, a) => (of(a).depth, false, true),
            Node::After(a, b) => (of(a).depth.max(of(b).depth), false, of(a).attributes),
        };
        Facts { node, depth: depth.saturating_add(1), nullable, attributes }
    }

    /// Either of two; one that is there already is not added again.
    pub(super) fn choice(&mut self, a: Pat, b: Pat) -> Pat {
        match (a, b) {
            (Self::NOT_ALLOWED, other) | (other, Self::NOT_ALLOWED) => return other,
            _ if a == b => return a,
            (Self::EMPTY, other) | (other, Self::EMPTY) if self.nullable(other) => return other,
            _ => {}
        }
        if let Node::Choice(first, rest) = self.node(a) {
            let rest = self.choice(rest, b);
            return self.choice(first, rest);
        }
        let mut at = b;
        loop {
            match self.node(at) {
                Node::Choice(first, _) if first == a => return b,
                Node::Choice(_, rest) => at = rest,
                _ if at == a => return b,
                _ => break,
            }
        }
        self.intern(Node::Choice(a, b))
    }

    pub(super) fn interleave(&mut self, a: Pat, b: Pat) -> Pat {
        match (a, b) {
            (Self::NOT_ALLOWED, _) | (_, Self::NOT_ALLOWED) => Self::NOT_ALLOWED,
            (Self::EMPTY, other) | (other, Self::EMPTY) => other,
            _ => self.intern(Node::Interleave(a, b)),
        }
    }

    pub(super) fn group(&mut self, a: Pat, b: Pat) -> Pat {
        match (a, b) {
            (Self::NOT_ALLOWED, _) | (_, Self::NOT_ALLOWED) => Self::NOT_ALLOWED,
            (Self::EMPTY, other) | (other, Self::EMPTY) => other,
            _ => self.intern(Node::Group(a, b)),
        }
    }

    pub(super) fn after(&mut self, a: Pat, b: Pat) -> Pat {
        if a == Self::NOT_ALLOWED || b == Self::NOT_ALLOWED {
            return Self::NOT_ALLOWED;
        }
        self.intern(Node::After(a, b))
    }

    pub(super) fn one_or_more(&mut self, a: Pat) -> Pat {
        match self.node(a) {
            Node::NotAllowed | Node::Empty | Node::Text | Node::OneOrMore(_) => a,
            _ => self.intern(Node::OneOrMore(a)),
        }
    }

    pub(super) fn optional(&mut self, a: Pat) -> Pat {
        self.choice(a, Self::EMPTY)
    }

    pub(super) fn list(&mut self, a: Pat) -> Pat {
        if a == Self::NOT_ALLOWED { a } else { self.intern(Node::List(a)) }
    }

    pub(super) fn attribute(&mut self, names: Names, value: Pat) -> Pat {
        if value == Self::NOT_ALLOWED {
            return value;
        }
        let number = place(&mut self.names, names);
        self.intern(Node::Attribute(number, value))
    }

    pub(super) fn data(&mut self, data: Data) -> Pat {
        let number = u32::try_from(self.data.len()).unwrap_or(u32::MAX);
        self.data.push(data);
        self.intern(Node::Data(number))
    }

    pub(super) fn value(&mut self, value: Value) -> Pat {
        let number = place(&mut self.values, value);
        self.intern(Node::Value(number))
    }

    /// An element whose content is told later.
    pub(super) fn element(&mut self, names: Names) -> (Pat, usize) {
        let at = self.elements.len();
        self.elements.push(ElementPattern { names, content: Self::NOT_ALLOWED });
        (self.intern(Node::Element(u32::try_from(at).unwrap_or(u32::MAX))), at)
    }

    pub(super) fn element_of(&self, number: u32) -> &ElementPattern {
        &self.elements[number as usize]
    }

    pub(super) fn names_of(&self, number: u32) -> &Names {
        &self.names[number as usize]
    }
}

/// The place of a thing in a list, where it is put if it is new.
fn place<T: PartialEq>(list: &mut Vec<T>, thing: T) -> u32 {
    let at = list.iter().position(|known| *known == thing).unwrap_or_else(|| {
        list.push(thing);
        list.len() - 1
    });
    u32::try_from(at).unwrap_or(u32::MAX)
}
