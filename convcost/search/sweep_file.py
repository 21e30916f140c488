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
from convcost.core.sweep import SweepRow, plain_argument
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
    arguments = plan.arguments[0] if plan.arguments else ()
    names = ["design", *arguments, *(axis.name for axis in plan.grid.axes)]
    quantities = [*plan.columns, *ratio]
    is_csv = path.suffix.lower() == ".csv"
    write_chunks(path, _csv(names, quantities, blocks) if is_csv else _json_lines(quantities, blocks))


def _csv(names: list[str], quantities: list[str], blocks: Iterable[list[SweepRow]]) -> Iterator[str]:
    yield ",".join((*names, *quantities, "spec")) + "\n"
    for rows in blocks:
        text = StringIO()
        lines = (_cells(row, quantities) for row in rows)
        csv.writer(text, lineterminator="\n").writerows(lines)
        yield text.getvalue()


def _cells(row: SweepRow, quantities: list[str]) -> list[Any]:
    values = map(plain_argument, row.arguments.values())
    arguments = (escape_csv_cell(value) if isinstance(value, str) else value for value in values)
    costs = (decimal(row.get(name)) for name in quantities)
    return [escape_csv_cell(row.name), *arguments, *row.sizes.values(), *costs, escape_csv_cell(row.spec)]


def _json_lines(quantities: list[str], blocks: Iterable[list[SweepRow]]) -> Iterator[str]:
    for rows in blocks:
        lines = (json.dumps(_object(row, quantities)) for row in rows)
        yield "".join(f"{escape_json(line)}\n" for line in lines)


def _object(row: SweepRow, quantities: list[str]) -> dict[str, Any]:
    arguments = {name: plain_argument(value) for name, value in row.arguments.items()}
    return {
        "design": row.name,
        **({"arguments": arguments} if arguments else {}),
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
