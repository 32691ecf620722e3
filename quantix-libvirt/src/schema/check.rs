//! A document against a schema: every fault with its place and what was expected.

use quantix_core::Finding;
use quantix_xml::{Document, Element, NodeKind, Position};

use super::{
    FINDINGS_MAX,
    datatype::is_space,
    derive::{Derivation, Name, Strictness},
    expect::{Expected, list},
    pattern::{Pat, Patterns},
};

/// Namespaces of XML itself.
const XML_NAMES: &str = "http://www.w3.org/2000/xmlns/";

struct Check<'d> {
    schema: &'d mut Derivation,
    findings: Vec<Finding>,
    /// The elements that are open, with their numbers among their likes.
    path: Vec<String>,
}

/// What is wrong with a document; nothing where it is valid.
pub(super) fn check(schema: &mut Derivation, start: Pat, document: &Document) -> Vec<Finding> {
    let mut check = Check { schema, findings: Vec::new(), path: Vec::new() };
    let left = check.element(start, document.root());
    if check.findings.is_empty() && !check.schema.patterns.nullable(left) {
        // Cannot be with schemas whose start is one element.
        let text = "the document is not complete";
        check.report("missing-element", text.to_owned(), document.root().position(), None);
    }
    check.findings
}

impl Check<'_> {
    fn report(&mut self, code: &'static str, text: String, at: Position, attribute: Option<&str>) {
        if self.findings.len() >= FINDINGS_MAX {
            return;
        }
        let mut path = self.path.join("/");
        if let Some(attribute) = attribute {
            path = [&path, "/@", attribute].concat();
        }
        self.findings.push(Finding::error(code, text).at(path).at_position(at.line, at.column));
    }

    fn patterns(&self) -> &Patterns {
        &self.schema.patterns
    }

    /// An element with everything in it; what is left of the pattern after it.
    fn element(&mut self, pattern: Pat, element: Element<'_>) -> Pat {
        let namespace = element.namespace().unwrap_or_default();
        let name = (&*namespace, element.local_name());
        self.path.push(step(element));
        let open = self.schema.start(pattern, name);
        if open == Patterns::NOT_ALLOWED {
            self.unexpected(pattern, element);
            self.path.pop();
            return pattern;
        }
        let open = self.attributes(open, element);
        let open = self.close(open, element);
        let open = self.content(open, element);
        let left = self.end(open, element);
        self.path.pop();
        left
    }

    fn unexpected(&mut self, pattern: Pat, element: Element<'_>) {
        let mut expected = Expected::new();
        self.patterns().elements_next(pattern, &mut expected);
        let expected = list(&expected, "no element here");
        let what = ["`", element.name(), "` is not expected here; expected ", &expected].concat();
        self.report("unexpected-element", what, element.position(), None);
    }

    fn attributes(&mut self, mut open: Pat, element: Element<'_>) -> Pat {
        for attribute in element.attributes() {
            let namespace = attribute.namespace().unwrap_or_default();
            if attribute.is_namespace_declaration() || namespace == XML_NAMES {
                continue;
            }
            let (name, value) = ((&*namespace, attribute.local_name()), attribute.value());
            let left = self.schema.attribute(open, name, &value);
            if left == Patterns::NOT_ALLOWED {
                let (code, text, at) = self.refused(open, name, attribute, &value);
                self.report(code, text, at, Some(attribute.name()));
                // What is refused counts as absent, but is not missed any more.
                continue;
            }
            open = left;
        }
        open
    }

    fn refused(
        &self,
        open: Pat,
        name: Name<'_>,
        attribute: quantix_xml::Attribute<'_>,
        value: &str,
    ) -> (&'static str, String, Position) {
        let values = self.patterns().values_of(open, name);
        if !values.is_empty() {
            let expected = list(&values, "another value");
            let text = ["`", value, "` is not expected here; expected ", &expected].concat();
            return ("bad-value", text, attribute.value_position());
        }
        let mut names = Expected::new();
        self.patterns().attributes_next(open, &mut names);
        let expected = list(&names, "no more attributes");
        let text =
            ["the attribute `", attribute.name(), "` is not expected here; expected ", &expected];
        ("unexpected-attribute", text.concat(), attribute.position())
    }

    fn close(&mut self, open: Pat, element: Element<'_>) -> Pat {
        let closed = self.schema.close(open, Strictness::Strict);
        if closed != Patterns::NOT_ALLOWED {
            return closed;
        }
        let mut missing = Expected::new();
        self.patterns().missing(open, &mut missing);
        missing.retain(|name| name.contains('@'));
        // An attribute that was refused has been reported.
        let path = [&self.path.join("/"), "/@"].concat();
        let is_known = self
            .findings
            .iter()
            .any(|finding| finding.path.as_deref().is_some_and(|known| known.starts_with(&path)));
        if !is_known {
            let missing = list(&missing, "attributes");
            let text = ["`", element.name(), "` lacks ", &missing].concat();
            self.report("missing-attribute", text, element.position(), None);
        }
        self.schema.close(open, Strictness::Forgiving)
    }

    /// The children, with texts on both sides of comments as one.
    fn content(&mut self, mut open: Pat, element: Element<'_>) -> Pat {
        let mut text = String::new();
        let mut at = None;
        let mut is_alone = true;
        for node in element.children() {
            match node.kind() {
                NodeKind::Text | NodeKind::CData => {
                    at = at.or(Some(node.position()));
                    text.push_str(&node.text().unwrap_or_default());
                }
                NodeKind::Element => {
                    is_alone = false;
                    if !is_space(&text) {
                        open = self.text(open, element, &text, at);
                    }
                    (text, at) = (String::new(), None);
                    if let Some(child) = node.element() {
                        open = self.element(open, child);
                    }
                }
                _ => {}
            }
        }
        if is_alone {
            return self.only_text(open, element, &text, at);
        }
        if is_space(&text) { open } else { self.text(open, element, &text, at) }
    }

    /// The text of an element without child elements, perhaps none.
    fn only_text(
        &mut self,
        open: Pat,
        element: Element<'_>,
        text: &str,
        at: Option<Position>,
    ) -> Pat {
        if is_space(text) {
            let left = self.schema.text(open, text);
            return self.schema.patterns.choice(open, left);
        }
        self.text(open, element, text, at)
    }

    fn text(&mut self, open: Pat, element: Element<'_>, text: &str, at: Option<Position>) -> Pat {
        let left = self.schema.text(open, text);
        if left != Patterns::NOT_ALLOWED {
            return left;
        }
        let mut expected = Expected::new();
        self.patterns().values_next(open, &mut expected);
        let at = at.unwrap_or_else(|| element.position());
        let shown: String = text.trim().chars().take(80).collect();
        if expected.is_empty() {
            self.patterns().elements_next(open, &mut expected);
            let expected = list(&expected, "nothing");
            let text = ["the text `", &shown, "` is not expected here; expected ", &expected];
            self.report("unexpected-text", text.concat(), at, None);
        } else {
            let expected = list(&expected, "another value");
            let text = ["`", &shown, "` is not expected here; expected ", &expected].concat();
            self.report("bad-value", text, at, None);
        }
        open
    }

    fn end(&mut self, open: Pat, element: Element<'_>) -> Pat {
        let left = self.schema.end(open, Strictness::Strict);
        if left != Patterns::NOT_ALLOWED {
            return left;
        }
        // What was refused inside may be what is missing now.
        let path = self.path.join("/");
        let inside = |finding: &Finding| {
            finding.path.as_deref().is_some_and(|known| known.starts_with(&path))
        };
        if !self.findings.iter().any(inside) {
            let mut missing = Expected::new();
            self.patterns().missing(open, &mut missing);
            let missing = list(&missing, "something");
            let text = ["`", element.name(), "` lacks ", &missing].concat();
            self.report("missing-element", text, element.position(), None);
        }
        self.schema.end(open, Strictness::Forgiving)
    }
}

/// An element in a path: its name, with its number where it is not the first of its likes.
fn step(element: Element<'_>) -> String {
    let mut before = 1usize;
    let mut node = element.node().previous_sibling();
    while let Some(sibling) = node {
        if sibling.element().is_some_and(|other| other.name() == element.name()) {
            before += 1;
        }
        node = sibling.previous_sibling();
    }
    match before {
        1 => element.name().to_owned(),
        _ => format!("{}[{before}]", element.name()),
    }
}
