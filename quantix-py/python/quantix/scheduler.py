"""Placement: where machines run, and why."""

from quantix._core import Engine, place

__all__ = ["Engine", "place"]
