"""The domain model: ids, units, folders, and documents of the platform.

>>> from quantix.core import FolderPath, MemoryMib, check_document
>>> FolderPath("/Production/TCP%2FIP").names
['Production', 'TCP/IP']
>>> int(MemoryMib("8GiB"))
8192
>>> report = check_document("vm_spec", {"cpu": {"cores": 0}, "memory": {"size_mib": 512}})
>>> [finding["path"] for finding in report["findings"]]
['cpu.cores']
>>> power_after("running", "migrate")
'migrating'
>>> lan = AddressPool({"id": "lan", "cidr": "10.0.0.0/24", "gateway": "10.0.0.1"})
>>> lan.allocate("web-1/nic0", at="2026-01-31T12:00:00Z")["address"]
'10.0.0.2'
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from quantix._core import (
    Bytes,
    Cidr,
    FolderId,
    FolderPath,
    FolderTree,
    ImageId,
    MacAddress,
    MemoryMib,
    Millicores,
    ProjectId,
    SpecId,
    Timestamp,
    VmId,
    ask,
    check_document,
    document_kinds,
    document_schema,
)
from quantix.exceptions import InputError

__all__ = [
    "AddressPool",
    "AlertBook",
    "Bytes",
    "Cidr",
    "FolderId",
    "FolderPath",
    "FolderTree",
    "ImageId",
    "MacAddress",
    "MemoryMib",
    "Millicores",
    "ProjectId",
    "SpecId",
    "Timestamp",
    "VmId",
    "admit",
    "ask",
    "check_document",
    "document_kinds",
    "document_schema",
    "power_after",
    "power_commands",
]

Document = Mapping[str, Any]


def admit(policy: Document, request: Document) -> dict[str, Any]:
    """Judge a machine by the rules of a document of kind `admission_policy`.

    The answer has `allowed`, `findings` and, for each rule, what it said.
    """
    answer: dict[str, Any] = ask({"op": "admit", "policy": policy, "request": request})
    return answer


def power_after(state: str, event: str) -> str:
    """Give the state of a machine after an event; `InputError` when that is not legal."""
    answer: str = ask({"op": "power_after", "state": state, "event": event})["state"]
    return answer


def power_commands(state: str, desired: str | None = None) -> tuple[list[str], str | None]:
    """Tell what may be commanded in a state, and what to command to reach another."""
    answer = ask({"op": "power_commands", "state": state, "desired": desired})
    return answer["commands"], answer["next"]


class AddressPool:
    """Gives out the addresses of a network, the lowest free one first.

    Made of a document of kind `subnet_pool`, which `document` gives back with what has changed.
    `InputError` tells why something was refused; the pool is then as it was.
    """

    def __init__(self, document: Document) -> None:
        """Read the document; `InputError` tells its faults."""
        self.document: dict[str, Any] = {}
        self._take(document, [])

    def _take(self, document: Document, commands: Sequence[Document]) -> list[dict[str, Any]]:
        answer = ask({"op": "ipam", "pool": document, "commands": commands})
        self.document = answer["pool"]
        answers: list[dict[str, Any]] = answer["answers"]
        return answers

    def run_many(self, commands: Sequence[Document]) -> list[dict[str, Any]]:
        """Run commands one after the other; each gives an `answer` or a `fault`."""
        return self._take(self.document, commands)

    def run(self, **command: Any) -> Any:
        """Run one command: `pool.run(op="usage")`."""
        outcome = self.run_many([command])[0]
        if "fault" in outcome:
            raise InputError(outcome["fault"]["message"], json.dumps([outcome["fault"]]))
        return outcome["answer"]

    def allocate(
        self,
        owner: str,
        *,
        at: str,
        address: str | None = None,
        mac_address: str | None = None,
    ) -> dict[str, Any]:
        """Give an owner an address, or tell which one it has."""
        command = {"owner": owner, "at": at, "address": address, "mac_address": mac_address}
        answer: dict[str, Any] = self.run(op="allocate", **command)
        return answer

    def release(self, owner: str) -> dict[str, Any]:
        """Take the address of an owner back."""
        answer: dict[str, Any] = self.run(op="release", owner=owner)
        return answer

    def reserve(self, first: str, last: str) -> dict[str, Any]:
        """Keep addresses from being given."""
        answer: dict[str, Any] = self.run(op="reserve", first=first, last=last)
        return answer


class AlertBook:
    """Remembers which alerts go on, from one evaluation to the next.

    `document` is what it remembers, to be kept and given back.
    """

    def __init__(self, document: Document | None = None) -> None:
        """Begin with what was remembered, or with nothing."""
        self.document: dict[str, Any] = dict(document or {})

    def evaluate(
        self, rules: Document, observations: Sequence[Document], *, at: str
    ) -> dict[str, Any]:
        """Take in what was observed, and tell which alerts began and which are over."""
        answer = ask(
            {
                "op": "evaluate_alerts",
                "rules": rules,
                "book": self.document,
                "observations": observations,
                "at": at,
            }
        )
        self.document = answer["book"]
        evaluation: dict[str, Any] = answer["evaluation"]
        return evaluation
