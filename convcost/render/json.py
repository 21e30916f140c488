"""JSON, exact: integers of any size, no rounding."""

from __future__ import annotations

import json

from convcost.core.diagnosis import DiagnosedReport
from convcost.core.escapes import json_text
from convcost.core.match import Match
from convcost.core.report import Comparison
from convcost.gate.verdict import Checked
from convcost.render.interface import CounterList, DeviceList, Result, Style
from convcost.render.match_records import match_record
from convcost.render.records import comparison_record, context, counter_list_record, report_record
from convcost.verify.result import Verified


def render(result: Result, style: Style) -> str:
    """One object, indented; a Report is a candidate object with what its numbers rest on."""
    match result:
        case Comparison():
            record = comparison_record(result)
        case CounterList():
            record = counter_list_record(result)
        case Match():
            record = match_record(result)
        case DiagnosedReport():
            from convcost.render.diagnosis.records import records

            record = context((result.report,)) | report_record(result.report)
            record["counters"] = records(result)
        case Checked():
            from convcost.render.gate.records import checked_record

            record = checked_record(result)
        case Verified():
            from convcost.render.verify_records import verified_record

            record = {**verified_record(result)}
        case DeviceList():
            from convcost.render.devices.records import device_list_record

            record = {**device_list_record(result)}
        case _:
            record = context((result,)) | report_record(result)
    return json_text(json.dumps(record, indent=2)) + "\n"
