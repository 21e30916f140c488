"""Running counters on a network within what the user allows them to allocate."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from convcost.core import arithmetic
from convcost.core.cost import FLOPS_PER_MAC, Size
from convcost.core.report import CounterResult, Report, Row, Verdict
from convcost.core.trace import Trace
from convcost.core.units import binary, human
from convcost.counters.interface import Counter, Reading
from convcost.counters.parts import places
from convcost.counters.reconcile import judge, summary
from convcost.layers.network import Network
from convcost.tracing.build import build
from convcost.tracing.profile import profile
from convcost.tracing.user_error import error_text

if TYPE_CHECKING:
    import torch

DEFAULT_MEMORY = 2**30
"""What a counter may really allocate, in bytes, if the user says nothing."""

MOST_WORK = 10**12
"""The FLOPs that a counter may really compute: seconds on a CPU."""

QUICK_WORK = 10**10
"""Up to here a real run is quicker than the first use of the meta device, which imports for a second."""

ADDRESSABLE = 2**63
"""Torch's tensors have fewer bytes than this, on the meta device too."""

REAL_ITEMSIZE = 4


def crosscheck(
    network: Network, report: Report, counters: tuple[Counter, ...], memory: int = DEFAULT_MEMORY
) -> Iterator[tuple[str, CounterResult]]:
    """Each counter's name and its verdict, one after the other as they come."""
    modules: dict[str, tuple[torch.nn.Module, torch.Tensor]] = {}
    trace: Trace | None = None
    for counter in counters:
        hindrance = obstacle(report, counter, memory)
        if hindrance:
            yield counter.name, unmeasured("skipped", counter, hindrance)
            continue
        try:
            device = _device(report, counter, memory)
            if device not in modules:
                modules[device] = build(network, device)
            module, example = modules[device]
            trace = trace or _traced(module, example)
            reading = _read(counter, module, example)
        except ImportError as error:
            yield counter.name, unmeasured("unavailable", counter, f"{counter.package}: {error}")
        except Exception as error:
            yield counter.name, unmeasured("unavailable", counter, first_line(error))
        else:
            yield counter.name, summary(judge(trace, counter, reading, places(module), report.macs))


def _traced(module: torch.nn.Module, example: torch.Tensor) -> Trace:
    """How `module` runs, on shapes, without gradients as counters run it."""
    import torch

    with torch.no_grad():
        trace = profile(module, example).trace
    assert trace
    return trace


def _read(counter: Counter, module: torch.nn.Module, example: torch.Tensor) -> Reading:
    """The counter's reading; what it or torch warns of inside is not the user's concern."""
    import torch

    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return counter.read(module, (example,), {})


def obstacle(report: Report, counter: Counter, memory: int) -> str:
    """What keeps `counter` from being run on that design, if anything does."""
    return impossible(report) or ("" if counter.runs_on_meta else costly(report, memory))


def impossible(report: Report) -> str:
    """What keeps every counter from being run."""
    if report.open_names:
        return f"a counter needs numbers for {', '.join(report.open_names)}"
    if largest_tensor(report) >= ADDRESSABLE:
        return f"torch has no tensor of {human(largest_tensor(report), 'B')}"
    return ""


def costly(report: Report, memory: int, has_gradients: bool = False) -> str:
    """What keeps it from being computed for real; for gradients every output is kept."""
    needed, work = real_bytes(report), FLOPS_PER_MAC * report.macs
    if has_gradients:
        needed += REAL_ITEMSIZE * sum(row.calls * arithmetic.elements(row.output) for row in report.rows)
    if needed > memory:
        return f"it runs for real and would take {binary(needed)}; --max-memory allows {binary(memory)}"
    if work > MOST_WORK:
        amount, limit = human(work, "FLOPs"), human(MOST_WORK, "FLOPs")
        return f"it runs for real and would compute {amount}; {limit} is the limit"
    return ""


def _device(report: Report, counter: Counter, memory: int) -> str:
    quick = real_bytes(report) <= memory and FLOPS_PER_MAC * report.macs <= QUICK_WORK
    return "cpu" if quick or not counter.runs_on_meta else "meta"


def real_bytes(report: Report) -> Size:
    """About what a real forward holds at once: the parameters, and what the largest layer works on."""
    return REAL_ITEMSIZE * (report.params + max(map(_held, report.rows)))


def _held(row: Row) -> Size:
    return arithmetic.elements(row.input) + arithmetic.elements(row.output) + _workspace(row)


def _workspace(row: Row) -> Size:
    """The input unfolded by a convolution's kernel, as torch's CPU convolutions may hold it."""
    if "weight" not in row.parameters or not row.kind.startswith("Conv"):
        return 0
    taps = arithmetic.elements(row.parameters["weight"][2:])
    return taps * max(arithmetic.elements(row.input), arithmetic.elements(row.output))


def largest_tensor(report: Report) -> Size:
    """Bytes of the largest tensor there would be."""
    weights = (shape for row in report.rows for shape in row.parameters.values())
    shapes = (report.input, *(row.output for row in report.rows), *weights)
    return REAL_ITEMSIZE * 2 * max(map(arithmetic.elements, shapes))


def unmeasured(verdict: Verdict, counter: Counter, reason: str) -> CounterResult:
    """A verdict without a figure."""
    return CounterResult(verdict, None, None, counter.unit.removesuffix("s"), reason)


def first_line(error: BaseException) -> str:
    """What was raised, in one line."""
    text = error_text(error).strip()
    what = f": {text.splitlines()[0][:120].rstrip('.')}" if text else ""
    return f"it raised {type(error).__name__}{what}"
