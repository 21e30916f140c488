"""JSON, exact: integers of any size, no rounding."""

from __future__ import annotations

import json

from convcost.escapes import json_text
from convcost.formats.interface import CounterList, DeviceList, Result, Style
from convcost.formats.match_records import match_record
from convcost.formats.records import comparison_record, context, counter_list_record, report_record
from convcost.gate.verdict import Checked
from convcost.matching import Match
from convcost.refereed import Refereed
from convcost.report import Comparison
from convcost.verifying.result import Verified


def render(result: Result, style: Style) -> str:
    """One object, indented; a Report is a candidate object with what its numbers rest on."""
    match result:
        case Comparison():
            record = comparison_record(result)
        case CounterList():
            record = counter_list_record(result)
        case Match():
            record = match_record(result)
        case Refereed():
            from convcost.formats.refereed.records import records

            record = context((result.report,)) | report_record(result.report)
            record["counters"] = records(result)
        case Checked():
            from convcost.formats.gate.records import checked_record

            record = checked_record(result)
        case Verified():
            from convcost.formats.verified_records import verified_record

            record = {**verified_record(result)}
        case DeviceList():
            from convcost.formats.devices.records import device_list_record

            record = {**device_list_record(result)}
        case _:
            record = context((result,)) | report_record(result)
    return json_text(json.dumps(record, indent=2)) + "\n"
