//! Reading a RELAX NG schema in its XML form, with everything that it includes.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    rc::Rc,
};

use quantix_xml::{Document, Element};

use super::{
    SchemaFault,
    datatype::{Facet, Kind},
    pattern::Names,
};

/// The namespace of RELAX NG.
const RELAX_NG: &str = "http://relaxng.org/ns/structure/1.0";

/// How deep schemas may include each other.
pub(super) const INCLUDES_MAX: usize = 32;

/// The most bytes of one schema file.
pub(super) const SCHEMA_BYTES_MAX: u64 = 16 << 20;

/// A pattern as it is written.
#[derive(Debug)]
pub(super) enum Raw {
    Empty,
    NotAllowed,
    Text,
    Choice(Vec<Raw>),
    Group(Vec<Raw>),
    Interleave(Vec<Raw>),
    OneOrMore(Box<Raw>),
    ZeroOrMore(Box<Raw>),
    Optional(Box<Raw>),
    List(Box<Raw>),
    Ref(String),
    ParentRef(String),
    Grammar(Rc<Grammar>),
    Element(Names, Rc<Raw>),
    Attribute(Names, Box<Raw>),
    Data(Kind, Vec<Facet>, Option<Box<Raw>>),
    Value(Kind, String),
}

/// How several definitions of one name become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Combine {
    Choice,
    Interleave,
}

/// What stands under one name.
#[derive(Clone, Debug, Default)]
pub(super) struct Define {
    pub(super) combine: Option<Combine>,
    /// Whether one was given without saying how it combines.
    is_plain: bool,
    pub(super) bodies: Vec<Rc<Raw>>,
}

/// A grammar: definitions by name; the start is under the empty name.
#[derive(Debug, Default)]
pub(super) struct Grammar {
    pub(super) defines: BTreeMap<String, Define>,
}

/// What a pattern inherits from the elements around it.
#[derive(Clone, Copy)]
struct Scope<'s> {
    namespace: &'s str,
    library: &'s str,
    file: &'s Path,
    depth: usize,
}

/// Reads a schema file as the grammar that it is.
pub(super) fn read(path: &Path) -> Result<Grammar, SchemaFault> {
    let document = open(path)?;
    let scope = Scope { namespace: "", library: "", file: path, depth: 0 };
    let root = document.root();
    if is_named(root, "grammar") {
        return grammar(root, &scope_texts(root, scope), scope);
    }
    let mut grammar = Grammar::default();
    let body = pattern(root, scope)?;
    grammar.defines.entry(String::new()).or_default().bodies.push(Rc::new(body));
    Ok(grammar)
}

fn open(path: &Path) -> Result<Document, SchemaFault> {
    let fault = |why: String| SchemaFault::new(path, None, why);
    let length = std::fs::metadata(path).map_err(|error| fault(error.to_string()))?.len();
    if length > SCHEMA_BYTES_MAX {
        return Err(fault("the schema is larger than 16 MiB".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    Document::parse(bytes).map_err(|error| fault(error.to_string()))
}

fn is_named(element: Element<'_>, name: &str) -> bool {
    element.local_name() == name && element.namespace().as_deref() == Some(RELAX_NG)
}

/// The child elements that belong to RELAX NG; others are notes.
fn parts<'d>(element: Element<'d>) -> impl Iterator<Item = Element<'d>> {
    element.elements().filter(|child| child.namespace().as_deref() == Some(RELAX_NG))
}

/// `ns` and `datatypeLibrary` of an element, to live as long as its content is read.
struct Texts {
    namespace: String,
    library: String,
}

fn scope_texts(element: Element<'_>, scope: Scope<'_>) -> Texts {
    let text = |name, old: &str| element.attr(name).map_or_else(|| old.to_owned(), Into::into);
    Texts {
        namespace: text("ns", scope.namespace),
        library: text("datatypeLibrary", scope.library),
    }
}

impl<'s> Scope<'s> {
    fn with(self, texts: &'s Texts) -> Self {
        Self { namespace: &texts.namespace, library: &texts.library, ..self }
    }

    fn fault(&self, element: Element<'_>, why: impl Into<String>) -> SchemaFault {
        SchemaFault::new(self.file, Some(element.position()), why.into())
    }

    /// Another schema file beside this one.
    fn beside(&self, element: Element<'_>) -> Result<PathBuf, SchemaFault> {
        let href = element.attr("href").unwrap_or_default();
        let is_plain = !href.is_empty()
            && Path::new(&*href).components().all(|part| matches!(part, Component::Normal(_)));
        if !is_plain {
            return Err(self.fault(element, "expected the name of a file in the same folder"));
        }
        if self.depth >= INCLUDES_MAX {
            return Err(self.fault(element, "schemas include each other without end"));
        }
        Ok(self.file.parent().unwrap_or(Path::new(".")).join(&*href))
    }
}

fn grammar(element: Element<'_>, texts: &Texts, scope: Scope<'_>) -> Result<Grammar, SchemaFault> {
    let mut grammar = Grammar::default();
    let scope = Scope { namespace: &texts.namespace, library: &texts.library, ..scope };
    components(element, scope, &mut grammar)?;
    Ok(grammar)
}

/// Takes what a grammar, a division or an include holds.
fn components(
    element: Element<'_>,
    scope: Scope<'_>,
    into: &mut Grammar,
) -> Result<(), SchemaFault> {
    for part in parts(element) {
        let texts = scope_texts(part, scope);
        let inner = scope.with(&texts);
        match part.local_name() {
            "start" => define(part, String::new(), inner, into)?,
            "define" => {
                let name = part.attr("name").unwrap_or_default().trim().to_owned();
                if name.is_empty() {
                    return Err(scope.fault(part, "a definition without a name"));
                }
                define(part, name, inner, into)?;
            }
            "div" => components(part, inner, into)?,
            "include" => include(part, inner, into)?,
            other => {
                let text = ["`", other, "` cannot stand in a grammar"].concat();
                return Err(scope.fault(part, text));
            }
        }
    }
    Ok(())
}

fn define(
    element: Element<'_>,
    name: String,
    scope: Scope<'_>,
    into: &mut Grammar,
) -> Result<(), SchemaFault> {
    let combine = match element.attr("combine").as_deref().map(str::trim) {
        None => None,
        Some("choice") => Some(Combine::Choice),
        Some("interleave") => Some(Combine::Interleave),
        Some(_) => return Err(scope.fault(element, "expected `choice` or `interleave`")),
    };
    let body = group(element, scope)?;
    let known = into.defines.entry(name).or_default();
    let clash = match (combine, known.combine) {
        (None, _) => std::mem::replace(&mut known.is_plain, true),
        (Some(new), Some(old)) => new != old,
        (Some(_), None) => false,
    };
    if clash {
        return Err(scope.fault(element, "it is defined twice, and does not say how to combine"));
    }
    known.combine = known.combine.or(combine);
    known.bodies.push(Rc::new(body));
    Ok(())
}

/// Takes a grammar from another file; what the include itself defines takes the place of the same there.
fn include(element: Element<'_>, scope: Scope<'_>, into: &mut Grammar) -> Result<(), SchemaFault> {
    let path = scope.beside(element)?;
    let document = open(&path)?;
    let root = document.root();
    if !is_named(root, "grammar") {
        return Err(scope.fault(element, "the included file is no grammar"));
    }
    let other = Scope { file: &path, library: "", depth: scope.depth + 1, ..scope };
    let texts = scope_texts(root, other);
    let mut taken = grammar(root, &texts, other)?;
    let mut own = Grammar::default();
    components(element, scope, &mut own)?;
    for name in own.defines.keys() {
        if taken.defines.remove(name).is_none() {
            let text = ["the included file does not define `", name, "`"].concat();
            return Err(scope.fault(element, text));
        }
    }
    for (name, define) in taken.defines.into_iter().chain(own.defines) {
        let known = into.defines.entry(name).or_default();
        if known.is_plain && define.is_plain {
            return Err(scope.fault(element, "it defines what is defined already"));
        }
        known.is_plain |= define.is_plain;
        known.combine = known.combine.or(define.combine);
        known.bodies.extend(define.bodies);
    }
    Ok(())
}

/// The patterns in an element, one after the other.
fn group(element: Element<'_>, scope: Scope<'_>) -> Result<Raw, SchemaFault> {
    let mut patterns = patterns(element, scope)?;
    Ok(match patterns.len() {
        0 => Raw::Empty,
        1 => patterns.remove(0),
        _ => Raw::Group(patterns),
    })
}

fn patterns(element: Element<'_>, scope: Scope<'_>) -> Result<Vec<Raw>, SchemaFault> {
    parts(element).map(|part| pattern(part, scope)).collect()
}

fn pattern(element: Element<'_>, scope: Scope<'_>) -> Result<Raw, SchemaFault> {
    let texts = scope_texts(element, scope);
    let scope = scope.with(&texts);
    let inner = || group(element, scope).map(Box::new);
    let name = || {
        let name = element.attr("name").unwrap_or_default().trim().to_owned();
        if name.is_empty() { Err(scope.fault(element, "a reference to nothing")) } else { Ok(name) }
    };
    Ok(match element.local_name() {
        "element" => {
            let (names, body) = named(element, scope, scope.namespace)?;
            Raw::Element(names, Rc::new(body))
        }
        "attribute" => {
            // An attribute does not inherit the namespace of its element.
            let own = element.attr("ns").unwrap_or_default();
            let (names, body) = named(element, scope, &own)?;
            // What is not said about the value is any text.
            let has_body = parts(element).any(|part| !is_name_class(part));
            Raw::Attribute(names, Box::new(if has_body { body } else { Raw::Text }))
        }
        "empty" => Raw::Empty,
        "notAllowed" => Raw::NotAllowed,
        "text" => Raw::Text,
        "group" => group(element, scope)?,
        "choice" => Raw::Choice(patterns(element, scope)?),
        "interleave" => Raw::Interleave(patterns(element, scope)?),
        "mixed" => Raw::Interleave(vec![group(element, scope)?, Raw::Text]),
        "oneOrMore" => Raw::OneOrMore(inner()?),
        "zeroOrMore" => Raw::ZeroOrMore(inner()?),
        "optional" => Raw::Optional(inner()?),
        "list" => Raw::List(inner()?),
        "ref" => Raw::Ref(name()?),
        "parentRef" => Raw::ParentRef(name()?),
        "grammar" => Raw::Grammar(Rc::new(grammar(element, &texts, scope)?)),
        "externalRef" => {
            let path = scope.beside(element)?;
            let document = open(&path)?;
            let outer = Scope { file: &path, library: "", depth: scope.depth + 1, ..scope };
            pattern(document.root(), outer)?
        }
        "data" => data(element, scope)?,
        "value" => value(element, scope)?,
        other => {
            let text = ["`", other, "` is no pattern of RELAX NG"].concat();
            return Err(scope.fault(element, text));
        }
    })
}

fn is_name_class(element: Element<'_>) -> bool {
    matches!(element.local_name(), "name" | "anyName" | "nsName")
}

/// The names that an element or attribute is for, and what is in it.
fn named(
    element: Element<'_>,
    scope: Scope<'_>,
    namespace: &str,
) -> Result<(Names, Raw), SchemaFault> {
    if let Some(name) = element.attr("name") {
        return Ok((one_name(element, &name, namespace), group(element, scope)?));
    }
    let mut all = parts(element);
    let first = all.next().ok_or_else(|| scope.fault(element, "it has no name"))?;
    let names = name_class(first, scope, namespace)?;
    let mut rest: Vec<Raw> = all.map(|part| pattern(part, scope)).collect::<Result<_, _>>()?;
    let body = if rest.len() == 1 { rest.remove(0) } else { Raw::Group(rest) };
    Ok((names, body))
}

/// A name as it is written, perhaps with a prefix of the schema's own.
fn one_name(element: Element<'_>, name: &str, namespace: &str) -> Names {
    let name = name.trim();
    let (namespace, local) = match name.split_once(':') {
        Some((prefix, local)) => {
            (element.namespace_of(Some(prefix)).unwrap_or_default().into_owned(), local)
        }
        None => (namespace.to_owned(), name),
    };
    Names::One(namespace.into(), local.into())
}

fn name_class(
    element: Element<'_>,
    scope: Scope<'_>,
    namespace: &str,
) -> Result<Names, SchemaFault> {
    let own = element.attr("ns");
    let namespace = own.as_deref().unwrap_or(namespace);
    let except = || {
        let except = parts(element).find(|part| is_named(*part, "except"));
        let classes = except.map(|except| {
            parts(except).map(|part| name_class(part, scope, namespace)).collect::<Result<_, _>>()
        });
        classes.transpose().map(|classes| classes.map(|classes| Box::new(Names::Either(classes))))
    };
    Ok(match element.local_name() {
        "name" => one_name(element, &element.text(), namespace),
        "anyName" => Names::Any(except()?),
        "nsName" => Names::Namespace(namespace.into(), except()?),
        "choice" => Names::Either(
            parts(element)
                .map(|part| name_class(part, scope, namespace))
                .collect::<Result<_, _>>()?,
        ),
        _ => return Err(scope.fault(element, "expected a name")),
    })
}

fn data(element: Element<'_>, scope: Scope<'_>) -> Result<Raw, SchemaFault> {
    let name = element.attr("type").unwrap_or_default();
    let kind = Kind::named(scope.library, name.trim())
        .ok_or_else(|| scope.fault(element, ["no data type `", &name, "` is known"].concat()))?;
    let (mut facets, mut except) = (Vec::new(), None);
    for part in parts(element) {
        match part.local_name() {
            "param" => {
                let name = part.attr("name").unwrap_or_default();
                let facet = Facet::parse(name.trim(), &part.text());
                let why = || ["the condition `", &name, "` cannot be understood"].concat();
                facets.push(facet.ok_or_else(|| scope.fault(part, why()))?);
            }
            "except" => except = Some(Box::new(Raw::Choice(patterns(part, scope)?))),
            _ => return Err(scope.fault(part, "expected a condition")),
        }
    }
    Ok(Raw::Data(kind, facets, except))
}

fn value(element: Element<'_>, scope: Scope<'_>) -> Result<Raw, SchemaFault> {
    let named = element.attr("type");
    let kind = match &named {
        None => Some(Kind::Token),
        Some(name) => Kind::named(scope.library, name.trim()),
    };
    let kind = kind.ok_or_else(|| scope.fault(element, "the type of the value is not known"))?;
    Ok(Raw::Value(kind, element.text().into_owned()))
}
