"""Placement: where machines run, and why."""

from quantix._core import place

__all__ = ["place"]
