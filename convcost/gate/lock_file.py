"""Writes and reads the lock file: sorted, with a line for each total and each group of equal layers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Struct, defstruct, field

from convcost.core.cost import Convention, Count, Padding
from convcost.core.errors import UsageError
from convcost.core.metrics import BY_NAME
from convcost.core.record_fields import describe
from convcost.gate.baseline import BASELINE_METRICS, ROW_METRICS, Baseline, BaselineRow
from convcost.gate.config_file import BARE_KEY, ConfigError, dotted_key, parse_toml
from convcost.gate.row_folding import MOST_ROWS, fold_rows, unfold_path
from convcost.gate.validation import find_issues
from convcost.system.files import display_path, read_text, remove_stale_temporaries, write_text

VERSION = 1

VERSION_KEY = "convcost-lock"
"""The key that marks a file as a lock file, with its version."""

HEADING = "# Baselines of convcost check. Written by convcost check --update; do not edit by hand."

RESTORE_HINT = "The file was not changed. Restore it, or delete it and run convcost check --update."

LARGEST_FIGURE = 10**300

WholeNumber = Annotated[int, describe(minimum=0, maximum=LARGEST_FIGURE)]


def _figure(metric: str) -> Any:
    return Annotated[
        int | str, describe(f"Its {BY_NAME[metric].description}.", minimum=0, maximum=LARGEST_FIGURE)
    ]


class LockRowKeys(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The keys of a row, without its figures."""

    kind: Annotated[str, describe("The class of the layer or module.")]
    copies: Annotated[WholeNumber, describe("The number of rows that the path stands for.")] = 1


LockRow: Any = defstruct(
    "LockRow",
    [(metric, _figure(metric), 0) for metric in ROW_METRICS],
    bases=(LockRowKeys,),
    module=__name__,
    namespace={
        "__doc__": "A layer or module. [0-3] in its path stands for each of these numbers. "
        "Figures that are 0 are left out."
    },
)


class LockEntryKeys(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The keys of an entry, without its totals and rows."""

    of: Annotated[str, describe("The spec, or the module's place.")]
    sizes: Annotated[dict[str, WholeNumber], describe("The sizes with a value.")] = {}
    count: Annotated[Count, describe("The operations that count as FLOPs, if not 2 × MACs.")] = "matmul"
    taps: Annotated[Padding, describe("The MACs that count, if not all.")] = "full"
    dtype: Annotated[str, describe("The dtype for bytes.")] = "float32"


LockEntry: Any = defstruct(
    "LockEntry",
    [
        *((metric, _figure(metric)) for metric in BASELINE_METRICS),
        ("rows", Annotated[dict[str, LockRow], describe("The layers or modules by path.")]),
    ],
    bases=(LockEntryKeys,),
    module=__name__,
    namespace={
        "__doc__": "The costs of an entry. A figure is a whole number, or a formula if sizes are open."
    },
    kw_only=True,
)


UNWRITTEN: dict[str, Any] = {
    "rows": {},
    **{key.name: key.default for key in msgspec.structs.fields(LockEntryKeys) if not key.required},
}
"""Keys that an entry's lines leave out: the rows, which follow, and those with their default values."""


class LockTable(Struct, forbid_unknown_fields=True):
    """The lock file of convcost check: the baselines of its entries."""

    version: Annotated[WholeNumber, describe("The version of the file format.")] = field(name=VERSION_KEY)
    entries: Annotated[dict[str, LockEntry], describe("The entries by name.")] = {}


def write_lock(path: Path, baselines: Mapping[str, Baseline]) -> bool:
    """Write the lock file atomically; False if it already has this content."""
    text = lock_text(baselines)
    if path.is_file() and read_text(path) == text:
        remove_stale_temporaries(Path(os.path.realpath(path)))
        return False
    write_text(path, text)
    return True


def lock_text(baselines: Mapping[str, Baseline]) -> str:
    """The file's text: entries by name, rows by path."""
    parts = [f"{HEADING}\n{VERSION_KEY} = {VERSION}\n"]
    parts += ["\n".join(_lines(_key(name), baselines[name])) + "\n" for name in sorted(baselines)]
    return "\n".join(parts)


def _lines(name: str, baseline: Baseline) -> Iterator[str]:
    entry = LockEntry(
        of=baseline.of,
        sizes=dict(sorted(baseline.sizes.items())),
        count=baseline.convention.count,
        taps=baseline.convention.padding,
        dtype=baseline.dtype,
        rows={},
        **baseline.totals,
    )
    table = {key: value for key, value in msgspec.to_builtins(entry).items() if value != UNWRITTEN.get(key)}
    yield f"[entries.{name}]"
    yield from _assignments(table)
    yield f"\n[entries.{name}.rows]"
    for path, (row, copies) in fold_rows(baseline.rows).items():
        figures = msgspec.to_builtins(LockRow(row.kind, copies, **dict(row.figures)))
        yield f"{_value(path)} = {_value(figures)}"


def _assignments(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(name)} = {_value(value)}" for name, value in values.items())


def _key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(_assignments(value))} }}" if value else "{}"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    return str(value)


def read_lock(path: Path) -> dict[str, Baseline] | None:
    """The baselines by entry name; None if there is no such file.

    Raises UsageError for a file that is damaged, newer, or not a lock file.
    """
    if not os.path.lexists(path):
        return None
    try:
        table = parse_toml(read_text(path), display_path(path))
    except ConfigError as error:
        raise UsageError(error.message, hint=RESTORE_HINT) from None
    _check_version(table, display_path(path))
    for issue in find_issues(table, LockTable):
        raise _damage_error(path, f"{dotted_key(issue.path)}: {issue.message}")
    lock = msgspec.convert(table, LockTable)
    return {name: _baseline(path, name, entry) for name, entry in lock.entries.items()}


def _check_version(table: Mapping[str, Any], file: str) -> None:
    version = table.get(VERSION_KEY)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        hint = "The file was not changed. Move it elsewhere."
        raise UsageError(f"{file} is not a lock file of convcost", hint=hint)
    if version > VERSION:
        message = f"{file} has version {version}; this convcost reads version {VERSION}"
        raise UsageError(message, hint="Update convcost to read it. The file was not changed.")


def _damage_error(path: Path, what: str) -> UsageError:
    return UsageError(f"{display_path(path)} is damaged: {what}", hint=RESTORE_HINT)


def _baseline(path: Path, name: str, entry: Any) -> Baseline:
    baseline = Baseline(
        of=entry.of,
        sizes=entry.sizes,
        totals={metric: getattr(entry, metric) for metric in BASELINE_METRICS},
        rows=_rows(path, name, entry.rows),
        convention=Convention(entry.count, entry.taps),
        dtype=entry.dtype,
    )
    _check_sums(path, name, baseline)
    return baseline


def _rows(path: Path, name: str, folded: Mapping[str, Any]) -> dict[str, BaselineRow]:
    rows: dict[str, BaselineRow] = {}
    for place, row in folded.items():
        try:
            paths = unfold_path(place) if row.copies > 1 else [place]
        except ValueError:
            paths = []
        is_known = any(each in rows for each in paths)
        if len(paths) != row.copies or is_known or len(rows) + row.copies > MOST_ROWS:
            raise _damage_error(
                path, f"{dotted_key(('entries', name, 'rows', place))} is not {row.copies} rows"
            )
        figures = ((metric, getattr(row, metric)) for metric in ROW_METRICS)
        found = BaselineRow(row.kind, tuple((metric, figure) for metric, figure in figures if figure))
        rows |= dict.fromkeys(paths, found)
    return rows


def _check_sums(path: Path, name: str, baseline: Baseline) -> None:
    """UsageError if totals are not the sums of the rows, as after a merge of two files."""
    for metric in ROW_METRICS:
        figures = [row.get(metric) for row in baseline.rows.values()]
        total = baseline.totals[metric]
        numbers = [figure for figure in figures if isinstance(figure, int)]
        if isinstance(total, int) and len(numbers) == len(figures) and sum(numbers) != total:
            key = dotted_key(("entries", name, metric))
            raise _damage_error(path, f"{key} is {total:,}, but the rows have {sum(numbers):,}")
