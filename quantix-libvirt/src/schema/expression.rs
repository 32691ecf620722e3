//! Regular expressions of XML Schema as those of Rust.
//!
//! They always match the whole text, know no anchors (`^` and `$` are themselves), have classes of
//! their own, and subtract one set of characters from another.

/// What may begin a name, and what may be in one.
const NAME_START: &str = "_:A-Za-z\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{2FF}\\x{370}-\\x{37D}\
    \\x{37F}-\\x{1FFF}\\x{200C}-\\x{200D}\\x{2070}-\\x{218F}\\x{2C00}-\\x{2FEF}\
    \\x{3001}-\\x{D7FF}\\x{F900}-\\x{FDCF}\\x{FDF0}-\\x{FFFD}";
const NAME_MORE: &str = "\\-.0-9\\x{B7}\\x{300}-\\x{36F}\\x{203F}-\\x{2040}";

/// How deep sets may be subtracted from sets.
const NESTING_MAX: usize = 8;

/// The same expression for Rust, anchored; `None` where it is none.
pub(super) fn translate(source: &str) -> Option<String> {
    let mut out = String::from("^(?:");
    let mut rest = source.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '.' => out.push_str("[^\\n\\r]"),
            '^' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '[' => set(&mut rest, &mut out, NESTING_MAX)?,
            '\\' => escape(&mut rest, &mut out, false)?,
            ']' | '}' => {
                // A brace that closes a count was taken with it; a lone one stands for itself.
                out.push('\\');
                out.push(c);
            }
            '{' => count(&mut rest, &mut out)?,
            _ => out.push(c),
        }
    }
    out.push_str(")$");
    // Rust's own syntax has more than the one of XML Schema after a parenthesis.
    (!source.contains("(?") && regex::Regex::new(&out).is_ok()).then_some(out)
}

type Rest<'s> = std::iter::Peekable<std::str::Chars<'s>>;

fn count(rest: &mut Rest<'_>, out: &mut String) -> Option<()> {
    out.push('{');
    loop {
        match rest.next()? {
            '}' => {
                out.push('}');
                return Some(());
            }
            c if c.is_ascii_digit() || c == ',' => out.push(c),
            _ => return None,
        }
    }
}

/// An escape, in or outside of a set.
fn escape(rest: &mut Rest<'_>, out: &mut String, in_set: bool) -> Option<()> {
    let class = |inner: &str, negated: bool, out: &mut String| {
        let negation = if negated { "^" } else { "" };
        out.push_str(&["[", negation, inner, "]"].concat());
    };
    match rest.next()? {
        c @ ('n' | 'r' | 't') => {
            out.push('\\');
            out.push(c);
        }
        's' => class(" \\t\\n\\r", false, out),
        'S' => class(" \\t\\n\\r", true, out),
        'd' => class("\\p{Nd}", false, out),
        'D' => class("\\p{Nd}", true, out),
        'w' => class("\\p{P}\\p{Z}\\p{C}", true, out),
        'W' => class("\\p{P}\\p{Z}\\p{C}", false, out),
        'i' => class(NAME_START, false, out),
        'I' => class(NAME_START, true, out),
        'c' => class(&[NAME_START, NAME_MORE].concat(), false, out),
        'C' => class(&[NAME_START, NAME_MORE].concat(), true, out),
        c @ ('p' | 'P') => {
            out.push('\\');
            out.push(c);
            loop {
                let c = rest.next()?;
                out.push(c);
                if c == '}' {
                    break;
                }
            }
        }
        c if c.is_ascii_alphanumeric() => return None,
        c => literal(c, out, in_set),
    }
    Some(())
}

/// A character that stands for itself.
fn literal(c: char, out: &mut String, in_set: bool) {
    if in_set && matches!(c, '^' | '-' | '[' | ']' | '\\' | '&' | '~') {
        out.push('\\');
        out.push(c);
    } else {
        out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
    }
}

/// A set of characters, from behind its `[` to its `]`.
fn set(rest: &mut Rest<'_>, out: &mut String, levels: usize) -> Option<()> {
    let levels = levels.checked_sub(1)?;
    out.push('[');
    if rest.peek() == Some(&'^') {
        rest.next();
        out.push('^');
    }
    let mut is_first = true;
    loop {
        match rest.next()? {
            ']' if !is_first => break,
            '\\' => escape(rest, out, true)?,
            '-' if rest.peek() == Some(&'[') => {
                rest.next();
                out.push_str("--");
                set(rest, out, levels)?;
            }
            // Between two characters it is a range, and at an end it is itself.
            '-' if is_first || rest.peek() == Some(&']') => literal('-', out, true),
            '-' => out.push('-'),
            c => literal(c, out, true),
        }
        is_first = false;
    }
    out.push(']');
    Some(())
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::translate;

    #[test]
    fn means_the_same() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("a|b", &["a", "b"], &["ab", "xa"]),
            ("[^/\\n]+", &["a b"], &["a/b", "a\nb"]),
            ("^a$", &["^a$"], &["a"]),
            ("[0-9a-zA-F -_,.:;=]{0,2}", &["", "a,", "_ "], &["abc", "{"]),
            ("[a&&b~~c\\[\\]\\-x]+", &["&", "~[]-", "abc"], &["d"]),
            ("[a-z-[aeiou]]+", &["xyz"], &["a"]),
            ("\\s\\d\\w", &[" 1a", "\t2Z"], &["a1a", " 1-"]),
            ("\\i\\c*", &["a-1", "_:x"], &["1a"]),
            ("\\p{Lu}\\P{Lu}", &["Aa"], &["AA"]),
            ("a.b", &["a-b"], &["a\nb"]),
            ("(/|[a-zA-Z]:\\\\).+", &["/a", "C:\\x"], &["x"]),
            ("\\[[^\\]]+\\] .+", &["[a] b"], &["[] b"]),
            ("[-a]+", &["-a"], &["b"]),
            ("[a-]+", &["-a"], &["b"]),
            ("x{2}", &["xx"], &["x"]),
        ];
        for (source, good, bad) in table {
            let expression = translate(source).unwrap_or_else(|| panic!("{source}"));
            let expression = Regex::new(&expression).unwrap();
            for text in *good {
                assert!(expression.is_match(text), "{source} {text:?}");
            }
            for text in *bad {
                assert!(!expression.is_match(text), "{source} {text:?}");
            }
        }
        let nested = ["[a-", &"[a-".repeat(9)].concat();
        for source in ["(", "[a", "\\", "a{x}", "\\q", "(?i)a", "\\p{Lu", nested.as_str()] {
            assert_eq!(translate(source), None, "{source}");
        }
    }
}
