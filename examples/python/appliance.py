"""Inspects an appliance, places a machine and renders its seed, in Python.

usage: appliance.py OVA DOCUMENTS SEED

DOCUMENTS is a folder with cluster.json, vms.json, spec.json and vm.json, as in
examples/documents; SEED is the image to write.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import quantix


def main(ova: str, documents: str, seed: str) -> None:
    def read(name: str) -> str:
        return (Path(documents) / name).read_text(encoding="utf-8")

    show("inspect", quantix.ova.inspect(ova))
    show("place", quantix.scheduler.place(read("cluster.json"), read("vms.json"), explain=True))
    folder = seed + ".d"
    show("render", quantix.cloudinit.render_spec(read("spec.json"), read("vm.json"), to=folder, seed=7))
    files = [(Path(folder) / name).read_bytes() for name in ("user-data", "meta-data", "network-config")]
    show("seed", quantix.cloudinit.build_seed(seed, *files))


def show(what: str, document: object) -> None:
    print(f"{what}: {json.dumps(document, ensure_ascii=False, separators=(',', ':'))}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(f"usage: {sys.argv[0]} OVA DOCUMENTS SEED")
    main(*sys.argv[1:])
