"""Devices as plain data: what JSON and CSV write."""

from __future__ import annotations

from typing import Any

from convcost.devices import Device
from convcost.devices.device import DTYPES
from convcost.render.devices import DeviceList
from convcost.render.style import Style
from convcost.schemas import devices as records


def device_list_record(result: DeviceList) -> records.Devices:
    """Everything about each."""
    return {"schema": "convcost/1", "devices": list(map(_record, result.devices))}


def _record(device: Device) -> records.Device:
    return {
        "name": device.name,
        "aliases": list(device.aliases),
        "title": device.title,
        "vendor": device.vendor,
        "kind": device.kind,
        "year": device.year,
        "memory": device.memory,
        "bandwidth": device.bandwidth,
        "peaks": dict(device.peaks),
        "ridges": {dtype: float(device.ridge(dtype)) for dtype in device.peaks},
        "sources": dict(device.sources),
        "derivations": dict(device.derivations),
        "notes": list(device.notes),
        "overheads": {of: float(seconds) for of, seconds in device.overheads.items()},
    }


def device_rows(result: DeviceList, style: Style) -> list[dict[str, Any]]:
    """A line for each device, a column for each dtype."""
    return [
        {
            "name": device.name,
            "title": device.title,
            "vendor": device.vendor,
            "kind": device.kind,
            "year": device.year,
            "memory": device.memory,
            "bandwidth": device.bandwidth,
            **{dtype: device.peaks.get(dtype) for dtype in DTYPES},
        }
        for device in result.devices
    ]
