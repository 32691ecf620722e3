"""Tables in and out of the documents of planning.

A table is a dictionary of columns, or a data frame of pandas or polars (or what reads like
pyarrow), told apart by what they can do and not by their names: none of them is needed. What comes out is a dictionary of columns,
which ``pandas.DataFrame(...)``, ``polars.DataFrame(...)`` and ``pyarrow.table(...)`` take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["cluster", "columns", "history", "records", "table"]


def columns(frame: Any) -> dict[str, list[Any]]:
    """The columns of a table as lists of plain Python values, all equally long."""
    if isinstance(frame, Mapping):
        found: Mapping[Any, Any] = frame
    elif hasattr(frame, "to_pydict"):  # pyarrow
        found = frame.to_pydict()
    elif hasattr(frame, "get_columns"):  # polars
        found = {column.name: column.to_list() for column in frame.get_columns()}
    elif hasattr(frame, "columns") and hasattr(frame, "to_dict"):  # pandas
        found = frame.to_dict("list")
    else:
        raise TypeError(
            f"{type(frame).__name__} is no table: expected a dictionary of columns, "
            "or a data frame of pandas, polars or pyarrow"
        )
    result = {str(name): [_plain(value) for value in values] for name, values in found.items()}
    lengths = {name: len(values) for name, values in result.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns of a table must be equally long: {lengths}")
    return result


def records(frame: Any) -> list[dict[str, Any]]:
    """The rows of a table as documents.

    A column ``labels.rack`` is the field ``rack`` of the field ``labels``; what is missing in a row
    (``None``, ``NaN``) is left out of its document. A list of documents is taken as it is.
    """
    if isinstance(frame, Sequence) and not isinstance(frame, str | bytes):
        return [dict(row) for row in frame]
    found = columns(frame)
    rows: list[dict[str, Any]] = [{} for _ in next(iter(found.values()), [])]
    for name, values in found.items():
        *parents, last = name.split(".")
        for row, value in zip(rows, values, strict=True):
            if value is None:
                continue
            for parent in parents:
                row = row.setdefault(parent, {})
            row[last] = value
    return rows


def cluster(nodes: Any, vms: Any = (), pools: Any = None, rules: Any = ()) -> dict[str, Any]:
    """A cluster document from tables of nodes, machines, pools and rules."""
    document = {"nodes": records(nodes), "vms": records(vms), "rules": records(rules)}
    if pools is not None:
        document["pools"] = records(pools)
    return document


def history(
    frame: Any, vm: str = "vm", value: str = "value", order: str | None = None
) -> dict[str, list[int]]:
    """What machines used, for ``history`` of a balance request: ``{"cpu_milli": history(frame)}``.

    The table has one row per machine and sample: the machine in column ``vm``, what it used in
    ``value``, rounded to whole numbers. Rows are in order of time, or are sorted by ``order``.
    """
    found = columns(frame)
    for name in (vm, value, *([] if order is None else [order])):
        if name not in found:
            raise ValueError(f"there is no column {name!r}: there are {sorted(found)}")
    rows: Iterable[int] = range(len(found[vm]))
    if order is not None:
        times = found[order]
        rows = sorted(rows, key=lambda row: times[row])
    samples: dict[str, list[int]] = {}
    for row in rows:
        used = found[value][row]
        if used is not None:
            samples.setdefault(str(found[vm][row]), []).append(round(used))
    return samples


def table(documents: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Documents as a dictionary of columns: the moves of a plan, the series of a simulation.

    The field ``millis`` of the field ``cost`` is the column ``cost.millis``; what a document does not
    have is ``None``.
    """
    rows = [dict(_flat(document)) for document in documents]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _flat(document: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _plain(value: Any) -> Any:
    """Numbers of numpy as those of Python; not-a-number as missing; floats that are whole as such."""
    if hasattr(value, "item") and not isinstance(value, list | tuple | dict):
        value = value.item()
    if isinstance(value, float):
        if value != value:
            return None
        if value.is_integer():
            return int(value)
    return value
