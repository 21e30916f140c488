"""The devices that a configuration states, beside those that come with convcost."""

from __future__ import annotations

from collections.abc import Set
from functools import partial
from typing import NamedTuple

from convcost.core.errors import UsageError
from convcost.devices import Catalogue, Device, catalogue
from convcost.devices.reading import Origin, UnreadableDeviceError, plain, read
from convcost.gate.config_file import ConfigError, ConfigFile, find_config, nearest_config
from convcost.gate.device_keys import DEVICES
from convcost.gate.value_types import ConfigIssue


class Stated(NamedTuple):
    """All devices, those of a configuration among them, and what is wrong with its own."""

    catalogue: Catalogue
    issues: tuple[ConfigIssue, ...] = ()


def read_devices(given: str) -> Catalogue:
    """All devices, those in the file that was named, or in the nearest configuration if any, among them."""
    source = find_config(given) if given else nearest_config()
    if source is None:
        return catalogue()
    found, issues = stated(source)
    if issues:
        raise ConfigError(source.problems(issues))
    return found


def stated(source: ConfigFile) -> Stated:
    """Each device can be like any that comes with convcost, or is stated before it."""
    tables = source.table.get("devices", {})
    if invalid := tuple(DEVICES.issues(tables, ("devices",))):
        return Stated(Catalogue(), invalid)
    if not tables:
        return Stated(catalogue())
    found, issues = catalogue(), []
    for name, table in tables.items():
        try:
            find = partial(_above, found, set(map(plain, tables)))
            found = found.extended(read(name, table, find, Origin(source.name)))
        except UnreadableDeviceError as error:
            issues += [ConfigIssue(("devices", name, *fault.path), fault.message) for fault in error.faults]
    return Stated(found, tuple(issues))


def _above(found: Catalogue, stated: Set[str], name: str) -> Device:
    """The device of that name; UsageError where only this table or one below has it."""
    try:
        return found.named(name)
    except UsageError:
        if plain(name) not in stated:
            raise
        raise UsageError(f"{name} does not stand above this one") from None
