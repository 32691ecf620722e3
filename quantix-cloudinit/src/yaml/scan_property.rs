//! Directives, anchors, aliases and tags.

use super::{
    error::{Position, YamlError},
    scanner::{Result, Scanner},
    token::{TagName, TagPrefix, Tok, Token},
};

impl<'a> Scanner<'a> {
    fn scan_word(&mut self) -> &'a str {
        let start = self.index;
        while is_word(self.peek(0)) {
            self.forward(1);
        }
        self.since(start)
    }

    pub(super) fn scan_anchor(&mut self) -> Result<Token<'a>> {
        let start = self.mark();
        let is_alias = self.peek(0) == b'*';
        self.forward(1);
        let name = self.scan_word();
        let is_end = self.is_blank_or_end(0) || b"?:,]}%@`".contains(&self.peek(0));
        if name.is_empty() || !is_end {
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

    pub(super) fn scan_tag(&mut self) -> Result<Token<'a>> {
        let start = self.mark();
        let (handle, suffix) = if self.peek(1) == b'<' {
            self.forward(2);
            let suffix = self.scan_uri(start)?;
            if self.peek(0) != b'>' {
                return Err(bad_tag(start));
            }
            self.forward(1);
            (None, suffix)
        } else if self.is_blank_or_end(1) {
            self.forward(1);
            (None, "!".to_owned())
        } else {
            let mut length = 1;
            while !matches!(self.peek(length), b'!' | b' ') && !self.is_break_or_end(length) {
                length += 1;
            }
            let handle = if self.peek(length) == b'!' {
                self.scan_handle(start)?
            } else {
                self.forward(1);
                "!".to_owned()
            };
            (Some(handle), self.scan_uri(start)?)
        };
        if self.peek(0) != b' ' && !self.is_break_or_end(0) {
            return Err(bad_tag(start));
        }
        let kind = Tok::Tag(Box::new(TagName { handle, suffix }));
        Ok(Token { kind, start, end: self.mark() })
    }

    fn scan_handle(&mut self, start: Position) -> Result<String> {
        if self.peek(0) != b'!' {
            return Err(bad_tag(start));
        }
        self.forward(1);
        if self.peek(0) == b' ' {
            return Ok("!".to_owned());
        }
        let word = self.scan_word();
        if self.peek(0) != b'!' {
            return Err(bad_tag(start));
        }
        self.forward(1);
        Ok(format!("!{word}!"))
    }

    fn scan_uri(&mut self, start: Position) -> Result<String> {
        let mut bytes = Vec::new();
        loop {
            let c = self.peek(0);
            if c == b'%' {
                let hex = self.text.get(self.index + 1..self.index + 3).unwrap_or_default();
                if hex.len() != 2 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(bad_tag(start));
                }
                bytes.extend(u8::from_str_radix(hex, 16));
                self.forward(3);
            } else if is_word(c) || b"-;/?:@&=+$,_.!~*'()[]".contains(&c) {
                bytes.push(c);
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

    pub(super) fn scan_directive(&mut self) -> Result<Token<'a>> {
        let start = self.mark();
        self.forward(1);
        let name = self.scan_word();
        if name.is_empty() || self.peek(0) != b' ' && !self.is_break_or_end(0) {
            return Err(bad_directive(start));
        }
        let kind = match name {
            "YAML" => self.scan_yaml_version(start)?,
            "TAG" => self.scan_tag_prefix(start)?,
            _ => {
                self.forward_text(self.rest_of_line());
                Tok::OtherDirective
            }
        };
        let end = self.mark();
        self.skip_spaces();
        self.skip_comment();
        if !self.is_break_or_end(0) {
            return Err(bad_directive(start));
        }
        self.scan_line_break();
        Ok(Token { kind, start, end })
    }

    fn scan_yaml_version(&mut self, start: Position) -> Result<Tok<'a>> {
        self.skip_spaces();
        let number = |scanner: &mut Self| {
            let start = scanner.index;
            while scanner.peek(0).is_ascii_digit() {
                scanner.forward(1);
            }
            let digits = scanner.since(start);
            // A number too big for the type is no version 1 either.
            (!digits.is_empty()).then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let major = number(self).ok_or_else(|| bad_directive(start))?;
        if self.peek(0) != b'.' {
            return Err(bad_directive(start));
        }
        self.forward(1);
        number(self).ok_or_else(|| bad_directive(start))?;
        if self.peek(0) != b' ' && !self.is_break_or_end(0) {
            return Err(bad_directive(start));
        }
        Ok(Tok::YamlDirective { major })
    }

    fn scan_tag_prefix(&mut self, start: Position) -> Result<Tok<'a>> {
        self.skip_spaces();
        let handle = self.scan_handle(start)?;
        if self.peek(0) != b' ' {
            return Err(bad_directive(start));
        }
        self.skip_spaces();
        let prefix = self.scan_uri(start)?;
        if self.peek(0) != b' ' && !self.is_break_or_end(0) {
            return Err(bad_directive(start));
        }
        Ok(Tok::TagDirective(Box::new(TagPrefix { handle, prefix })))
    }
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_')
}

fn bad_tag(at: Position) -> YamlError {
    YamlError::syntax(at, "`!` starts a tag such as `!!str`; put the text in quotes")
}

fn bad_directive(at: Position) -> YamlError {
    YamlError::syntax(at, "`%` at the start of a line is a directive; indent or quote the text")
}
