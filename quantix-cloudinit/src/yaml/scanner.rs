//! From characters to tokens, with the rules of YAML 1.1 as PyYAML applies them.
//!
//! The rules that differ from YAML 1.2 parsers, and that users run into: a tab never separates,
//! a key is at most 1024 characters and one line, NEL and the Unicode separators break lines, and
//! an anchor ends at the first character that is no letter, digit, `-` or `_`.
//!
//! The scanner goes over bytes, since all that has a meaning is ASCII but for four characters.
//! Columns and the length of keys count characters: bytes that are none of their own are counted
//! apart as they are passed.

use std::collections::VecDeque;

use super::{
    error::{Position, YamlError},
    token::{Tok, Token, first_not_allowed},
};

pub(super) type Result<T> = std::result::Result<T, YamlError>;

/// The longest key in front of its `:`, in characters.
const SIMPLE_KEY_CHARS_MAX: usize = 1024;

const BOM: &[u8] = "\u{feff}".as_bytes();

#[derive(Clone, Copy, Debug)]
pub(super) struct SimpleKey {
    pub(super) token_number: usize,
    is_required: bool,
    char_index: usize,
    pub(super) at: Position,
    pub(super) column: i64,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    bytes: &'a [u8],
    /// The place in bytes.
    pub(super) index: usize,
    line: u32,
    line_start: usize,
    /// Bytes before `index` that continue a character, and those before the line.
    continuations: usize,
    line_continuations: usize,
    /// Byte order marks on the line so far, which take no column.
    line_marks: usize,
    pub(super) is_done: bool,
    /// Whether the first of `tokens` is the next one, whatever follows.
    is_ready: bool,
    pub(super) flow_level: usize,
    pub(super) tokens: VecDeque<Token<'a>>,
    pub(super) tokens_taken: usize,
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) allow_simple_key: bool,
    pub(super) simple_keys: Vec<Option<SimpleKey>>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self> {
        let mut scanner = Self {
            text,
            bytes: text.as_bytes(),
            index: 0,
            line: 0,
            line_start: 0,
            continuations: 0,
            line_continuations: 0,
            line_marks: 0,
            is_done: false,
            is_ready: false,
            flow_level: 0,
            tokens: VecDeque::with_capacity(16),
            tokens_taken: 0,
            indent: -1,
            indents: Vec::new(),
            allow_simple_key: true,
            simple_keys: vec![None],
        };
        match first_not_allowed(text) {
            None => Ok(scanner),
            Some((at, c)) => {
                while scanner.index < at {
                    scanner.forward_char();
                }
                let problem = format!(
                    "the character U+{:04X} is not allowed in YAML; write it as an escape in \
                     double quotes, or carry the text as base64",
                    u32::from(c)
                );
                Err(YamlError::syntax(scanner.mark(), problem))
            }
        }
    }

    /// The next token, without taking it.
    pub(super) fn peek_token(&mut self) -> Result<&Token<'a>> {
        if !self.is_ready {
            while self.needs_more()? {
                self.fetch()?;
            }
            self.is_ready = true;
        }
        match self.tokens.front() {
            Some(token) => Ok(token),
            // The stream end is never taken by the composer, so this cannot be reached with
            // tokens missing; say so as an error rather than panic.
            None => Err(YamlError::syntax(self.mark(), "unexpected end of the text")),
        }
    }

    pub(super) fn take_token(&mut self) -> Result<Token<'a>> {
        self.peek_token()?;
        self.tokens_taken += 1;
        self.is_ready = false;
        match self.tokens.pop_front() {
            Some(token) => Ok(token),
            None => Err(YamlError::syntax(self.mark(), "unexpected end of the text")),
        }
    }

    /// The byte so far ahead; 0, which no text holds, after its end.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.index + ahead).copied().unwrap_or(0)
    }

    /// The text from a place up to here.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.index).unwrap_or_default()
    }

    /// The length of the line break so far ahead, as PyYAML knows them; 0 if there is none.
    pub(super) fn break_len(&self, ahead: usize) -> usize {
        match self.peek(ahead) {
            b'\n' => 1,
            b'\r' if self.peek(ahead + 1) == b'\n' => 2,
            b'\r' => 1,
            0xc2 if self.peek(ahead + 1) == 0x85 => 2,
            0xe2 if self.peek(ahead + 1) == 0x80 && matches!(self.peek(ahead + 2), 0xa8 | 0xa9) => {
                3
            }
            _ => 0,
        }
    }

    pub(super) fn is_break_or_end(&self, ahead: usize) -> bool {
        self.peek(ahead) == 0 || self.break_len(ahead) > 0
    }

    pub(super) fn is_blank_or_end(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t') || self.is_break_or_end(ahead)
    }

    /// Passes bytes that are ASCII and break no line.
    pub(super) fn forward(&mut self, length: usize) {
        self.index = (self.index + length).min(self.bytes.len());
    }

    /// Passes bytes that break no line.
    pub(super) fn forward_text(&mut self, length: usize) {
        let end = (self.index + length).min(self.bytes.len());
        let passed = &self.bytes[self.index..end];
        if !passed.is_ascii() {
            self.continuations += passed.iter().filter(|b| (0x80..0xc0).contains(*b)).count();
            self.line_marks += passed.windows(BOM.len()).filter(|window| *window == BOM).count();
        }
        self.index = end;
    }

    /// Passes one character, whatever it is.
    fn forward_char(&mut self) {
        if self.scan_line_break().is_none() {
            let c = self.text.get(self.index..).and_then(|rest| rest.chars().next());
            self.forward_text(c.map_or(1, char::len_utf8));
        }
    }

    /// How far the line goes from here.
    pub(super) fn rest_of_line(&self) -> usize {
        let rest = self.bytes.get(self.index..).unwrap_or_default();
        let mut at = 0;
        while let Some(length) =
            rest[at..].iter().position(|b| matches!(b, b'\n' | b'\r' | 0xc2 | 0xe2))
        {
            at += length;
            if self.break_len(at) > 0 {
                return at;
            }
            at += 1;
        }
        rest.len()
    }

    pub(super) fn column(&self) -> i64 {
        let bytes = self.index - self.line_start;
        let chars = bytes - (self.continuations - self.line_continuations) - self.line_marks;
        // A text has at most as many characters as DOCUMENT_BYTES_MAX.
        i64::try_from(chars).unwrap_or(i64::MAX)
    }

    pub(super) fn mark(&self) -> Position {
        let column = u32::try_from(self.column()).unwrap_or(u32::MAX).saturating_add(1);
        Position { offset: self.index, line: self.line.saturating_add(1), column }
    }

    fn needs_more(&mut self) -> Result<bool> {
        if self.is_done {
            return Ok(false);
        }
        if self.tokens.is_empty() {
            return Ok(true);
        }
        self.drop_stale_keys()?;
        let next = self.simple_keys.iter().flatten().map(|key| key.token_number).min();
        Ok(next == Some(self.tokens_taken))
    }

    fn fetch(&mut self) -> Result<()> {
        self.skip_to_token();
        self.drop_stale_keys()?;
        self.unwind_indent(self.column());
        let c = self.peek(0);
        let in_flow = self.flow_level > 0;
        let next_is_blank = || self.is_blank_or_end(1);
        match c {
            0 => self.fetch_stream_end(),
            b'%' if self.column() == 0 => self.fetch_directive(),
            b'-' | b'.' if self.at_document_marker() => self.fetch_document_marker(c),
            b'[' => self.fetch_flow_start(Tok::FlowSeqStart),
            b'{' => self.fetch_flow_start(Tok::FlowMapStart),
            b']' => self.fetch_flow_end(Tok::FlowSeqEnd),
            b'}' => self.fetch_flow_end(Tok::FlowMapEnd),
            b',' => {
                self.allow_simple_key = true;
                self.drop_key()?;
                self.push_indicator(Tok::FlowEntry, 1);
                Ok(())
            }
            b'-' if next_is_blank() => self.fetch_block_entry(),
            b'?' if in_flow || next_is_blank() => self.fetch_key(),
            b':' if in_flow || next_is_blank() => self.fetch_value(),
            b'|' | b'>' if !in_flow => {
                self.allow_simple_key = true;
                self.drop_key()?;
                let token = self.scan_block_scalar(c == b'>')?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'*' | b'&' => self.fetch_with(Self::scan_anchor),
            b'!' => self.fetch_with(Self::scan_tag),
            b'\'' | b'"' => self.fetch_with(|scanner| scanner.scan_quoted(c)),
            c if self.starts_plain(c) => self.fetch_with(|scanner| Ok(scanner.scan_plain())),
            b'\t' => Err(YamlError::syntax(
                self.mark(),
                "a tab cannot separate or indent in YAML; use spaces",
            )),
            c => Err(YamlError::syntax(
                self.mark(),
                format!("{:?} cannot start a value; put the text in quotes", char::from(c)),
            )),
        }
    }

    /// Fetches what may be a key.
    fn fetch_with(&mut self, scan: impl FnOnce(&mut Self) -> Result<Token<'a>>) -> Result<()> {
        self.save_key()?;
        self.allow_simple_key = false;
        let token = scan(self)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn starts_plain(&self, c: u8) -> bool {
        let is_indicator = b"-?:,[]{}#&*!|>'\"%@`".contains(&c);
        !is_indicator && !self.is_blank_or_end(0)
            || matches!(c, b'-' | b'?' | b':')
                && !self.is_blank_or_end(1)
                && (c == b'-' || self.flow_level == 0)
    }

    fn at_document_marker(&self) -> bool {
        self.column() == 0 && self.at_marker_chars()
    }

    /// Whether `---` or `...` stands here, followed by white space.
    pub(super) fn at_marker_chars(&self) -> bool {
        let c = self.peek(0);
        matches!(c, b'-' | b'.')
            && self.peek(1) == c
            && self.peek(2) == c
            && self.is_blank_or_end(3)
    }

    pub(super) fn skip_spaces(&mut self) {
        while self.peek(0) == b' ' {
            self.forward(1);
        }
    }

    /// Passes a comment, if there is one.
    pub(super) fn skip_comment(&mut self) {
        if self.peek(0) == b'#' {
            self.forward_text(self.rest_of_line());
        }
    }

    fn skip_to_token(&mut self) {
        if self.index == 0 && self.bytes.starts_with(BOM) {
            self.forward_text(BOM.len());
        }
        loop {
            self.skip_spaces();
            self.skip_comment();
            if self.scan_line_break().is_none() {
                return;
            }
            if self.flow_level == 0 {
                self.allow_simple_key = true;
            }
        }
    }

    /// Takes a line break, and says what it stands for in a scalar.
    pub(super) fn scan_line_break(&mut self) -> Option<char> {
        let length = self.break_len(0);
        let stands_for = match (length, self.peek(2)) {
            (0, _) => return None,
            (3, 0xa8) => '\u{2028}',
            (3, _) => '\u{2029}',
            _ => '\n',
        };
        if self.peek(0) >= 0x80 {
            self.continuations += length - 1;
        }
        self.index += length;
        self.line = self.line.saturating_add(1);
        self.line_start = self.index;
        self.line_continuations = self.continuations;
        self.line_marks = 0;
        Some(stands_for)
    }

    pub(super) fn push_indicator(&mut self, kind: Tok<'a>, length: usize) {
        let start = self.mark();
        self.forward(length);
        self.tokens.push_back(Token { kind, start, end: self.mark() });
    }

    pub(super) fn push_empty(&mut self, kind: Tok<'a>) {
        let at = self.mark();
        self.tokens.push_back(Token { kind, start: at, end: at });
    }

    fn char_index(&self) -> usize {
        self.index - self.continuations
    }

    fn drop_stale_keys(&mut self) -> Result<()> {
        let (line, index) = (self.line.saturating_add(1), self.char_index());
        for slot in &mut self.simple_keys {
            let Some(key) = slot else { continue };
            if key.at.line != line || index - key.char_index > SIMPLE_KEY_CHARS_MAX {
                if key.is_required {
                    return Err(missing_colon(key.at));
                }
                *slot = None;
            }
        }
        Ok(())
    }

    pub(super) fn save_key(&mut self) -> Result<()> {
        if self.allow_simple_key {
            self.drop_key()?;
            let column = self.column();
            let is_required = self.flow_level == 0 && self.indent == column;
            let token_number = self.tokens_taken + self.tokens.len();
            let (char_index, at) = (self.char_index(), self.mark());
            if let Some(slot) = self.simple_keys.get_mut(self.flow_level) {
                *slot = Some(SimpleKey { token_number, is_required, char_index, at, column });
            }
        }
        Ok(())
    }

    pub(super) fn drop_key(&mut self) -> Result<()> {
        match self.take_key() {
            Some(key) if key.is_required => Err(missing_colon(key.at)),
            _ => Ok(()),
        }
    }

    pub(super) fn take_key(&mut self) -> Option<SimpleKey> {
        self.simple_keys.get_mut(self.flow_level)?.take()
    }

    pub(super) fn unwind_indent(&mut self, column: i64) {
        while self.flow_level == 0 && self.indent > column {
            self.indent = self.indents.pop().unwrap_or(-1);
            self.push_empty(Tok::BlockEnd);
        }
    }

    pub(super) fn add_indent(&mut self, column: i64) -> bool {
        if self.indent >= column {
            return false;
        }
        self.indents.push(self.indent);
        self.indent = column;
        true
    }
}

fn missing_colon(at: Position) -> YamlError {
    YamlError::syntax(at, "expected `key: value`, found a line without `: `")
}
