"""Timing designs and modules side by side."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from convcost.api import comparison, parsed
from convcost.benchmark import hardware
from convcost.benchmark.first_run import Started, started
from convcost.benchmark.free_memory import check_room
from convcost.benchmark.prepared_call import subject
from convcost.benchmark.samples import PLAN, Plan, Watch, in_turn, unwatched
from convcost.benchmark.settings import On, computed, of_torch, place, set_up, title
from convcost.benchmark.timing import Run, Timing, What
from convcost.core.arguments import DESIGN, all_sizes, instance, is_module, wrong_type
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Comparison, Report
from convcost.layers.network import Network
from convcost.spec import Spec
from convcost.spec.spec import BATCH_LIKE
from convcost.tracing.profile import profile
from convcost.tracing.target.profile import ProfiledModel

if TYPE_CHECKING:
    import torch

    from convcost.tracing.target.profile import ProfiledModel


Designs = Callable[[], Sequence["Network | ProfiledModel"]]
"""Gives what is behind each report, once its sizes are known to be numbers."""


@dataclass(frozen=True)
class Stopwatch:
    """How to time: also a training step, also compiled, in which dtype, where, on how many threads.

    An empty dtype leaves what the modules have; no threads are as many as torch has.
    """

    backward: bool = False
    compile: bool = False
    dtype: str = ""
    on: str = ""
    threads: int = 0
    plan: Plan = PLAN

    def timed(
        self, reports: Sequence[Report], designs: Designs, watch: Watch = unwatched
    ) -> tuple[Report, ...]:
        """The reports with what was measured of their designs.

        Nothing of the caller's changes: copies are run, and torch is as before. Raises UsageError for open
        sizes and for what does not fit in memory, TargetError where a module fails.
        """
        on = place(self.on)
        dtype = computed(self.dtype, on) if self.dtype else ""
        _check_numbers(reports)
        check_room(reports, dtype, on, self.backward)
        with set_up(self.threads, dtype, on), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runs = self._runs(reports, designs, dtype, on, watch)
            return tuple(map(_with_time, reports, runs, [_setting(dtype, on)] * len(runs)))

    def _runs(
        self, reports: Sequence[Report], designs: Designs, dtype: str, on: On, watch: Watch
    ) -> list[list[Run]]:
        """What was measured of each candidate: one block of each kind of each in every round."""
        given = designs()
        found = []
        for row in watch("warming up", range(len(reports))):
            own = subject(given[row], dtype, on)
            found.append([started(kind, own, reports[row]) for kind in self._kinds()])
        keyed = dict(_keyed(found))
        timers = {key: start.timed for key, start in keyed.items() if start.timed}
        samples = in_turn(timers, self.plan, watch)
        return [
            [start.run._replace(samples=samples.get((row, column))) for column, start in enumerate(starts)]
            for row, starts in enumerate(found)
        ]

    def _kinds(self) -> Iterator[Run]:
        whats: tuple[What, ...] = ("forward", "step") if self.backward else ("forward",)
        for is_compiled in (False, True) if self.compile else (False,):
            yield from (Run(what, is_compiled) for what in whats)


Setting = tuple[int, str, str, str]
"""Threads, the dtype if one was asked for, the name of the device, and that of the processor."""


def _setting(dtype: str, on: On) -> Setting:
    return of_torch()[1], dtype, title(on), hardware.name(on)


def _with_time(report: Report, runs: list[Run], setting: Setting) -> Report:
    threads, dtype, device, processor = setting
    return replace(report, time=Timing(tuple(runs), threads, dtype or report.dtype, device, processor))


def _keyed(found: list[list[Started]]) -> Iterator[tuple[tuple[int, int], Started]]:
    for row, starts in enumerate(found):
        for column, start in enumerate(starts):
            yield (row, column), start


def _needed(report: Report) -> tuple[str, ...]:
    """The open sizes that need a number: a design's batch is taken as 1 once every other size has one."""
    others = tuple(name for name in report.open_names if name not in BATCH_LIKE)
    return others if others and not report.trace else report.open_names


def _check_numbers(reports: Sequence[Report]) -> None:
    names = dict.fromkeys(name for report in reports for name in _needed(report))
    if names:
        raise UsageError(f"--time needs a number for {', '.join(names)}", hint="Times are measured.")


Timeable: TypeAlias = "str | Spec | tuple[torch.nn.Module, *tuple[Any, ...]]"
"""A design, or a module with what its forward takes."""


def timed(*designs: Timeable, stopwatch: Stopwatch = Stopwatch(), **sizes: Size) -> Comparison:
    """Two designs or more side by side, with the time that each takes on this machine.

    A module comes with its inputs, as `(module, x)`, and is left as it was. Every size needs a number.
    Raises as `compare` does, and UsageError for what does not fit in memory.
    """
    found = tuple(map(_design, designs))
    instance("stopwatch", stopwatch, Stopwatch, "a convcost.benchmark.stopwatch.Stopwatch")
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
