"""Memory laid out, candidates side by side, and as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from convcost.footprints.memory import Memory
from convcost.formats.candidates import beside, columns
from convcost.formats.document import Line, Section, Table
from convcost.formats.memory_notes import Found, memory_notes
from convcost.formats.numbers import LONGEST_ALONE, data, factor, in_full, is_number, shown
from convcost.quantities import Size, quotient
from convcost.report import Report
from convcost.units import human

UNKNOWN = "unknown"


class Quantity(NamedTuple):
    """A figure of Memory by attribute, and its label; an `optional` one is shown where some have it."""

    attribute: str
    label: str
    optional: bool = False


QUANTITIES = (
    Quantity("parameters", "parameters"),
    Quantity("buffers", "buffers", optional=True),
    Quantity("gradients", "gradients"),
    Quantity("optimizer_state", "state of {optimizer}"),
    Quantity("master_copy", "master copy in float32", optional=True),
    Quantity("activations", "kept for backward"),
    Quantity("forward_peak", "peak of a forward"),
    Quantity("training_peak", "peak of a training step"),
)


def memory_section(reports: Sequence[Report]) -> Section:
    """A table of the candidates, and notes."""
    found = [(report, report.memory) for report in reports if report.memory]
    return Section((_table(found),), memory_notes(found))


def _table(found: Found) -> Table:
    (first, memory), *others = found
    dtypes = "/".join(dict.fromkeys(each.dtype for _, each in found))
    single = ("formula",) if first.open_names else ("bytes", "about")
    lines = (
        Line(quantity.label.format(optimizer=memory.optimizer), _cells(values, bool(first.open_names)))
        for quantity, values in _values(found)
    )
    headings = columns([report for report, _ in found]) if others else single
    return Table((f"memory, {dtypes}", *headings), tuple(lines))


def _values(found: Found) -> list[tuple[Quantity, list[Size | None]]]:
    """The quantities to show, with each candidate's."""
    listed = [
        (quantity, [getattr(memory, quantity.attribute) for _, memory in found]) for quantity in QUANTITIES
    ]
    return [(quantity, values) for quantity, values in listed if not quantity.optional or any(values)]


def _cells(values: list[Size | None], is_open: bool) -> tuple[str, ...]:
    """Side by side with ratios; of a single one the exact figure and about how much it is, or a formula."""
    if len(values) > 1:
        return beside(list(map(_about, values)), [factor(_ratio(values[0], each)) for each in values[1:]])
    [value] = values
    if is_open:
        return (_about(value, LONGEST_ALONE),)
    return (UNKNOWN, "") if value is None else (in_full(value), human(value, "B"))


def _about(value: Size | None, longest: int = 56) -> str:
    if value is None:
        return UNKNOWN
    return human(value, "B") if is_number(value) else shown(value, longest=longest)


def _ratio(first: Size | None, other: Size | None) -> Any:
    return None if first is None or other is None or first == 0 else quotient(other, first)


def memory_record(memory: Memory) -> dict[str, Any]:
    """Exact bytes, or formulas; null for what is not known."""
    return {name: value if isinstance(value, str) else data(value) for name, value in asdict(memory).items()}


def memory_ratios(first: Memory, other: Memory) -> dict[str, Any]:
    """The other's figures over the first one's."""
    names = [quantity.attribute for quantity in QUANTITIES]
    return {name: data(_ratio(getattr(first, name), getattr(other, name))) for name in names}
