//! Scalars: plain and quoted.

use std::borrow::Cow;

use super::{
    error::{Position, YamlError},
    scanner::{Result, Scanner},
    token::{Style, Tok, Token},
};

impl<'a> Scanner<'a> {
    pub(super) fn scalar(&self, text: Cow<'a, str>, style: Style, start: Position) -> Token<'a> {
        Token { kind: Tok::Scalar { text, style }, start, end: self.mark() }
    }

    /// A plain scalar of one line is a piece of the text.
    pub(super) fn scan_plain(&mut self) -> Token<'a> {
        let start = self.mark();
        let mut end = start;
        // What is folded into another text so far, and where the piece that goes on starts.
        let (mut folded, mut piece) = (None::<String>, start.offset);
        let indent = self.indent + 1;
        while self.peek(0) != b'#' {
            let length = self.plain_run();
            if length == 0 {
                break;
            }
            self.allow_simple_key = false;
            self.forward_text(length);
            end = self.mark();
            let spaces = self.index;
            self.skip_spaces();
            if self.break_len(0) == 0 {
                if self.index == spaces {
                    break;
                }
            } else {
                let fold = self.scan_plain_breaks();
                let text = self.text.get(piece..end.offset).unwrap_or_default();
                let folded = folded.get_or_insert_default();
                folded.push_str(text);
                piece = self.index;
                let Some(fold) = fold else { break };
                if self.peek(0) == b'#' || self.plain_run() == 0 {
                    break;
                }
                let is_dedented = self.flow_level == 0 && self.column() < indent;
                if is_dedented {
                    break;
                }
                folded.push_str(&fold);
            }
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        let last = self.text.get(piece..end.offset).unwrap_or_default();
        let text = match folded {
            None => Cow::Borrowed(last),
            Some(mut text) => {
                text.push_str(last);
                Cow::Owned(text)
            }
        };
        Token { kind: Tok::Scalar { text, style: Style::Plain }, start, end }
    }

    /// How many bytes of a plain scalar follow without white space.
    fn plain_run(&self) -> usize {
        let in_flow = self.flow_level > 0;
        let mut length = 0;
        loop {
            let is_end = match self.peek(length) {
                0 | b' ' | b'\t' | b'\n' | b'\r' => true,
                b':' => {
                    self.is_blank_or_end(length + 1)
                        || in_flow && b",[]{}".contains(&self.peek(length + 1))
                }
                b',' | b'?' | b'[' | b']' | b'{' | b'}' => in_flow,
                0xc2 | 0xe2 => self.break_len(length) > 0,
                _ => false,
            };
            if is_end {
                return length;
            }
            length += 1;
        }
    }

    /// What line breaks within a plain scalar stand for; nothing where the document ends.
    fn scan_plain_breaks(&mut self) -> Option<String> {
        let first = self.scan_line_break()?;
        self.allow_simple_key = true;
        if self.at_marker_chars() {
            return None;
        }
        let mut breaks = String::new();
        loop {
            if self.peek(0) == b' ' {
                self.forward(1);
            } else if let Some(c) = self.scan_line_break() {
                breaks.push(c);
                if self.at_marker_chars() {
                    return None;
                }
            } else {
                return Some(fold(first, breaks));
            }
        }
    }

    pub(super) fn scan_quoted(&mut self, quote: u8) -> Result<Token<'a>> {
        let start = self.mark();
        let style = if quote == b'"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        self.forward(1);
        if let Some(length) = self.simple_quoted(quote) {
            let inner = self.index;
            self.forward_text(length);
            let text = self.since(inner);
            self.forward(1);
            return Ok(self.scalar(Cow::Borrowed(text), style, start));
        }
        let mut text = String::new();
        self.scan_quoted_run(quote, &mut text)?;
        while self.peek(0) != quote {
            self.scan_quoted_spaces(start, &mut text)?;
            self.scan_quoted_run(quote, &mut text)?;
        }
        self.forward(1);
        Ok(self.scalar(Cow::Owned(text), style, start))
    }

    /// The length up to the closing quote, if all before it stands for itself.
    fn simple_quoted(&self, quote: u8) -> Option<usize> {
        let mut length = 0;
        loop {
            match self.peek(length) {
                c if c == quote => {
                    let is_escape = quote == b'\'' && self.peek(length + 1) == quote;
                    return (!is_escape).then_some(length);
                }
                0 | b'\n' | b'\r' => return None,
                b'\\' if quote == b'"' => return None,
                0xc2 | 0xe2 if self.break_len(length) > 0 => return None,
                _ => length += 1,
            }
        }
    }

    fn scan_quoted_run(&mut self, quote: u8, text: &mut String) -> Result<()> {
        let is_double = quote == b'"';
        loop {
            let start = self.index;
            let mut length = 0;
            loop {
                let c = self.peek(length);
                if c == quote || is_double && c == b'\\' || self.is_blank_or_end(length) {
                    break;
                }
                length += 1;
            }
            self.forward_text(length);
            text.push_str(self.since(start));
            if self.peek(0) == b'\'' && !is_double && self.peek(1) == b'\'' {
                text.push('\'');
                self.forward(2);
            } else if is_double && self.peek(0) == b'\\' {
                self.scan_escape(text)?;
            } else {
                return Ok(());
            }
        }
    }

    fn scan_escape(&mut self, text: &mut String) -> Result<()> {
        let at = self.mark();
        self.forward(1);
        if self.scan_line_break().is_some() {
            return self.scan_quoted_breaks(at, text);
        }
        let digits = match self.peek(0) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            c => {
                let Some(plain) = escaped(c) else {
                    let c = self.text.get(self.index..).and_then(|rest| rest.chars().next());
                    let problem = format!(
                        "`\\{}` is not an escape; write `\\\\` for a backslash",
                        c.map(String::from).unwrap_or_default()
                    );
                    return Err(YamlError::syntax(at, problem));
                };
                text.push(plain);
                self.forward(1);
                return Ok(());
            }
        };
        self.forward(1);
        let hex = self.text.get(self.index..self.index + digits).unwrap_or_default();
        let is_hex = hex.len() == digits && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let code = if is_hex { u32::from_str_radix(hex, 16).ok() } else { None };
        let Some(decoded) = code.and_then(char::from_u32) else {
            let problem = format!("expected {digits} hexadecimal digits of a character");
            return Err(YamlError::syntax(at, problem));
        };
        text.push(decoded);
        self.forward(digits);
        Ok(())
    }

    fn scan_quoted_spaces(&mut self, start: Position, text: &mut String) -> Result<()> {
        let spaces = self.index;
        while matches!(self.peek(0), b' ' | b'\t') {
            self.forward(1);
        }
        let spaces = self.since(spaces);
        if self.peek(0) == 0 {
            return Err(YamlError::syntax(start, "this quote is never closed"));
        }
        match self.scan_line_break() {
            None => text.push_str(spaces),
            Some(first) => {
                let mut breaks = String::new();
                self.scan_quoted_breaks(start, &mut breaks)?;
                text.push_str(&fold(first, breaks));
            }
        }
        Ok(())
    }

    fn scan_quoted_breaks(&mut self, start: Position, breaks: &mut String) -> Result<()> {
        loop {
            if self.at_marker_chars() {
                let problem = "this quote is still open where the document ends";
                return Err(YamlError::syntax(start, problem));
            }
            while matches!(self.peek(0), b' ' | b'\t') {
                self.forward(1);
            }
            match self.scan_line_break() {
                Some(c) => breaks.push(c),
                None => return Ok(()),
            }
        }
    }
}

/// One line break is a space; further ones stay.
fn fold(first: char, breaks: String) -> String {
    match (first, breaks.is_empty()) {
        ('\n', true) => " ".to_owned(),
        ('\n', false) => breaks,
        (first, _) => format!("{first}{breaks}"),
    }
}

fn escaped(c: u8) -> Option<char> {
    Some(match c {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' => ' ',
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
