"""The texts of a check: its name, the values found and wanted, and a sentence if it failed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from convcost.core.escapes import SUPERSCRIPTS
from convcost.core.metrics import METRICS, OF_SOME_MODULES
from convcost.core.units import NONE, fraction, ratio, sign, signed_percent
from convcost.gate.baseline import Figure
from convcost.gate.result import EntryCheck, EntryResult
from convcost.render.formulas import full_text, is_number
from convcost.render.texts import MathText, MixedText

LABELS = {metric.name: metric.standalone_label for metric in (*METRICS, *OF_SOME_MODULES)}
"""The labels of metrics."""

LEADING_METRICS = ("flops", "params", "activations")
"""The totals to name first in a sentence."""

MOST_TOTALS = 3
"""The most totals to name in a sentence."""

LONGEST_FORMULA = 40
"""The most characters of a formula in a sentence."""

VIOLATION_WORDS = {"≤": "more than", "≥": "less than", "=": "not"}
"""The words for breaking a limit."""

FORMULA_VIOLATION_WORDS = {"≤": "which can exceed", "≥": "which can be less than", "=": "not"}
"""The words for a formula, which breaks a limit only for some sizes."""


def check_label(check: EntryCheck) -> str:
    """`FLOPs`, `FLOPs ÷ dense`, or a counter's name."""
    if check.key == "agree_with":
        return check.metric
    name = LABELS.get(check.metric, "operators")
    return f"{name} ÷ {check.ratio_to}" if check.ratio_to else name


def found_text(check: EntryCheck) -> str:
    """163,840, 6.00×, 20·B·S·E², or a counter's verdict."""
    text = _amount(check.found, check)
    if check.found != check.wanted and check.wanted is not None and text == _amount(check.wanted, check):
        return fraction(check.found) if is_number(check.found) else text
    return text


def wanted_text(check: EntryCheck) -> str:
    """≤ 400,000, = 20·B·S·E²."""
    return MixedText(f"{check.relation} ", _wanted_amount(check)) if check.relation else ""


def _wanted_amount(check: EntryCheck) -> str:
    tolerance = f" ± {tolerance_text(check.tolerance)}" if check.tolerance and check.relation == "=" else ""
    return MixedText(_amount(check.wanted, check), tolerance)


def _amount(value: Any, check: EntryCheck) -> str:
    if value is None:
        return NONE
    if isinstance(value, str) and not check.relation:
        return value
    if check.ratio_to and is_number(value):
        return ratio(Fraction(value))
    return figure_text(value)


def figure_text(value: Any) -> str:
    """A number with all digits, or a formula; one from a configuration or a lock file is a string."""
    return _formula_text(value) if isinstance(value, str) else full_text(value)


def _formula_text(code: str) -> MathText:
    """20·B·S·E² for 20*B*S*E**2."""
    powers = re.sub(r"\*\*([0-9]+)", lambda power: power[1].translate(SUPERSCRIPTS), code)
    return MathText(re.sub(r"(?<!\*)\*(?!\*)", "·", powers))


def failure_sentence(check: EntryCheck) -> str:
    """What is wrong, with the key of the check."""
    reason = f"; {check.reason}" if check.reason else ""
    if check.key == "agree_with":
        return f"{check.metric} {check.found}{f': {check.reason}' if check.reason else ''} (agree_with)"
    if not check.relation:
        return f"the count is partial: {check.reason}"
    are_numbers = is_number(check.found) and is_number(check.wanted)
    crossed = (VIOLATION_WORDS if are_numbers else FORMULA_VIOLATION_WORDS)[check.relation]
    start = MixedText(f"{check_label(check)} = ", found_text(check), f", {crossed} ", _wanted_amount(check))
    return MixedText(start, f"{reason} ({check.key})")


def failure_sentences(result: EntryResult) -> Iterator[tuple[str, str]]:
    """The key and a sentence for each failed check; the key is empty for the baseline."""
    yield from ((check.key, failure_sentence(check)) for check in result.checks if not check.passed)
    if not result.keeps_baseline and result.changes:
        entry = result.entry
        pairs = result.changes.totals_beyond(entry.tolerance, entry.growth_only)
        totals = [
            total_change_text(metric, *pairs[metric])
            for metric in dict.fromkeys((*LEADING_METRICS, *pairs))
            if metric in pairs
        ]
        more = f" and {len(totals) - MOST_TOTALS} more" if totals[MOST_TOTALS:] else ""
        named = MixedText.joined(", ", totals[:MOST_TOTALS])
        are_numbers = all(is_number(figure) for pair in pairs.values() for figure in pair)
        has_shares = entry.tolerance and are_numbers
        much = f" by more than {tolerance_text(entry.tolerance)}" if has_shares else ""
        yield "", MixedText(f"changed from its baseline{much}: ", named, more)


def total_change_text(metric: str, before: Figure, after: Figure) -> str:
    """FLOPs +1,280 (+0.391%); for formulas the old and the new one."""
    if isinstance(before, int) and isinstance(after, int):
        return f"{LABELS[metric]} {difference_text(before, after)}{_in_brackets(change_share(before, after))}"
    texts = figure_text(before), figure_text(after)
    if max(map(len, texts)) > LONGEST_FORMULA:
        return f"{LABELS[metric]} changed"
    return MixedText(f"{LABELS[metric]} from ", texts[0], " to ", texts[1])


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def difference_text(before: Figure, after: Figure) -> str:
    """+1,280 or −5; "changed" for formulas."""
    if isinstance(before, str) or isinstance(after, str):
        return "changed"
    change = after - before
    return f"{sign(change)}{full_text(abs(change))}"


def change_share(before: Figure, after: Figure) -> str:
    """+0.391%; empty if the figure was 0, and for formulas."""
    if isinstance(before, str) or isinstance(after, str) or not before:
        return ""
    return signed_percent(Fraction(after - before, before))


def tolerance_text(tolerance: Fraction) -> str:
    """1%, 0.5%."""
    return f"{float(tolerance * 100):g}%"
