//! Scalars: plain, quoted and block.

use super::{
    error::YamlError,
    scanner::{Result, Scanner},
    token::{Style, Tok, Token, is_blank_or_end, is_break, is_break_or_end},
};

impl Scanner {
    fn scalar(&self, text: String, style: Style, start: super::Position) -> Token {
        Token { kind: Tok::Scalar { text, style }, start, end: self.mark() }
    }

    pub(super) fn scan_plain(&mut self) -> Token {
        let start = self.mark();
        let mut end = start;
        let (mut text, mut spaces) = (String::new(), String::new());
        let indent = self.indent + 1;
        while self.peek(0) != '#' {
            let length = self.plain_run();
            if length == 0 {
                break;
            }
            self.allow_simple_key = false;
            text.push_str(&spaces);
            text.extend(self.slice(length));
            self.forward(length);
            end = self.mark();
            spaces = self.scan_plain_spaces();
            let is_dedented = self.flow_level == 0 && self.column < indent;
            if spaces.is_empty() || is_dedented {
                break;
            }
        }
        Token { kind: Tok::Scalar { text, style: Style::Plain }, start, end }
    }

    fn plain_run(&self) -> usize {
        let in_flow = self.flow_level > 0;
        let ends = |c: char, next: char| {
            is_blank_or_end(c)
                || c == ':' && (is_blank_or_end(next) || in_flow && ",[]{}".contains(next))
                || in_flow && ",?[]{}".contains(c)
        };
        let mut length = 0;
        while !ends(self.peek(length), self.peek(length + 1)) {
            length += 1;
        }
        length
    }

    fn scan_plain_spaces(&mut self) -> String {
        let mut count = 0;
        while self.peek(count) == ' ' {
            count += 1;
        }
        self.forward(count);
        let Some(first) = self.scan_line_break() else { return " ".repeat(count) };
        self.allow_simple_key = true;
        if self.at_marker_chars() {
            return String::new();
        }
        let mut breaks = String::new();
        loop {
            if self.peek(0) == ' ' {
                self.forward(1);
            } else if let Some(c) = self.scan_line_break() {
                breaks.push(c);
                if self.at_marker_chars() {
                    return String::new();
                }
            } else {
                return fold(first, &breaks);
            }
        }
    }

    pub(super) fn scan_quoted(&mut self, quote: char) -> Result<Token> {
        let start = self.mark();
        self.forward(1);
        let mut text = String::new();
        self.scan_quoted_run(quote, &mut text)?;
        while self.peek(0) != quote {
            self.scan_quoted_spaces(start, &mut text)?;
            self.scan_quoted_run(quote, &mut text)?;
        }
        self.forward(1);
        let style = if quote == '"' { Style::DoubleQuoted } else { Style::SingleQuoted };
        Ok(self.scalar(text, style, start))
    }

    fn scan_quoted_run(&mut self, quote: char, text: &mut String) -> Result<()> {
        let is_double = quote == '"';
        loop {
            let c = self.peek(0);
            if is_blank_or_end(c) {
                return Ok(());
            }
            if c == quote {
                if is_double || self.peek(1) != '\'' {
                    return Ok(());
                }
                text.push('\'');
                self.forward(2);
            } else if is_double && c == '\\' {
                self.scan_escape(text)?;
            } else {
                text.push(c);
                self.forward(1);
            }
        }
    }

    fn scan_escape(&mut self, text: &mut String) -> Result<()> {
        let at = self.mark();
        self.forward(1);
        let c = self.peek(0);
        let digits = match c {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            c if is_break(c) => {
                self.scan_line_break();
                self.scan_quoted_breaks(at, text)?;
                return Ok(());
            }
            c => {
                let Some(plain) = escaped(c) else {
                    let problem = format!("`\\{c}` is not an escape; write `\\\\` for a backslash");
                    return Err(YamlError::syntax(at, problem));
                };
                text.push(plain);
                self.forward(1);
                return Ok(());
            }
        };
        self.forward(1);
        let hex: String = self.slice(digits).collect();
        let is_hex = hex.len() == digits && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let code = if is_hex { u32::from_str_radix(&hex, 16).ok() } else { None };
        let Some(decoded) = code.and_then(char::from_u32) else {
            let problem = format!("expected {digits} hexadecimal digits of a character");
            return Err(YamlError::syntax(at, problem));
        };
        text.push(decoded);
        self.forward(digits);
        Ok(())
    }

    fn scan_quoted_spaces(&mut self, start: super::Position, text: &mut String) -> Result<()> {
        let mut count = 0;
        while matches!(self.peek(count), ' ' | '\t') {
            count += 1;
        }
        let spaces: String = self.slice(count).collect();
        self.forward(count);
        if self.peek(0) == '\0' {
            return Err(YamlError::syntax(start, "this quote is never closed"));
        }
        match self.scan_line_break() {
            None => text.push_str(&spaces),
            Some(first) => {
                let mut breaks = String::new();
                self.scan_quoted_breaks(start, &mut breaks)?;
                text.push_str(&fold(first, &breaks));
            }
        }
        Ok(())
    }

    fn scan_quoted_breaks(&mut self, start: super::Position, breaks: &mut String) -> Result<()> {
        loop {
            if self.at_marker_chars() {
                let problem = "this quote is still open where the document ends";
                return Err(YamlError::syntax(start, problem));
            }
            while matches!(self.peek(0), ' ' | '\t') {
                self.forward(1);
            }
            match self.scan_line_break() {
                Some(c) => breaks.push(c),
                None => return Ok(()),
            }
        }
    }

    pub(super) fn scan_block_scalar(&mut self, is_folded: bool) -> Result<Token> {
        let start = self.mark();
        self.forward(1);
        let (chomping, increment) = self.scan_block_header()?;
        let indent_min = (self.indent + 1).max(1);
        let mut breaks = String::new();
        let indent = match increment {
            None => indent_min.max(self.scan_block_indentation(&mut breaks)),
            Some(increment) => {
                let indent = indent_min + increment - 1;
                self.scan_block_breaks(indent, &mut breaks);
                indent
            }
        };
        let (mut text, mut line_break) = (String::new(), None);
        while self.column == indent && self.peek(0) != '\0' {
            text.push_str(&breaks);
            let starts_with_text = !matches!(self.peek(0), ' ' | '\t');
            while !is_break_or_end(self.peek(0)) {
                text.push(self.peek(0));
                self.forward(1);
            }
            line_break = self.scan_line_break();
            breaks.clear();
            self.scan_block_breaks(indent, &mut breaks);
            if self.column != indent || self.peek(0) == '\0' {
                break;
            }
            let next_is_text = !matches!(self.peek(0), ' ' | '\t');
            if is_folded && line_break == Some('\n') && starts_with_text && next_is_text {
                text.push_str(if breaks.is_empty() { " " } else { "" });
            } else {
                text.extend(line_break);
            }
        }
        if chomping != Some(false) {
            text.extend(line_break);
        }
        if chomping == Some(true) {
            text.push_str(&breaks);
        }
        let style = if is_folded { Style::Folded } else { Style::Literal };
        Ok(self.scalar(text, style, start))
    }

    /// `Some(true)` keeps all line breaks at the end, `Some(false)` none.
    fn scan_block_header(&mut self) -> Result<(Option<bool>, Option<i64>)> {
        let (mut chomping, mut increment) = (None, None);
        for _ in 0..2 {
            match self.peek(0) {
                c @ ('+' | '-') if chomping.is_none() => chomping = Some(c == '+'),
                c @ '1'..='9' if increment.is_none() => {
                    increment = c.to_digit(10).map(i64::from);
                }
                _ => break,
            }
            self.forward(1);
        }
        if !matches!(self.peek(0), ' ') && !is_break_or_end(self.peek(0)) {
            return Err(self.bad_block_header());
        }
        while self.peek(0) == ' ' {
            self.forward(1);
        }
        if self.peek(0) == '#' {
            while !is_break_or_end(self.peek(0)) {
                self.forward(1);
            }
        }
        if !is_break_or_end(self.peek(0)) {
            return Err(self.bad_block_header());
        }
        self.scan_line_break();
        Ok((chomping, increment))
    }

    fn bad_block_header(&self) -> YamlError {
        let problem = "after `|` or `>` only `+`, `-` and an indentation of 1 to 9 may follow on \
                       the line; put the text on the next line";
        YamlError::syntax(self.mark(), problem)
    }

    fn scan_block_indentation(&mut self, breaks: &mut String) -> i64 {
        let mut indent = 0;
        loop {
            if self.peek(0) == ' ' {
                self.forward(1);
                indent = indent.max(self.column);
            } else if let Some(c) = self.scan_line_break() {
                breaks.push(c);
            } else {
                return indent;
            }
        }
    }

    fn scan_block_breaks(&mut self, indent: i64, breaks: &mut String) {
        loop {
            while self.column < indent && self.peek(0) == ' ' {
                self.forward(1);
            }
            match self.scan_line_break() {
                Some(c) => breaks.push(c),
                None => return,
            }
        }
    }
}

/// One line break is a space; further ones stay.
fn fold(first: char, breaks: &str) -> String {
    match (first, breaks) {
        ('\n', "") => " ".to_owned(),
        ('\n', breaks) => breaks.to_owned(),
        (first, breaks) => format!("{first}{breaks}"),
    }
}

fn escaped(c: char) -> Option<char> {
    Some(match c {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' => ' ',
        '"' => '"',
        '\\' => '\\',
        '/' => '/',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    })
}
