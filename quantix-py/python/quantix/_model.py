"""What the classes of ``quantix.model`` share: reading and writing, nothing of what is valid."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar, get_args

from quantix._core import check_document
from quantix.exceptions import InputError

M = TypeVar("M", bound="Model")
D = TypeVar("D", bound="DocumentModel")


@dataclass(kw_only=True)
class Model:
    """An object in a document."""

    KEYS: ClassVar[dict[str, str]] = {}
    """The names in the document of attributes that Python calls otherwise."""
    READS: ClassVar[dict[str, str]] = {}
    """The classes of attributes, or of what they hold."""

    @classmethod
    def from_document(cls: type[M], value: Mapping[str, Any]) -> M:
        """Makes the object of a dictionary. Raises ``ValueError`` for a field that it lacks or has
        too much; whether the values are right is for ``check`` of the whole document to say."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{cls.__name__} is made of a dictionary, not of {type(value).__name__}")
        rest = dict(value)
        given = {}
        for part in dataclasses.fields(cls):
            key = cls.KEYS.get(part.name, part.name)
            if key in rest:
                reads = cls.READS.get(part.name)
                found = rest.pop(key)
                given[part.name] = _read(_named(reads), found) if reads else found
        if rest:
            raise ValueError(f"{cls.__name__} has no field {min(map(str, rest))!r}")
        try:
            return cls(**given)
        except TypeError as error:
            raise ValueError(f"{cls.__name__}: {error}") from None

    def to_document(self) -> dict[str, Any]:
        """The dictionary of the wire form, without what is ``None``."""
        out = {}
        for part in dataclasses.fields(self):
            value = getattr(self, part.name)
            if value is not None:
                out[self.KEYS.get(part.name, part.name)] = _written(value)
        return out


@dataclass
class Report:
    """What is to be said of a document."""

    valid: bool
    """Whether no fault was found."""
    faults: list[dict[str, Any]]
    """The errors, each ``{"code", "severity", "message", "path"}``."""
    findings: list[dict[str, Any]]
    """The errors, warnings and remarks."""
    document: dict[str, Any] | None
    """The document as the platform writes it; ``None`` where it cannot be read."""


@dataclass(kw_only=True)
class DocumentModel(Model):
    """A document of its own."""

    KIND: ClassVar[str] = ""
    SECRETS: ClassVar[bool] = False

    @classmethod
    def parse(cls: type[D], document: str | bytes | Mapping[str, Any], *, lenient: bool = False) -> D:
        """Reads a document and checks it. Raises ``InputError`` with every fault; ``lenient`` leaves
        out the fields that this version does not know, and the secrets."""
        value = json.loads(document) if isinstance(document, str | bytes) else dict(document)
        report = _report(cls.KIND, value, lenient)
        if not report.valid or report.document is None:
            kind = cls.KIND.replace("_", " ")
            raise InputError(f"not a valid {kind}", json.dumps(report.findings))
        return cls.from_document(value if cls.SECRETS and not lenient else report.document)

    def check(self) -> Report:
        """Every fault of the document as it is now."""
        return _report(self.KIND, self.to_document(), False)

    def to_json(self) -> str:
        """The wire form as text."""
        return json.dumps(self.to_document(), ensure_ascii=False)


def _report(kind: str, value: Any, lenient: bool) -> Report:
    answer = check_document(kind, value, lenient=lenient)
    findings = answer["findings"]
    faults = [finding for finding in findings if finding["severity"] == "error"]
    return Report(not faults, faults, findings, answer.get("document"))


def _named(name: str) -> Any:
    return getattr(sys.modules["quantix.model"], name)


def _read(kind: Any, value: Any) -> Any:
    """Reads objects wherever they stand in lists and mappings of a field."""
    if isinstance(value, list):
        return [_read(kind, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if isinstance(kind, type) and issubclass(kind, Model):
        names = {kind.KEYS.get(part.name, part.name) for part in dataclasses.fields(kind)}
        if names.issuperset(value):
            return kind.from_document(value)
        if any(isinstance(item, Mapping | list) for item in value.values()):
            return {key: _read(kind, item) for key, item in value.items()}
        return kind.from_document(value)
    for member in get_args(kind):
        if isinstance(member, type) and issubclass(member, Model):
            tags = [part for part in dataclasses.fields(member) if isinstance(part.default, str)]
            if any(value.get(part.name) == part.default for part in tags):
                return member.from_document(value)
    return value


def _written(value: Any) -> Any:
    if isinstance(value, Model):
        return value.to_document()
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _written(item) for key, item in value.items()}
    return value
