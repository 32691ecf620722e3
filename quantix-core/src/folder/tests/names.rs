//! Names that are accepted and refused, as tables, and what must hold for any text.

use proptest::prelude::*;

use crate::folder::{FolderName, NAME_CHARS_MAX, NAME_INPUT_BYTES_MAX};

#[test]
fn accepted_names() {
    for (text, shown, segment) in [
        ("Production", "Production", "Production"),
        ("Web servers (EU)", "Web servers (EU)", "Web servers (EU)"),
        // What file systems mind is fine: a folder is no file.
        ("CON", "CON", "CON"),
        ("nul.txt", "nul.txt", "nul.txt"),
        ("LPT1", "LPT1", "LPT1"),
        ("a:b*c?\"<>|", "a:b*c?\"<>|", "a:b*c?\"<>|"),
        ("ends with a dot.", "ends with a dot.", "ends with a dot."),
        ("...", "...", "..."),
        (".hidden", ".hidden", ".hidden"),
        ("-rf", "-rf", "-rf"),
        ("~", "~", "~"),
        ("$(reboot)", "$(reboot)", "$(reboot)"),
        // The three escapes, and percent sequences that are only text.
        ("TCP/IP", "TCP/IP", "TCP%2fIP"),
        ("a\\b", "a\\b", "a%5cb"),
        ("50%", "50%", "50%25"),
        ("%2f", "%2f", "%252f"),
        ("%00", "%00", "%2500"),
        ("%", "%", "%25"),
        ("/", "/", "%2f"),
        // Combining characters are composed; what has no composed form stays.
        ("Gro\u{308}\u{df}e", "Gr\u{f6}\u{df}e", "Gr\u{f6}\u{df}e"),
        ("\u{1112}\u{1161}\u{11ab}", "\u{d55c}", "\u{d55c}"),
        ("x\u{327}\u{307}", "\u{1e8b}\u{327}", "\u{1e8b}\u{327}"),
        ("\u{212a}", "K", "K"),
        // Right-to-left scripts, joined scripts, emoji with joiner, variation selector, skin tone.
        (
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
            "\u{5e9}\u{5dc}\u{5d5}\u{5dd}",
        ),
        (
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
        ),
        ("\u{1f468}\u{200d}\u{1f4bb}", "\u{1f468}\u{200d}\u{1f4bb}", "\u{1f468}\u{200d}\u{1f4bb}"),
        ("\u{2764}\u{fe0f} ops", "\u{2764}\u{fe0f} ops", "\u{2764}\u{fe0f} ops"),
        ("\u{1f44d}\u{1f3fd}", "\u{1f44d}\u{1f3fd}", "\u{1f44d}\u{1f3fd}"),
        (
            "\u{6771}\u{4eac}\u{3000}\u{672c}\u{793e}",
            "\u{6771}\u{4eac}\u{3000}\u{672c}\u{793e}",
            "\u{6771}\u{4eac}\u{3000}\u{672c}\u{793e}",
        ),
    ] {
        let name: FolderName = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!((name.as_str(), &*name.to_segment()), (shown, segment), "{text:?}");
    }
}

#[test]
fn refused_names() {
    for (text, offset, code) in [
        ("", 0, "empty-name"),
        (".", 0, "dot-segment"),
        ("..", 0, "dot-segment"),
        (" a", 0, "outer-space"),
        ("a ", 1, "outer-space"),
        ("\u{3000}", 0, "outer-space"),
        ("a\u{a0}", 1, "outer-space"),
        ("a\u{a0}b", 1, "odd-space"),
        ("a\u{2003}b", 1, "odd-space"),
        ("a\0b", 1, "control-character"),
        ("a\nb", 1, "control-character"),
        ("a\u{1b}[2Jb", 1, "control-character"),
        ("a\u{7f}b", 1, "control-character"),
        ("a\u{85}b", 1, "control-character"),
        // Text direction: marks, embeddings, overrides, isolates.
        ("a\u{200f}b", 1, "invisible-character"),
        ("invoice\u{202e}gnp.exe", 7, "invisible-character"),
        ("a\u{2066}b", 1, "invisible-character"),
        ("a\u{61c}b", 1, "invisible-character"),
        // What cannot be seen at all.
        ("a\u{200b}b", 1, "invisible-character"),
        ("a\u{ad}b", 1, "invisible-character"),
        ("\u{feff}a", 0, "invisible-character"),
        ("\u{3164}", 0, "invisible-character"),
        ("\u{2800}", 0, "invisible-character"),
        ("a\u{e0041}", 1, "invisible-character"),
        ("a\u{2028}b", 1, "invisible-character"),
        ("\u{e4}\u{fffe}", 2, "invisible-character"),
        ("a\u{fdd0}", 1, "invisible-character"),
        ("ad\u{200d}min", 2, "stray-joiner"),
        ("\u{200d}", 0, "stray-joiner"),
        ("\u{1f468}\u{200d}", 4, "stray-joiner"),
        // Normalisation turns both neighbours into the letter K.
        ("\u{212a}\u{200d}\u{212a}", 3, "stray-joiner"),
        ("\u{301}a", 0, "stray-mark"),
        ("a/\u{307}", 2, "stray-mark"),
    ] {
        let error = text.parse::<FolderName>().expect_err(text);
        assert_eq!((error.offset(), error.code()), (offset, code), "{text:?}: {error}");
    }
}

#[test]
fn length_is_counted_in_characters_after_normalisation() {
    let fits = |text: &str| text.parse::<FolderName>().is_ok();
    for unit in ["a", "\u{f6}", "o\u{308}", "\u{1f600}", "%", "\u{1112}\u{1161}\u{11ab}"] {
        assert!(fits(&unit.repeat(NAME_CHARS_MAX)), "{unit:?}");
        let error = unit.repeat(NAME_CHARS_MAX + 1).parse::<FolderName>().unwrap_err();
        assert_eq!(error.code(), "name-too-long", "{unit:?}");
    }
    let long = "a".repeat(NAME_CHARS_MAX + 1).parse::<FolderName>().unwrap_err();
    assert_eq!(long.to_string(), "invalid folder name: expected at most 80 characters at byte 80");
    // A run of marks is one character to a reader, but it is not considered beyond the limit.
    let zalgo = format!("a{}", "\u{301}".repeat(NAME_INPUT_BYTES_MAX));
    assert_eq!(zalgo.parse::<FolderName>().unwrap_err().code(), "name-too-long");
}

proptest! {
    #[test]
    fn any_text_parses_or_fails_inside_itself(text in any::<String>()) {
        match text.parse::<FolderName>() {
            Ok(name) => {
                prop_assert_eq!(name.as_str().parse::<FolderName>(), Ok(name.clone()));
                let path = crate::FolderPath::root().join(&name).unwrap();
                prop_assert_eq!(path.name(), Some(name));
            }
            Err(error) => {
                prop_assert!(error.offset() <= text.len());
                prop_assert!(text.is_char_boundary(error.offset()));
            }
        }
    }
}
