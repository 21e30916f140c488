"""The JSON of devices."""

from __future__ import annotations

from typing import TypedDict

from convcost.devices.device import Call, Kind
from convcost.schemas.common import Head


class Device(TypedDict):
    """What a device can do."""

    name: str
    aliases: list[str]
    title: str
    vendor: str
    kind: Kind
    year: int | None
    memory: int | None
    """In bytes; null where it has none of its own."""
    bandwidth: int
    """In bytes per second."""
    peaks: dict[str, int]
    """In FLOP/s, int8 in OP/s, by dtype; dense."""
    ridges: dict[str, float]
    """FLOPs per byte from which on the peak is the limit, by dtype."""
    sources: dict[str, str]
    """Where each figure is from, by bandwidth, memory or dtype."""
    derivations: dict[str, str]
    """The arithmetic behind figures that are computed."""
    notes: list[str]
    overheads: dict[Call, float]
    """Seconds that a call takes beside its work, by what is called, where that was measured."""


class Devices(Head):
    """The JSON of `convcost devices`."""

    devices: list[Device]
