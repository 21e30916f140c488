"""Times designs and modules in turn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from convcost.analysis.memory import memory
from convcost.api import comparison
from convcost.benchmark.hardware import DeviceType, device_title, free_bytes, processor_name, select_device
from convcost.benchmark.samples import DEFAULT_PLAN, Progress, SamplingPlan, no_progress, sample_in_turn
from convcost.benchmark.settings import computation_dtype, torch_settings, torch_version_and_threads
from convcost.benchmark.timing import RunKind, TimedRun, Timing
from convcost.core import arithmetic
from convcost.core.comparison import Comparison
from convcost.core.cost import BATCH_LIKE, Size, example_size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.errors import UsageError, join_words
from convcost.core.report import Report
from convcost.core.type_checks import check_type, merge_sizes
from convcost.core.units import binary
from convcost.counters.run_limits import REAL_ITEMSIZE, real_bytes
from convcost.design import GivenDesign, StatedDesign, as_design, check_sizes, sized_spec
from convcost.layers.network import Network
from convcost.tracing.module_design import ModuleDesign

if TYPE_CHECKING:
    from convcost.benchmark.first_run import FirstRun
    from convcost.tracing.target.profile import ProfiledModel

MODULE_HINT = "Give the module itself with its inputs: (module, x)."

GetDesigns = Callable[[], Sequence["Network | ProfiledModel"]]
"""Returns the designs of the reports; called after all sizes are known to have values."""


@dataclass(frozen=True)
class Stopwatch:
    """Options of timing.

    Attributes:
        backward: Also time a training step.
        compile: Also time with torch.compile.
        dtype: The dtype of floats; by default those of the modules.
        on: "cpu" or "cuda"; by default the GPU, if there is one.
        threads: The number of CPU threads; 0 for torch's default.
        plan: How long and how often to measure.
    """

    backward: bool = False
    compile: bool = False
    dtype: str = ""
    on: str = ""
    threads: int = 0
    plan: SamplingPlan = DEFAULT_PLAN

    def timed(
        self, reports: Sequence[Report], designs: GetDesigns, progress: Progress = no_progress
    ) -> tuple[Report, ...]:
        """The reports with measured times of their designs.

        Copies of modules run, and torch's settings are restored.

        Raises:
            UsageError: For open sizes, or if the designs do not fit in memory.
            TargetError: If a module fails.
        """
        _check_sizes(reports)
        device = select_device(self.on)
        dtype = computation_dtype(self.dtype, device) if self.dtype else ""
        _check_memory(reports, dtype, device, self.backward)
        with torch_settings(self.threads, dtype, device), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runs = self._run(reports, designs(), dtype, device, progress)
            _, threads = torch_version_and_threads()
            title, processor = device_title(device), processor_name(device)
        return tuple(
            replace(report, time=Timing(tuple(own), threads, dtype or report.dtype, title, processor))
            for report, own in zip(reports, runs, strict=True)
        )

    def _run(
        self,
        reports: Sequence[Report],
        designs: Sequence[Network | ProfiledModel],
        dtype: str,
        device: DeviceType,
        progress: Progress,
    ) -> list[list[TimedRun]]:
        """The measured runs of each candidate; each round has one block of each kind and candidate."""
        from convcost.benchmark.first_run import run_first
        from convcost.benchmark.prepared_call import prepare_call

        first_runs: dict[tuple[int, int], FirstRun] = {}
        for row in progress("warming up", range(len(reports))):
            call = prepare_call(designs[row], dtype, device)
            for column, run in enumerate(self._kinds()):
                first_runs[row, column] = run_first(run, call, reports[row])
        timers = {key: first.timer for key, first in first_runs.items() if first.timer}
        samples = sample_in_turn(timers, self.plan, progress)
        runs: list[list[TimedRun]] = [[] for _ in reports]
        for (row, column), first in first_runs.items():
            runs[row].append(first.run._replace(samples=samples.get((row, column))))
        return runs

    def _kinds(self) -> Iterator[TimedRun]:
        kinds: tuple[RunKind, ...] = ("forward", "step") if self.backward else ("forward",)
        for is_compiled in (False, True) if self.compile else (False,):
            yield from (TimedRun(kind, is_compiled) for kind in kinds)


def timed(*designs: GivenDesign, stopwatch: Stopwatch = Stopwatch(), **sizes: Size) -> Comparison:
    """Compare two or more designs, with the time that each takes on this machine.

    Args:
        designs: Specs, reports of specs, or modules with inputs, (module, x). Modules are not changed.
        stopwatch: Options of timing.
        sizes: Values of all sizes, by name.

    Raises:
        UsageError: If the designs do not fit in memory. Also the errors of `compare`.

    >>> compared = timed("[64, 64] -> Linear(64, 64)", (torch.nn.ReLU(), "f32[64,64]"))
    >>> [report.time.dtype for report in compared.candidates]
    ['float32', 'float32']
    """
    check_type("stopwatch", stopwatch, Stopwatch, "a convcost.benchmark.stopwatch.Stopwatch")
    given = merge_sizes(sizes)
    if len(designs) < 2:
        hint = "To time a single one: convcost cost DESIGN --time."
        raise UsageError("timed needs at least two designs", hint=hint)
    stated = tuple(map(as_design, designs))
    check_sizes(given, stated)
    designs_to_run = [_timed_design(each, given) for each in stated]
    reports = comparison(tuple(report for report, _ in designs_to_run), {}).candidates
    return Comparison(stopwatch.timed(reports, lambda: [runnable() for _, runnable in designs_to_run]))


def _timed_design(
    design: StatedDesign, sizes: Mapping[str, Size]
) -> tuple[Report, Callable[[], Network | ProfiledModel]]:
    """The report of a design, and a function that returns the design to run."""
    if isinstance(design, ModuleDesign):
        profiled = design.profiled(sizes)
        return profiled.report, lambda: profiled
    spec, own = sized_spec(design, sizes, "timing a report", MODULE_HINT)
    return spec.report(own), lambda: spec.network(own)


def _check_sizes(reports: Sequence[Report]) -> None:
    names = _required_sizes(reports)
    if names:
        options = " ".join(f"--{name} {example_size(name)}" for name in names)
        arguments = ", ".join(f"{name}={example_size(name)}" for name in names)
        raise UsageError(
            f"timing needs a value for {join_words(names)}",
            hint=f"For example, {arguments}.",
            cli_hint=f"For example, {options}.",
        )


def _required_sizes(reports: Sequence[Report]) -> tuple[str, ...]:
    """The open sizes that need a value; batch-like sizes of specs default to 1 if all others have values."""
    of_specs = [name for report in reports if not report.trace for name in report.open_names]
    others = [name for name in of_specs if name not in BATCH_LIKE]
    of_modules = (name for report in reports if report.trace for name in report.open_names)
    return tuple(dict.fromkeys((*(others or of_specs), *of_modules)))


def _check_memory(reports: Sequence[Report], dtype: str, device: DeviceType, backward: bool) -> None:
    """Raise UsageError if the designs, which stay in memory together, need more than is free."""
    needed = sum(needed_bytes(report, dtype, backward) for report in reports)
    free = free_bytes(device)
    if free is not None and needed > free:
        message = f"timing would need about {binary(needed)} of memory, but {binary(free)} are free"
        raise UsageError(message, hint="Use smaller sizes or fewer candidates.")


def needed_bytes(report: Report, dtype: str, backward: bool) -> Size:
    """An estimate of a design's memory: its working memory, and with `backward` its saved tensors."""
    name = dtype or report.dtype
    working = real_bytes(report) * ITEMSIZES[name] // REAL_ITEMSIZE
    return max(working, _training_bytes(report, name)) if backward else working


def _training_bytes(report: Report, dtype: str) -> Size:
    """Memory of a training step: for a spec by its rules, for a module all outputs and their gradients."""
    if not report.trace:
        return memory(report, dtype, "sgd").training_peak or 0
    outputs = sum(row.calls * arithmetic.elements(row.output) for row in report.rows)
    return 2 * ITEMSIZES[dtype] * (report.params + outputs)
