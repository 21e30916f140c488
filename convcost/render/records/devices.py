"""Devices as records."""

from typing import Annotated, Any

from convcost.core.record_fields import describe, keys_of
from convcost.devices.device import Device
from convcost.devices.names import DTYPES, Call, Kind
from convcost.render.devices import DeviceList
from convcost.render.records.context import HEAD, Head
from convcost.render.records.record import Record, record_from
from convcost.render.style import Style

COLUMNS = ("name", "title", "vendor", "kind", "year", "memory", "bandwidth")
"""What CSV has, before a peak for each dtype."""


class DeviceRecord(Record):
    """What a device can do."""

    name: str
    aliases: list[str]
    title: str
    vendor: str
    kind: Kind
    year: int | None
    memory: Annotated[int | None, describe("In bytes; null where it has none of its own.")]
    bandwidth: Annotated[int, describe("In bytes per second.")]
    peaks: Annotated[dict[str, int], describe("In FLOP/s, int8 in OP/s, by dtype; dense.")]
    ridges: Annotated[
        dict[str, float], describe("FLOPs per byte from which on the peak is the limit, by dtype.")
    ]
    sources: Annotated[dict[str, str], describe("Where each figure is from, by bandwidth, memory or dtype.")]
    derivations: Annotated[dict[str, str], describe("The arithmetic behind figures that are computed.")]
    notes: list[str]
    overheads: Annotated[
        dict[str, float],
        keys_of(Call),
        describe("Seconds that a call takes beside its work, by what is called, where that was measured."),
    ]


class DeviceListRecord(Head):
    """The JSON of convcost devices."""

    devices: list[DeviceRecord]


def record(result: DeviceList) -> DeviceListRecord:
    """Everything about each."""
    return DeviceListRecord(**HEAD, devices=list(map(_record, result.devices)))


def _record(device: Device) -> DeviceRecord:
    return record_from(
        DeviceRecord, device, ridges={dtype: float(device.ridge(dtype)) for dtype in device.peaks}
    )


def rows(result: DeviceList, style: Style) -> list[dict[str, Any]]:
    """A line for each device, a column for each dtype."""
    return [
        {
            **{column: getattr(device, column) for column in COLUMNS},
            **{dtype: device.peaks.get(dtype) for dtype in DTYPES},
        }
        for device in result.devices
    ]
