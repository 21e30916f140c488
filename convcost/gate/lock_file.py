"""The lock file, written and read back: sorted, with a line for each total and each group of equal layers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from convcost.core.cost import Convention, Count, Padding
from convcost.core.errors import UsageError
from convcost.core.metrics import BY_NAME
from convcost.gate.baseline import BASELINE_METRICS, ROW_METRICS, Baseline, BaselineRow
from convcost.gate.choice_types import Either, OneOf
from convcost.gate.config_file import BARE_KEY, ConfigError, dotted, parse_toml
from convcost.gate.row_folding import MOST_ROWS, fold_rows, unfold_path
from convcost.gate.table_types import Key, Named, Table
from convcost.gate.value_types import TEXT, WHOLE
from convcost.system.files import clean, read_text, shown, write_text

VERSION = 1

MARK = "convcost-lock"
"""The key that says that a file is a lock file, and of which version."""

HEADING = "# What convcost's entries cost. Written by convcost check --update: not to be edited by hand."

USUAL: Mapping[str, Any] = {"sizes": {}, "count": "matmul", "taps": "full", "dtype": "float32"}
"""What is left out."""

FIGURE = Either((WHOLE, TEXT))

ROW = Table(
    "A layer or module; [0-3] in its path stands for each of these numbers. Figures that are 0 are left out.",
    {
        "kind": Key(TEXT, "Its class.", required=True),
        "copies": Key(WHOLE, "How many there are, where its path stands for several."),
        **{metric: Key(FIGURE, f"Its {BY_NAME[metric].description}.") for metric in ROW_METRICS},
    },
)
ENTRY = Table(
    "What an entry costs. A figure is a whole number; a formula where sizes are open.",
    {
        "of": Key(TEXT, "The design, or the module's place.", required=True),
        "sizes": Key(Named(WHOLE), "The sizes that have a number."),
        "count": Key(OneOf(get_args(Count)), "What FLOPs are, if not 2 × MACs."),
        "taps": Key(OneOf(get_args(Padding)), "Which taps count, if not all."),
        "dtype": Key(TEXT, "The dtype that bytes are counted in, if not float32."),
        **{
            metric: Key(FIGURE, f"Its {BY_NAME[metric].description}.", required=True)
            for metric in BASELINE_METRICS
        },
        "rows": Key(Named(ROW), "Its layers or modules by their paths.", required=True),
    },
)
LOCK = Table(
    "The lock file of convcost check: what its entries cost.",
    {MARK: Key(WHOLE, "The version of this form.", required=True), "entries": Key(Named(ENTRY), "By name.")},
)


def write_lock(path: Path, baselines: Mapping[str, Baseline]) -> bool:
    """Write the lock file, in one step or not at all; False where it has been just so already."""
    text = lock_text(baselines)
    if path.is_file() and read_text(path) == text:
        clean(Path(os.path.realpath(path)))
        return False
    write_text(path, text)
    return True


def lock_text(baselines: Mapping[str, Baseline]) -> str:
    """The file's text: entries by name, rows by path."""
    parts = [f"{HEADING}\n{MARK} = {VERSION}\n"]
    parts += ["\n".join(_lines(_key(name), baselines[name])) + "\n" for name in sorted(baselines)]
    return "\n".join(parts)


def _lines(name: str, baseline: Baseline) -> Iterator[str]:
    about = {
        "sizes": dict(sorted(baseline.sizes.items())),
        "count": baseline.convention.count,
        "taps": baseline.convention.padding,
        "dtype": baseline.dtype,
    }
    given = {key: value for key, value in about.items() if value != USUAL[key]}
    yield f"[entries.{name}]"
    yield from _assignments({"of": baseline.of, **given})
    yield from _assignments({metric: baseline.totals[metric] for metric in BASELINE_METRICS})
    yield f"\n[entries.{name}.rows]"
    for path, found in fold_rows(baseline.rows).items():
        yield f"{_value(path)} = {_value(_row(*found))}"


def _row(row: BaselineRow, copies: int) -> dict[str, Any]:
    return {"kind": row.kind, **({"copies": copies} if copies > 1 else {}), **dict(row.figures)}


def _assignments(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(name)} = {_value(value)}" for name, value in values.items())


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_assignments(value))} }}" if value else "{}"
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


WAY_OUT = "It was left as it is. Restore it, or delete it and run convcost check --update."


def read_lock(path: Path) -> dict[str, Baseline] | None:
    """The baselines by the entries' names; None where there is no such file.

    Raises UsageError for a file that is damaged, newer, or someone else's.
    """
    if not os.path.lexists(path):
        return None
    try:
        table = parse_toml(read_text(path), shown(path))
    except ConfigError as error:
        raise UsageError(error.message, hint=WAY_OUT) from None
    _check_mark(table, shown(path))
    issue = next(LOCK.issues(table), None)
    if issue:
        raise _damaged(path, f"{dotted(issue.path)}: {issue.message}")
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


def _rows(path: Path, name: str, table: Mapping[str, Any]) -> dict[str, BaselineRow]:
    rows: dict[str, BaselineRow] = {}
    for place, figures in table.items():
        number = figures.get("copies", 1)
        try:
            paths = unfold_path(place) if number > 1 else [place]
        except ValueError:
            paths = []
        is_known = any(each in rows for each in paths)
        if len(paths) != number or is_known or len(rows) + number > MOST_ROWS:
            raise _damaged(path, f"{dotted(('entries', name, 'rows', place))} is not {number} rows")
        row = BaselineRow(
            figures["kind"], tuple((key, figures[key]) for key in ROW_METRICS if figures.get(key))
        )
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
