//! From characters to tokens, with the rules of YAML 1.1 as PyYAML applies them.
//!
//! The rules that differ from YAML 1.2 parsers, and that users run into: a tab never separates,
//! a key is at most 1024 characters and one line, NEL and the Unicode separators break lines, and
//! an anchor ends at the first character that is no letter, digit, `-` or `_`.

use std::collections::VecDeque;

use super::{
    error::{Position, YamlError},
    token::{Tok, Token, is_allowed, is_blank_or_end, is_break_or_end},
};

pub(super) type Result<T> = std::result::Result<T, YamlError>;

/// The longest key in front of its `:`, in characters.
const SIMPLE_KEY_CHARS_MAX: usize = 1024;

#[derive(Clone, Copy, Debug)]
pub(super) struct SimpleKey {
    pub(super) token_number: usize,
    is_required: bool,
    index: usize,
    pub(super) at: Position,
    pub(super) column: i64,
}

pub(super) struct Scanner {
    chars: Vec<char>,
    pub(super) index: usize,
    offset: usize,
    line: u32,
    pub(super) column: i64,
    pub(super) is_done: bool,
    pub(super) flow_level: usize,
    pub(super) tokens: VecDeque<Token>,
    pub(super) tokens_taken: usize,
    pub(super) indent: i64,
    indents: Vec<i64>,
    pub(super) allow_simple_key: bool,
    pub(super) simple_keys: Vec<Option<SimpleKey>>,
}

impl Scanner {
    pub(super) fn new(text: &str) -> Result<Self> {
        let mut scanner = Self {
            chars: text.chars().collect(),
            index: 0,
            offset: 0,
            line: 0,
            column: 0,
            is_done: false,
            flow_level: 0,
            tokens: VecDeque::new(),
            tokens_taken: 0,
            indent: -1,
            indents: Vec::new(),
            allow_simple_key: true,
            simple_keys: vec![None],
        };
        match scanner.chars.iter().position(|c| !is_allowed(*c)) {
            None => Ok(scanner),
            Some(at) => {
                scanner.forward(at);
                let code = u32::from(scanner.peek(0));
                let problem = format!(
                    "the character U+{code:04X} is not allowed in YAML; write it as an escape in \
                     double quotes, or carry the text as base64"
                );
                Err(YamlError::syntax(scanner.mark(), problem))
            }
        }
    }

    /// The next token, without taking it.
    pub(super) fn peek_token(&mut self) -> Result<&Token> {
        while self.needs_more()? {
            self.fetch()?;
        }
        match self.tokens.front() {
            Some(token) => Ok(token),
            // The stream end is never taken by the composer, so this cannot be reached with
            // tokens missing; say so as an error rather than panic.
            None => Err(YamlError::syntax(self.mark(), "unexpected end of the text")),
        }
    }

    pub(super) fn take_token(&mut self) -> Result<Token> {
        self.peek_token()?;
        self.tokens_taken += 1;
        let at = self.mark();
        self.tokens.pop_front().ok_or_else(|| YamlError::syntax(at, "unexpected end of the text"))
    }

    pub(super) fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.index + ahead).copied().unwrap_or('\0')
    }

    pub(super) fn slice(&self, length: usize) -> impl Iterator<Item = char> {
        self.chars[self.index..].iter().take(length).copied()
    }

    pub(super) fn forward(&mut self, length: usize) {
        for _ in 0..length {
            let Some(&c) = self.chars.get(self.index) else { return };
            self.index += 1;
            self.offset += c.len_utf8();
            if matches!(c, '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
                || c == '\r' && self.peek(0) != '\n'
            {
                self.line = self.line.saturating_add(1);
                self.column = 0;
            } else if c != '\u{feff}' {
                self.column += 1;
            }
        }
    }

    pub(super) fn mark(&self) -> Position {
        let column = u32::try_from(self.column).unwrap_or(u32::MAX).saturating_add(1);
        Position { offset: self.offset, line: self.line.saturating_add(1), column }
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
        self.unwind_indent(self.column);
        let c = self.peek(0);
        let next_is_blank = is_blank_or_end(self.peek(1));
        let in_flow = self.flow_level > 0;
        match c {
            '\0' => self.fetch_stream_end(),
            '%' if self.column == 0 => self.fetch_directive(),
            '-' | '.' if self.at_document_marker() => self.fetch_document_marker(c),
            '[' => self.fetch_flow_start(Tok::FlowSeqStart),
            '{' => self.fetch_flow_start(Tok::FlowMapStart),
            ']' => self.fetch_flow_end(Tok::FlowSeqEnd),
            '}' => self.fetch_flow_end(Tok::FlowMapEnd),
            ',' => {
                self.allow_simple_key = true;
                self.drop_key()?;
                self.push_indicator(Tok::FlowEntry, 1);
                Ok(())
            }
            '-' if next_is_blank => self.fetch_block_entry(),
            '?' if in_flow || next_is_blank => self.fetch_key(),
            ':' if in_flow || next_is_blank => self.fetch_value(),
            '*' | '&' => {
                self.save_key()?;
                self.allow_simple_key = false;
                let token = self.scan_anchor()?;
                self.tokens.push_back(token);
                Ok(())
            }
            '!' => {
                self.save_key()?;
                self.allow_simple_key = false;
                let token = self.scan_tag()?;
                self.tokens.push_back(token);
                Ok(())
            }
            '|' | '>' if !in_flow => {
                self.allow_simple_key = true;
                self.drop_key()?;
                let token = self.scan_block_scalar(c == '>')?;
                self.tokens.push_back(token);
                Ok(())
            }
            '\'' | '"' => {
                self.save_key()?;
                self.allow_simple_key = false;
                let token = self.scan_quoted(c)?;
                self.tokens.push_back(token);
                Ok(())
            }
            c if self.starts_plain(c) => {
                self.save_key()?;
                self.allow_simple_key = false;
                let token = self.scan_plain();
                self.tokens.push_back(token);
                Ok(())
            }
            '\t' => Err(YamlError::syntax(
                self.mark(),
                "a tab cannot separate or indent in YAML; use spaces",
            )),
            c => Err(YamlError::syntax(
                self.mark(),
                format!("{c:?} cannot start a value; put the text in quotes"),
            )),
        }
    }

    fn starts_plain(&self, c: char) -> bool {
        let is_indicator = "-?:,[]{}#&*!|>'\"%@`".contains(c);
        !is_blank_or_end(c) && !is_indicator
            || !is_blank_or_end(self.peek(1))
                && (c == '-' || self.flow_level == 0 && matches!(c, '?' | ':'))
    }

    pub(super) fn at_document_marker(&self) -> bool {
        let c = self.peek(0);
        self.column == 0 && self.at_marker_chars() && matches!(c, '-' | '.')
    }

    /// Whether `---` or `...` stands here, followed by white space.
    pub(super) fn at_marker_chars(&self) -> bool {
        let c = self.peek(0);
        matches!(c, '-' | '.')
            && self.peek(1) == c
            && self.peek(2) == c
            && is_blank_or_end(self.peek(3))
    }

    fn skip_to_token(&mut self) {
        if self.index == 0 && self.peek(0) == '\u{feff}' {
            self.forward(1);
        }
        loop {
            while self.peek(0) == ' ' {
                self.forward(1);
            }
            if self.peek(0) == '#' {
                while !is_break_or_end(self.peek(0)) {
                    self.forward(1);
                }
            }
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
        match self.peek(0) {
            '\r' if self.peek(1) == '\n' => {
                self.forward(2);
                Some('\n')
            }
            '\r' | '\n' | '\u{85}' => {
                self.forward(1);
                Some('\n')
            }
            c @ ('\u{2028}' | '\u{2029}') => {
                self.forward(1);
                Some(c)
            }
            _ => None,
        }
    }

    pub(super) fn push_indicator(&mut self, kind: Tok, length: usize) {
        let start = self.mark();
        self.forward(length);
        self.tokens.push_back(Token { kind, start, end: self.mark() });
    }

    pub(super) fn push_empty(&mut self, kind: Tok) {
        let at = self.mark();
        self.tokens.push_back(Token { kind, start: at, end: at });
    }

    fn drop_stale_keys(&mut self) -> Result<()> {
        let (line, index) = (self.line.saturating_add(1), self.index);
        for slot in &mut self.simple_keys {
            let Some(key) = slot else { continue };
            if key.at.line != line || index - key.index > SIMPLE_KEY_CHARS_MAX {
                if key.is_required {
                    return Err(missing_colon(key.at));
                }
                *slot = None;
            }
        }
        Ok(())
    }

    pub(super) fn save_key(&mut self) -> Result<()> {
        let is_required = self.flow_level == 0 && self.indent == self.column;
        if self.allow_simple_key {
            self.drop_key()?;
            let token_number = self.tokens_taken + self.tokens.len();
            let (index, at, column) = (self.index, self.mark(), self.column);
            if let Some(slot) = self.simple_keys.get_mut(self.flow_level) {
                *slot = Some(SimpleKey { token_number, is_required, index, at, column });
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
