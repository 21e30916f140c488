"""Adds the configuration's devices to the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from functools import partial
from typing import Any, NamedTuple

from convcost.core.errors import UsageError, nearest
from convcost.devices.catalogue import Catalogue, catalogue
from convcost.devices.device import Device
from convcost.devices.device_table import FigureOrigin, UnreadableDeviceError, normalized_name, read_device
from convcost.gate.config_file import ConfigError, ConfigFile, find_config, nearest_config
from convcost.gate.config_tables import ConfigTable, DeviceTables
from convcost.gate.validation import SYNONYMS, ConfigIssue, find_issues


class ExtendedCatalogue(NamedTuple):
    """The catalogue with the configuration's devices, and the issues in their tables."""

    catalogue: Catalogue
    issues: tuple[ConfigIssue, ...] = ()


def read_devices(file: str) -> Catalogue:
    """All devices, including those of the given configuration, or of the nearest one if any."""
    source = find_config(file) if file else nearest_config()
    if source is None:
        return catalogue()
    tables = source.table.get("devices", {})
    issues = [*_misnamed_tables(source), *find_issues(tables, DeviceTables, ("devices",))]
    found = add_devices({} if issues else tables, source.name)
    if issues or found.issues:
        raise ConfigError(source.problems((*issues, *found.issues)))
    return found.catalogue


def _misnamed_tables(source: ConfigFile) -> Iterable[ConfigIssue]:
    """Unknown tables that seem to be of devices; `check` reports others."""
    keys = ConfigTable.__struct_fields__
    unknown = {name: table for name, table in source.table.items() if name not in keys}
    meant = (name for name in unknown if nearest(SYNONYMS.get(name, name), keys) == "devices")
    return find_issues({name: unknown[name] for name in meant}, ConfigTable)


def add_devices(tables: Mapping[str, Any], file: str) -> ExtendedCatalogue:
    """Add the devices of valid tables; `like` may name one of convcost's, or one further up in the file."""
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
    """The device called `name`; UsageError if only this table or a later one defines it."""
    try:
        return found.named(name)
    except UsageError:
        if normalized_name(name) not in names:
            raise
        raise UsageError(f"{name} must come before this one") from None
