"""Placement: where machines run, and why."""
