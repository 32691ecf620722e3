//! What kind of document a value probably is.

use serde_json::Value;

use super::{DocumentKind, ReadMode, structure};

impl DocumentKind {
    /// The kinds that a value looks most like, by the names of its outermost fields: those of which
    /// it lacks the fewest and that know the most of its own, and of several those by whose schemas it
    /// has the fewest faults. One for what is clearly of a kind; several for what may be any of them;
    /// none for what no kind knows a field of.
    ///
    /// ```
    /// use quantix_core::document::DocumentKind;
    /// let value = serde_json::json!({"cpu": {"cores": 2}, "memory": {"size_mib": 512}});
    /// assert_eq!(DocumentKind::likely(&value), [DocumentKind::VmSpec]);
    /// ```
    #[must_use]
    pub fn likely(value: &Value) -> Vec<Self> {
        let Some(fields) = value.as_object() else { return Vec::new() };
        let by_names = fewest(Self::ALL, |kind| {
            let schema = kind.schema_value();
            let knows =
                |name: &str| schema.get("properties").is_some_and(|p| p.get(name).is_some());
            let unknown = fields.keys().filter(|name| !knows(name)).count();
            let required = schema.get("required").and_then(Value::as_array);
            let needed = required.into_iter().flatten().filter_map(Value::as_str);
            let lacking = needed.filter(|name| !fields.contains_key(*name)).count();
            (unknown < fields.len()).then_some(unknown + lacking)
        });
        if by_names.len() < 2 {
            return by_names;
        }
        fewest(&by_names, |kind| {
            let faults =
                structure::check(kind.schema_value(), &mut value.clone(), ReadMode::Strict);
            Some(faults.len())
        })
    }
}

/// The kinds with the smallest number, in order; those without one are left out.
fn fewest(
    kinds: &[DocumentKind],
    count: impl Fn(DocumentKind) -> Option<usize>,
) -> Vec<DocumentKind> {
    let counts: Vec<_> = kinds.iter().filter_map(|&kind| Some((count(kind)?, kind))).collect();
    let least = counts.iter().map(|&(count, _)| count).min();
    counts.iter().filter(|(count, _)| Some(*count) == least).map(|&(_, kind)| kind).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_full_document_is_known_by_its_fields() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compatibility/1");
        for &kind in DocumentKind::ALL {
            let Ok(text) = std::fs::read_to_string(folder.join(format!("{kind}.full.json"))) else {
                assert_eq!(kind, DocumentKind::Folder, "has a full document");
                continue;
            };
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(DocumentKind::likely(&value), [kind]);
        }
    }

    #[test]
    fn what_may_be_several_kinds_is_no_guess() {
        assert!(DocumentKind::likely(&json!({"description": "x"})).len() > 1);
        assert_eq!(DocumentKind::likely(&json!({})), []);
        assert_eq!(DocumentKind::likely(&json!({"colour": 1})), []);
        assert_eq!(DocumentKind::likely(&json!([1])), []);
        let with_faults = json!({"cpu": 1, "memroy": {}, "disks": []});
        assert_eq!(DocumentKind::likely(&with_faults), [DocumentKind::VmSpec]);
    }
}
