"""The counters run and compared with convcost: on a design in this process, on a model in one of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcost.core.diagnosis import CounterDiagnosis
from convcost.core.report import CounterResult, Report, Verdict
from convcost.core.trace import Trace
from convcost.counters import is_installed
from convcost.counters.causes import diagnose
from convcost.counters.interface import Counter, CounterReading
from convcost.counters.peers import PEERS
from convcost.counters.run_limits import is_quick, obstacle, real_run_obstacle
from convcost.counters.side_effects import capture_state, side_effects
from convcost.counters.subprocess_runner import CounterOutcome, error_line, read_outcome, run_in_subprocess
from convcost.layers.network import Network
from convcost.system.workers import WorkerEndedError, can_fork
from convcost.tracing.module_call import ModuleCall, copy_call, move_call
from convcost.tracing.module_tree import count_occurrences, module_tree, original_module
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import DEFAULT_MEMORY, profile

if TYPE_CHECKING:
    import torch

PRELOADED = "sympy"
"""What torch imports as soon as a counter runs: once is enough, before each gets a process of its own."""

DEFAULT_SECONDS = 300.0
"""What a counter may take."""

RAN_ON_META = "ran on the meta device"

NO_MODULE = "it is read from a file, and no torch module runs"

NO_PROCESS = "it patches torch while it counts, and this system has no process of its own for it"


def crosscheck_design(
    network: Network, report: Report, counters: tuple[Counter, ...], memory: int = DEFAULT_MEMORY
) -> Iterator[tuple[str, CounterResult]]:
    """Each counter's name and its result on a design's module, one after the other as they come."""
    modules: dict[str, tuple[torch.nn.Module, tuple[torch.Tensor, ...]]] = {}
    trace: Trace | None = None
    for counter in counters:
        reason = obstacle(report) or ("" if counter.runs_on_meta else real_run_obstacle(report, memory))
        if reason:
            yield counter.name, _without_figure("skipped", counter, reason)
            continue
        if not is_installed(counter):
            yield counter.name, _without_figure("unavailable", counter, _missing(counter))
            continue
        try:
            device = "meta" if counter.runs_on_meta and not is_quick(report, memory) else "cpu"
            if device not in modules:
                modules[device] = build_network(network, device)
            module, inputs = modules[device]
            trace = trace or _trace_of(module, inputs)
            reading = _read(counter, module, inputs)
        except ImportError as error:
            yield counter.name, _without_figure("unavailable", counter, f"{counter.package}: {error}")
        except Exception as error:
            yield counter.name, _without_figure("unavailable", counter, error_line(error))
        else:
            occurrences = count_occurrences(module)
            yield counter.name, diagnose(trace, counter, reading, occurrences, report.macs).summary


def _trace_of(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> Trace:
    """How `module` runs, on shapes, without gradients as counters run it."""
    import torch

    with torch.no_grad():
        trace = profile(module, *inputs).trace
    assert trace
    return trace


def _read(counter: Counter, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> CounterReading:
    """The counter's reading; what it or torch warns of inside is not the user's concern."""
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return counter.read(module, inputs, {})


def _missing(counter: Counter) -> str:
    return f"{counter.package} is not installed: {counter.install}"


def _without_figure(verdict: Verdict, counter: Counter, reason: str) -> CounterResult:
    return CounterResult(verdict, None, None, counter.unit.removesuffix("s"), reason)


def crosscheck_model(
    module: torch.nn.Module | None,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    report: Report,
    counters: tuple[Counter, ...],
    memory: int = DEFAULT_MEMORY,
    seconds: float = DEFAULT_SECONDS,
) -> Iterator[tuple[str, CounterDiagnosis]]:
    """Each counter's name and its diagnosis on `module(*args, **kwargs)`, one after the other as they come.

    `report` is convcost's of the same call. The module is left as it is, whatever a counter does: each runs
    on a copy in a process of its own. A counter that would take more than `memory` bytes is skipped, one
    that is not done in `seconds` ended. They run with gradients or without as the caller does, which decides
    whether torch fuses attention. Without a module, as for what is read from a file, all are skipped.
    """
    if module is None:
        for counter in counters:
            result = _without_figure("skipped", counter, NO_MODULE)
            yield counter.name, CounterDiagnosis(counter.title, result)
        return
    call = ModuleCall(original_module(module), tuple(args), kwargs)
    if any(tensor.device.type not in {"cpu", "meta"} for tensor in call.tensors):
        call = move_call(copy_call(call), "cpu")  # a forked process can't use a GPU
    if len(counters) > 1:
        import_module(PRELOADED)
    for counter in counters:
        yield counter.name, _diagnosis(call, report, counter, memory, seconds)


def _diagnosis(
    call: ModuleCall, report: Report, counter: Counter, memory: int, seconds: float
) -> CounterDiagnosis:
    import torch

    def without_figure(verdict: Verdict, reason: str, remarks: tuple[str, ...] = ()) -> CounterDiagnosis:
        result = _without_figure(verdict, counter, reason)
        return CounterDiagnosis(counter.title, result, remarks=remarks)

    too_costly = real_run_obstacle(report, memory, torch.is_grad_enabled())
    if reason := obstacle(report) or ("" if counter.runs_on_meta else too_costly):
        return without_figure("skipped", reason)
    if not is_installed(counter):
        return without_figure("unavailable", _missing(counter))
    if counter in PEERS and not can_fork():
        return without_figure("unavailable", NO_PROCESS)
    outcome = _isolated_outcome(call, counter, "meta" if too_costly else "cpu", seconds)
    remarks = (*outcome.side_effects, *([RAN_ON_META] if too_costly else ()))
    if outcome.reading is None:
        return without_figure("unavailable", outcome.error, remarks)
    if report.trace is None:
        raise TypeError("crosscheck_model needs the report of a module")
    diagnosis = diagnose(report.trace, counter, outcome.reading, count_occurrences(call.model))
    parameters = _parameters_remark(call.model, outcome.reading.params)
    return diagnosis._replace(remarks=(*diagnosis.remarks, *remarks, *parameters))


def _isolated_outcome(call: ModuleCall, counter: Counter, device: str, seconds: float) -> CounterOutcome:
    if not can_fork():
        return _outcome(copy_call(call), counter, device)
    try:
        return read_outcome(run_in_subprocess(lambda: _outcome(_copied(call), counter, device), seconds))
    except WorkerEndedError as end:
        return CounterOutcome(None, str(end), ())
    except ValueError:
        return CounterOutcome(None, "its reading has values of wrong types", ())


def _copied(call: ModuleCall) -> ModuleCall:
    """A copy; what cannot be copied is taken as it is, in a process that is a copy itself."""
    try:
        return copy_call(call)
    except Exception:  # whatever a user's __deepcopy__ raises
        return call


def _outcome(call: ModuleCall, counter: Counter, device: str) -> CounterOutcome:
    """The counter's reading of `call`, and how it left the model; warnings are not the user's concern."""
    call = move_call(call, device)
    before = capture_state(call.model)
    reading, error = None, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            reading = counter.read(*call)
        except Exception as raised:
            error = error_line(raised)
    return CounterOutcome(reading, error, side_effects(before, capture_state(call.model)))


def _parameters_remark(module: torch.nn.Module, counted: int | None) -> tuple[str, ...]:
    """What a counter's number of parameters is, where it is not the model's."""
    parameters = module_tree(module).parameters.values()
    own = sum(tensor.numel() for tensor in parameters)
    if counted is None or counted == own:
        return ()
    trained = sum(tensor.numel() for tensor in parameters if tensor.requires_grad)
    named = sum(tensor.numel() for _, tensor in module.named_parameters(remove_duplicate=False))
    reasons = {trained: ": frozen ones are left out", named: ": tied ones count once for each name"}
    return (f"counts {counted:,} parameters where there are {own:,}{reasons.get(counted, '')}",)
