"""The JSON Schemas of the configuration and the lock file, from what refuses a file that does not fit."""

from __future__ import annotations

from convcost.gate.keys import CONFIG
from convcost.gate.lock_file import LOCK
from convcost.gate.value_types import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> Schema:
    """Of [tool.convcost] in a pyproject.toml, or of a convcost.toml."""
    return {"$schema": DIALECT, "title": "convcost's configuration", **CONFIG.schema()}


def lock_schema() -> Schema:
    """Of a convcost.lock."""
    return {"$schema": DIALECT, "title": "convcost's lock file", **LOCK.schema()}
