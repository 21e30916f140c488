"""JSON, exact: integers of any size, no rounding."""

from __future__ import annotations

import json

from convcost.formats.interface import CounterList, Result, Style
from convcost.formats.match_records import match_record
from convcost.formats.records import comparison_record, context, counter_list_record, report_record
from convcost.matching import Match
from convcost.report import Comparison


def render(result: Result, style: Style) -> str:
    """One object, indented; a Report is a candidate object with what its numbers rest on."""
    match result:
        case Comparison():
            record = comparison_record(result)
        case CounterList():
            record = counter_list_record(result)
        case Match():
            record = match_record(result)
        case _:
            record = context((result,)) | report_record(result)
    return json.dumps(record, indent=2) + "\n"
