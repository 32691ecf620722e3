"""Writes ``quantix/model.py``: a typed class for every object of the model's JSON Schemas.

The tests compare what this makes with what is committed; ``UPDATE=1 pytest -k model_classes`` writes
it anew after a schema has changed.
"""

import json
import keyword
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMAS = HERE.parent / "quantix-core" / "schema"
TARGET = HERE / "python" / "quantix" / "model.py"

HEAD = '''\
"""Every document of the platform as a typed class, made from the JSON Schemas of ``quantix-core``.

Written by ``model_classes.py``; do not edit.

>>> from quantix.model import CpuSpec, MemorySpec, VmSpec
>>> spec = VmSpec(cpu=CpuSpec(cores=4), memory=MemorySpec(size_mib="8GiB"))
>>> spec.check().valid
True
>>> spec.memory.size_mib = "0"
>>> [(fault["path"], fault["code"]) for fault in spec.check().faults]
[('memory.size_mib', 'out-of-range')]
>>> VmSpec.parse('{"cpu": {"cores": 2}, "memory": {"size_mib": 512}}').cpu.cores
2

What is ``None`` is left out of the document, and what the document leaves out is ``None``. A number
with a unit may be given as text (``"8GiB"``); ``parse`` gives back the number.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from quantix._model import DocumentModel, Model

__all__ = [
%s]

'''


def camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.replace("-", "_").split("_"))


def shape(schema: dict[str, Any]) -> str:
    """What two objects of one name have to share to be one class."""
    parts = {key: schema.get(key) for key in ("properties", "required", "oneOf", "enum")}
    parts["properties"] = {
        key: {k: v for k, v in value.items() if k not in ("description", "title")}
        for key, value in (parts["properties"] or {}).items()
        if key != "schema_version"
    }
    return json.dumps(parts, sort_keys=True)


class Writer:
    def __init__(self) -> None:
        self.blocks: list[str] = []
        self.taken: dict[str, str] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.kind = ""
        self.defs: dict[str, Any] = {}

    def name_of(self, name: str, schema: dict[str, Any]) -> str:
        """The class of a definition; the second of one name and another shape gets a longer one."""
        known = self.names.get((name, shape(schema)))
        if known is not None:
            return known
        chosen = name if name not in self.taken else camel(self.kind) + name
        assert chosen not in self.taken, chosen
        self.taken[chosen] = shape(schema)
        self.names[name, shape(schema)] = chosen
        self.define(chosen, schema, None)
        return chosen

    def register(self, kind: str, schema: dict[str, Any]) -> None:
        """Documents have the first right to their names, whatever schema names them first."""
        name = camel(kind)
        assert name not in self.taken, name
        self.taken[name] = shape(schema)
        self.names[name, shape(schema)] = self.names[schema["title"], shape(schema)] = name

    def root(self, kind: str, schema: dict[str, Any]) -> None:
        self.kind, self.defs = kind, schema.get("$defs", {})
        self.define(camel(kind), schema, kind)

    def define(self, name: str, schema: dict[str, Any], kind: str | None) -> None:
        alternatives = schema.get("oneOf", [])
        if alternatives and all(isinstance(it.get("const"), str) for it in alternatives):
            self.alias(name, f"Literal[{', '.join(repr(it['const']) for it in alternatives)}]", schema)
        elif "enum" in schema:
            self.alias(name, f"Literal[{', '.join(map(repr, schema['enum']))}]", schema)
        elif alternatives:
            tags = [next((k for k, v in it["properties"].items() if "const" in v), None)
                    if it.get("type") == "object" else None for it in alternatives]
            if None in tags:
                self.alias(name, "Any", schema)
                return
            members = []
            for tag, it in zip(tags, alternatives):
                word = it["properties"][tag]["const"]
                member = name + camel(word)
                assert member not in self.taken, member
                self.taken[member] = ""
                self.define(member, it, None)
                members.append(member)
            self.alias(name, " | ".join(members), schema)
        elif schema.get("type") == "object" and "properties" in schema:
            self.record(name, schema, kind)
        else:
            self.alias(name, self.type_of(schema)[0], schema)

    def alias(self, name: str, text: str, schema: dict[str, Any]) -> None:
        line = f"{name}: TypeAlias = {text}"
        if len(line) > 100 and text.startswith("Literal["):
            words = "".join(f"    {word},\n" for word in text[8:-1].split(", "))
            line = f"{name}: TypeAlias = Literal[\n{words}]"
        elif len(line) > 100:
            words = "\n    | ".join(text.split(" | "))
            line = f"{name}: TypeAlias = (\n    {words}\n)"
        self.blocks.append(line + "\n" + doc(schema.get("description"), "") + "\n")

    def type_of(self, schema: dict[str, Any]) -> tuple[str, str | None]:
        """The annotation, and how a value is read: the names of classes among its parts."""
        if "$ref" in schema:
            target = schema["$ref"].removeprefix("#/$defs/")
            name = self.name_of(target, self.defs[target])
            return name, name
        if "anyOf" in schema:
            inner = [it for it in schema["anyOf"] if it.get("type") != "null"]
            assert len(inner) == 1, schema
            return self.type_of(inner[0])
        if "const" in schema:
            return f"Literal[{schema['const']!r}]", None
        if "enum" in schema:
            return f"Literal[{', '.join(map(repr, schema['enum']))}]", None
        if "oneOf" in schema:
            words = [it["const"] for it in schema["oneOf"]]
            return f"Literal[{', '.join(map(repr, words))}]", None
        types = schema.get("type", [])
        types = [types] if isinstance(types, str) else types
        types = [it for it in types if it != "null"]
        plain = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
        if types == ["array"]:
            inner_type, reader = self.type_of(schema.get("items", {}))
            return f"list[{inner_type}]", reader
        if types == ["object"]:
            inner = schema.get("additionalProperties")
            inner_type, reader = self.type_of(inner) if isinstance(inner, dict) else ("Any", None)
            return f"dict[str, {inner_type}]", reader
        if types and all(it in plain for it in types):
            return " | ".join(plain[it] for it in types), None
        return "Any", None

    def is_text(self, name: str) -> bool:
        start = f"{name}: TypeAlias = "
        mine = next((it for it in self.blocks if it.startswith(start)), "")
        return mine.startswith((start + "Literal", start + "Any"))

    def record(self, name: str, schema: dict[str, Any], kind: str | None) -> None:
        lines = []
        keys, readers = {}, {}
        required = set(schema.get("required", []))
        properties = schema.get("properties", {})
        for key in sorted(properties, key=lambda key: key not in required):
            part = properties[key]
            annotation, reader = self.type_of(part)
            own = key + "_" if keyword.iskeyword(key) else key
            default = repr(part["const"]) if "const" in part else None
            if default is None and key not in required:
                annotation = annotation if annotation == "Any" else annotation + " | None"
                default = "None"
            if own != key:
                keys[own] = key
            if reader is not None and not self.is_text(reader):
                readers[own] = reader
            end = f" = {default}" if default else ""
            # What is secret is not shown.
            if key.endswith(("password", "secret", "token", "product_key")):
                inner = "" if default is None else f"default={default}, "
                end = f" = field({inner}repr=False)"
            lines.append(f"    {own}: {annotation}{end}\n{doc(part.get('description'), '    ')}\n")
        base = "DocumentModel" if kind else "Model"
        head = f"@dataclass(kw_only=True)\nclass {name}({base}):\n"
        about = doc(schema.get("description") or f"The document ``{kind}``.", "    ")
        own_kind = f'\n    KIND = "{kind}"\n' if kind else ""
        # What is checked comes back without its secrets.
        own_kind += constant("KEYS", keys) + constant("READS", readers)
        own_kind += "    SECRETS = True\n" if kind == "customization_spec" else ""
        self.blocks.append(head + about + "\n" + own_kind + ("\n" + "".join(lines) if lines else ""))


def constant(name: str, values: dict[str, str]) -> str:
    if not values:
        return ""
    rows = "".join(f"        {key!r}: {value!r},\n" for key, value in values.items())
    return f"\n    {name}: ClassVar[dict[str, str]] = {{\n{rows}    }}\n"


def doc(text: str | None, indent: str) -> str:
    if not text:
        return ""
    paragraphs = [" ".join(it.split()) for it in text.replace("\\", "\\\\").split("\n\n")]
    wrapped = [textwrap.fill(it, 100 - len(indent) - 3, break_on_hyphens=False) for it in paragraphs]
    body = "\n\n".join(wrapped)
    if "\n" in body or len(body) + len(indent) + 6 > 100:
        return textwrap.indent(f'"""{body}\n"""', indent)
    return f'{indent}"""{body}"""'


def model_classes() -> str:
    writer = Writer()
    kinds = sorted(path.stem for path in SCHEMAS.glob("*.json"))
    # What an inventory holds is named by the schemas of its own.
    kinds.sort(key=lambda kind: (kind in ("inventory", "cluster_document"), kind))
    schemas = {kind: json.loads((SCHEMAS / f"{kind}.json").read_text()) for kind in kinds}
    for kind, schema in schemas.items():
        writer.register(kind, schema)
    for kind, schema in schemas.items():
        writer.root(kind, schema)
    names = "".join(f'    "{name}",\n' for name in sorted(writer.taken))
    text = HEAD % names + "\n\n".join(block.rstrip("\n") + "\n" for block in writer.blocks)
    return text


if __name__ == "__main__":
    TARGET.write_text(model_classes())
