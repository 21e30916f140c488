"""Runs counters and compares them with convcost: on designs in this process, on models in separate ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
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
from convcost.counters.side_effects import Change, capture_state, changes_between, side_effects
from convcost.counters.subprocess_runner import CounterOutcome, error_line, read_outcome, run_in_subprocess
from convcost.layers.network import Network
from convcost.system.workers import WorkerEndedError, can_fork
from convcost.tracing.module_call import ModuleCall, copy_call, move_call
from convcost.tracing.module_tree import count_occurrences, module_tree, original_module
from convcost.tracing.network_module import build_network, without_warnings
from convcost.tracing.profile import DEFAULT_MEMORY, profile

if TYPE_CHECKING:
    import torch

PRELOADED = "sympy"
"""Imported once before processes are forked, as torch imports it in each counter's run."""

DEFAULT_SECONDS = 300.0
"""The default time limit of a counter."""

RAN_ON_META = "ran on the meta device"

NO_MODULE = "the model was read from a file, so there is no torch module to run"

NO_PROCESS = "it patches torch, and this system can't run it in a separate process"


def crosscheck_design(
    network: Network, report: Report, counters: tuple[Counter, ...], memory: int = DEFAULT_MEMORY
) -> Iterator[tuple[str, CounterResult]]:
    """Yield the name of each counter and its result for a design."""
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
    """The trace of `module` on shapes, without gradients, as in counters."""
    import torch

    with torch.no_grad(), without_warnings():
        trace = profile(module, *inputs).trace
    assert trace
    return trace


def _read(counter: Counter, module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> CounterReading:
    """The counter's reading, without warnings from the counter or torch."""
    import torch

    with torch.no_grad(), without_warnings():
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
    """Yield the name of each counter and its diagnosis for `module(*args, **kwargs)`.

    The module is not changed: each counter runs on a copy in a separate process. Gradients are enabled if
    they are for the caller, which affects whether torch fuses attention.

    Args:
        module: The module. If it is None, as for a model read from a file, all counters are skipped.
        args: Positional arguments of the call.
        kwargs: Keyword arguments of the call.
        report: convcost's report of the same call.
        counters: The counters to run.
        memory: A counter that would need more bytes is skipped.
        seconds: A counter that takes longer is terminated.
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
        return read_outcome(run_in_subprocess(lambda: _outcome(call, counter, device), seconds))
    except WorkerEndedError as end:
        return CounterOutcome(None, str(end), ())
    except ValueError:
        return CounterOutcome(None, "its reading has values of wrong types", ())


def _copied(call: ModuleCall) -> ModuleCall:
    """A copy of the call, or the call itself if it can't be copied (the process is a copy already)."""
    try:
        return copy_call(call)
    except Exception:  # a user's __deepcopy__ may raise anything
        return call


def _outcome(call: ModuleCall, counter: Counter, device: str) -> CounterOutcome:
    """The counter's reading of a copy of `call`, and its side effects, without warnings."""
    copied = move_call(_copied(call), device)
    before = capture_state(copied.model)
    reading, error = None, ""
    with without_warnings():
        try:
            reading = counter.read(*copied)
        except Exception as raised:
            error = error_line(raised)
    changes = changes_between(before, capture_state(copied.model))
    own_changes = _changes_of_run(move_call(_copied(call), device)) if changes else ()
    return CounterOutcome(reading, error, side_effects(changes, own_changes))


def _changes_of_run(call: ModuleCall) -> tuple[Change, ...]:
    """What a run of the model changes without a counter, such as statistics in training mode."""
    before = capture_state(call.model)
    with without_warnings(), suppress(Exception):
        call.model(*call.args, **call.kwargs)
    return changes_between(before, capture_state(call.model))


def _parameters_remark(module: torch.nn.Module, counted: int | None) -> tuple[str, ...]:
    """A remark if the counter's number of parameters is not the model's."""
    parameters = module_tree(module).parameters.values()
    own = sum(tensor.numel() for tensor in parameters)
    if counted is None or counted == own:
        return ()
    trained = sum(tensor.numel() for tensor in parameters if tensor.requires_grad)
    named = sum(tensor.numel() for _, tensor in module.named_parameters(remove_duplicate=False))
    reasons = {trained: ": without frozen ones", named: ": tied ones once per name"}
    return (f"counts {counted:,} parameters instead of {own:,}{reasons.get(counted, '')}",)
