"""The devices that a configuration adds to the catalogue, which is read only where there are some."""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import partial
from typing import Any, NamedTuple

from convcost.core.errors import UsageError
from convcost.devices.catalogue import Catalogue, catalogue
from convcost.devices.device import Device
from convcost.devices.device_table import FigureOrigin, UnreadableDeviceError, normalized_name, read_device
from convcost.gate.config_file import ConfigError, find_config, nearest_config
from convcost.gate.config_tables import DeviceTables
from convcost.gate.validation import ConfigIssue, find_issues


class ExtendedCatalogue(NamedTuple):
    """All devices, those of a configuration among them, and what is wrong with its own."""

    catalogue: Catalogue
    issues: tuple[ConfigIssue, ...] = ()


def read_devices(file: str) -> Catalogue:
    """All devices, with those in the file that is named, or in the nearest configuration if there is one."""
    source = find_config(file) if file else nearest_config()
    if source is None:
        return catalogue()
    tables = source.table.get("devices", {})
    issues = find_issues(tables, DeviceTables, ("devices",))
    found = add_devices({} if issues else tables, source.name)
    if issues or found.issues:
        raise ConfigError(source.problems((*issues, *found.issues)))
    return found.catalogue


def add_devices(tables: Mapping[str, Any], file: str) -> ExtendedCatalogue:
    """The catalogue with the devices of valid tables; each can be like any of convcost's or one above it."""
    found, issues = catalogue(), []
    names = set(map(normalized_name, tables))
    for name, table in tables.items():
        try:
            found = found.extended(
                read_device(name, table, partial(_base_device, found, names), FigureOrigin(file))
            )
        except UnreadableDeviceError as error:
            issues += [ConfigIssue(("devices", name, *fault.path), fault.message) for fault in error.faults]
    return ExtendedCatalogue(found, tuple(issues))


def _base_device(found: Catalogue, names: Set[str], name: str) -> Device:
    """The device of that name; UsageError where only this table or one below has it."""
    try:
        return found.named(name)
    except UsageError:
        if normalized_name(name) not in names:
            raise
        raise UsageError(f"{name} must come before this one") from None
