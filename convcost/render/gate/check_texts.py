"""A check in words: its name, what was found, what was wanted, and, where it failed, a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from convcost.core.metrics import METRICS
from convcost.core.units import NONE, fraction, ratio, sign, signed_percent
from convcost.gate.baseline import Figure
from convcost.gate.result import EntryCheck, EntryResult
from convcost.render.formulas import full_text, is_number
from convcost.render.texts import MixedText

LABELS = {metric.name: metric.full_label or metric.label for metric in METRICS}
"""What each metric is called where it stands alone."""

LEADING_METRICS = ("flops", "params", "activations")
"""The totals that a sentence starts with."""

LONGEST_FORMULA = 40
"""A longer formula is not written out in a sentence."""

VIOLATION_WORDS = {"≤": "more than", "≥": "less than", "=": "not"}
"""How a total that breaks a limit compares with it."""


def label(check: EntryCheck) -> str:
    """`FLOPs`, `FLOPs ÷ dense`, or a counter's name."""
    if check.key == "agree_with":
        return check.metric
    name = LABELS.get(check.metric, "operators")
    return f"{name} ÷ {check.per}" if check.per else name


def found(check: EntryCheck) -> str:
    """163,840, 6.00×, 20·B·S·E², or a counter's verdict."""
    text = _amount(check.found, check)
    if check.found != check.wanted and check.wanted is not None and text == _amount(check.wanted, check):
        return fraction(check.found) if is_number(check.found) else text
    return text


def wanted(check: EntryCheck) -> str:
    """≤ 400,000, = 20*B*S*E**2."""
    return MixedText(f"{check.relation} ", _wanted(check)) if check.relation else ""


def _wanted(check: EntryCheck) -> str:
    tolerance = f" ± {percent(check.tolerance)}" if check.tolerance and check.relation == "=" else ""
    return MixedText(_amount(check.wanted, check), tolerance)


def _amount(value: Any, check: EntryCheck) -> str:
    if value is None:
        return NONE
    if isinstance(value, str):
        return value
    if check.per and is_number(value):
        return ratio(Fraction(value))
    return figure(value)


def figure(value: Any) -> str:
    """A number with every digit, or a formula."""
    return value if isinstance(value, str) else full_text(value)


def sentence(check: EntryCheck) -> str:
    """What is wrong, with the key that says so."""
    reason = f"; {check.reason}" if check.reason else ""
    if check.key == "agree_with":
        return f"{check.metric} {check.found}{f': {check.reason}' if check.reason else ''} (agree_with)"
    if not check.relation:
        return f"the count is partial: {check.reason}"
    crossed = VIOLATION_WORDS[check.relation]
    start = MixedText(f"{label(check)} = ", found(check), f", {crossed} ", _wanted(check))
    return MixedText(start, f"{reason} ({check.key})")


def failures(result: EntryResult) -> Iterator[tuple[str, str]]:
    """Each key that is not kept, empty for the baseline, with a sentence."""
    yield from ((check.key, sentence(check)) for check in result.checks if not check.passed)
    if not result.keeps_baseline and result.changes:
        pairs = result.changes.totals
        totals = [
            moved(metric, *pairs[metric])
            for metric in dict.fromkeys((*LEADING_METRICS, *pairs))
            if metric in pairs
        ]
        more = f" and {len(totals) - 3} more" if totals[3:] else ""
        yield "", f"changed from its baseline: {', '.join(totals[:3])}{more}"


def moved(metric: str, before: Figure, after: Figure) -> str:
    """FLOPs +1,280 (+0.391%); of formulas what they were and are."""
    if isinstance(before, int) and isinstance(after, int):
        return f"{LABELS[metric]} {difference(before, after)}{_in_brackets(share(before, after))}"
    texts = figure(before), figure(after)
    is_short = max(map(len, texts)) <= LONGEST_FORMULA
    return f"{LABELS[metric]} {'from {} to {}'.format(*texts) if is_short else 'changed'}"


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def difference(before: Figure, after: Figure) -> str:
    """+1,280 or −5; of formulas that they changed."""
    if isinstance(before, str) or isinstance(after, str):
        return "changed"
    change = after - before
    return f"{sign(change)}{full_text(abs(change))}"


def share(before: Figure, after: Figure) -> str:
    """+0.391%; nothing where there was nothing, or are formulas."""
    if isinstance(before, str) or isinstance(after, str) or not before:
        return ""
    return signed_percent(Fraction(after - before, before))


def percent(tolerance: Fraction) -> str:
    """1%, 0.5%."""
    return f"{float(tolerance * 100):g}%"
