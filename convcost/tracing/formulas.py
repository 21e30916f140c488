"""Formulas of the user's own for operators, from a dict that a place names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from convcost.core.errors import UsageError
from convcost.tracing.importing import importable
from convcost.tracing.loading import Place, load
from convcost.tracing.origin import check_callable


def operator_formulas(place: Place) -> dict[str, Callable[..., Any]]:
    """The formulas at `place`, by operators' full names; UsageError where there is no such dict."""
    with importable(place.folder, place.is_file):
        found = load(place)
    if not isinstance(found, dict) or not all(map(callable, found.values())):
        hint = 'It is one such as {"mylib::scan": lambda x, output, **_: Cost(macs=x.shape[-1])}.'
        raise UsageError(f"{place} is no dict of formulas by operator", hint=hint)
    for name, formula in found.items():
        check_callable(f"the formula of {str(name)[:80]} in {place}", formula)
    return found
