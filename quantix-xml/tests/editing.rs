//! Edits change what they must and nothing else.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking and reports by printing")]

use quantix_xml::{Document, NewElement, NodeId, Place};

/// Applies an edit to the first element of a local name.
fn edited(source: &str, name: &str, edit: impl FnOnce(&mut Document, NodeId)) -> String {
    let mut document = Document::parse(source).unwrap();
    let root = document.root();
    let id = if root.local_name() == name {
        root.id()
    } else {
        root.descendants().find(|e| e.local_name() == name).unwrap().id()
    };
    edit(&mut document, id);
    let text = document.to_string();
    let again = Document::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
    assert_eq!(again.to_string(), text);
    text
}

#[test]
fn attributes() {
    type Edit = fn(&mut Document, NodeId);
    let set: Edit = |d, id| d.set_attribute(id, "b", "x<\"'&\n").unwrap();
    let remove: Edit = |d, id| assert!(d.remove_attribute(id, "b").unwrap());
    let table: &[(Edit, &str, &str)] = &[
        (set, "<a b='1' c='2'/>", "<a b='x&lt;\"&apos;&amp;&#10;' c='2'/>"),
        (set, "<a  b = \"1\"\n c='2' />", "<a  b = \"x&lt;&quot;'&amp;&#10;\"\n c='2' />"),
        (set, "<a/>", "<a b=\"x&lt;&quot;'&amp;&#10;\"/>"),
        (set, "<a />", "<a b=\"x&lt;&quot;'&amp;&#10;\" />"),
        (
            set,
            "<a\n   c='2'\n   d=''\n></a>",
            "<a\n   c='2'\n   d=''\n   b='x&lt;\"&apos;&amp;&#10;'\n></a>",
        ),
        (set, "<a b='x&lt;\"&#39;&amp;&#xA;'/>", "<a b='x&lt;\"&#39;&amp;&#xA;'/>"),
        (remove, "<a b='1' c='2'/>", "<a c='2'/>"),
        (remove, "<a c='2'\n b='1'/>", "<a c='2'/>"),
        (remove, "<a b='1'></a>", "<a></a>"),
    ];
    for (edit, source, expected) in table {
        assert_eq!(edited(source, "a", edit), *expected, "{source}");
    }
    let mut document = Document::parse("<a x:b='1'/>").unwrap();
    let root = document.root().id();
    assert!(!document.remove_attribute(root, "b").unwrap(), "names are matched exactly");
    assert!(!document.is_edited());
}

#[test]
fn texts() {
    let table = [
        ("<a>old</a>", "n<&>", "<a>n&lt;&amp;&gt;</a>"),
        ("<a/>", "new", "<a>new</a>"),
        ("<a b='1' />", "new", "<a b='1'>new</a>"),
        ("<a></a>", "", "<a></a>"),
        ("<a>x</a>", "", "<a></a>"),
        ("<a>x<!-- c -->y<![CDATA[z]]></a>", "new", "<a>new<!-- c --></a>"),
        ("<a><!-- c -->y</a>", "new", "<a><!-- c -->new</a>"),
        ("<a><![CDATA[x]]>y<!-- c --></a>", "new", "<a>new<!-- c --></a>"),
        ("<a>s&#97;me</a>", "same", "<a>s&#97;me</a>"),
    ];
    for (source, text, expected) in table {
        assert_eq!(edited(source, "a", |d, id| d.set_text(id, text).unwrap()), expected);
    }
}

#[test]
fn insertions_are_indented_like_their_neighbours() {
    let new = || NewElement::new("n").attr("k", "v").child(NewElement::new("m"));
    let last = |d: &mut Document, id| {
        d.append(id, &new()).unwrap();
    };
    let first = |d: &mut Document, id| {
        d.insert(Place::FirstIn(id), &new()).unwrap();
    };
    let before = |d: &mut Document, id| {
        d.insert(Place::Before(id), &new()).unwrap();
    };
    let after = |d: &mut Document, id| {
        d.insert(Place::After(id), &new()).unwrap();
    };
    type Edit<'e> = &'e dyn Fn(&mut Document, NodeId);
    let n2 = "\n  <n k=\"v\">\n    <m/>\n  </n>";
    let table: &[(Edit<'_>, &str, &str, String)] = &[
        (&last, "a", "<a>\n  <b/>\n</a>", format!("<a>\n  <b/>{n2}\n</a>")),
        (&first, "a", "<a>\n  <b/>\n</a>", format!("<a>{n2}\n  <b/>\n</a>")),
        (&before, "c", "<a>\n  <b/>\n  <c/>\n</a>", format!("<a>\n  <b/>{n2}\n  <c/>\n</a>")),
        (&after, "b", "<a>\n  <b/>\n  <c/>\n</a>", format!("<a>\n  <b/>{n2}\n  <c/>\n</a>")),
        (&last, "a", "<a/>", format!("<a>{n2}\n</a>")),
        (&last, "a", "<a>\n</a>", format!("<a>{n2}\n</a>")),
        (&last, "a", "<a><b/></a>", "<a><b/><n k=\"v\"><m/></n></a>".to_owned()),
        (&last, "a", "<a>words</a>", "<a>words<n k=\"v\"><m/></n></a>".to_owned()),
        (
            &last,
            "b",
            "<a>\r\n\t<b c='' />\r\n</a>",
            "<a>\r\n\t<b c=''>\r\n\t\t<n k='v'>\r\n\t\t\t<m/>\r\n\t\t</n>\r\n\t</b>\r\n</a>"
                .to_owned(),
        ),
        (
            &after,
            "b",
            "<a>\n  <b/><!-- about b -->\n</a>",
            format!("<a>\n  <b/>{n2}<!-- about b -->\n</a>"),
        ),
        (
            &last,
            "a",
            "<a>\n  <b/><!-- about b -->\n</a>",
            "<a>\n  <b/><!-- about b --><n k=\"v\"><m/></n>\n</a>".to_owned(),
        ),
    ];
    for (edit, name, source, expected) in table {
        assert_eq!(&edited(source, name, edit), expected, "{source}");
    }
}

#[test]
fn removal_takes_the_line_with_it() {
    let table = [
        ("<a>\n  <b/>\n  <c/>\n</a>", "b", "<a>\n  <c/>\n</a>"),
        ("<a>\n  <b/>\n  <c/>\n</a>", "c", "<a>\n  <b/>\n</a>"),
        ("<a>\n  <b/>\n</a>", "b", "<a>\n</a>"),
        ("<a>\n  <b/> <c/>\n</a>", "b", "<a>\n   <c/>\n</a>"),
        ("<a><b/><c/></a>", "b", "<a><c/></a>"),
        ("<a>one<b/>two</a>", "b", "<a>onetwo</a>"),
        ("<a>one\r\n <b>x<d/></b>\r\n two</a>", "b", "<a>one\r\n two</a>"),
    ];
    for (source, name, expected) in table {
        assert_eq!(edited(source, name, |d, id| d.remove(id).unwrap()), expected, "{source}");
    }
}

#[test]
fn replacing_keeps_the_line() {
    let new = NewElement::new("n").text("t");
    for (source, expected) in [
        ("<a>\n  <b/>\n  <c/>\n</a>", "<a>\n  <n>t</n>\n  <c/>\n</a>"),
        ("<a>x<b>y</b>z</a>", "<a>x<n>t</n>z</a>"),
    ] {
        let text = edited(source, "b", |d, id| {
            d.replace(id, &new).unwrap();
        });
        assert_eq!(text, expected);
    }
}

#[test]
fn raw_fragments_are_kept_as_given() {
    let raw = " <q:cmd x = '1'><!-- c -->&#65;</q:cmd>\n";
    let text = edited("<a>\n  <b/>\n</a>", "b", |d, id| {
        let new = d.insert_xml(Place::After(id), raw).unwrap();
        assert_eq!(d.element(new).unwrap().text(), "A");
        assert_eq!(d.element(new).unwrap().position().to_string(), "1:1");
    });
    assert_eq!(text, "<a>\n  <b/>\n  <q:cmd x = '1'><!-- c -->&#65;</q:cmd>\n</a>");
}

#[test]
fn bad_edits_are_refused_and_change_nothing() {
    let source = "<a>\n  <b/><!-- c -->\n</a>";
    let mut document = Document::parse(source).unwrap();
    let root = document.root().id();
    let b = document.root().child("b").unwrap().id();
    let comment = document.element(b).unwrap().node().next_sibling().unwrap().id();
    let new = NewElement::new("n");
    for name in ["", "1", "a b", "a>", "a="] {
        assert!(document.set_attribute(b, name, "").is_err(), "{name:?}");
        assert!(document.append(root, &NewElement::new(name)).is_err(), "{name:?}");
    }
    assert!(document.set_attribute(b, "x", "\0").is_err());
    assert!(document.set_text(b, "\u{1}").is_err());
    assert!(document.set_text(root, "x").is_err(), "the root has child elements");
    assert!(document.set_text(comment, "x").is_err());
    assert!(document.append(b, &NewElement::new("n").text("\u{FFFF}")).is_err());
    assert!(document.insert(Place::After(root), &new).is_err());
    assert!(document.remove(root).is_err());
    for xml in ["", "text", "<x/><y/>", "<x>", "</a><a>", "<x/>t", "<!-- c -->", "<x>&e;</x>"] {
        assert!(document.insert_xml(Place::LastIn(root), xml).is_err(), "{xml:?}");
    }
    assert!(!document.is_edited());
    assert_eq!(document.to_string(), source);
    document.remove(b).unwrap();
    assert!(document.set_attribute(b, "x", "").is_err(), "b is no longer part of it");
    assert!(document.remove(b).is_err());
}

#[test]
fn nesting_stays_within_the_limit() {
    let depth = quantix_xml::DEPTH_MAX;
    let source = format!("{}<x/>{}", "<a>".repeat(depth - 1), "</a>".repeat(depth - 1));
    let mut document = Document::parse(source).unwrap();
    let innermost = document.root().descendants().last().unwrap();
    let (x, parent) = (innermost.id(), innermost.parent().unwrap().id());
    assert!(document.append(parent, &NewElement::new("y")).is_ok());
    assert!(document.append(x, &NewElement::new("y")).is_err());
}

#[test]
fn latin_1_keeps_its_encoding_and_refers_to_what_it_lacks() {
    let source = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9</a>";
    let mut document = Document::parse(source).unwrap();
    let root = document.root().id();
    document.set_attribute(root, "b", "ü€").unwrap();
    let bytes = document.to_bytes();
    assert!(bytes.ends_with(b"<a b=\"\xFC&#8364;\">\xE9</a>"));
    assert_eq!(Document::parse(bytes).unwrap().root().attr("b").unwrap(), "ü€");
    assert!(document.insert_xml(Place::LastIn(root), "<!-- € -->").is_err());
}

#[test]
fn new_documents_are_laid_out() {
    let root = NewElement::new("seed")
        .attr("a", "1")
        .attr("a", "2")
        .attr_opt("b", None::<String>)
        .children([NewElement::new("x").text("t"), NewElement::new("y")]);
    let text = Document::new(&root).unwrap().to_string();
    let expected =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<seed a=\"2\">\n  <x>t</x>\n  <y/>\n</seed>\n";
    assert_eq!(text, expected);
}
