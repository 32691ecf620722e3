"""What can go wrong. Every exception of this package is a :class:`QuantixError`."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["EnvironmentFailure", "InputError", "LibvirtError", "QuantixError"]


class QuantixError(Exception):
    """A call that could not answer.

    ``findings`` lists what was found wrong, as dictionaries with ``code``, ``severity``,
    ``message`` and, where known, ``path``, ``line`` and ``column``.
    """

    findings: list[dict[str, Any]]

    def __init__(self, message: str, findings: str = "[]") -> None:
        super().__init__(message, findings)
        self.findings = json.loads(findings)

    def __str__(self) -> str:
        return str(self.args[0])


class InputError(QuantixError, ValueError):
    """A document or a value is not what it should be."""


class EnvironmentFailure(QuantixError, OSError):
    """A file cannot be read or written, or the machine lacks something."""

    def __init__(self, message: str, findings: str = "[]") -> None:
        super().__init__(message, findings)
        # OSError takes two arguments for a number and a text; this error has no number.
        self.errno = None
        self.strerror = message

    def __str__(self) -> str:
        return str(self.args[0])


class LibvirtError(QuantixError):
    """A call on a libvirt host did not succeed.

    Decide on ``kind``: ``retryable``, ``connection_lost``, ``busy``, ``not_found``, ``conflict``,
    ``unsupported``, ``denied``, ``deadline``, ``invalid`` or ``failed``. ``operation`` is the call,
    ``target`` what it was about, ``remedy`` what to do, each ``None`` where that is not known;
    ``transient`` tells whether the same call may succeed later with nothing changed.
    """

    kind: str
    operation: str | None
    target: str | None
    remedy: str | None
    transient: bool

    def __init__(self, message: str, details: str = "{}") -> None:
        super().__init__(message)
        self.args = (message, details)
        known = json.loads(details)
        self.kind = known.get("class", "failed")
        self.operation = known.get("operation")
        self.target = known.get("target")
        self.remedy = known.get("remedy")
        self.transient = known.get("transient", False)
