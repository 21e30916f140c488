"""A match as plain data: what JSON and CSV write."""

from __future__ import annotations

from typing import Any

from convcost.core.match import Choice, Match
from convcost.core.report import Report
from convcost.render.formulas import data
from convcost.render.records import PACKAGES, SCHEMA, installed
from convcost.render.style import Style


def match_record(match: Match) -> dict[str, Any]:
    """The whole match."""
    return {
        **_context(match),
        "metric": match.metric,
        "budget": match.target,
        "at_most": match.at_most,
        "vary": list(match.vary),
        "ranges": {name: bounds._asdict() for name, bounds in match.ranges.items()},
        "searched": {name: _searched(sizes) for name, sizes in match.searched.items()},
        "name": match.name,
        "spec": match.spec,
        "reference": _reference(match.reference),
        "best": [_choice(choice) for choice in match.best],
        "below": _choice(match.below) if match.below else None,
        "above": _choice(match.above) if match.above else None,
        "choices": [_choice(choice) for choice in match.choices],
        "complete": match.complete,
        "notes": list(match.notes),
    }


def _searched(sizes: range) -> dict[str, int]:
    """All the values that were tried."""
    return {"smallest": sizes[0], "largest": sizes[-1], "count": len(sizes)}


def _context(match: Match) -> dict[str, Any]:
    reference = match.reference
    assumed = {*match.assumed, *(reference.assumed if reference else ())}
    return {
        "schema": SCHEMA,
        "symbols": {
            **{name: data(size) for name, size in (reference.sizes.items() if reference else ())},
            **{name: name for name in match.left_open},
            **match.sizes,
        },
        "assumed": sorted(assumed),
        "convention": {"count": match.convention.count, "padding": match.convention.padding},
        "dtype": match.dtype,
        "versions": {package: installed(package) for package in PACKAGES},
    }


def _reference(reference: Report | None) -> dict[str, str] | None:
    return {"name": reference.name, "spec": reference.spec} if reference else None


def _choice(choice: Choice) -> dict[str, Any]:
    return {"sizes": dict(choice.sizes), "cost": choice.cost, "difference": choice.difference}


def match_rows(match: Match, style: Style) -> list[dict[str, Any]]:
    """A row for each choice, with the part it plays."""
    sides = {"below": match.below, "above": match.above}
    parts = [("best", choice) for choice in match.best]
    parts += [(part, choice) for part, choice in sides.items() if choice]
    parts += [("choice", choice) for choice in match.choices]
    return [_row(part, choice, match) for part, choice in parts]


def _row(part: str, choice: Choice, match: Match) -> dict[str, Any]:
    return {
        "part": part,
        **choice.sizes,
        "metric": match.metric,
        "budget": match.target,
        "cost": choice.cost,
        "difference": choice.difference,
    }
