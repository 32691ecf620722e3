//! Collections in brackets and braces.

use super::{
    build::{collection, entry, name},
    compose::{Composer, Place},
    error::{Position, YamlError},
    node::{Data, Entry, Node},
    scanner::Result,
    token::{Style, Tok},
};

impl Composer {
    pub(super) fn flow_seq(&mut self, start: Position, depth: usize) -> Result<Node> {
        self.scanner.take_token()?;
        let mut items = Vec::new();
        loop {
            if let Some(token) = self.take(&Tok::FlowSeqEnd)? {
                return Ok(collection(start, token.end, Style::Flow, Data::Seq(items)));
            }
            if !items.is_empty() {
                self.flow_separator("`,` or `]`")?;
                if self.next_is(&[Tok::FlowSeqEnd])? {
                    continue;
                }
            }
            items.push(if self.next_is(&[Tok::Key])? {
                self.flow_pair(depth + 1)?
            } else {
                self.node(Place::Flow, depth + 1, false)?
            });
        }
    }

    /// A mapping of one entry, written in a list without braces.
    fn flow_pair(&mut self, depth: usize) -> Result<Node> {
        let start = self.at()?;
        self.count(1, start)?;
        let entry = self.flow_entry(depth, &Tok::FlowSeqEnd)?;
        let end = self.at()?;
        Ok(collection(start, end, Style::Flow, Data::Map(vec![entry])))
    }

    pub(super) fn flow_map(&mut self, start: Position, depth: usize) -> Result<Node> {
        self.scanner.take_token()?;
        let mut entries = Vec::new();
        loop {
            if let Some(token) = self.take(&Tok::FlowMapEnd)? {
                return Ok(collection(start, token.end, Style::Flow, Data::Map(entries)));
            }
            if !entries.is_empty() {
                self.flow_separator("`,` or `}`")?;
                if self.next_is(&[Tok::FlowMapEnd])? {
                    continue;
                }
            }
            entries.push(if self.next_is(&[Tok::Key])? {
                self.flow_entry(depth, &Tok::FlowMapEnd)?
            } else {
                let key = self.node(Place::Flow, depth + 1, true)?;
                let value = self.empty()?;
                entry(key, value)?
            });
        }
    }

    fn flow_entry(&mut self, depth: usize, close: &Tok) -> Result<Entry> {
        self.scanner.take_token()?;
        let key = if self.next_is(&[Tok::Value, Tok::FlowEntry, close.clone()])? {
            self.empty()?
        } else {
            self.node(Place::Flow, depth + 1, true)?
        };
        let has_value = self.take(&Tok::Value)?.is_some();
        let value = if !has_value || self.next_is(&[Tok::FlowEntry, close.clone()])? {
            self.empty()?
        } else {
            self.node(Place::Flow, depth + 1, false)?
        };
        entry(key, value)
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
