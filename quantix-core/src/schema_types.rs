//! JSON Schemas of the types whose wire form is written by hand; compiled for tests only, where the
//! committed schemas are generated.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    Bytes, FolderName, FolderPath, Id, KEY_BYTES_MAX, Key, Kind, MemoryMib, Millicores, OsFamily,
    Secret, Timestamp,
    cluster::{
        Gpu, NumaCell, NumaPolicy, Overcommit, Ratio, Reserved, Taint, TaintEffect,
        TolerationOperator,
    },
    model::{Cidr, MacAddress},
    spec::{Command, Password},
};

macro_rules! inline_schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

inline_schema!(Bytes, "Bytes", {
    "type": ["integer", "string"], "minimum": 0, "format": "bytes",
    "description": "bytes, or a text such as \"8GiB\"",
});
inline_schema!(MemoryMib, "MemoryMib", {
    "type": ["integer", "string"], "minimum": 0, "format": "memory-mib",
    "description": "MiB, or a text such as \"8GiB\"",
});
inline_schema!(Millicores, "Millicores", {
    "type": ["integer", "string"], "minimum": 0, "format": "millicores",
    "description": "thousandths of a CPU, or a text such as \"2.5 vCPU\"",
});
inline_schema!(MacAddress, "MacAddress", { "type": "string", "format": "mac-address" });
inline_schema!(Timestamp, "Timestamp", { "type": "string", "format": "date-time" });
inline_schema!(Cidr, "Cidr", { "type": "string", "format": "cidr" });
inline_schema!(FolderName, "FolderName", { "type": "string", "format": "folder-name" });
inline_schema!(FolderPath, "FolderPath", { "type": "string", "format": "folder-path" });

impl<K: Kind> JsonSchema for Id<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{} id", K::NOUN).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // A project has two more spellings than its UUID.
        let format = if K::NOUN == "project" { "project-id" } else { "uuid" };
        json_schema!({ "type": "string", "format": format })
    }
}

impl<K: Kind> JsonSchema for Key<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{} key", K::NOUN).into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": KEY_BYTES_MAX, "format": "key" })
    }
}

inline_schema!(NumaPolicy, "NumaPolicy", { "type": "string", "enum": ["any", "single", "even"] });
inline_schema!(Ratio, "Ratio", {
    "type": "number", "minimum": 0.001, "maximum": 1000, "description": "at most three decimals",
});
inline_schema!(Overcommit, "Overcommit", {
    "type": "object", "additionalProperties": false,
    "properties": {
        "cpu": { "type": "number", "minimum": 0.001, "maximum": 1000 },
        "memory": { "type": "number", "minimum": 0.001, "maximum": 1000 },
    },
});
inline_schema!(Reserved, "Reserved", {
    "type": "object", "additionalProperties": false,
    "properties": {
        "cpu_milli": { "type": ["integer", "string"], "minimum": 0, "format": "millicores" },
        "memory_mib": { "type": ["integer", "string"], "minimum": 0, "format": "memory-mib" },
    },
});
inline_schema!(NumaCell, "NumaCell", {
    "type": "object", "additionalProperties": false, "required": ["cpu_milli", "memory_mib"],
    "properties": {
        "cpu_milli": { "type": ["integer", "string"], "minimum": 0, "format": "millicores" },
        "memory_mib": { "type": ["integer", "string"], "minimum": 0, "format": "memory-mib" },
    },
});
inline_schema!(Gpu, "Gpu", {
    "type": ["string", "object"], "additionalProperties": false,
    "properties": {
        "model": { "type": "string" },
        "milli": { "type": "integer", "minimum": 0, "maximum": 4294967295u32 },
    },
});
inline_schema!(Taint, "Taint", {
    "type": "object", "additionalProperties": false, "required": ["key", "effect"],
    "properties": {
        "key": { "type": "string" },
        "value": { "type": "string" },
        "effect": {
            "type": "string",
            "enum": [
                "no_schedule", "prefer_no_schedule", "no_execute",
                "NoSchedule", "PreferNoSchedule", "NoExecute",
            ],
        },
    },
});

inline_schema!(TaintEffect, "TaintEffect", {
    "type": "string",
    "enum": [
        "no_schedule", "prefer_no_schedule", "no_execute",
        "NoSchedule", "PreferNoSchedule", "NoExecute",
    ],
});
inline_schema!(TolerationOperator, "TolerationOperator", {
    "type": "string", "enum": ["equal", "exists", "Equal", "Exists"],
});
inline_schema!(OsFamily, "OsFamily", {
    "type": "string", "format": "os-family", "description": "Linux or Windows, in any case",
});
inline_schema!(Secret, "Secret", { "type": "string", "description": "never shown again" });
inline_schema!(Password, "Password", {
    "type": ["string", "object"], "additionalProperties": false,
    "properties": { "plain": { "type": "string" }, "hash": { "type": "string" } },
    "description": "a crypt(3) hash, or a plain text that is named as such",
});
inline_schema!(Command, "Command", {
    "type": ["string", "array"], "items": { "type": "string" },
    "description": "a line for the shell, or a program and its arguments",
});

/// An id, or nothing written as an empty text.
pub(crate) fn id_or_empty(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"], "format": "uuid-or-empty", "description": "empty means none",
    })
}

/// A document of the owner of a spec.
pub(crate) fn spec_document(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "object", "null"],
        "description": "a text, {\"text\": …}, {\"base64\": …} or a mapping",
    })
}

/// A field that has two spellings.
pub(crate) fn both_spellings(schema: &mut Schema) {
    let Some(fields) = schema.get_mut("properties").and_then(|fields| fields.as_object_mut())
    else {
        return;
    };
    if let Some(field) = fields.get("organization").cloned() {
        fields.insert("organisation".to_owned(), field);
    }
}

/// A key, or nothing written as an empty text.
pub(crate) fn key_or_empty(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "null"], "maxLength": KEY_BYTES_MAX, "format": "key-or-empty",
        "description": "empty means none",
    })
}
