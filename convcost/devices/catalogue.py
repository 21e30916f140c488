"""The devices there are, by name: those that come with convcost, and any that are added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

from convcost.core.errors import ConvcostError, UsageError, did_you_mean
from convcost.devices.device import Device
from convcost.devices.device_table import FigureOrigin, UnreadableDeviceError, normalized_name, read_device

FILES = ("nvidia", "geforce", "jetson", "amd", "intel", "google", "amazon", "apple", "cpu")
"""The files in the folder `data`, in the order that devices are listed in."""


@dataclass(frozen=True)
class Catalogue:
    """Devices in an order; no two have the same name."""

    devices: tuple[Device, ...] = ()

    def extended(self, *others: Device) -> Catalogue:
        """With more devices, which take the places and aliases of those of the same names."""
        devices = dict(self._by_name)
        for device in others:
            key = normalized_name(device.name)
            devices[key] = _replace_device(devices[key], device) if key in devices else device
        return Catalogue(tuple(devices.values()))

    def named(self, name: str) -> Device:
        """The device of that name, alias or title; case and punctuation do not matter."""
        key = normalized_name(name)
        found = self._by_name.get(key) or self._by_name.get(self._others.get(key, ""))
        if found is None:
            near = did_you_mean(name, self._spellings)
            raise UsageError(f"no device is called {name[:40]}{near}", hint="convcost devices lists them.")
        return found

    def chosen(self, names: Iterable[str]) -> tuple[Device, ...]:
        """The devices of these names, each once."""
        return tuple({device.name: device for device in map(self.named, names)}.values())

    @cached_property
    def _by_name(self) -> dict[str, Device]:
        return {normalized_name(device.name): device for device in self.devices}

    @cached_property
    def _others(self) -> dict[str, str]:
        """From aliases and titles to names."""
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
    """The devices that come with convcost."""
    found = Catalogue()
    for file in FILES:
        found = _add_file(found, file)
    return found


def device_named(name: str) -> Device:
    """The device that comes with convcost under that name or alias; UsageError with the near name."""
    return catalogue().named(name)


def read_file(file: str) -> dict[str, Any]:
    """What is in the file called `file`: sources by a short name, and a table for each device."""
    import tomllib
    from importlib.resources import files

    text = files("convcost.devices").joinpath("data", f"{file}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _add_file(earlier: Catalogue, file: str) -> Catalogue:
    """With the devices of a file; each can be like one before it."""
    stated: Mapping[str, Any] = read_file(file)
    origin = FigureOrigin(sources=stated["sources"])
    try:
        for name, table in stated["devices"].items():
            earlier = earlier.extended(read_device(name, table, earlier.named, origin))
    except UnreadableDeviceError as error:
        raise ConvcostError(f"{file}.toml: {name}: {error}") from None
    return earlier
