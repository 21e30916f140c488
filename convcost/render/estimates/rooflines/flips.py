"""Sentences on where an open size makes a layer go over from one bound to the other."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.roofline import Bound, Flip, Roofline
from convcost.core.report import Report
from convcost.core.units import exact

MOST_SAID = 6
"""Sentences; further ones would hide the first."""

MOST_NAMED = 3
"""Layers in one sentence."""


def flips(found: list[tuple[Report, Roofline]]) -> Iterator[str]:
    """For each layer that computes, at which size which bound holds; layers alike together."""
    said: dict[str, list[str]] = {}
    for report, roofline in found:
        texts = _texts(report, roofline)
        for label, text in texts.items():
            name = report.name if len(set(texts.values())) == 1 else f"{report.name}, {label}"
            said.setdefault(text, []).append(name)
    for text, names in [*said.items()][:MOST_SAID]:
        yield f"{_listed(list(dict.fromkeys(names)))}: {text}."
    if len(said) > MOST_SAID:
        yield f"And {len(said) - MOST_SAID} more such sentences on other layers."


def _texts(report: Report, roofline: Roofline) -> dict[str, str]:
    """What there is to say of each layer that computes, by its label."""
    return {
        _label(report, bound): _text(bound.flip, report, roofline)
        for bound in roofline.bounds
        if bound.flip and bound.part.flops != 0
    }


def _label(report: Report, bound: Bound) -> str:
    part = bound.part
    return f"{part.path}: {part.label}" if report.trace and part.path else part.label


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""
    return "; ".join(names[:MOST_NAMED]) + more


def _text(found: Flip, report: Report, roofline: Roofline) -> str:
    """memory-bound below B = 513, compute-bound from there on."""
    if not found.stretches:
        return f"compute-bound where its FLOPs per byte reach {exact(roofline.ridge)}, memory-bound elsewhere"
    first, *others = found.stretches
    if not others:
        return f"{first.by}-bound whatever {', '.join(report.open_names or report.assumed)}"
    parts = [f"{first.by}-bound below {found.size} = {others[0].start:,}"]
    for stretch, following in zip(others, [*others[1:], None], strict=True):
        start = "there" if stretch is others[0] else f"{stretch.start:,}"
        parts.append(
            f"{stretch.by}-bound from {start} " + (f"to {following.start - 1:,}" if following else "on")
        )
    return ", ".join(parts)
