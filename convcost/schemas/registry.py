"""Every JSON Schema by name. A new one: its type, or the function that makes it, and a line here."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import Any

from convcost.core.errors import unknown_name

TYPES = {
    "compare": "convcost.schemas.results:Compared",
    "layer": "convcost.schemas.results:Layer",
    "model": "convcost.schemas.results:Model",
    "explain": "convcost.schemas.explained:Explained",
    "match": "convcost.schemas.matches:Matched",
    "check": "convcost.schemas.checked:Checked",
    "verify": "convcost.schemas.verified:Verified",
    "counters": "convcost.schemas.counted:Counters",
    "devices": "convcost.schemas.devices:Devices",
}
"""Outputs of commands, each with the type of its JSON."""

MADE = {
    "config": "convcost.gate.config_tables:config_schema",
    "lock": "convcost.gate.lock_file:lock_schema",
}
"""Files, each with the function that makes its schema from what checks such a file."""

NAMES = (*TYPES, *MADE)


def schema_text(name: str) -> str:
    """The schema called `name`, as it is shipped; UsageError if there is none."""
    if name not in NAMES:
        raise unknown_name("no schema is called", name, NAMES)
    return files("convcost.schemas").joinpath("files", f"{name}.json").read_text(encoding="utf-8")


def generated(name: str) -> dict[str, Any]:
    """The schema called `name`, made anew."""
    if name in MADE:
        made: dict[str, Any] = _loaded(MADE[name])()
        return made
    from convcost.schemas.generate import schema_of

    return schema_of(_loaded(TYPES[name]), f"The JSON of convcost {name}")


def _loaded(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
