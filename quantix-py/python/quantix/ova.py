"""Appliances (OVA/OVF) and virtual disks.

The path of an appliance is that of an OVA, of an OVF descriptor, of a folder with one, or the
``http://`` or ``https://`` address of an OVA, of which only what is needed is fetched.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quantix._core import (
    ova_convert,
    ova_create,
    ova_diagnose,
    ova_diff,
    ova_edit,
    ova_explain,
    ova_inspect,
    ova_pull,
    ova_repair,
    ova_sign,
    ova_verify,
)

__all__ = [
    "convert",
    "create",
    "diagnose",
    "diff",
    "edit",
    "explain",
    "inspect",
    "pull",
    "repair",
    "sign",
    "verify",
]

Path = str | os.PathLike[str]
Document = str | Mapping[str, Any]
Progress = Callable[[int, int], object]


def inspect(path: Path) -> dict[str, Any]:
    """Tell what an appliance is, from its descriptor alone.

    The answer has ``systems``, ``networks``, ``deployment_options``, ``properties``, ``files``,
    ``findings`` and more, as ``quantix ova inspect --json``. Only headers and the descriptor are
    read, so the size of the disks does not matter.
    """
    return ova_inspect(path)


def verify(
    path: Path,
    *,
    roots: str | None = None,
    allow_sha1: bool = False,
    at: float | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Check every file of an appliance against its manifest, and who signed that.

    ``roots`` are trusted certificates in PEM: with them, only a package whose signature leads to
    one of them is ok. ``at`` is the time at which certificates must be good, by default now.
    The answer has ``ok``, ``manifest``, ``certificate``, ``signature``, ``files`` and
    ``findings``, as ``quantix ova verify --json``. ``progress`` is called with bytes done and
    bytes in total, from any thread; an exception that it raises stops the work.
    """
    seconds = int(time.time() if at is None else at)
    return ova_verify(
        path,
        roots=roots,
        allow_sha1=allow_sha1,
        at=seconds,
        threads=threads,
        progress=progress,
    )


def sign(
    path: Path,
    to: Path,
    *,
    key: bytes,
    certificates: bytes,
    algorithm: str = "sha256",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write an appliance as the OVA ``to``, with its manifest signed.

    ``key`` is a private RSA key and ``certificates`` that of the key and those of its issuers,
    all in PEM; ``algorithm`` is ``sha256`` or ``sha512``. The answer has ``path``, ``bytes``,
    ``manifest``, ``certificate``, ``algorithm`` and ``findings``.
    """
    return ova_sign(
        path, to, key=key, certificates=certificates, algorithm=algorithm, progress=progress
    )


def convert(
    path: Path,
    to: Path,
    *,
    format: str = "qcow2",
    compress: bool = False,
    threads: int | None = None,
    verify: bool = True,
    check_grains: bool = False,
    sync: bool = False,
    instant: bool = False,
    compression: str = "deflate",
    resumable: bool = False,
    roots: str | None = None,
    allow_sha1: bool = False,
    at: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Convert the disks of an appliance into files of the folder ``to``.

    Digests are checked in the same pass. The answer has ``disks``, ``verified``, ``seconds`` and
    ``findings``, as ``quantix ova convert --json``. After an exception nothing is left in ``to``.
    With ``instant`` nothing is copied: each file is an overlay that reads the disk inside the
    appliance, until :func:`pull`. ``compression`` is ``deflate`` or ``zstd``, for ``compress``.

    What a killed process did is continued by the next conversion of the same appliance into the
    same folder; with ``resumable``, also what was done before ``progress`` raised an exception or
    the storage or the network failed. ``roots``, ``allow_sha1`` and ``at`` are those of
    :func:`verify`: with ``roots``, nothing is converted that nobody trusted has signed.
    """
    return ova_convert(
        path,
        to,
        format=format,
        compress=compress,
        threads=threads,
        verify=verify,
        check_grains=check_grains,
        sync=sync,
        instant=instant,
        compression=compression,
        resumable=resumable,
        roots=roots,
        allow_sha1=allow_sha1,
        at=int(time.time() if at is None else at),
        progress=progress,
    )


def pull(
    path: Path,
    to: Path,
    *,
    threads: int | None = None,
    verify: bool = True,
    roots: str | None = None,
    allow_sha1: bool = False,
    at: float | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Copy what the overlays in ``to`` still read from the appliance.

    They were made by ``convert(..., instant=True)``; afterwards they stand alone, with what the
    machine wrote meanwhile. The machine must be off. The answer is that of :func:`convert`.
    """
    return ova_pull(
        path,
        to,
        threads=threads,
        verify=verify,
        roots=roots,
        allow_sha1=allow_sha1,
        at=int(time.time() if at is None else at),
        progress=progress,
    )


def explain(path: Path, choices: Document | None = None) -> dict[str, Any]:
    """Tell what becomes of each part of an appliance, and why.

    ``choices`` may have ``system``, ``option``, ``properties``, ``networks`` and ``drivers``
    (``known``, ``virtio`` or ``generic``). The answer has ``vm``, ``sources``, ``properties``,
    ``report``, ``findings`` and more, as ``quantix ova explain --json``.
    """
    return ova_explain(path, choices)


def diff(before: Path, after: Path) -> dict[str, Any]:
    """Tell how two appliances differ in what they mean: ``equal`` and ``changes``."""
    return ova_diff(before, after)


def edit(
    path: Path,
    edits: Sequence[Mapping[str, Any]] | str,
    to: Path,
    *,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write an appliance as ``to`` with its descriptor edited by as little as possible.

    ``edits`` are those of ``quantix ova edit --help``, such as ``{"edit": "set_cpus", "cpus": 4}``;
    all are made or none. What Quantix does not know stays to the byte. The answer has ``path``,
    ``bytes`` and ``findings``.
    """
    return ova_edit(path, edits, to, progress=progress)


def diagnose(path: Path) -> dict[str, Any]:
    """Tell what ovftool, vCenter, VirtualBox, virt-v2v and Proxmox VE object to.

    The answer has ``objections``, each with ``code``, ``tools``, ``message``, ``repairable``
    and, where known, ``path``, ``line`` and ``column``.
    """
    return ova_diagnose(path)


def repair(path: Path, to: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Write an appliance again as the OVA ``to``, without what other tools refuse.

    The answer has ``path``, ``bytes``, ``repairs`` and ``remaining``.
    """
    return ova_repair(path, to, progress=progress)


def create(
    spec: Document,
    to: Path,
    *,
    base: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the OVA ``to`` from a description, as ``quantix ova create`` reads it.

    Paths of disks are relative to ``base``, by default the working directory. The answer has
    ``path``, ``bytes``, ``files`` and ``findings``. Equal input gives equal bytes.
    """
    return ova_create(spec, to, base=base, threads=threads, progress=progress)
