"""A lock file read back: only what convcost wrote, whole, and in a version that is known."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convcost.core.cost import Convention
from convcost.core.errors import UsageError
from convcost.gate.config_file import ConfigError, dotted, parsed
from convcost.gate.keys import BASELINE_METRICS
from convcost.gate.lock import LOCK, MARK, USUAL, VERSION, lock_text
from convcost.gate.row_folding import MOST_ROWS, unfolded
from convcost.gate.rows import ROW_METRICS, Baseline, Row
from convcost.system.files import clean, read_text, shown, write_text

WAY_OUT = "It was left as it is. Restore it, or delete it and run convcost check --update."


def read_lock(path: Path) -> dict[str, Baseline] | None:
    """The baselines by the entries' names; None where there is no such file.

    Raises UsageError for a file that is damaged, newer, or someone else's.
    """
    if not os.path.lexists(path):
        return None
    try:
        table = parsed(read_text(path), shown(path))
    except ConfigError as error:
        raise UsageError(error.message, hint=WAY_OUT) from None
    _check_mark(table, shown(path))
    misfit = next(LOCK.misfits(table), None)
    if misfit:
        raise _damaged(path, f"{dotted(misfit.path)}: {misfit.message}")
    return {name: _baseline(path, name, entry) for name, entry in table.get("entries", {}).items()}


def _check_mark(table: Mapping[str, Any], file: str) -> None:
    version = table.get(MARK)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        hint = "It was left as it is. Move it elsewhere."
        raise UsageError(f"{file} is no lock file of convcost", hint=hint)
    if version > VERSION:
        message = f"{file} is of version {version}; this convcost knows version {VERSION}"
        raise UsageError(message, hint="It was left as it is. A newer convcost can read it.")


def _damaged(path: Path, what: str) -> UsageError:
    return UsageError(f"{shown(path)} is damaged: {what}", hint=WAY_OUT)


def _baseline(path: Path, name: str, entry: Mapping[str, Any]) -> Baseline:
    about = {**USUAL, **entry}
    found = Baseline(
        of=entry["of"],
        sizes=about["sizes"],
        totals={metric: entry[metric] for metric in BASELINE_METRICS},
        rows=_rows(path, name, entry["rows"]),
        convention=Convention(about["count"], about["taps"]),
        dtype=about["dtype"],
    )
    _check_sums(path, name, found)
    return found


def _rows(path: Path, name: str, table: Mapping[str, Any]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for place, figures in table.items():
        number = figures.get("copies", 1)
        try:
            paths = unfolded(place) if number > 1 else [place]
        except ValueError:
            paths = []
        is_known = any(each in rows for each in paths)
        if len(paths) != number or is_known or len(rows) + number > MOST_ROWS:
            raise _damaged(path, f"{dotted(('entries', name, 'rows', place))} is not {number} rows")
        row = Row(figures["kind"], tuple((key, figures[key]) for key in ROW_METRICS if figures.get(key)))
        rows |= dict.fromkeys(paths, row)
    return rows


def _check_sums(path: Path, name: str, baseline: Baseline) -> None:
    """What a merge put together from two files does not add up."""
    for metric in ROW_METRICS:
        figures = [row.get(metric) for row in baseline.rows.values()]
        total = baseline.totals[metric]
        numbers = [figure for figure in figures if isinstance(figure, int)]
        if isinstance(total, int) and len(numbers) == len(figures) and sum(numbers) != total:
            key = dotted(("entries", name, metric))
            raise _damaged(path, f"{key} is {total:,}, but the rows have {sum(numbers):,}")


def write_lock(path: Path, baselines: Mapping[str, Baseline]) -> bool:
    """Write the lock file, in one step or not at all; False where it has been just so already."""
    text = lock_text(baselines)
    if path.is_file() and read_text(path) == text:
        clean(Path(os.path.realpath(path)))
        return False
    write_text(path, text)
    return True
