"""`convcost counters`: which counters there are and what each can see."""

from __future__ import annotations

from convcost.cli.options import FormatOption, JsonOption
from convcost.cli.output import emit, handle_errors, style
from convcost.counters import ALL_COUNTERS
from convcost.render import render
from convcost.render.counters import CounterList
from convcost.render.records.record import installed


@handle_errors
def counters(output_format: FormatOption = "table", json: JsonOption = False) -> None:
    """List the counters: version, unit, what each counts, and its known blind spots."""
    found = tuple((counter, installed(counter.package)) for counter in ALL_COUNTERS.values())
    emit(render(CounterList(found), "json" if json else output_format, style()))
