"""Placement: where machines run, and why."""

from quantix._core import Engine, Node, Shape, decide, place, replay

__all__ = ["Engine", "Node", "Shape", "decide", "place", "replay"]
