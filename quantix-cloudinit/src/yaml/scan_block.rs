//! Block scalars.

use std::borrow::Cow;

use super::{
    error::YamlError,
    scanner::{Result, Scanner},
    token::{Style, Token},
};

/// What follows `|` or `>` on its line.
#[derive(Default)]
struct Header {
    /// `Some(true)` keeps all line breaks at the end, `Some(false)` none.
    chomping: Option<bool>,
    /// Columns that the text is indented.
    increment: Option<i64>,
}

impl<'a> Scanner<'a> {
    pub(super) fn scan_block_scalar(&mut self, is_folded: bool) -> Result<Token<'a>> {
        let start = self.mark();
        self.forward(1);
        let Header { chomping, increment } = self.scan_block_header()?;
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
        while self.column() == indent && self.peek(0) != 0 {
            text.push_str(&breaks);
            let starts_with_text = !matches!(self.peek(0), b' ' | b'\t');
            let line = self.index;
            self.forward_text(self.rest_of_line());
            text.push_str(self.since(line));
            line_break = self.scan_line_break();
            breaks.clear();
            self.scan_block_breaks(indent, &mut breaks);
            if self.column() != indent || self.peek(0) == 0 {
                break;
            }
            let next_is_text = !matches!(self.peek(0), b' ' | b'\t');
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
        Ok(self.scalar(Cow::Owned(text), style, start))
    }

    fn scan_block_header(&mut self) -> Result<Header> {
        let mut header = Header::default();
        for _ in 0..2 {
            match self.peek(0) {
                c @ (b'+' | b'-') if header.chomping.is_none() => {
                    header.chomping = Some(c == b'+');
                }
                c @ b'1'..=b'9' if header.increment.is_none() => {
                    header.increment = Some(i64::from(c - b'0'));
                }
                _ => break,
            }
            self.forward(1);
        }
        if self.peek(0) != b' ' && !self.is_break_or_end(0) {
            return Err(self.bad_block_header());
        }
        self.skip_spaces();
        self.skip_comment();
        if !self.is_break_or_end(0) {
            return Err(self.bad_block_header());
        }
        self.scan_line_break();
        Ok(header)
    }

    fn bad_block_header(&self) -> YamlError {
        let problem = "after `|` or `>` only `+`, `-` and an indentation of 1 to 9 may follow on \
                       the line; put the text on the next line";
        YamlError::syntax(self.mark(), problem)
    }

    fn scan_block_indentation(&mut self, breaks: &mut String) -> i64 {
        let mut indent = 0;
        loop {
            if self.peek(0) == b' ' {
                self.forward(1);
                indent = indent.max(self.column());
            } else if let Some(c) = self.scan_line_break() {
                breaks.push(c);
            } else {
                return indent;
            }
        }
    }

    fn scan_block_breaks(&mut self, indent: i64, breaks: &mut String) {
        loop {
            while self.column() < indent && self.peek(0) == b' ' {
                self.forward(1);
            }
            match self.scan_line_break() {
                Some(c) => breaks.push(c),
                None => return,
            }
        }
    }
}
