"""What a lock file has of an entry: its totals, and the figures of each layer or module. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from convcost.core.cost import MATMUL, Convention
from convcost.core.metrics import BY_NAME, METRICS
from convcost.core.report import Report
from convcost.core.report import Row as ReportRow
from convcost.gate.counting import CountedEntry
from convcost.gate.keys import BASELINE_METRICS

ROW_METRICS = tuple(
    metric.name for metric in METRICS if metric.in_baseline and metric.is_additive and metric.name != "flops"
)
"""What a layer or module has figures of: the totals of these are their sums."""

Figure = int | str
"""A number; a formula's text where sizes are open."""


class Row(NamedTuple):
    """A layer or module: its class, and its figures, those that are 0 left out."""

    kind: str
    figures: tuple[tuple[str, Figure], ...]

    def get(self, metric: str) -> Figure:
        """One of the figures."""
        return dict(self.figures).get(metric, 0)


class Baseline(NamedTuple):
    """What an entry costs, and of what under which convention that is; rows by their paths."""

    of: str
    sizes: Mapping[str, int]
    totals: Mapping[str, Figure]
    rows: Mapping[str, Row]
    convention: Convention = MATMUL
    dtype: str = "float32"

    @property
    def is_open(self) -> bool:
        """Whether figures are formulas."""
        return any(isinstance(figure, str) for figure in self.totals.values())


def baseline_of(counted: CountedEntry) -> Baseline:
    """The baseline that the entry would have now."""
    report = counted.report
    return Baseline(
        of=counted.entry.text,
        sizes={name: size for name, size in report.sizes.items() if isinstance(size, int)},
        totals={metric: figure(_total(report, metric)) for metric in BASELINE_METRICS},
        rows={row.path: _row(row) for row in report.rows},
        convention=report.convention,
        dtype=report.dtype,
    )


def _total(report: Report, metric: str) -> Any:
    """A total; there may be none of what the convention asks for."""
    if metric == "flops" and report.convention.padding == "valid" and report.valid_macs is None:
        return None
    return getattr(report, metric)


def _row(row: ReportRow) -> Row:
    figures = ((name, figure(BY_NAME[name].in_row(row, MATMUL))) for name in ROW_METRICS)
    return Row(row.kind, tuple((metric, each) for metric, each in figures if each != 0))


def figure(value: Any) -> Figure:
    """`value` as a lock file has it."""
    if isinstance(value, int):
        return value
    if value is None:
        return "no formula"
    from convcost.symbolic.canonicalize import plain
    from convcost.symbolic.text import program

    number = plain(value)
    return number if isinstance(number, int) else program(value)
