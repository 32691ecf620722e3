"""Guest customization: documents, specs and seed images."""

from quantix._core import build_seed, render_files, render_spec, seed_image

__all__ = ["build_seed", "render_files", "render_spec", "seed_image"]
