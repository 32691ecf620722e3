//! Hostile and random input: nothing panics, and what is accepted comes back.

use proptest::prelude::*;
use quantix_xml::{Document, NewElement, NodeId, NodeKind, Place};

const SEEDS: &[&str] = &[
    "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY e 'x'>]>\n<a b='1' c=\"&lt;\">\n  <b/>\n  <!-- c -->\n  <c>t&amp;<![CDATA[x]]></c>\n</a>\n",
    "<x:a xmlns:x='u'>\r\n\t<x:b x:c = 'd' ><e></e></x:b>\r\n</x:a>",
    "<a>é😀<b c='ü'/>text<?pi x?></a>",
];

/// Splices bits of one seed into another, and flips bytes.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(SEEDS);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 0..6);
    (seed, prop::sample::select(SEEDS), edits).prop_map(|(seed, other, edits)| {
        let mut bytes = seed.as_bytes().to_vec();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len() + 1).min(bytes.len());
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 => bytes.truncate(at),
                2 => bytes.insert(at, b"<>&'\"=/!?-[] "[usize::from(byte) % 13]),
                _ => {
                    let from = usize::from(byte) % other.len();
                    bytes.splice(at..at, other.as_bytes()[from..].iter().copied());
                }
            }
        }
        bytes
    })
}

/// One step of editing.
#[derive(Clone, Debug)]
enum Step {
    SetAttribute(String, String),
    RemoveAttribute(prop::sample::Index),
    SetText(String),
    Insert(u8, String),
    Remove,
    Replace(String),
}

fn steps() -> impl Strategy<Value = Vec<(prop::sample::Index, Step)>> {
    let name = "[a-z]{1,3}(:[a-z])?";
    let text = "[ a-z<>&\"'\n\té😀]{0,8}";
    let step = prop_oneof![
        (name, text).prop_map(|(name, value)| Step::SetAttribute(name, value)),
        any::<prop::sample::Index>().prop_map(Step::RemoveAttribute),
        text.prop_map(Step::SetText),
        (0u8..4, name).prop_map(|(place, name)| Step::Insert(place, name)),
        Just(Step::Remove),
        name.prop_map(Step::Replace),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), step), 0..12)
}

fn apply(document: &mut Document, id: NodeId, step: &Step) {
    // A refusal is fine: the root has no siblings, and some elements have children.
    let _is_refused = match step {
        Step::SetAttribute(name, value) => {
            let result = document.set_attribute(id, name, value);
            if result.is_ok() {
                let element = document.element(id).expect("it was there");
                assert_eq!(element.attr(name).as_deref(), Some(value.as_str()));
            }
            result.is_err()
        }
        Step::RemoveAttribute(index) => {
            let names: Vec<String> = document.element(id).map_or_else(Vec::new, |element| {
                element.attributes().map(|a| a.name().to_owned()).collect()
            });
            match names.is_empty() {
                true => false,
                false => document.remove_attribute(id, index.get::<String>(&names)).is_err(),
            }
        }
        Step::SetText(text) => {
            let result = document.set_text(id, text);
            if result.is_ok() {
                assert_eq!(document.element(id).expect("it was there").text(), *text);
            }
            result.is_err()
        }
        Step::Insert(place, name) => {
            let place = match place {
                0 => Place::Before(id),
                1 => Place::After(id),
                2 => Place::FirstIn(id),
                _ => Place::LastIn(id),
            };
            let new = NewElement::new(name.clone()).attr("k", "v").child(NewElement::new("m"));
            document.insert(place, &new).is_err()
        }
        Step::Remove => document.remove(id).is_err(),
        Step::Replace(name) => document.replace(id, &NewElement::new(name.clone())).is_err(),
    };
}

/// Everything a reader can ask.
fn look(document: &Document) {
    for element in std::iter::once(document.root()).chain(document.root().descendants()) {
        let _ = (element.position(), element.namespace(), element.text(), element.node().raw());
        for attribute in element.attributes() {
            let _ = (attribute.value(), attribute.namespace(), attribute.value_position());
        }
    }
    for node in document.top_level() {
        let _ = (node.kind(), node.text(), node.position());
    }
}

proptest! {
    #[test]
    fn mutated_documents_never_panic_and_come_back(source in mutated()) {
        match Document::parse(&source) {
            Ok(document) => {
                prop_assert_eq!(&document.to_bytes(), &source);
                look(&document);
            }
            Err(error) => {
                prop_assert!(error.position().line >= 1 && error.position().column >= 1);
                prop_assert!(!error.message().is_empty());
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(source in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Document::parse(&source);
    }

    #[test]
    fn any_row_of_edits_leaves_a_well_formed_document(
        seed in prop::sample::select(SEEDS),
        steps in steps(),
    ) {
        let mut document = Document::parse(seed).expect("the seeds are well-formed");
        for (target, step) in &steps {
            let ids: Vec<NodeId> = std::iter::once(document.root())
                .chain(document.root().descendants())
                .map(|element| element.id())
                .collect();
            apply(&mut document, *target.get(&ids), step);
            look(&document);
        }
        let text = document.to_string();
        let again = Document::parse(&text).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
        let shape = |document: &Document| {
            let elements = document.root().descendants().map(|element| {
                let attributes: Vec<_> = element
                    .attributes()
                    .map(|a| (a.name().to_owned(), a.value().into_owned()))
                    .collect();
                (element.name().to_owned(), attributes, element.text().into_owned())
            });
            elements.collect::<Vec<_>>()
        };
        prop_assert_eq!(shape(&again), shape(&document), "{}", text);
        let kinds = document.top_level().filter(|n| n.kind() == NodeKind::Element).count();
        prop_assert_eq!(kinds, 1);
    }
}
