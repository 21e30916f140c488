"""A limit where sizes are free: kept if that is so, and proved, whatever they are."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from convcost.core.cost import Size
from convcost.core.report import Assumption
from convcost.gate.check import LimitCheck, made_check, value_of
from convcost.gate.counting import CountedEntry
from convcost.gate.keys import Relation
from convcost.gate.limit import Formula, Limit
from convcost.gate.open_formulas import Exact
from convcost.spec import Spec
from convcost.spec.evaluate import evaluate


def open_check(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, sizes: Mapping[str, Size]
) -> LimitCheck:
    """Whether a limit is kept that is a formula, or a ratio of formulas."""
    said: Any = limit.wanted
    wanted = said
    if isinstance(said, Formula):
        wanted = evaluate(said.expression, Exact(said.names, sizes), said.text)
        said = said.text
    if base is None and _is_just_so(limit, counted, wanted):
        return made_check(limit, counted, True, said, said)
    return _decided(limit, counted, base, wanted, said)


def _is_just_so(limit: Limit, counted: CountedEntry, wanted: Any) -> bool:
    """Whether a design costs `wanted`, term by term: that takes no sympy."""
    if limit.relation != "=" or not isinstance(counted.entry.subject, Spec):
        return False
    return bool(getattr(counted.quick, limit.metric) == wanted)


def _decided(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, wanted: Any, said: Any
) -> LimitCheck:
    from convcost.symbolic.implication import expression
    from convcost.symbolic.text import lowest_terms

    assumed = counted.open_report.assumptions + (base.open_report.assumptions if base else ())
    found = expression(value_of(counted.open_report, limit.metric), assumed)
    whole = expression(value_of(base.open_report, limit.metric), assumed) if base else 1
    if whole == 0:
        return made_check(limit, counted, False, None, said, f"{limit.per} has none")
    bound = expression(wanted, assumed) * whole
    answers = _answers(found, limit.relation, bound, counted.entry.tolerance, assumed)
    passed = answers == {"yes"}
    reason = "" if passed or "no" in answers else "it could not be proved for all sizes"
    return made_check(limit, counted, passed, lowest_terms(found / whole), said, reason)


def _answers(
    found: Any, relation: Relation, bound: Any, tolerance: Fraction, assumed: tuple[Assumption, ...]
) -> set[str]:
    """Whether `found` is so for all sizes: yes, no, or unknown; of a tolerance on both its sides."""
    from convcost.symbolic.implication import expression, is_at_most, is_equal

    if relation == "=" and not tolerance:
        return {is_equal(found, bound, assumed)}
    share = expression(tolerance if relation == "=" else 0, ())
    return {
        *([is_at_most(found, bound * (1 + share), assumed)] if relation != "≥" else []),
        *([is_at_most(bound * (1 - share), found, assumed)] if relation != "≤" else []),
    }
