//! Templates.

/// The same text with a word for every expression and blanks for statements and comments, each as
/// long as what it stands for, so that places stay.
pub(super) fn mask(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let (close, fill) = match from.as_bytes().get(1) {
            Some(b'{') => ("}}", 'x'),
            Some(b'%') => ("%}", ' '),
            Some(b'#') => ("#}", ' '),
            _ => {
                out.push('{');
                rest = &from[1..];
                continue;
            }
        };
        let length = from.get(2..).and_then(|inner| inner.find(close)).map(|at| at + 4);
        let Some(length) = length else {
            out.push_str(from);
            return out;
        };
        let (masked, after) = from.split_at(length);
        out.extend(masked.chars().map(|c| if c == '\n' { '\n' } else { fill }));
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_keep_places() {
        let table = [
            ("a: {{ b }}c", "a: xxxxxxxc"),
            ("{% if x %}\nb\n{% endif %}", "          \nb\n           "),
            ("{# é #}b", "       b"),
            ("{a: b} {{ open", "{a: b} {{ open"),
            ("{{}}{", "xxxx{"),
        ];
        for (text, masked) in table {
            assert_eq!(mask(text), masked);
            assert_eq!(text.chars().count(), masked.chars().count());
        }
    }
}
