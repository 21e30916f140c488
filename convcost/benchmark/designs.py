"""Timing designs and modules from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.api import comparison, parsed
from convcost.benchmark.times import Stopwatch
from convcost.core.arguments import DESIGN, all_sizes, instance, is_module, wrong_type
from convcost.core.cost import Size
from convcost.core.report import Comparison
from convcost.spec import Spec
from convcost.tracing.profile import profile
from convcost.tracing.target.profile import ProfiledModel

if TYPE_CHECKING:
    import torch

Timeable: TypeAlias = "str | Spec | tuple[torch.nn.Module, *tuple[Any, ...]]"
"""A design, or a module with what its forward takes."""


def timed(*designs: Timeable, stopwatch: Stopwatch = Stopwatch(), **sizes: Size) -> Comparison:  # noqa: B008
    """Two designs or more side by side, with the time that each takes on this machine.

    A module comes with its inputs, as `(module, x)`, and is left as it was. Every size needs a number.
    Raises as `compare` does, and UsageError for what does not fit in memory.
    """
    found = tuple(map(_design, designs))
    instance("stopwatch", stopwatch, Stopwatch, "a convcost.benchmark.times.Stopwatch")
    given = all_sizes(sizes)
    stated = tuple(each if isinstance(each, Spec) else each.report for each in found)
    reports = comparison(stated, given).candidates

    def behind() -> list[Any]:
        return [each.network(given) if isinstance(each, Spec) else each for each in found]

    return Comparison(stopwatch.timed(reports, behind))


def _design(given: Timeable) -> Spec | ProfiledModel:
    if isinstance(given, str | Spec):
        return parsed(given)
    if not isinstance(given, tuple) or not given or not is_module(given[0]):
        hint = "A design is a text; a module comes with its inputs, as (module, x)."
        raise wrong_type("a design", given, DESIGN, hint)
    module, *args = given
    return ProfiledModel(profile(module, *args), module, tuple(args))
