"""The layers of a design that are explained together, with their loops and where their inputs come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcost.analysis.explain.steps import Loop, without_rounding
from convcost.core.cost import Shape, Size
from convcost.core.report import Report
from convcost.core.row import LayerLike, Row
from convcost.layers.composite import CompositeLayer


class PartMacs(NamedTuple):
    """The MACs of a part of a layer, and its loops if it has no parts itself."""

    name: str
    loops: tuple[Loop, ...]
    macs: Size


class LayerGroup(NamedTuple):
    """Rows of one layer on inputs of one shape; `named` is the first with names for its sizes.

    `loops` are those of one row, with their names and with numbers put in; `parts` those of a composite one.
    In a design with branches `places` are the paths of all rows, and where one reads several inputs `origins`
    says where each comes from.
    """

    rows: tuple[Row, ...]
    named: Row
    loops: tuple[Loop, ...]
    parts: tuple[PartMacs, ...]
    places: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def row(self) -> Row:
        """The one that stands for all."""
        return self.rows[0]

    @property
    def times(self) -> int:
        """How many they are."""
        return len(self.rows)

    @property
    def macs(self) -> Size:
        """MACs of all of them."""
        return self.times * self.row.cost.macs


def layer_groups(report: Report, named: Report) -> tuple[LayerGroup, ...]:
    """The layers of `report` in order of appearance, those alike together."""
    has_branches = any(row.further_inputs for row in report.rows)
    found: dict[tuple[LayerLike, Shape], list[tuple[Row, Row]]] = {}
    for row, by_name in zip(report.rows, named.rows, strict=True):
        found.setdefault((row.layer, row.input), []).append((row, by_name))
    return tuple(
        LayerGroup(
            tuple(row for row, _ in pairs),
            by_name,
            _loops(_extents(named, by_name.layer, by_name.input), _extents(report, row.layer, row.input)),
            _part_macs(report, row, named, by_name),
            tuple(row.path for row, _ in pairs) if has_branches else (),
            tuple(_origins(report, [row for row, _ in pairs])),
        )
        for pairs in found.values()
        for row, by_name in pairs[:1]
    )


def _origins(report: Report, rows: Sequence[Row]) -> Iterator[str]:
    """For each of several inputs what makes it, or its number in the design; of rows alike nothing."""
    if len(rows) > 1 or not rows[0].further_inputs:
        return
    for source in rows[0].sources:
        is_input = source < 0
        yield f"input {-source}" if is_input else f"{report.rows[source].path} {report.rows[source].kind}"


def _loops(named: dict[str, Size], extents: dict[str, Size]) -> tuple[Loop, ...]:
    return tuple(Loop(name, named[name], extent) for name, extent in extents.items())


def _extents(report: Report, layer: LayerLike, shape: Shape) -> dict[str, Size]:
    """The loops of `layer`, each division that is assumed to be exact written as one."""
    return {name: without_rounding(extent, report.assumptions) for name, extent in layer.loops(shape)}


def _part_macs(report: Report, row: Row, named: Report, by_name: Row) -> tuple[PartMacs, ...]:
    """The MACs of each part that multiplies; nothing where the layer has no parts."""
    if not (isinstance(row.layer, CompositeLayer) and isinstance(by_name.layer, CompositeLayer)):
        return ()
    parts = zip(by_name.layer.parts(by_name.input), row.layer.parts(row.input), strict=True)
    found = (
        PartMacs(
            part.name,
            _loops(
                _extents(named, part_by_name.layer, part_by_name.input),
                _extents(report, part.layer, part.input),
            ),
            without_rounding(part.cost.macs, report.assumptions),
        )
        for part_by_name, part in parts
    )
    return tuple(part for part in found if part.macs != 0)
