//! The packed schemas, unpacked and compiled when they are first asked for.

use std::{
    collections::BTreeMap,
    io::Read as _,
    sync::{Arc, LazyLock, OnceLock},
};

use serde::Deserialize;

use super::{
    compile::{Compiled, Dialect, compile},
    validate::{self, Problem},
    version::{Version, VersionRange},
};
use crate::yaml::{Map, Value};

static PACKED: &[u8] = include_bytes!("../../schemas/pool.json.gz");

static POOL: LazyLock<Pool> = LazyLock::new(Pool::unpack);

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// User-data and vendor-data of kind `#cloud-config`.
    CloudConfig,
    /// Network configuration, version 1.
    NetworkV1,
    /// Network configuration, version 2.
    NetworkV2,
}

/// A schema, and the versions of cloud-init that have it.
#[derive(Clone, Debug)]
pub struct Schema {
    versions: VersionRange,
    index: usize,
    compiled: Arc<Compiled>,
}

impl Schema {
    /// The schema of the newest cloud-init.
    #[must_use]
    pub fn newest(kind: Kind) -> Self {
        let mut found = Self::for_range(kind, VersionRange::NEWEST);
        // Every kind has a schema in every version: the newest one at least.
        found.pop().unwrap_or_else(|| Self {
            versions: VersionRange::NEWEST,
            index: usize::MAX,
            compiled: Arc::new(Compiled::default()),
        })
    }

    /// The distinct schemas of a range of versions, oldest first. A version that has none of this
    /// kind is held to the one of the next version that has.
    #[must_use]
    pub fn for_range(kind: Kind, range: VersionRange) -> Vec<Self> {
        let mut found: Vec<(VersionRange, usize)> = Vec::new();
        for version in POOL.versions_in(range) {
            let Some(index) = POOL.index(kind, version) else { continue };
            match found.last_mut() {
                Some((versions, last)) if *last == index => {
                    *versions = VersionRange::span(versions.first(), version);
                }
                _ => found.push((VersionRange::only(version), index)),
            }
        }
        let compile = |(versions, index)| Self { versions, index, compiled: POOL.compiled(index) };
        found.into_iter().map(compile).collect()
    }

    /// The versions that have this schema, of those asked for.
    #[must_use]
    pub fn versions(&self) -> VersionRange {
        self.versions
    }

    /// The schema itself, without what validation does not read: a JSON Schema of draft 4.
    #[must_use]
    pub fn document(&self) -> Value {
        POOL.document(self.index)
    }

    /// Everything that the official validator reports, in its order.
    #[must_use]
    pub fn validate(&self, value: &Value) -> Vec<Problem> {
        validate::validate(&self.compiled, value)
    }

    /// Whether the schema knows a key at the top of a document.
    #[must_use]
    pub fn knows_top_key(&self, key: &str) -> bool {
        self.compiled.knows_top_key(key)
    }

    /// The keys that the schema knows at a place: `["users", "0"]` gives those of a user.
    #[must_use]
    pub fn known_keys(&self, path: &[&str]) -> Vec<&str> {
        self.compiled.known_keys(path)
    }
}

#[derive(Debug, Deserialize)]
struct Packed {
    versions: BTreeMap<String, BTreeMap<String, usize>>,
    schemas: Vec<PackedSchema>,
    definitions: Vec<Value>,
}

#[derive(Debug, Default, Deserialize)]
struct PackedSchema {
    definitions: BTreeMap<String, usize>,
    root: Value,
}

impl Default for Value {
    fn default() -> Self {
        Self::Map(Map::new())
    }
}

#[derive(Debug)]
struct Pool {
    versions: BTreeMap<Version, BTreeMap<Kind, usize>>,
    schemas: Vec<PackedSchema>,
    definitions: Vec<Value>,
    compiled: Vec<OnceLock<Arc<Compiled>>>,
}

impl Pool {
    /// The bytes are part of the program and a test reads all of them, so a failure here would be
    /// a broken build; it shows as a pool without schemas.
    fn unpack() -> Self {
        let mut json = Vec::new();
        let read = flate2::read::GzDecoder::new(PACKED).read_to_end(&mut json);
        let packed = read.ok().and_then(|_| serde_json::from_slice::<Packed>(&json).ok());
        let Some(packed) = packed else {
            return Self {
                versions: BTreeMap::new(),
                schemas: Vec::new(),
                definitions: Vec::new(),
                compiled: Vec::new(),
            };
        };
        let kind = |name: &str| match name {
            "network-config-v1" => Kind::NetworkV1,
            "network-config-v2" => Kind::NetworkV2,
            _ => Kind::CloudConfig,
        };
        let versions = packed.versions.iter().filter_map(|(version, schemas)| {
            let schemas = schemas.iter().map(|(name, index)| (kind(name), *index)).collect();
            Some((version.parse().ok()?, schemas))
        });
        Self {
            versions: versions.collect(),
            compiled: packed.schemas.iter().map(|_| OnceLock::new()).collect(),
            schemas: packed.schemas,
            definitions: packed.definitions,
        }
    }

    /// The known versions in a range; the nearest older one where the range holds none.
    fn versions_in(&self, range: VersionRange) -> Vec<Version> {
        let known = self.versions.range(range.first()..=range.last());
        let mut versions: Vec<Version> = known.map(|(version, _)| *version).collect();
        if versions.is_empty() {
            versions.extend(self.versions.range(..=range.last()).next_back().map(|(v, _)| *v));
        }
        versions
    }

    fn index(&self, kind: Kind, version: Version) -> Option<usize> {
        self.versions.range(version..).find_map(|(_, schemas)| schemas.get(&kind).copied())
    }

    /// That of the first version that has the schema; no schema outlives a change of the validator.
    fn dialect(&self, index: usize) -> Dialect {
        let has = |schemas: &BTreeMap<Kind, usize>| schemas.values().any(|other| *other == index);
        let first = self.versions.iter().find(|(_, schemas)| has(schemas));
        first.map_or_else(Dialect::default, |(version, _)| Dialect::of(*version))
    }

    fn document(&self, index: usize) -> Value {
        let Some(schema) = self.schemas.get(index) else { return Value::default() };
        let definition = |(name, at): (&String, &usize)| {
            Some((name.clone(), self.definitions.get(*at)?.clone()))
        };
        let mut root = schema.root.as_map().cloned().unwrap_or_default();
        root.insert("$defs", schema.definitions.iter().filter_map(definition).collect::<Map>());
        root.into()
    }

    fn compiled(&self, index: usize) -> Arc<Compiled> {
        let (Some(schema), Some(cell)) = (self.schemas.get(index), self.compiled.get(index)) else {
            return Arc::default();
        };
        let compiled = cell.get_or_init(|| {
            let definition = |name: &str| {
                let index = schema.definitions.get(name)?;
                self.definitions.get(*index)
            };
            Arc::new(compile(&schema.root, self.dialect(index), &definition))
        });
        Arc::clone(compiled)
    }
}
