//! Paths that are accepted and refused, and what must hold for any text.

use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use crate::folder::{FOLDER_DEPTH_MAX, FOLDER_PATH_BYTES_MAX, FolderName, FolderPath};

#[test]
fn accepted_paths_and_their_canonical_text() {
    for (text, canonical, depth) in [
        ("/", "/", 0),
        ("/a", "/a", 1),
        ("/a/", "/a", 1),
        ("/Production/Web", "/Production/Web", 2),
        ("/a%2Fb/c%5Cd/e%25", "/a%2fb/c%5cd/e%25", 3),
        ("/%252f", "/%252f", 1),
        ("/gru\u{308}n", "/gr\u{fc}n", 1),
        ("/a b", "/a b", 1),
        ("/CON/...", "/CON/...", 2),
    ] {
        let path: FolderPath = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!((path.as_str(), path.depth()), (canonical, depth), "{text:?}");
        assert_eq!(path.segments().count(), depth);
    }
}

#[test]
fn refused_paths() {
    for (text, offset, code) in [
        ("", 0, "not-absolute"),
        ("a/b", 0, "not-absolute"),
        (" /a", 0, "not-absolute"),
        ("//", 1, "empty-segment"),
        ("/a//b", 3, "empty-segment"),
        ("/a//", 3, "empty-segment"),
        ("/a/./b", 3, "dot-segment"),
        ("/a/..", 3, "dot-segment"),
        ("/%2e%2e", 1, "bad-escape"),
        ("/a/b%", 4, "bad-escape"),
        ("/100%/a", 4, "bad-escape"),
        ("/a%2", 2, "bad-escape"),
        ("/a%00", 2, "bad-escape"),
        ("/a%C3%A4", 2, "bad-escape"),
        ("/a\\b", 2, "raw-backslash"),
        ("/a%2f\\b", 5, "raw-backslash"),
        ("/a/b\u{202e}", 4, "invisible-character"),
        ("/\u{e4}/%2f\u{200b}", 7, "invisible-character"),
        ("/%2f\u{307}", 4, "stray-mark"),
        ("/a / b", 2, "outer-space"),
    ] {
        let error = text.parse::<FolderPath>().expect_err(text);
        assert_eq!((error.offset(), error.code()), (offset, code), "{text:?}: {error}");
    }
    assert_eq!(
        "/100%".parse::<FolderPath>().unwrap_err().to_string(),
        "invalid folder path: expected `%2f`, `%5c` or `%25` (a percent sign is written `%25`) \
         at byte 4"
    );
}

#[test]
fn limits_are_reached_and_not_crossed() {
    let widest = format!("/{}", "\u{1f600}".repeat(80));
    let deepest = widest.repeat(FOLDER_DEPTH_MAX);
    assert_eq!(deepest.len(), FOLDER_PATH_BYTES_MAX);
    let path: FolderPath = deepest.parse().unwrap();
    let name = FolderName::new("x").unwrap();
    assert_eq!(path.join(&name).unwrap_err().code(), "too-deep");
    assert_eq!("/a".repeat(FOLDER_DEPTH_MAX + 1).parse::<FolderPath>().unwrap_err().offset(), 65);
    let error = format!("{deepest}x").parse::<FolderPath>().unwrap_err();
    assert_eq!((error.code(), error.offset()), ("too-long", FOLDER_PATH_BYTES_MAX));
}

#[test]
fn relations_go_by_whole_names() {
    let path = |text: &str| text.parse::<FolderPath>().unwrap();
    assert!(path("/a/b").starts_with(&path("/a")));
    assert!(path("/a").starts_with(&path("/a")));
    assert!(path("/a").starts_with(&path("/")));
    assert!(!path("/ab").starts_with(&path("/a")));
    assert!(!path("/").starts_with(&path("/a")));
    assert_eq!(path("/a/b").parent(), Some(path("/a")));
    assert_eq!(path("/a").parent(), Some(path("/")));
    assert_eq!(path("/").parent(), None);
    assert_eq!(path("/").name(), None);
    assert_eq!(serde_json::to_string(&path("/a%2Fb")).unwrap(), r#""/a%2fb""#);
    assert!(serde_json::from_str::<FolderPath>(r#""a""#).is_err());
}

/// Texts that are near to paths, so that both outcomes are frequent.
fn pathlike() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-zA-Z0-9 ._-]{1,6}",
        2 => Just("/".to_owned()),
        1 => Just("%2f".to_owned()),
        1 => Just("%5C".to_owned()),
        1 => Just("%25".to_owned()),
        1 => any::<char>().prop_map(String::from),
        1 => Just("e\u{301}".to_owned()),
        1 => Just("\u{307}".to_owned()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #[test]
    fn parsing_is_idempotent_and_the_text_is_normal(text in pathlike()) {
        match text.parse::<FolderPath>() {
            Ok(path) => {
                prop_assert_eq!(path.as_str().parse::<FolderPath>(), Ok(path.clone()));
                prop_assert_eq!(path.as_str().nfc().collect::<String>(), path.as_str());
                let mut rebuilt = FolderPath::root();
                for name in path.names() {
                    prop_assert_eq!(name.as_str().parse::<FolderName>(), Ok(name.clone()));
                    rebuilt = rebuilt.join(&name).unwrap();
                }
                prop_assert_eq!(rebuilt, path);
            }
            Err(error) => {
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
    }
}
