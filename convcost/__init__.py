"""Exact FLOPs, MACs and parameters of layer designs, from one line of text.

Names are imported on first use, so that `import convcost` is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcost.core.late_binding import register

if TYPE_CHECKING:
    from convcost.analysis.code import build, code
    from convcost.analysis.explain.explanation import explain
    from convcost.analysis.explain.steps import Explanation
    from convcost.analysis.memory import Memory, memory
    from convcost.analysis.roofline import roofline
    from convcost.api import compare, cost
    from convcost.assertion import assert_cost
    from convcost.benchmark.stopwatch import timed
    from convcost.core.comparison import Comparison
    from convcost.core.cost import Convention, Cost
    from convcost.core.errors import ConvcostError
    from convcost.core.match import Match
    from convcost.core.report import Report
    from convcost.core.sweep import Sweep
    from convcost.search.match import match
    from convcost.search.sweep import sweep
    from convcost.spec import Spec, parse
    from convcost.tracing.profile import Profiler, profile

__version__ = "0.1.0"

register(
    {
        "arrow_table": "convcost.search.output.arrow_table:arrow_table",
        "pandas_table": "convcost.search.output.table_columns:pandas_table",
        "polars_table": "convcost.search.output.table_columns:polars_table",
        "render": "convcost.render:render",
        "document_data": "convcost.render.json:document_data",
        "data_frame": "convcost.render.data_frame:data_frame",
        "plot": "convcost.render.charts.notebook:plot",
        "break_even": "convcost.symbolic.breakeven:compare_metric",
        "cheapest": "convcost.symbolic.lower_envelope:cheapest",
        "equal_inputs": "convcost.symbolic.breakeven:equal_inputs",
        "substitute": "convcost.symbolic.sizes:substitute_sizes",
        "lambdify": "convcost.symbolic.sizes:metric_function",
    }
)

HOMES = {
    "assert_cost": "convcost.assertion",
    "build": "convcost.analysis.code",
    "code": "convcost.analysis.code",
    "compare": "convcost.api",
    "cost": "convcost.api",
    "explain": "convcost.analysis.explain.explanation",
    "Explanation": "convcost.analysis.explain.steps",
    "match": "convcost.search.match",
    "memory": "convcost.analysis.memory",
    "profile": "convcost.tracing.profile",
    "Profiler": "convcost.tracing.profile",
    "Convention": "convcost.core.cost",
    "Cost": "convcost.core.cost",
    "ConvcostError": "convcost.core.errors",
    "Comparison": "convcost.core.comparison",
    "Match": "convcost.core.match",
    "Memory": "convcost.analysis.memory",
    "Report": "convcost.core.report",
    "roofline": "convcost.analysis.roofline",
    "Spec": "convcost.spec",
    "Sweep": "convcost.core.sweep",
    "sweep": "convcost.search.sweep",
    "parse": "convcost.spec",
    "timed": "convcost.benchmark.stopwatch",
}

__all__ = [
    "Comparison",
    "ConvcostError",
    "Convention",
    "Cost",
    "Explanation",
    "Match",
    "Memory",
    "Profiler",
    "Report",
    "Spec",
    "Sweep",
    "assert_cost",
    "build",
    "code",
    "compare",
    "cost",
    "explain",
    "match",
    "memory",
    "parse",
    "profile",
    "roofline",
    "sweep",
    "timed",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module 'convcost' has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
