"""Writes the rows of a sweep to a file as they come: CSV, or JSON with a line for each design."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    columns = ["design", *(axis.name for axis in plan.grid.axes), *plan.metrics, *ratio]
    write_chunks(path, (_csv if path.suffix.lower() == ".csv" else _json_lines)(columns, blocks))


def _csv(columns: list[str], blocks: Iterable[list[SweepRow]]) -> Iterator[str]:
    yield ",".join(columns) + "\n"
    for rows in blocks:
        text = StringIO()
        lines = (_cells(row)[: len(columns)] for row in rows)
        csv.writer(text, lineterminator="\n").writerows(lines)
        yield text.getvalue()


def _cells(row: SweepRow) -> list[Any]:
    return [escape_csv_cell(row.name), *row.sizes.values(), *row.quantities.values(), decimal(row.ratio)]


def _json_lines(columns: list[str], blocks: Iterable[list[SweepRow]]) -> Iterator[str]:
    for rows in blocks:
        lines = (json.dumps(_object(row, "ratio" in columns)) for row in rows)
        yield "".join(f"{escape_json(line)}\n" for line in lines)


def _object(row: SweepRow, has_ratio: bool) -> dict[str, Any]:
    ratio = {"ratio": decimal(row.ratio)} if has_ratio else {}
    return {"design": row.name, "sizes": dict(row.sizes), **row.quantities, **ratio}


def decimal(ratio: Fraction | None) -> float | int | None:
    """The ratio as a float; beyond the largest one, rounded to an integer."""
    try:
        return None if ratio is None else float(ratio)
    except OverflowError:
        return round(ratio) if ratio is not None else None
