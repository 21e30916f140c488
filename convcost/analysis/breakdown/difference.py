"""What the difference of two designs is made of: each part of one beside its counterpart in the other."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from convcost.analysis.breakdown.tree import around
from convcost.core.cost import Cost
from convcost.core.report import Report, Row

NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.)")
"""A number in a path that more follows on: a block's place among others."""


class Part(NamedTuple):
    """Rows of a report that have one place in it: `blocks.*.fc` for the `fc` of every block."""

    path: str
    kind: str
    rows: tuple[Row, ...]

    @property
    def cost(self) -> Cost:
        """All rows' costs together."""
        return sum((row.cost for row in self.rows), Cost())


class Pair(NamedTuple):
    """A part of the first report and its counterpart in the other; None where there is none."""

    first: Part | None
    other: Part | None

    @property
    def costs(self) -> tuple[Cost, Cost]:
        """What both cost; nothing where there is none."""
        return self.first.cost if self.first else Cost(), self.other.cost if self.other else Cost()


def paired(first: Report, other: Report) -> tuple[Pair, ...]:
    """Every part of both once: those of one path together, those of one kind in order, then the rest."""
    left, right = _parts(first), _parts(other)
    pairs = [Pair(left.pop(path), right.pop(path)) for path in [*left] if path in right]
    for path, part in [*left.items()]:
        alike = next((match for match in right.values() if match.kind == part.kind), None)
        if alike:
            pairs.append(Pair(left.pop(path), right.pop(alike.path)))
    return (
        *pairs,
        *(Pair(part, None) for part in left.values()),
        *(Pair(None, part) for part in right.values()),
    )


def _parts(report: Report) -> dict[str, Part]:
    blocks = {block for row in report.rows for block in around(row.path)}
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in report.rows:
        end = "." if row.path in blocks else ""
        rows[NUMBER.sub("*", row.path + end).removesuffix(".")].append(row)
    return {path: Part(path, found[0].kind, tuple(found)) for path, found in rows.items()}
