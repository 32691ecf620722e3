//! Whether a value is valid, without a word about why not.
//!
//! Most alternatives of a schema do not fit, and what they would say is never asked for; so the
//! first look makes no messages. It agrees with [`super::validate`] by a test on arbitrary values.

use regex::Regex;

use super::{
    compile::Dialect,
    keyword::{Additional, Keyword, Property, SchemaId},
    leaf::{is_in, is_unique, scalar_fits},
    validate::{Validator, key_text},
};
use crate::yaml::{Map, Value};

impl Validator<'_> {
    pub(super) fn accepts(&self, id: SchemaId, value: &Value) -> bool {
        self.compiled.keywords(id).iter().all(|(_, keyword)| self.keyword_accepts(keyword, value))
    }

    fn keyword_accepts(&self, keyword: &Keyword, value: &Value) -> bool {
        match keyword {
            Keyword::Ref(to) => self.accepts(*to, value),
            Keyword::AllOf(ids) => ids.iter().all(|id| self.accepts(*id, value)),
            Keyword::AnyOf(choices) => choices.iter().any(|(id, _)| self.accepts(*id, value)),
            Keyword::OneOf(ids) => self.one_accepts(ids, value),
            Keyword::Not(id) => !self.accepts(*id, value),
            Keyword::Type(types) => types.iter().any(|kind| kind.holds(value)),
            Keyword::Enum(choices) => is_in(choices, value),
            Keyword::Remark(_) => true,
            _ => match value {
                Value::Map(map) => self.map_accepts(keyword, map),
                Value::Seq(items) => self.seq_accepts(keyword, items),
                _ => scalar_fits(keyword, value),
            },
        }
    }

    fn one_accepts(&self, ids: &[SchemaId], value: &Value) -> bool {
        let mut fits = ids.iter().filter(|id| self.accepts(**id, value));
        match (fits.next(), fits.next()) {
            (Some(_), second) => second.is_none(),
            (None, _) => {
                let is_typed = value.get("type").is_some();
                let is_deepest = self.compiled.dialect() == Dialect::Deepest;
                is_deepest && is_typed && self.is_pardoned(ids, value)
            }
        }
    }

    fn map_accepts(&self, keyword: &Keyword, map: &Map) -> bool {
        match keyword {
            Keyword::Properties(entries) => entries.iter().all(|Property { name, bit, schema }| {
                let item = if map.has_bit(*bit) { map.get(name) } else { None };
                item.is_none_or(|item| self.accepts(*schema, item))
            }),
            Keyword::PatternProperties(entries) => entries.iter().all(|(pattern, id)| {
                map.iter()
                    .all(|(key, item)| !pattern.is_match(&key_text(key)) || self.accepts(*id, item))
            }),
            Keyword::AdditionalProperties(additional) => {
                let mut extras = map.iter().filter(|(key, _)| additional.is_extra(key));
                match additional.rest {
                    Some(rest) => extras.all(|(_, item)| self.accepts(rest, item)),
                    None => extras.next().is_none(),
                }
            }
            Keyword::Required(names) => names.iter().all(|name| map.get(name).is_some()),
            Keyword::MinProperties(min) => map.len() >= *min,
            Keyword::MaxProperties(max) => map.len() <= *max,
            _ => true,
        }
    }

    fn seq_accepts(&self, keyword: &Keyword, items: &[Value]) -> bool {
        match keyword {
            Keyword::Items(id) => items.iter().all(|item| self.accepts(*id, item)),
            Keyword::TupleItems(ids) => {
                items.iter().zip(ids).all(|(item, id)| self.accepts(*id, item))
            }
            Keyword::AdditionalItems { rest: Some(id), count } => {
                items.iter().skip(*count).all(|item| self.accepts(*id, item))
            }
            Keyword::AdditionalItems { rest: None, count } => items.len() <= *count,
            Keyword::MinItems(min) => items.len() >= *min,
            Keyword::MaxItems(max) => items.len() <= *max,
            Keyword::UniqueItems => is_unique(items),
            _ => true,
        }
    }
}

impl Additional {
    /// Whether a key is neither named nor of a named pattern.
    pub(super) fn is_extra(&self, key: &Value) -> bool {
        let is_named = |key: &str| self.names.binary_search_by(|n| n.as_str().cmp(key)).is_ok();
        let fits = |pattern: &Regex| pattern.is_match(&key_text(key));
        !key.as_str().is_some_and(is_named) && !self.patterns.iter().any(fits)
    }
}
