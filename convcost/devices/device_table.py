"""From a table, as a TOML file has it, to the Device that it states."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from convcost.core.errors import ConvcostError, UsageError
from convcost.devices.amounts import BANDWIDTH, MEMORY, PEAK, Amount, Measure, parse_figure
from convcost.devices.device import Device
from convcost.devices.names import OWN

LONGEST_NAME = 64

NEEDED = ("vendor", "kind", "bandwidth", "peaks")
"""What a device has that is like no other."""


class TableFault(NamedTuple):
    """What is wrong below a device's table, and at which key."""

    path: tuple[str, ...]
    message: str


class FigureOrigin(NamedTuple):
    """Where figures without a source of their own are from, and sources by a short name."""

    default: str = ""
    sources: Mapping[str, str] = {}


class UnreadableDeviceError(ConvcostError):
    """A table that states no device."""

    def __init__(self, faults: list[TableFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{'.'.join(fault.path)}: {fault.message}" for fault in faults))


def normalized_name(name: str) -> str:
    """`name` without case and punctuation: rtx4090 for RTX-4090."""
    return "".join(filter(str.isalnum, name.lower()))


def read_device(
    name: str, table: Mapping[str, Any], find: Callable[[str], Device], origin: FigureOrigin
) -> Device:
    """The device called `name`; `find` gives the one that it is like.

    The kinds of the values have been checked. UnreadableDeviceError has every fault.
    """
    faults = [*_name_faults(name, ())]
    for alias in table.get("aliases", ()):
        faults += _name_faults(alias, ("aliases",))
    base = _base(table, find, faults)
    figures = _figures(table, faults)
    missing = [] if "like" in table else [key for key in NEEDED if table.get(key, "") in ("", {})]
    if missing:
        faults.append(TableFault((), f"{' and '.join(missing)} must be given, or like"))
    sources = _sources(table, figures, origin, faults)
    if faults:
        raise UnreadableDeviceError(faults)
    return _device(name, table, base, figures, sources)


def _name_faults(name: str, path: tuple[str, ...]) -> Iterator[TableFault]:
    if not normalized_name(name) or not name.isprintable() or len(name) > LONGEST_NAME:
        wanted = f"1 to {LONGEST_NAME} characters that can be printed, letters among them"
        yield TableFault(path, f"a name has {wanted}")
    elif normalized_name(name) in OWN:
        yield TableFault(path, f"{name} is what the machine that convcost runs on is called")


def _base(table: Mapping[str, Any], find: Callable[[str], Device], faults: list[TableFault]) -> Device | None:
    if "like" not in table:
        return None
    try:
        return find(table["like"])
    except UsageError as error:
        faults.append(TableFault(("like",), str(error)))
        return None


def _figures(table: Mapping[str, Any], faults: list[TableFault]) -> dict[str, Amount]:
    """The figures that the table has, by name."""
    written: list[tuple[str, tuple[str, ...], object, Measure]] = [
        (key, (key,), table[key], measure)
        for key, measure in (("bandwidth", BANDWIDTH), ("memory", MEMORY))
        if key in table
    ]
    written += [(dtype, ("peaks", dtype), text, PEAK) for dtype, text in table.get("peaks", {}).items()]
    figures = {}
    for name, path, text, measure in written:
        try:
            figures[name] = parse_figure(text, measure)
        except UsageError as error:
            faults.append(TableFault(path, str(error)))
    return figures


def _sources(
    table: Mapping[str, Any], figures: Mapping[str, Amount], origin: FigureOrigin, faults: list[TableFault]
) -> dict[str, str]:
    """Where each of these figures is from."""
    own = table.get("sources", {})
    for figure in own:
        if figure not in figures:
            faults.append(TableFault(("sources", figure), "is of a figure that is not given here"))
    texts = {figure: own.get(figure, table.get("source", origin.default)) for figure in figures}
    return {figure: origin.sources.get(text, text) for figure, text in texts.items()}


def _device(
    name: str,
    table: Mapping[str, Any],
    base: Device | None,
    figures: Mapping[str, Amount],
    sources: Mapping[str, str],
) -> Device:
    """What the table has, and the rest from the device that it is like."""
    values = {figure: amount.value for figure, amount in figures.items()}
    bandwidth = values.pop("bandwidth", base.bandwidth if base else 0)
    memory = values.pop("memory", base.memory if base else None)
    inherited = {} if base is None else {k: v for k, v in base.derivations.items() if k not in figures}
    derivations = {figure: amount.derivation for figure, amount in figures.items() if amount.derivation}
    return Device(
        name=name,
        title=table.get("title", name),
        vendor=table.get("vendor", base.vendor if base else ""),
        kind=table.get("kind", base.kind if base else ""),
        year=table.get("year", base.year if base else None),
        peaks={**(base.peaks if base else {}), **values},
        bandwidth=bandwidth,
        memory=memory,
        sources={**_inherited(base), **sources},
        derivations=inherited | derivations,
        aliases=tuple(table.get("aliases", ())),
        notes=(*(base.notes if base else ()), *table.get("notes", ())),
    )


def _inherited(base: Device | None) -> dict[str, str]:
    """The sources of the device that one is like, and that they are its."""
    if base is None:
        return {}
    return {figure: f"as {base.name}: {text}" for figure, text in base.sources.items()}
