"""Reads devices from TOML tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from convcost.core.errors import ConvcostError, UsageError, join_words
from convcost.devices.amounts import BANDWIDTH, MEMORY, PEAK, Amount, Measure, parse_figure
from convcost.devices.device import Device
from convcost.devices.names import OWN

LONGEST_NAME = 64

NEEDED = ("vendor", "kind", "bandwidth", "peaks")
"""Required keys of a device without `like`."""


class TableFault(NamedTuple):
    """An error in a device's table, and its key."""

    path: tuple[str, ...]
    message: str


class FigureOrigin(NamedTuple):
    """The default source of figures, and sources by short name."""

    default: str = ""
    sources: Mapping[str, str] = {}


class UnreadableDeviceError(ConvcostError):
    """An invalid table, with all its faults."""

    def __init__(self, faults: list[TableFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{'.'.join(fault.path)}: {fault.message}" for fault in faults))


def normalized_name(name: str) -> str:
    """`name` in lower case without punctuation: rtx4090 for RTX-4090."""
    return "".join(filter(str.isalnum, name.lower()))


def read_device(
    name: str, table: Mapping[str, Any], find: Callable[[str], Device], origin: FigureOrigin
) -> Device:
    """Read the device `name`; `find` returns the device named by `like`.

    The types of the values must have been checked. Raises UnreadableDeviceError with all faults.
    """
    faults = [*_name_faults(name, ())]
    for alias in table.get("aliases", ()):
        faults += _name_faults(alias, ("aliases",))
    base = _base(table, find, faults)
    figures = _figures(table, faults)
    missing = [] if "like" in table else [key for key in NEEDED if table.get(key, "") in ("", {})]
    if missing:
        faults.append(TableFault((), f'needs {join_words(missing)}, or else like = "h100"'))
    sources = _sources(table, figures, origin, faults)
    if faults:
        raise UnreadableDeviceError(faults)
    return _device(name, table, base, figures, sources)


def _name_faults(name: str, path: tuple[str, ...]) -> Iterator[TableFault]:
    if not normalized_name(name) or not name.isprintable() or len(name) > LONGEST_NAME:
        wanted = f"1 to {LONGEST_NAME} printable characters, including a letter or digit"
        yield TableFault(path, f"a name must have {wanted}")
    elif normalized_name(name) in OWN:
        yield TableFault(path, f"{name} is the name of the machine that convcost runs on")


def _base(table: Mapping[str, Any], find: Callable[[str], Device], faults: list[TableFault]) -> Device | None:
    if "like" not in table:
        return None
    try:
        return find(table["like"])
    except UsageError as error:
        faults.append(TableFault(("like",), str(error)))
        return None


def _figures(table: Mapping[str, Any], faults: list[TableFault]) -> dict[str, Amount]:
    """The figures in the table, by name."""
    values: list[tuple[str, tuple[str, ...], object, Measure]] = [
        (key, (key,), table[key], measure)
        for key, measure in (("bandwidth", BANDWIDTH), ("memory", MEMORY))
        if key in table
    ]
    values += [(dtype, ("peaks", dtype), text, PEAK) for dtype, text in table.get("peaks", {}).items()]
    figures = {}
    for name, path, text, measure in values:
        try:
            figures[name] = parse_figure(text, measure)
        except UsageError as error:
            faults.append(TableFault(path, str(error)))
    return figures


def _sources(
    table: Mapping[str, Any], figures: Mapping[str, Amount], origin: FigureOrigin, faults: list[TableFault]
) -> dict[str, str]:
    """The source of each figure."""
    own = table.get("sources", {})
    for figure in own:
        if figure not in figures:
            faults.append(TableFault(("sources", figure), "is for a figure that is not given here"))
    texts = {figure: own.get(figure, table.get("source", origin.default)) for figure in figures}
    return {figure: origin.sources.get(text, text) for figure, text in texts.items()}


def _device(
    name: str,
    table: Mapping[str, Any],
    base: Device | None,
    figures: Mapping[str, Amount],
    sources: Mapping[str, str],
) -> Device:
    """The device of a table, completed by the device that it is based on."""
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
    """The sources of the base device, marked as inherited."""
    if base is None:
        return {}
    return {figure: f"as {base.name}: {text}" for figure, text in base.sources.items()}
