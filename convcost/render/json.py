"""JSON, exact: integers of any size, no rounding."""

from __future__ import annotations

import json
from typing import Any

from convcost.core.escapes import escape_json
from convcost.render.kinds import Result, record
from convcost.render.records.record import plain_data
from convcost.render.style import Style


def render(result: Result, style: Style) -> str:
    """The result as one indented JSON object."""
    return escape_json(json.dumps(document_data(result), indent=2)) + "\n"


def document_data(result: Result) -> Any:
    """The object as dicts and lists."""
    return plain_data(record(result))
