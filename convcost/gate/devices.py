"""The devices that a configuration states, beside those that come with convcost."""

from __future__ import annotations

from collections.abc import Set
from functools import partial
from typing import NamedTuple

from convcost.core.errors import UsageError
from convcost.devices import Catalogue, Device, catalogue
from convcost.devices.reading import Origin, UnreadableDeviceError, plain, read
from convcost.gate.config_file import ConfigError, Source, nearest_source, source_at
from convcost.gate.device_keys import DEVICES
from convcost.gate.value_types import ConfigIssue


class Stated(NamedTuple):
    """All devices, those of a configuration among them, and what is wrong with its own."""

    catalogue: Catalogue
    misfits: tuple[ConfigIssue, ...] = ()


def devices_at(given: str) -> Catalogue:
    """All devices, those in the file that was named, or in the nearest configuration if any, among them."""
    source = source_at(given) if given else nearest_source()
    if source is None:
        return catalogue()
    found, misfits = stated(source)
    if misfits:
        raise ConfigError(sorted(map(source.problem, misfits), key=lambda problem: problem.line))
    return found


def stated(source: Source) -> Stated:
    """Each device can be like any that comes with convcost, or is stated before it."""
    tables = source.table.get("devices", {})
    if unfit := tuple(DEVICES.misfits(tables, ("devices",))):
        return Stated(Catalogue(), unfit)
    if not tables:
        return Stated(catalogue())
    found, misfits = catalogue(), []
    for name, table in tables.items():
        try:
            find = partial(_above, found, set(map(plain, tables)))
            found = found.extended(read(name, table, find, Origin(source.name)))
        except UnreadableDeviceError as error:
            misfits += [ConfigIssue(("devices", name, *fault.path), fault.message) for fault in error.faults]
    return Stated(found, tuple(misfits))


def _above(found: Catalogue, stated: Set[str], name: str) -> Device:
    """The device of that name; UsageError where only this table or one below has it."""
    try:
        return found.named(name)
    except UsageError:
        if plain(name) not in stated:
            raise
        raise UsageError(f"{name} does not stand above this one") from None
