"""Groups of equal layers that are explained together, with their loops and the origins of their inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcost.analysis.explain.steps import Loop, without_rounding
from convcost.core.cost import Shape, Size
from convcost.core.report import Report
from convcost.core.row import LayerLike, Row
from convcost.layers.composite import CompositeLayer
from convcost.layers.interface import Layer


class PartCost(NamedTuple):
    """A part of a layer with its MACs, its elementwise work, and its loops, if it has no parts."""

    name: str
    layer: Layer
    loops: tuple[Loop, ...]
    macs: Size
    elementwise: Size


class LayerGroup(NamedTuple):
    """Rows of equal layers on inputs of equal shape; `named` is the first row by names of sizes.

    `loops` are those of one row; `parts` those of a composite layer. In a design with branches, `paths` are
    the paths of all rows, and `origins` say where each of several inputs comes from.
    """

    rows: tuple[Row, ...]
    named: Row
    loops: tuple[Loop, ...]
    parts: tuple[PartCost, ...]
    paths: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def row(self) -> Row:
        """The first row."""
        return self.rows[0]

    @property
    def times(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @property
    def macs(self) -> Size:
        """The MACs of all rows."""
        return self.times * self.row.cost.macs


def layer_groups(report: Report, named: Report) -> tuple[LayerGroup, ...]:
    """The layers of `report` in order of appearance, with equal ones grouped."""
    has_branches = any(row.further_inputs for row in report.rows)
    grouped: dict[tuple[LayerLike, Shape], list[tuple[Row, Row]]] = {}
    for row, by_name in zip(report.rows, named.rows, strict=True):
        grouped.setdefault((row.layer, row.input), []).append((row, by_name))
    return tuple(
        LayerGroup(
            tuple(row for row, _ in pairs),
            by_name,
            _loops(_extents(named, by_name.layer, by_name.input), _extents(report, row.layer, row.input)),
            _part_costs(report, row, named, by_name),
            tuple(row.path for row, _ in pairs) if has_branches else (),
            tuple(_origins(report, [row for row, _ in pairs])),
        )
        for pairs in grouped.values()
        for row, by_name in pairs[:1]
    )


def _origins(report: Report, rows: Sequence[Row]) -> Iterator[str]:
    """The layer that makes each of several inputs, or the input's number; empty for several rows."""
    if len(rows) > 1 or not rows[0].further_inputs:
        return
    for source in rows[0].sources:
        is_input = source < 0
        yield f"input {-source}" if is_input else f"{report.rows[source].path} {report.rows[source].kind}"


def _loops(named: dict[str, Size], extents: dict[str, Size]) -> tuple[Loop, ...]:
    return tuple(Loop(name, named[name], extent) for name, extent in extents.items())


def _extents(report: Report, layer: LayerLike, shape: Shape) -> dict[str, Size]:
    """The loops of `layer`, with divisions that are assumed to be exact not rounded."""
    return {name: without_rounding(extent, report.assumptions) for name, extent in layer.loops(shape)}


def _part_costs(report: Report, row: Row, named: Report, by_name: Row) -> tuple[PartCost, ...]:
    """The parts of the layer, if it has any."""
    if not (isinstance(row.layer, CompositeLayer) and isinstance(by_name.layer, CompositeLayer)):
        return ()
    parts = zip(by_name.layer.parts(by_name.input), row.layer.parts(row.input), strict=True)
    return tuple(
        PartCost(
            part.name,
            part.layer,
            _loops(
                _extents(named, part_by_name.layer, part_by_name.input),
                _extents(report, part.layer, part.input),
            ),
            without_rounding(part.cost.macs, report.assumptions),
            without_rounding(part.cost.elementwise, report.assumptions),
        )
        for part_by_name, part in parts
    )
