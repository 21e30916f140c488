"""The catalogue of devices as tables, and one device in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from convcost.core.units import NONE, human, significant
from convcost.devices.device import Device
from convcost.devices.names import peak_unit
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.style import Style

COLUMNS = ("memory", "bandwidth", "bf16 FLOP/s", "fp32 FLOP/s", "FLOPs/B")

LEGEND = (
    "Peaks are dense, without sparsity. The bf16 peak of a device without bfloat16 is that of float16.",
    "FLOPs/B is the ridge point in bf16, or else in fp32: with fewer FLOPs per byte, work is memory-bound.",
    "convcost devices NAME shows every dtype of a device, and the sources of its figures.",
)


class DeviceList(NamedTuple):
    """Devices; `in_full` selects all details."""

    devices: tuple[Device, ...]
    in_full: bool = False


def devices_document(result: DeviceList, style: Style) -> Document:
    """One device in full, or a table for each vendor."""
    if result.in_full and len(result.devices) == 1:
        return _in_full(result.devices[0])
    vendors: dict[str, list[Device]] = {}
    for device in result.devices:
        vendors.setdefault(device.vendor, []).append(device)
    return _document(tuple(_table(vendor, devices) for vendor, devices in vendors.items()), LEGEND)


def _document(tables: tuple[Table, ...], notes: Iterable[str], device: Device | None = None) -> Document:
    return Document(
        heading=(("device", device.title),) if device else (),
        facts=tuple(_facts(device)) if device else (),
        costs=Section(tables, tuple(notes)),
    )


def _table(vendor: str, devices: list[Device]) -> Table:
    lines = (Line(device.name, _cells(device)) for device in devices)
    return Table((vendor, *COLUMNS), tuple(lines))


def _cells(device: Device) -> tuple[str, ...]:
    half = next((device.peaks[dtype] for dtype in ("bfloat16", "float16") if dtype in device.peaks), None)
    single = device.peaks.get("float32")
    return (
        human(device.memory, "B") if device.memory else NONE,
        human(device.bandwidth, "B/s"),
        human(half) if half else NONE,
        human(single) if single else NONE,
        significant(device.ridge(device.default_dtype)) if half or single else NONE,
    )


def _in_full(device: Device) -> Document:
    lines = [
        *([Line("memory", (human(device.memory, "B"), f"{device.memory:,}", ""))] if device.memory else []),
        Line("bandwidth", (human(device.bandwidth, "B/s"), f"{device.bandwidth:,}", "")),
        *(_peak(device, dtype) for dtype in device.peaks),
    ]
    return _document(
        (Table(("", "figure", "exact", "ridge (FLOPs/B)"), tuple(lines)),), _notes(device), device
    )


def _peak(device: Device, dtype: str) -> Line:
    peak = device.peaks[dtype]
    return Line(dtype, (human(peak, peak_unit(dtype)), f"{peak:,}", significant(device.ridge(dtype))))


def _facts(device: Device) -> Iterator[Fact]:
    yield Fact("name", ", ".join((device.name, *device.aliases)))
    since = f", {device.year}" if device.year else ""
    yield Fact("kind", f"{device.vendor}, {device.kind}{since}")


def _notes(device: Device) -> Iterator[str]:
    """Derivations and sources of figures, and further notes."""
    for text, figures in _group_by_text(device, device.derivations):
        yield f"{figures} = {text}"
    for text, figures in _group_by_text(device, device.sources):
        yield f"{figures}: {text}"
    yield from device.notes


def _group_by_text(device: Device, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each text once, with its figures."""
    figures: dict[str, list[str]] = {}
    for figure in device.figures:
        if figure in texts:
            figures.setdefault(texts[figure], []).append(figure)
    yield from ((text, ", ".join(names)) for text, names in figures.items())
