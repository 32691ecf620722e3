//! The law of the views: an edit changes its own bytes and nothing else, in every document of the
//! corpus and for every field.

use super::{tests::corpus, *};

type Visit<'v> = &'v mut dyn FnMut(Element<'_>, &'static [Field]);

/// Walks the fields of a document by the name of its outermost element.
fn walk(document: &Document, visit: Visit<'_>) -> bool {
    macro_rules! walks {
        ($($name:literal => $view:ident,)*) => {
            match document.root().local_name() {
                $($name => $view::of(document.root()).walk(visit),)*
                _ => return false,
            }
        };
    }
    walks! {
        "domain" => Domain,
        "pool" => Pool,
        "volume" => Volume,
        "network" => Network,
        "networkport" => NetworkPort,
        "filter" => Filter,
        "filterbinding" => FilterBinding,
        "secret" => Secret,
        "domainsnapshot" => Snapshot,
        "domaincheckpoint" => Checkpoint,
        "domainbackup" => Backup,
        "device" => NodeDevice,
        "capabilities" => Capabilities,
        "domainCapabilities" => DomainCapability,
    }
    true
}

/// Every value of a document, in order.
fn values(document: &Document) -> Vec<(&'static str, Option<String>)> {
    let mut values = Vec::new();
    walk(document, &mut |element, fields| {
        for field in fields {
            values.push((field.path, read(element, field)));
        }
    });
    values
}

fn read(element: Element<'_>, field: &Field) -> Option<String> {
    match field.kind {
        FieldKind::Text => field::text(element, field.path).map(Cow::into_owned),
        FieldKind::Number => field::number(element, field.path).map(|n| n.to_string()),
        FieldKind::Bytes => field::bytes(element, field.path).map(|n| n.to_string()),
        FieldKind::Kib => field::kib(element, field.path).map(|n| n.to_string()),
        FieldKind::YesNo => field::yes_no(element, field.path).map(|b| b.to_string()),
        FieldKind::OnOff => field::on_off(element, field.path).map(|b| b.to_string()),
        FieldKind::Flag => field::flag(element, field.path).map(|b| b.to_string()),
    }
}

/// Sets a field to another value than it has; what it reads then.
fn set(document: &mut Document, node: NodeId, field: &Field, old: Option<&str>) -> Result<String> {
    let path = field.path;
    let number = || old.and_then(|old| old.parse::<u64>().ok()).unwrap_or(0);
    let truth = old != Some("true");
    match field.kind {
        FieldKind::Text => {
            let value = if old == Some("a<&\"'b") { "c" } else { "a<&\"'b" };
            field::edit::text(document, node, path, Some(value))?;
            return Ok(value.to_owned());
        }
        FieldKind::Number => {
            let value = number() ^ 1;
            field::edit::number(document, node, path, Some(value))?;
            return Ok(value.to_string());
        }
        FieldKind::Bytes | FieldKind::Kib => {
            let value = number().saturating_add(1 << 60).min(7 << 60);
            match field.kind {
                FieldKind::Bytes => field::edit::bytes(document, node, path, Some(value))?,
                _ => field::edit::kib(document, node, path, Some(value))?,
            }
            return Ok(value.to_string());
        }
        FieldKind::YesNo => field::edit::yes_no(document, node, path, Some(truth))?,
        FieldKind::OnOff => field::edit::on_off(document, node, path, Some(truth))?,
        FieldKind::Flag => field::edit::flag(document, node, path, Some(truth))?,
    }
    Ok(truth.to_string())
}

/// The bytes in the middle of two texts that differ.
fn middle<'t>(old: &'t [u8], new: &'t [u8]) -> (&'t [u8], &'t [u8]) {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    (&old[..old.len() - end], &new[..new.len() - end])
}

/// Edits one field of a document, and looks at what that did to the bytes and to all other fields.
fn check_edit(document: &Document, before: &[(&str, Option<String>)], at: usize, name: &str) {
    let mut target = None;
    let mut index = 0;
    walk(document, &mut |element, fields| {
        for field in fields {
            if index == at {
                target = Some((element.id(), *field));
            }
            index += 1;
        }
    });
    let (node, field) = target.unwrap();
    let old = before[at].1.as_deref();
    let mut edited = document.clone();
    let Ok(new) = set(&mut edited, node, &field, old) else {
        // Refused: a size that its unit cannot say, and a text where elements stand.
        let at = document.element(node).and_then(|element| element.find(field.path));
        let has_elements = at.is_some_and(|element| element.elements().next().is_some());
        let is_size = matches!(field.kind, FieldKind::Bytes | FieldKind::Kib);
        assert!(is_size || has_elements, "{name}: {field:?}");
        return;
    };
    let (source, text) = (document.to_bytes(), edited.to_bytes());
    let (gone, come) = middle(&source, &text);
    let (gone, come) = (String::from_utf8_lossy(gone), String::from_utf8_lossy(come));
    let longest = 120 + field.path.len() * 3 + old.map_or(0, str::len);
    assert!(come.len() <= longest, "{name}: {field:?}: {come:?}");
    if field.kind != FieldKind::Flag {
        // Raw bytes of a value are longer than the value by references and white space only.
        let raw = if old.is_some() { source.len().min(longest * 6) } else { 8 };
        assert!(gone.len() <= raw, "{name}: {field:?}: {gone:?}");
    }
    let again = Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {field:?}: {error}"));
    let after = values(&again);
    if field.kind != FieldKind::Flag && field.path.contains('/') == (old.is_some()) {
        let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
        assert!(changed.len() <= 2, "{name}: {field:?} changed {changed:?}");
    }
    if field.kind != FieldKind::Flag {
        assert_eq!(after[at].1.as_deref(), Some(new.as_str()), "{name}: {field:?}");
    }
}

#[test]
fn an_edit_changes_its_own_bytes_only() {
    let (mut documents, mut edits, mut known) = (0u32, 0u32, std::collections::BTreeSet::new());
    for (number, path) in corpus().into_iter().enumerate() {
        let bytes = std::fs::read(&path).unwrap();
        let Ok(document) = Document::parse(&bytes) else { continue };
        let before = values(&document);
        if before.is_empty() {
            continue;
        }
        documents += 1;
        let name = path.display().to_string();
        assert_eq!(document.to_bytes(), bytes, "{name}");
        for (at, (field, value)) in before.iter().enumerate() {
            // Every field that is there once in a while, every path at least once.
            let is_new =
                known.insert((document.root().local_name().to_owned(), *field, value.is_some()));
            let is_sample = value.is_some() && (at + number).is_multiple_of(64);
            if is_new || is_sample {
                check_edit(&document, &before, at, &name);
                edits += 1;
            }
        }
    }
    println!("{documents} documents, {edits} edits");
}

#[test]
fn values_come_and_go() {
    let source = "<network>\n  <name>a</name>\n</network>";
    let mut network = NetworkXml::parse(source).unwrap();
    assert_eq!(network.get().bridge_stp(), None);
    network.edit().set_bridge_stp(true).unwrap().set_bridge_name("br<0>").unwrap();
    assert_eq!(
        network.to_string(),
        source.replace("</name>", "</name>\n  <bridge stp=\"on\" name=\"br&lt;0>\"/>")
    );
    assert_eq!((network.get().bridge_stp(), network.get().mtu_size()), (Some(true), None));
    network.edit().set_bridge_stp(None).unwrap().set_name(None).unwrap();
    assert!(!network.to_string().contains("stp") && network.get().name().is_none());
    assert!(network.edit().set_name("\u{1}").is_err());
    assert!(NetworkXml::parse("<pool/>").unwrap_err().to_string().contains("`network`"));
    let mut volume =
        VolumeXml::parse("<volume><capacity unit='GiB'>2</capacity></volume>").unwrap();
    assert_eq!(volume.get().capacity(), Some(2 << 30));
    volume.edit().set_capacity(3 << 30).unwrap();
    assert_eq!(volume.to_string(), "<volume><capacity unit='GiB'>3</capacity></volume>");
    volume.edit().set_capacity(5).unwrap();
    assert_eq!(volume.to_string(), "<volume><capacity unit='b'>5</capacity></volume>");
}

#[test]
fn devices_are_edited_where_they_are() {
    let source = "<domain><devices><disk type='file'><source file='/a'/>\
                  <target dev='vda'/></disk><disk/></devices></domain>";
    let mut domain = DomainXml::parse(source).unwrap();
    let disk = domain.get().disks()[0].element().id();
    DiskEdit::of(domain.document_mut(), disk).set_source_file("/b").unwrap();
    assert_eq!(domain.to_string(), source.replace("/a", "/b"));
    assert_eq!(domain.get().disks()[0].target_dev().as_deref(), Some("vda"));
    domain.document_mut().remove(disk).unwrap();
    assert!(DiskEdit::of(domain.document_mut(), disk).set_serial("x").is_err());
}
