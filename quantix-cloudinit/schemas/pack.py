#!/usr/bin/env python3
"""Packs cloud-init's schema files into pool.json.gz, equal definitions once.

usage: pack.py FOLDER

FOLDER holds VERSIONS.tsv (version, schema name, file) and the files. What validation does not
read is left out: defaults, labels and, except beside a deprecation, descriptions. The same input
gives the same bytes.
"""

import csv
import gzip
import json
import pathlib
import sys

UNREAD = {"default", "label", "hidden", "$schema"}
REMARKS = {"deprecated", "changed", "new"}
NAMED = {"properties", "patternProperties", "$defs"}


def slim(schema, is_named=False):
    if isinstance(schema, list):
        return [slim(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if is_named:
        return {name: slim(item) for name, item in schema.items()}
    unread = UNREAD if REMARKS & schema.keys() else UNREAD | {"description"}
    return {
        key: item if key == "enum" else slim(item, key in NAMED)
        for key, item in schema.items()
        if key not in unread
    }


def main():
    folder = pathlib.Path(sys.argv[1])
    definitions, schemas, files, versions = {}, [], {}, {}
    with open(folder / "VERSIONS.tsv", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["file"] not in files:
                schema = slim(json.loads((folder / row["file"]).read_text()))
                defs = schema.pop("$defs")
                ids = {}
                for name, definition in defs.items():
                    text = json.dumps(definition, separators=(",", ":"))
                    ids[name] = definitions.setdefault(text, len(definitions))
                files[row["file"]] = len(schemas)
                schemas.append({"definitions": ids, "root": schema})
            kind = row["schema"].removesuffix(".json")
            versions.setdefault(row["cloud_init_version"], {})[kind] = files[row["file"]]
    pool = {
        "versions": versions,
        "schemas": schemas,
        "definitions": [json.loads(text) for text in definitions],
    }
    text = json.dumps(pool, separators=(",", ":"), ensure_ascii=False).encode()
    packed = gzip.compress(text, compresslevel=9, mtime=0)
    (pathlib.Path(__file__).parent / "pool.json.gz").write_bytes(packed)
    print(f"{len(schemas)} schemas, {len(definitions)} definitions, {len(text)} -> {len(packed)} bytes")


if __name__ == "__main__":
    main()
