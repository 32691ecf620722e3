//! The tokens that make the structure: keys, values, entries, collections, documents.

use super::{
    error::YamlError,
    scanner::{Result, Scanner},
    token::{Tok, Token},
};

impl<'a> Scanner<'a> {
    pub(super) fn fetch_stream_end(&mut self) -> Result<()> {
        self.unwind_indent(-1);
        self.drop_key()?;
        self.allow_simple_key = false;
        self.simple_keys.fill(None);
        self.push_empty(Tok::StreamEnd);
        self.is_done = true;
        Ok(())
    }

    pub(super) fn fetch_directive(&mut self) -> Result<()> {
        self.unwind_indent(-1);
        self.drop_key()?;
        self.allow_simple_key = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    pub(super) fn fetch_document_marker(&mut self, c: u8) -> Result<()> {
        self.unwind_indent(-1);
        self.drop_key()?;
        self.allow_simple_key = false;
        self.push_indicator(if c == b'-' { Tok::DocumentStart } else { Tok::DocumentEnd }, 3);
        Ok(())
    }

    pub(super) fn fetch_flow_start(&mut self, kind: Tok<'a>) -> Result<()> {
        self.save_key()?;
        self.flow_level += 1;
        if self.simple_keys.len() <= self.flow_level {
            self.simple_keys.push(None);
        }
        self.allow_simple_key = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    pub(super) fn fetch_flow_end(&mut self, kind: Tok<'a>) -> Result<()> {
        self.drop_key()?;
        self.flow_level = self.flow_level.saturating_sub(1);
        self.simple_keys.truncate(self.flow_level + 1);
        self.allow_simple_key = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    pub(super) fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.allow_simple_key {
                return Err(YamlError::syntax(
                    self.mark(),
                    "a list entry cannot start here; put it on its own line",
                ));
            }
            if self.add_indent(self.column()) {
                self.push_empty(Tok::BlockSeqStart);
            }
        }
        self.allow_simple_key = true;
        self.drop_key()?;
        self.push_indicator(Tok::BlockEntry, 1);
        Ok(())
    }

    pub(super) fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.allow_simple_key {
                return Err(YamlError::syntax(self.mark(), "a key cannot start here"));
            }
            if self.add_indent(self.column()) {
                self.push_empty(Tok::BlockMapStart);
            }
        }
        self.allow_simple_key = self.flow_level == 0;
        self.drop_key()?;
        self.push_indicator(Tok::Key, 1);
        Ok(())
    }

    pub(super) fn fetch_value(&mut self) -> Result<()> {
        if let Some(key) = self.take_key() {
            let at = key.token_number - self.tokens_taken;
            self.tokens.insert(at, Token { kind: Tok::Key, start: key.at, end: key.at });
            if self.flow_level == 0 && self.add_indent(key.column) {
                let start = Token { kind: Tok::BlockMapStart, start: key.at, end: key.at };
                self.tokens.insert(at, start);
            }
            self.allow_simple_key = false;
        } else {
            if self.flow_level == 0 {
                if !self.allow_simple_key {
                    return Err(YamlError::syntax(
                        self.mark(),
                        "a second `: ` on this line; put the text in quotes",
                    ));
                }
                if self.add_indent(self.column()) {
                    self.push_empty(Tok::BlockMapStart);
                }
            }
            self.allow_simple_key = self.flow_level == 0;
            self.drop_key()?;
        }
        self.push_indicator(Tok::Value, 1);
        Ok(())
    }
}
