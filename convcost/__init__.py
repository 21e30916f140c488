"""Exact FLOPs, MACs and parameters of layer designs, from one line of text.

The names are imported when they are used, so that `import convcost` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcost.api import compare, cost
    from convcost.assertion import assert_cost
    from convcost.errors import ConvcostError
    from convcost.fitting.match import match
    from convcost.footprints.memory import Memory, memory
    from convcost.matching import Match
    from convcost.modules.profile import Profiler, profile
    from convcost.quantities import Convention, Cost
    from convcost.report import Comparison, Report
    from convcost.rooflines.roofline import roofline
    from convcost.spec import Spec, parse
    from convcost.timing.designs import timed

__version__ = "0.1.0"

HOMES = {
    "assert_cost": "convcost.assertion",
    "compare": "convcost.api",
    "cost": "convcost.api",
    "match": "convcost.fitting.match",
    "memory": "convcost.footprints.memory",
    "profile": "convcost.modules.profile",
    "Profiler": "convcost.modules.profile",
    "Convention": "convcost.quantities",
    "Cost": "convcost.quantities",
    "ConvcostError": "convcost.errors",
    "Comparison": "convcost.report",
    "Match": "convcost.matching",
    "Memory": "convcost.footprints.memory",
    "Report": "convcost.report",
    "roofline": "convcost.rooflines.roofline",
    "Spec": "convcost.spec",
    "parse": "convcost.spec",
    "timed": "convcost.timing.designs",
}

__all__ = [
    "Comparison",
    "ConvcostError",
    "Convention",
    "Cost",
    "Match",
    "Memory",
    "Profiler",
    "Report",
    "Spec",
    "assert_cost",
    "compare",
    "cost",
    "match",
    "memory",
    "parse",
    "profile",
    "roofline",
    "timed",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'convcost' has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
