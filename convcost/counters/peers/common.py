"""Code shared by peers: defaults, patched torch functions, and rules for recurrent layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.cost import FLOPS_PER_MAC
from convcost.core.diagnosis import CauseKind
from convcost.counters.interface import Adjustments, CounterReading, HookLevel, Unit, is_contraction
from convcost.counters.recorder import CallRecorder, Formula, einsum_adjustments, function_name

if TYPE_CHECKING:
    import torch

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}

ELEMENTWISE = {"RNN": 1, "GRU": 7, "LSTM": 10}
"""Elementwise operations per element of the hidden state and step in ptflops, calflops and DeepSpeed."""


class PeerCounter:
    """Defaults of peers: count MACs, hook functions, run with data."""

    install = "pip install 'convcost[peers]'"
    unit: Unit = "MACs"
    hook_level: HookLevel = "functions"
    runs_on_meta = False


class ProfilerSteps(NamedTuple):
    """The functions that control calflops and DeepSpeed; `start` patches torch, and `end` undoes it."""

    start: Callable[[], None]
    flops: Callable[[], int]
    macs: Callable[[], int]
    params: Callable[[], int]
    end: Callable[[], None]


def read_patched_functions(
    operations: Any,
    steps: ProfilerSteps,
    unit: Unit,
    module: torch.nn.Module,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> CounterReading:
    """Run `module` under a profiler that patches torch functions, and read it in one of its two units.

    `operations` is the module with the formulas that `start` installs, which return FLOPs and MACs. It also
    has hooks for recurrent layers, which count only FLOPs.
    """
    recorder, wrap = CallRecorder(module), operations.wrapFunc

    def recorded(function: Any, formula: Formula) -> Formula:
        name = function_name(function)

        def count(*args: Any, **kwargs: Any) -> tuple[int, int]:
            flops, macs = formula(*args, **kwargs)
            if unit == "MACs":
                recorder.count(recorder.path, name, macs)
            else:
                recorder.count(recorder.path, name, flops, _function_adjustments(name, flops, macs, args))
            return flops, macs

        return count

    operations.wrapFunc = lambda function, formula, *rest: wrap(function, recorded(function, formula), *rest)
    if unit == "FLOPs":
        hooks = operations.MODULE_HOOK_MAPPING
        hooks.update(recorder.record_module_rules(hooks, "__flops__", _recurrent_adjustments))
    with recorder.tracking():
        module.eval()
        steps.start()
        module(*args, **kwargs)
        total, params = steps.macs() if unit == "MACs" else steps.flops(), steps.params()
        steps.end()
    return recorder.reading(total, params)


def _function_adjustments(name: str, flops: int, macs: int, args: tuple[Any, ...]) -> Adjustments:
    """The FLOPs of a function in excess of 2 × its MACs; an einsum has only FLOPs."""
    if name == "aten::einsum":
        return einsum_adjustments(args[0], [operand.shape for operand in args[1:]], flops, FLOPS_PER_MAC)
    kind = CauseKind.BIAS_ADDS if "conv" in name else CauseKind.ELEMENTWISE
    return ((kind, flops - FLOPS_PER_MAC * macs),) if is_contraction(name) else ()


def _recurrent_adjustments(_: int, module: Any, inputs: Any, __: Any) -> Adjustments:
    """A sum of k products counts as 2k − 1; biases and gates are added."""
    runs = cell_runs(module, inputs[0])
    sums = dot_products(module) * runs
    return (
        (CauseKind.LAST_ADDITIONS, -sums),
        (CauseKind.BIAS_ADDS, sums if module.bias else 0),
        (CauseKind.ELEMENTWISE, elementwise_operations(module) * runs),
    )


def cell_runs(module: Any, data: Any) -> int:
    """The cell runs that a counter assumes: samples × positions × directions; for a cell, samples."""
    if is_cell(module):
        return int(data.shape[0])
    return int(data.shape[0] * data.shape[1]) * (2 if module.bidirectional else 1)


def is_cell(module: Any) -> bool:
    """Whether `module` is a cell, one step of a layer."""
    return type(module).__name__.endswith("Cell")


def cell_kind(module: Any) -> str:
    """RNN, GRU or LSTM."""
    return type(module).__name__.removesuffix("Cell")


def hidden_elements(module: Any) -> int:
    """The elements of the hidden states of all layers."""
    return int(module.hidden_size) * (1 if is_cell(module) else int(module.num_layers))


def elementwise_operations(module: Any) -> int:
    """Elementwise operations of all layers per step."""
    return ELEMENTWISE[cell_kind(module)] * hidden_elements(module)


def dot_products(module: Any) -> int:
    """The sums of products per step: the rows of all weights. Each may have a bias."""
    return 2 * GATES[cell_kind(module)] * hidden_elements(module)
