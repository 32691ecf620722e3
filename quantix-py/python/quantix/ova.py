"""Appliances (OVA/OVF) and virtual disks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from quantix._core import ova_convert, ova_inspect, ova_verify

__all__ = ["convert", "inspect", "verify"]

Path = str | os.PathLike[str]
Progress = Callable[[int, int], object]


def inspect(path: Path) -> dict[str, Any]:
    """Tell what an appliance is, from its descriptor alone.

    The answer has ``systems``, ``networks``, ``deployment_options``, ``properties``, ``files``,
    ``findings`` and more, as ``quantix ova inspect --json``. Only headers and the descriptor are
    read, so the size of the disks does not matter.
    """
    return ova_inspect(path)


def verify(
    path: Path, *, threads: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Check every file of an appliance against its manifest.

    The answer has ``ok``, ``manifest``, ``certificate``, ``files`` and ``findings``, as
    ``quantix ova verify --json``. ``progress`` is called with bytes done and bytes in total, from
    any thread; an exception that it raises stops the work.
    """
    return ova_verify(path, threads=threads, progress=progress)


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
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Convert the disks of an appliance into files of the folder ``to``.

    Digests are checked in the same pass. The answer has ``disks``, ``verified``, ``seconds`` and
    ``findings``, as ``quantix ova convert --json``. After an exception nothing is left in ``to``.
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
        progress=progress,
    )
