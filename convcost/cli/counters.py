"""`convcost counters`: the list of counters."""

from __future__ import annotations

from convcost.cli.options import OutputOptions
from convcost.cli.output import print_result
from convcost.counters import ALL_COUNTERS, installed_version
from convcost.render.counters import CounterList


def counters(output: OutputOptions) -> None:
    """List the counters, with their units and known blind spots."""
    found = tuple((counter, installed_version(counter.package)) for counter in ALL_COUNTERS.values())
    print_result(CounterList(found), output.format_for(CounterList))
