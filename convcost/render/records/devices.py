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
"""The columns of CSV before the peaks, one for each dtype."""


class DeviceRecord(Record):
    """A device with its peaks and bandwidth."""

    name: str
    aliases: list[str]
    title: str
    vendor: str
    kind: Kind
    year: int | None
    memory: Annotated[int | None, describe("In bytes; null if the device has no memory of its own.")]
    bandwidth: Annotated[int, describe("In bytes per second.")]
    peaks: Annotated[dict[str, int], describe("Dense peaks by dtype, in FLOP/s; int8 in OP/s.")]
    ridges: Annotated[dict[str, float], describe("Ridge points by dtype, in FLOPs per byte.")]
    sources: Annotated[dict[str, str], describe("The source of each figure, by bandwidth, memory or dtype.")]
    derivations: Annotated[dict[str, str], describe("How computed figures are derived.")]
    notes: list[str]
    overheads: Annotated[
        dict[str, float],
        keys_of(Call),
        describe("Measured overhead of a call in seconds, by the kind of call."),
    ]


class DeviceListRecord(Head):
    """The output of convcost devices --json."""

    devices: list[DeviceRecord]


def record(result: DeviceList) -> DeviceListRecord:
    """The devices with all their fields."""
    return DeviceListRecord(**HEAD, devices=list(map(_record, result.devices)))


def _record(device: Device) -> DeviceRecord:
    return record_from(
        DeviceRecord, device, ridges={dtype: float(device.ridge(dtype)) for dtype in device.peaks}
    )


def rows(result: DeviceList, style: Style) -> list[dict[str, Any]]:
    """A row for each device, with a column for each dtype."""
    return [
        {
            **{column: getattr(device, column) for column in COLUMNS},
            **{dtype: device.peaks.get(dtype) for dtype in DTYPES},
        }
        for device in result.devices
    ]
