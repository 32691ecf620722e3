"""Placement: where machines run, and why."""

from quantix._core import Engine, decide, place, replay

__all__ = ["Engine", "decide", "place", "replay"]
