"""Writes the rows of a sweep to a file as they come: CSV, or JSON with a line for each design."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.escapes import escape_csv_cell, escape_json
from convcost.core.sweep import SweepRow
from convcost.system.files import write_chunks

if TYPE_CHECKING:
    from convcost.search.grid_blocks import SweepPlan

KINDS = (".csv", ".jsonl")


def check_file(path: Path) -> None:
    """UsageError if its name does not say which format it has."""
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"{str(path)[:80]} is neither .csv nor .jsonl", hint="Name it designs.csv.")


def write_rows(path: Path, blocks: Iterable[list[SweepRow]], plan: SweepPlan) -> None:
    """Write every row, block by block; the file is there when all are."""
    ratio = ["ratio"] if plan.reference else []
    columns = ["design", *(axis.name for axis in plan.grid.axes), *plan.columns, *ratio, "spec"]
    write_chunks(path, (_csv if path.suffix.lower() == ".csv" else _json_lines)(columns, blocks))


def _csv(columns: list[str], blocks: Iterable[list[SweepRow]]) -> Iterator[str]:
    yield ",".join(columns) + "\n"
    for rows in blocks:
        text = StringIO()
        lines = (_cells(row, columns) for row in rows)
        csv.writer(text, lineterminator="\n").writerows(lines)
        yield text.getvalue()


def _cells(row: SweepRow, columns: list[str]) -> list[Any]:
    quantities = (decimal(row.get(name)) for name in columns[1 + len(row.sizes) : -1])
    return [escape_csv_cell(row.name), *row.sizes.values(), *quantities, escape_csv_cell(row.spec)]


def _json_lines(columns: list[str], blocks: Iterable[list[SweepRow]]) -> Iterator[str]:
    for rows in blocks:
        lines = (json.dumps(_object(row, columns)) for row in rows)
        yield "".join(f"{escape_json(line)}\n" for line in lines)


def _object(row: SweepRow, columns: list[str]) -> dict[str, Any]:
    quantities = columns[1 + len(row.sizes) : -1]
    return {
        "design": row.name,
        "sizes": dict(row.sizes),
        **{name: decimal(row.get(name)) for name in quantities},
        "spec": row.spec,
    }


def decimal(value: Size | Fraction | None) -> float | int | None:
    """An integer as it is; a quotient as a float, or beyond the largest one rounded to an integer."""
    try:
        return float(value) if isinstance(value, Fraction) else value
    except OverflowError:
        return round(value) if value is not None else None
