//! Collections in brackets and braces.

use super::{
    build::{Build, name},
    compose::{Composer, Place},
    error::{Position, YamlError},
    scanner::Result,
    token::{Style, Tok},
};

impl<B: Build> Composer<'_, B> {
    pub(super) fn flow_seq(&mut self, start: Position, depth: usize) -> Result<B::Node> {
        self.scanner.take_token()?;
        let mut items = Vec::new();
        loop {
            if let Some(token) = self.take(&Tok::FlowSeqEnd)? {
                return Ok(B::seq(start, token.end, Style::Flow, items));
            }
            if !items.is_empty() {
                self.flow_separator("`,` or `]`")?;
                if self.next_is(|next| matches!(next, Tok::FlowSeqEnd))? {
                    continue;
                }
            }
            items.push(if self.next_is(|next| matches!(next, Tok::Key))? {
                self.flow_pair(depth + 1)?
            } else {
                self.node(Place::Flow, depth + 1, false)?
            });
        }
    }

    /// A mapping of one entry, written in a list without braces.
    fn flow_pair(&mut self, depth: usize) -> Result<B::Node> {
        let start = self.at()?;
        self.count(1, start)?;
        let mut entries = B::Entries::default();
        let (key, value) = self.flow_entry(depth, &Tok::FlowSeqEnd)?;
        B::add(&mut entries, key, value)?;
        let end = self.at()?;
        Ok(B::map(start, end, Style::Flow, entries))
    }

    pub(super) fn flow_map(&mut self, start: Position, depth: usize) -> Result<B::Node> {
        self.scanner.take_token()?;
        let (mut entries, mut is_first) = (B::Entries::default(), true);
        loop {
            if let Some(token) = self.take(&Tok::FlowMapEnd)? {
                return Ok(B::map(start, token.end, Style::Flow, entries));
            }
            if !std::mem::take(&mut is_first) {
                self.flow_separator("`,` or `}`")?;
                if self.next_is(|next| matches!(next, Tok::FlowMapEnd))? {
                    continue;
                }
            }
            let (key, value) = if self.next_is(|next| matches!(next, Tok::Key))? {
                self.flow_entry(depth, &Tok::FlowMapEnd)?
            } else {
                (self.node(Place::Flow, depth + 1, true)?, self.empty()?)
            };
            B::add(&mut entries, key, value)?;
        }
    }

    fn flow_entry(&mut self, depth: usize, close: &Tok<'static>) -> Result<(B::Node, B::Node)> {
        self.scanner.take_token()?;
        let next = self.peek()?;
        let key = if matches!(next, Tok::Value | Tok::FlowEntry) || next == close {
            self.empty()?
        } else {
            self.node(Place::Flow, depth + 1, true)?
        };
        let has_value = self.take(&Tok::Value)?.is_some();
        let next = self.peek()?;
        let value = if !has_value || matches!(next, Tok::FlowEntry) || next == close {
            self.empty()?
        } else {
            self.node(Place::Flow, depth + 1, false)?
        };
        Ok((key, value))
    }

    fn flow_separator(&mut self, expected: &str) -> Result<()> {
        if self.take(&Tok::FlowEntry)?.is_some() {
            return Ok(());
        }
        let at = self.at()?;
        let found = name(self.peek()?);
        Err(YamlError::syntax(at, format!("expected {expected}, found {found}")))
    }
}
