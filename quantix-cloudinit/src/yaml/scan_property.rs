//! Directives, anchors, aliases and tags.

use super::{
    error::{Position, YamlError},
    scanner::{Result, Scanner},
    token::{Tok, Token, is_blank_or_end, is_break_or_end},
};

impl Scanner {
    fn scan_word(&mut self) -> String {
        let mut length = 0;
        while is_word(self.peek(length)) {
            length += 1;
        }
        let word = self.slice(length).collect();
        self.forward(length);
        word
    }

    fn skip_spaces(&mut self) {
        while self.peek(0) == ' ' {
            self.forward(1);
        }
    }

    pub(super) fn scan_anchor(&mut self) -> Result<Token> {
        let start = self.mark();
        let is_alias = self.peek(0) == '*';
        self.forward(1);
        let name = self.scan_word();
        let next = self.peek(0);
        if name.is_empty() || !(is_blank_or_end(next) || "?:,]}%@`".contains(next)) {
            let problem = format!(
                "`{}` starts the name of an anchor, of letters, digits, `-` and `_`; put the text \
                 in quotes",
                if is_alias { '*' } else { '&' }
            );
            return Err(YamlError::syntax(start, problem));
        }
        let kind = if is_alias { Tok::Alias(name) } else { Tok::Anchor(name) };
        Ok(Token { kind, start, end: self.mark() })
    }

    pub(super) fn scan_tag(&mut self) -> Result<Token> {
        let start = self.mark();
        let next = self.peek(1);
        let (handle, suffix) = if next == '<' {
            self.forward(2);
            let suffix = self.scan_uri(start)?;
            if self.peek(0) != '>' {
                return Err(bad_tag(start));
            }
            self.forward(1);
            (None, suffix)
        } else if is_blank_or_end(next) {
            self.forward(1);
            (None, "!".to_owned())
        } else {
            let mut length = 1;
            while !matches!(self.peek(length), '!' | ' ') && !is_break_or_end(self.peek(length)) {
                length += 1;
            }
            let handle = if self.peek(length) == '!' {
                self.scan_handle(start)?
            } else {
                self.forward(1);
                "!".to_owned()
            };
            (Some(handle), self.scan_uri(start)?)
        };
        if self.peek(0) != ' ' && !is_break_or_end(self.peek(0)) {
            return Err(bad_tag(start));
        }
        Ok(Token { kind: Tok::Tag { handle, suffix }, start, end: self.mark() })
    }

    fn scan_handle(&mut self, start: Position) -> Result<String> {
        if self.peek(0) != '!' {
            return Err(bad_tag(start));
        }
        self.forward(1);
        if self.peek(0) == ' ' {
            return Ok("!".to_owned());
        }
        let word = self.scan_word();
        if self.peek(0) != '!' {
            return Err(bad_tag(start));
        }
        self.forward(1);
        Ok(format!("!{word}!"))
    }

    fn scan_uri(&mut self, start: Position) -> Result<String> {
        let mut bytes = Vec::new();
        loop {
            let c = self.peek(0);
            if c == '%' {
                let hex: String = self.slice(3).skip(1).collect();
                if hex.len() != 2 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(bad_tag(start));
                }
                bytes.extend(u8::from_str_radix(&hex, 16));
                self.forward(3);
            } else if is_word(c) || "-;/?:@&=+$,_.!~*'()[]".contains(c) {
                bytes.extend(u8::try_from(c));
                self.forward(1);
            } else {
                break;
            }
        }
        match String::from_utf8(bytes) {
            Ok(uri) if !uri.is_empty() => Ok(uri),
            _ => Err(bad_tag(start)),
        }
    }

    pub(super) fn scan_directive(&mut self) -> Result<Token> {
        let start = self.mark();
        self.forward(1);
        let name = self.scan_word();
        if name.is_empty() || self.peek(0) != ' ' && !is_break_or_end(self.peek(0)) {
            return Err(bad_directive(start));
        }
        let kind = match name.as_str() {
            "YAML" => self.scan_yaml_version(start)?,
            "TAG" => self.scan_tag_prefix(start)?,
            _ => {
                while !is_break_or_end(self.peek(0)) {
                    self.forward(1);
                }
                Tok::OtherDirective
            }
        };
        let end = self.mark();
        self.skip_spaces();
        if self.peek(0) == '#' {
            while !is_break_or_end(self.peek(0)) {
                self.forward(1);
            }
        }
        if !is_break_or_end(self.peek(0)) {
            return Err(bad_directive(start));
        }
        self.scan_line_break();
        Ok(Token { kind, start, end })
    }

    fn scan_yaml_version(&mut self, start: Position) -> Result<Tok> {
        self.skip_spaces();
        let number = |scanner: &mut Self| {
            let mut digits = String::new();
            while scanner.peek(0).is_ascii_digit() {
                digits.push(scanner.peek(0));
                scanner.forward(1);
            }
            // A number too big for the type is no version 1 either.
            (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let major = number(self).ok_or_else(|| bad_directive(start))?;
        if self.peek(0) != '.' {
            return Err(bad_directive(start));
        }
        self.forward(1);
        number(self).ok_or_else(|| bad_directive(start))?;
        if self.peek(0) != ' ' && !is_break_or_end(self.peek(0)) {
            return Err(bad_directive(start));
        }
        Ok(Tok::YamlDirective { major })
    }

    fn scan_tag_prefix(&mut self, start: Position) -> Result<Tok> {
        self.skip_spaces();
        let handle = self.scan_handle(start)?;
        if self.peek(0) != ' ' {
            return Err(bad_directive(start));
        }
        self.skip_spaces();
        let prefix = self.scan_uri(start)?;
        if self.peek(0) != ' ' && !is_break_or_end(self.peek(0)) {
            return Err(bad_directive(start));
        }
        Ok(Tok::TagDirective { handle, prefix })
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn bad_tag(at: Position) -> YamlError {
    YamlError::syntax(at, "`!` starts a tag such as `!!str`; put the text in quotes")
}

fn bad_directive(at: Position) -> YamlError {
    YamlError::syntax(at, "`%` at the start of a line is a directive; indent or quote the text")
}
