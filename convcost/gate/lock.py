"""The lock file's text: small, sorted, a line for each total and each layer or module that is its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from convcost.core.cost import Count, Padding
from convcost.core.metrics import BY_NAME
from convcost.gate.choice_types import Either, OneOf
from convcost.gate.config_file import BARE
from convcost.gate.keys import BASELINE_METRICS
from convcost.gate.row_folding import folded
from convcost.gate.rows import ROW_METRICS, Baseline, Row
from convcost.gate.table_types import Key, Named, Table
from convcost.gate.value_types import TEXT, WHOLE

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
    said = {key: value for key, value in about.items() if value != USUAL[key]}
    yield f"[entries.{name}]"
    yield from _assignments({"of": baseline.of, **said})
    yield from _assignments({metric: baseline.totals[metric] for metric in BASELINE_METRICS})
    yield f"\n[entries.{name}.rows]"
    for path, found in folded(baseline.rows).items():
        yield f"{_value(path)} = {_value(_row(*found))}"


def _row(row: Row, copies: int) -> dict[str, Any]:
    return {"kind": row.kind, **({"copies": copies} if copies > 1 else {}), **dict(row.figures)}


def _assignments(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(name)} = {_value(value)}" for name, value in values.items())


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_assignments(value))} }}" if value else "{}"
    if isinstance(value, str):
        import json

        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
