//! What is read, what is refused and where.

use quantix_xml::{Document, Encoding, Limits, NodeKind};

fn refused(source: impl AsRef<[u8]>) -> (String, String) {
    let error = Document::parse(&source).expect_err("must be refused");
    (error.code().to_owned(), error.position().to_string())
}

#[test]
fn ill_formed_documents_are_refused_with_their_place() {
    let table: &[(&str, &str, &str)] = &[
        ("", "xml-empty", "1:1"),
        ("  \n", "xml-empty", "1:1"),
        ("<!-- only -->", "xml-empty", "1:1"),
        ("text", "xml-outside-root", "1:1"),
        ("<a/>\ntext", "xml-outside-root", "2:1"),
        ("<a/>\n<b/>", "xml-outside-root", "2:1"),
        ("<a/><![CDATA[x]]>", "xml-outside-root", "1:5"),
        ("<a>\n  <b>\n</a>", "xml-mismatched-tag", "3:1"),
        ("<a></a></a>", "xml-mismatched-tag", "1:8"),
        ("<a></A>", "xml-mismatched-tag", "1:4"),
        ("<a>\n<b></b>", "xml-unclosed", "2:8"),
        ("<a", "xml-unclosed", "1:1"),
        ("<a>é<", "xml-unclosed", "1:5"),
        ("<a b='1", "xml-unclosed", "1:1"),
        ("<a></a", "xml-unclosed", "1:4"),
        ("<a><!-- x ->", "xml-unclosed", "1:4"),
        ("<a><![CDATA[x]]", "xml-unclosed", "1:4"),
        ("<a><?pi", "xml-unclosed", "1:4"),
        ("<!DOCTYPE a [ <!ENTITY x 'y'> <a/>", "xml-unclosed", "1:1"),
        ("<é b='1' b='2'/>", "xml-duplicate-attribute", "1:10"),
        ("<a b=\"1\"c=\"2\"/>", "xml-tag", "1:9"),
        ("<a b/>", "xml-tag", "1:5"),
        ("<a b=1/>", "xml-tag", "1:6"),
        ("<a b='<'/>", "xml-tag", "1:7"),
        ("<a 1='x'/>", "xml-tag", "1:4"),
        ("<1/>", "xml-tag", "1:2"),
        ("< a/>", "xml-tag", "1:2"),
        ("<a×/>", "xml-tag", "1:2"),
        ("<a>1 & 2</a>", "xml-reference", "1:6"),
        ("<a>\n &#0;</a>", "xml-reference", "2:2"),
        ("<a b='&#xFFFE;'/>", "xml-reference", "1:7"),
        ("<a>&nbsp;</a>", "xml-entity", "1:4"),
        ("<a b='&x;'/>", "xml-entity", "1:7"),
        ("<a>\u{1}</a>", "xml-character", "1:4"),
        ("<a>\u{FFFF}</a>", "xml-character", "1:4"),
        ("<a/>\0\0\0", "xml-character", "1:5"),
        ("<a><!DOCTYPE a></a>", "xml-markup", "1:4"),
        ("<a/><!DOCTYPE a>", "xml-markup", "1:5"),
        ("<!ELEMENT a>", "xml-markup", "1:1"),
        (" <?xml version='1.0'?><a/>", "xml-markup", "1:2"),
        ("<? pi?><a/>", "xml-markup", "1:1"),
    ];
    for &(source, code, place) in table {
        assert_eq!(refused(source), (code.to_owned(), place.to_owned()), "{source:?}");
    }
}

#[test]
fn messages_say_what_was_expected() {
    let table = [
        ("<a>\n  <b>\n</a>", "3:1: `</a>` does not match `<b>` of 2:3: expected `</b>`"),
        (
            "<a>&lol;</a>",
            "1:4: entity `&lol;` is not one of amp, lt, gt, quot and apos; none is ever expanded",
        ),
    ];
    for (source, message) in table {
        assert_eq!(Document::parse(source).unwrap_err().to_string(), message);
    }
}

#[test]
fn entity_bombs_and_external_entities_have_no_effect() {
    let bomb = "<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>";
    assert_eq!(refused(bomb).0, "xml-entity");
    let external = "<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><a>&f;</a>";
    assert_eq!(refused(external).0, "xml-entity");
    let unused = "<!DOCTYPE a [<!-- ]> --><!ENTITY f SYSTEM \"x>]\"> <?p ]>?>]><a>ok</a>";
    let document = Document::parse(unused).unwrap();
    assert_eq!(document.root().text(), "ok");
    assert_eq!(document.to_bytes(), unused.as_bytes());
}

#[test]
fn everything_odd_but_legal_survives() {
    let sources: &[&[u8]] = &[
        b"<a/>",
        b"<a />",
        b"<a\n\t b = 'x\"y'\r\n c=\"it's\" ></a\t>",
        b"<?xml version='1.0'?>\r\n<!-- c --><?pi x?>\r\n<a:b>\r\ntext</a:b>\r\n<!-- end -->\r\n",
        b"<a>one<!-- two -->three<![CDATA[<four> & ]]>five<?six seven?></a>",
        b"<a>&#x41;&#066;&amp;&lt;&gt;&quot;&apos;</a>",
        b"<a xmlns:x='u' x:y='1' z:y='2' y='3'><undeclared:b/></a>",
        b"\xEF\xBB\xBF<a/>",
        b"\n\n<a/>",
        b"<a>]]></a>",
        b"<a><!----></a>",
        b"<!DOCTYPE html PUBLIC \"-//W3C//DTD\" 'http://x/'><a/>",
        b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a b='\xE9\xFF'>\xC4</a>",
        b"\xFF\xFE<\0a\0>\0\xE9\0\x3D\xD8\x00\xDE<\0/\0a\0>\0",
        b"\xFE\xFF\0<\0a\0/\0>",
    ];
    for source in sources {
        let document = Document::parse(source).unwrap_or_else(|e| panic!("{source:?}: {e}"));
        assert_eq!(document.to_bytes(), *source);
    }
}

#[test]
fn encodings_are_recognised_or_named() {
    let utf16 = b"\xFF\xFE<\0a\0>\0\xE9\0<\0/\0a\0>\0";
    let document = Document::parse(utf16).unwrap();
    assert_eq!((document.encoding(), document.root().text().as_ref()), (Encoding::Utf16Le, "é"));
    let latin = b"<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9</a>";
    let document = Document::parse(latin).unwrap();
    assert_eq!((document.encoding(), document.root().text().as_ref()), (Encoding::Latin1, "é"));
    let misnamed = "<?xml version='1.0' encoding='utf-16'?><a>é</a>";
    let document = Document::parse(misnamed).unwrap();
    assert_eq!((document.encoding(), document.root().text().as_ref()), (Encoding::Utf8, "é"));
    let ascii = b"<?xml version='1.0' encoding='windows-1252'?><a>e</a>";
    assert_eq!(Document::parse(ascii).unwrap().to_bytes(), ascii);
    let table: &[(&[u8], &str)] = &[
        (b"<?xml version='1.0' encoding='KOI8-R'?><a>\xC1</a>", "1:1"),
        (b"<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>", "1:1"),
        (b"<a>\n\xC3\xA9\xFF</a>", "2:2"),
        (b"<\0a\0/\0>\0", "1:1"),
        (b"\xFF\xFE<\0a", "1:5"),
        (b"\xFF\xFE\x00\xD8<\0", "1:3"),
    ];
    for &(source, place) in table {
        let (code, at) = refused(source);
        assert_eq!(code, "xml-encoding", "{source:?}");
        if source[0] == b'<' {
            assert_eq!(at, place, "{source:?}");
        }
    }
}

#[test]
fn limits_are_kept_exactly() {
    let limits = Limits { bytes_max: 200, depth_max: 3, nodes_max: 8, attributes_max: 2 };
    let at_limit = ["<a><b><c/></b></a>", "<a x='' y=''/>", "<a>1<b/>2<b/>3<b/></a>"];
    for source in at_limit {
        Document::parse_within(source, &limits).unwrap_or_else(|e| panic!("{source}: {e}"));
    }
    let beyond = ["<a><b><c><d/></c></b></a>", "<a x='' y='' z=''/>", "<a>1<b/>2<b/>3<b/>4</a>"];
    for source in beyond {
        let error = Document::parse_within(source, &limits).unwrap_err();
        assert!(error.is_limit() && error.code() == "xml-limit", "{source}: {error}");
    }
    let source = format!("<a>{}</a>", "x".repeat(193));
    assert!(Document::parse_within(&source, &limits).is_ok());
    assert!(Document::parse_within(format!("{source} "), &limits).unwrap_err().is_limit());
}

#[test]
fn the_default_limits_stop_hostile_documents() {
    let nested = "<a>".repeat(quantix_xml::DEPTH_MAX + 1);
    assert_eq!(refused(nested).0, "xml-limit");
    let attributes: String =
        (0..=quantix_xml::ATTRIBUTES_MAX).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(refused(format!("<a{attributes}/>")).0, "xml-limit");
    let big = vec![b' '; quantix_xml::BYTES_MAX + 1];
    assert_eq!(refused(big).0, "xml-limit");
    let many = format!("<a>{}</a>", "<b/>".repeat(quantix_xml::NODES_MAX));
    assert_eq!(refused(many).0, "xml-limit");
}

const SAMPLE: &str = r#"<?xml version="1.0"?>
<Envelope xmlns="urn:one" xmlns:two="urn:two" two:id="e">
  <two:Disk capacity="1&#9;2" two:ref='a&amp;b'>x</two:Disk>
  <Disk xmlns="">y<!-- z -->&lt;<![CDATA[<&]]></Disk>
  <three:Disk/>
  <Group><Item n="1"/><Item n="2"><Leaf/></Item></Group>
</Envelope>
"#;

#[test]
fn navigation_is_prefix_blind_and_namespaces_resolve() {
    let document = Document::parse(SAMPLE).unwrap();
    let root = document.root();
    assert_eq!((root.name(), root.prefix(), root.local_name()), ("Envelope", None, "Envelope"));
    assert_eq!(root.namespace().as_deref(), Some("urn:one"));
    let disks: Vec<_> = root.elements_named("Disk").collect();
    let spaces: Vec<_> = disks.iter().map(|disk| disk.namespace()).collect();
    assert_eq!(spaces, [Some("urn:two".into()), None, None]);
    assert_eq!(disks[0].attr("capacity").as_deref(), Some("1\t2"));
    assert_eq!(disks[0].attr_local("ref").as_deref(), Some("a&b"));
    assert_eq!(disks[0].attribute("two:ref").unwrap().namespace().as_deref(), Some("urn:two"));
    assert_eq!(disks[0].attribute("capacity").unwrap().namespace(), None);
    assert_eq!(root.attr_local("two"), None, "a declaration is no attribute of that name");
    assert_eq!(disks[1].text(), "y<<&");
    assert_eq!(root.find("Group/Item/Leaf").unwrap().position().to_string(), "6:35");
    assert_eq!(root.find("Group/Leaf").map(|e| e.name()), None);
    assert_eq!(
        root.descendants().map(|element| element.local_name()).collect::<Vec<_>>(),
        ["Disk", "Disk", "Disk", "Group", "Item", "Item", "Leaf"]
    );
    assert_eq!(disks[0].descendants().count(), 0);
    let kinds: Vec<_> = document.top_level().map(|node| node.kind()).collect();
    let expected = [NodeKind::Declaration, NodeKind::Text, NodeKind::Element, NodeKind::Text];
    assert_eq!(kinds, expected);
}

#[test]
fn positions_of_elements_and_attributes() {
    let document = Document::parse(SAMPLE).unwrap();
    let disk = document.root().child("Disk").unwrap();
    assert_eq!(disk.position().to_string(), "3:3");
    let reference = disk.attribute("two:ref").unwrap();
    assert_eq!(reference.position().to_string(), "3:31");
    assert_eq!(reference.value_position().to_string(), "3:40");
    let comment = disk.node().next_sibling().and_then(|n| n.next_sibling()).unwrap();
    assert_eq!(comment.position().to_string(), "4:3");
    assert_eq!(disk.parent().unwrap().id(), document.root().id());
}
