"""The catalogue of devices by name: those included in convcost, and added ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from convcost.core.errors import ConvcostError, UsageError, did_you_mean
from convcost.devices.device import Device
from convcost.devices.device_table import FigureOrigin, UnreadableDeviceError, normalized_name, read_device

DEVICES_HINT = "List all devices with convcost devices."

FILES = ("nvidia", "geforce", "jetson", "amd", "intel", "google", "amazon", "apple", "cpu")
"""The files in the folder `data`, in the order of listing."""


@dataclass(frozen=True)
class Catalogue:
    """An ordered list of devices with unique names."""

    devices: tuple[Device, ...] = ()

    def extended(self, *others: Device) -> Catalogue:
        """The catalogue with more devices; one with an existing name replaces it, and keeps its aliases."""
        devices = dict(self._by_name)
        for device in others:
            key = normalized_name(device.name)
            devices[key] = _replace_device(devices[key], device) if key in devices else device
        return Catalogue(tuple(devices.values()))

    def named(self, name: str) -> Device:
        """The device with that name, alias or title, ignoring case and punctuation; UsageError if none."""
        key = normalized_name(name)
        device = self._by_name.get(key) or self._by_name.get(self._others.get(key, ""))
        if device is None:
            near = did_you_mean(name, self._spellings)
            raise UsageError(f"no device is called {name[:40]}{near}", hint=DEVICES_HINT)
        return device

    def chosen(self, names: Iterable[str]) -> tuple[Device, ...]:
        """The devices of these names, without duplicates."""
        return tuple({device.name: device for device in map(self.named, names)}.values())

    @cached_property
    def _by_name(self) -> dict[str, Device]:
        return {normalized_name(device.name): device for device in self.devices}

    @cached_property
    def _others(self) -> dict[str, str]:
        """Names by alias and title."""
        return {
            normalized_name(other): normalized_name(device.name)
            for device in self.devices
            for other in (*device.aliases, device.title)
        }

    @property
    def _spellings(self) -> list[str]:
        return [name for device in self.devices for name in (device.name, *device.aliases)]


def _replace_device(shadowed: Device, device: Device) -> Device:
    others = (*device.aliases, *shadowed.aliases, shadowed.title)
    return replace(device, aliases=tuple(dict.fromkeys(others)))


@cache
def catalogue() -> Catalogue:
    """The devices included in convcost."""
    devices = Catalogue()
    for file in FILES:
        devices = _add_file(devices, file)
    return devices


def device_named(name: str) -> Device:
    """The device of convcost with that name or alias; UsageError with a near name if there is none."""
    return catalogue().named(name)


def read_file(file: str) -> dict[str, Any]:
    """The contents of a file: sources by short name, and a table per device."""
    import tomllib
    from importlib.resources import files

    text = files("convcost.devices").joinpath("data", f"{file}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _add_file(earlier: Catalogue, file: str) -> Catalogue:
    """Add the devices of a file. Each can be based on an earlier one."""
    stated: Mapping[str, Any] = read_file(file)
    origin = FigureOrigin(sources=stated["sources"])
    try:
        for name, table in stated["devices"].items():
            earlier = earlier.extended(read_device(name, table, earlier.named, origin))
    except UnreadableDeviceError as error:
        raise ConvcostError(f"{file}.toml: {name}: {error}") from None
    return earlier
