"""Makes, plans, watches and removes a machine on a host, in Python.

usage: machines.py URI SPEC

URI is a libvirt host, such as qemu:///system, or fake:///1, a host in memory; SPEC is the
description of the machine, in JSON. examples/c/machines.c does the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from quantix.libvirt import Host, LibvirtError


def main(uri: str, path: str) -> None:
    host = Host(uri, deadline=60)
    events = host.events()
    spec = json.loads(Path(path).read_text(encoding="utf-8"))
    show("create", host.create(spec, start=True))
    show("plan", host.plan("web", spec=spec))
    show("show", host.show("web"))
    show("stop", host.stop("web", mode="destroy"))
    show("delete", host.delete("web"))
    for _ in range(5):
        show("event", events.next(60))
    try:
        host.start("web")
    except LibvirtError as error:
        print(f"error: {error}")


def show(what: str, document: object) -> None:
    print(f"{what}: {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} URI SPEC")
    main(*sys.argv[1:])
