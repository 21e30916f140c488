"""`convcost check --init`: a configuration with one entry that passes, and every key explained."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import msgspec

from convcost.core.errors import UsageError
from convcost.core.record_fields import KeyType, record_keys
from convcost.devices.names import DTYPES
from convcost.gate.config_file import CONFIG_NAME, PYPROJECT, nearest_config
from convcost.gate.config_tables import ConfigTable, DeviceTable, EntryDefaults, EntryTable
from convcost.gate.limit import LIMITED_METRICS, LIMITS
from convcost.system.files import create_text, display_path

WIDTH = 100

START = """\
[entries.example]
spec = "[B, S, L*E] -> Linear(L*E, E)"
sizes = { E = 128, L = 10 }
max_flops = "400 KFLOPs"
"""


def write_starter(file: str) -> Path:
    """Write `file`, or convcost.toml if it is empty; UsageError if there is a configuration already."""
    path = Path(file or CONFIG_NAME)
    if path.name == PYPROJECT:
        raise UsageError(
            f"--init does not write to {PYPROJECT}", hint=f"Leave out --config to write {CONFIG_NAME}."
        )
    if os.path.lexists(path):
        raise UsageError(f"{display_path(path)} already exists", hint="The file was not changed.")
    known = None if file else nearest_config()
    if known and known.path.parent.samefile(path.parent):
        message = f"{known.name} already has [tool.convcost]"
        raise UsageError(
            message, hint=f"Add entries there, or delete that table: {CONFIG_NAME} would hide it."
        )
    create_text(path, starter_text())
    return path


def starter_text() -> str:
    """The file's text."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    defaults, entry, device = map(record_keys, (EntryDefaults, EntryTable, DeviceTable))
    yield "# The configuration of convcost check. Remove the # in front of a key to use it."
    yield ""
    yield from _commented_out(defaults)
    yield START
    yield from _comment("An entry is a spec or a torch module, with limits on its cost. Its keys:")
    described = ("spec", "sizes")
    for name in described:
        yield from _comment(f"{name}: {entry[name].description}")
    own = entry.keys() - {*defaults, *described, *LIMITS}
    yield from _commented_out({name: entry[name] for name in entry if name in own})
    yield from _comment(f"{', '.join(defaults)}: as above, for this entry alone.")
    yield from _comment('Limits, as a number, "2 GFLOPs", or a formula such as "20*B*S*E**2":')
    for name, description in LIMITED_METRICS.items():
        yield from _comment(f"{name}, max_{name}, min_{name}: {description}")
    yield ""
    yield from _comment(record_keys(ConfigTable)["devices"].description)
    yield "# [devices.mine]"
    yield from _commented_out(device)
    yield from _comment(f"Peaks can be given for {', '.join(DTYPES)}.")
    yield ""


def _commented_out(keys: Mapping[str, KeyType]) -> Iterator[str]:
    """Each key with its description, and an example that is commented out."""
    for name, key in keys.items():
        yield from _comment(key.description)
        yield f"# {name} = {_toml('...' if key.example is None else key.example)}"
    yield ""


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{name} = {_toml(each)}' for name, each in value.items())} }}"
    return msgspec.json.encode(value).decode()


def _comment(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
