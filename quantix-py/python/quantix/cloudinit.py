"""Guest customization: documents, specs and seed images."""

from quantix._core import build_seed, export_spec, import_spec, mime_split, mime_write, render_files
from quantix._core import cloudinit_ask as ask
from quantix._core import render_spec, seed_image
from quantix._core import seed_check as check
from quantix._core import seed_diff as diff
from quantix._core import seed_explain as explain
from quantix._core import seed_merge as merge
from quantix._core import yaml_dump, yaml_load

__all__ = [
    "ask",
    "build_seed",
    "check",
    "diff",
    "explain",
    "export_spec",
    "import_spec",
    "merge",
    "mime_split",
    "mime_write",
    "render_files",
    "render_spec",
    "seed_image",
    "yaml_dump",
    "yaml_load",
]
