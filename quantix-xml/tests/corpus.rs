//! Other people's documents come back byte for byte, and mean what another reader says.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and reports by printing"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use quantix_xml::{Document, Node};

/// Where the corpus is: `QUANTIX_CORPUS`, or beside the repository.
fn corpus() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("QUANTIX_CORPUS").map_or_else(beside, PathBuf::from)
}

/// Every file below `folder` with one of these endings, in order.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, endings, found);
        } else if path.extension().is_some_and(|e| endings.iter().any(|&ending| e == ending)) {
            found.push(path);
        }
    }
}

/// What an independent reader sees: names, attributes and text in document order.
fn plain(node: roxmltree::Node<'_, '_>, seen: &mut Vec<String>) {
    for child in node.children() {
        if let Some(text) = child.text().filter(|_| child.is_text()) {
            push_text(text, seen);
        } else if child.is_element() {
            seen.push(format!("<{}", child.tag_name().name()));
            let attribute = |a: roxmltree::Attribute<'_, '_>| format!("{}={}", a.name(), a.value());
            seen.extend(child.attributes().map(attribute));
            plain(child, seen);
            seen.push(">".into());
        }
    }
}

fn ours(node: Node<'_>, seen: &mut Vec<String>) {
    for child in node.children() {
        if let Some(element) = child.element() {
            seen.push(format!("<{}", element.local_name()));
            let attributes = element.attributes().filter(|a| !a.is_namespace_declaration());
            seen.extend(attributes.map(|a| format!("{}={}", a.local_name(), a.value())));
            ours(child, seen);
            seen.push(">".into());
        } else if let Some(text) = child.text() {
            push_text(&text, seen);
        }
    }
}

/// Texts that nothing but comments separate count as one, as readers differ on that.
fn push_text(text: &str, seen: &mut Vec<String>) {
    match seen.last_mut().filter(|last| last.starts_with('"')) {
        Some(last) => last.push_str(text),
        None if text.is_empty() => {}
        None => seen.push(format!("\"{text}")),
    }
}

fn check(name: &str, endings: &[&str]) {
    let mut paths = Vec::new();
    files(&corpus().join(name), endings, &mut paths);
    if paths.is_empty() {
        println!("corpus: absent ({name})");
        return;
    }
    let (mut bytes, mut refused) = (0, 0);
    for path in &paths {
        let source = fs::read(path).unwrap();
        let text = std::str::from_utf8(&source).unwrap_or_default();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let oracle = roxmltree::Document::parse_with_options(text, options);
        let document = match (Document::parse(&source), &oracle) {
            (Ok(document), _) => document,
            (Err(error), Ok(_)) => panic!("{}:{error}", path.display()),
            (Err(_), Err(_)) => {
                refused += 1;
                continue;
            }
        };
        assert!(document.to_bytes() == source, "{} differs", path.display());
        bytes += source.len();
        match oracle {
            Ok(oracle) => {
                let (mut expected, mut seen) = (Vec::new(), Vec::new());
                plain(oracle.root_element(), &mut expected);
                ours(document.root().node(), &mut seen);
                assert_eq!(seen, expected, "{}", path.display());
            }
            Err(roxmltree::Error::UnknownNamespace(..)) => {}
            Err(error) => panic!("{} should be refused: {error}", path.display()),
        }
    }
    println!("corpus: {} files of {name}, {bytes} bytes identical, {refused} refused", paths.len());
}

#[test]
fn libvirt_documents_come_back_identical() {
    check("libvirt", &["xml"]);
}

#[test]
fn ovf_descriptors_come_back_identical() {
    check("ova", &["ovf", "xml"]);
}
