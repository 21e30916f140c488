"""ultralytics-thop: MACs by rules for modules, and for functions outside of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.core.diagnosis import CauseKind
from convcost.counters.interface import Adjustments, CounterReading
from convcost.counters.peers.common import GATES, PeerCounter, cell_kind, cell_runs, hidden_elements, is_cell
from convcost.counters.recorder import CallRecorder, bind_arguments, function_name

if TYPE_CHECKING:
    import torch

ELEMENTWISE = {"RNN": 1, "GRU": 7, "LSTM": 8}
"""Sums and products per element of the hidden state and step."""


class Thop(PeerCounter):
    """Counts modules and functions with rules, in eval mode."""

    name = "ultralytics_thop"
    title = "ultralytics-thop"
    package = "ultralytics-thop"
    runs_on_meta = True
    counts = "MACs of modules and of matmul, bmm, einsum, linear and attention; norms, softmax, poolings"
    blind_spots = "functional convolutions, baddbmm, einsum of three operands"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Count a forward pass, and record the figure of each rule."""
        from thop import profile

        recorder, tables = CallRecorder(module), profile.__globals__
        rules, functions = tables["register_hooks"], tables["functional_hooks"]
        counting = {kind: rule for kind, rule in rules.items() if rule is not tables["zero_ops"]}
        rules.update(recorder.record_module_rules(counting, "total_ops", _module_adjustments))
        functions.update(recorder.record_formulas(functions, function_name))
        with recorder.tracking():
            total, params = profile(bind_arguments(module, args, kwargs), (), verbose=False)
        return recorder.reading(total, params)


def _module_adjustments(_: int, module: Any, inputs: Any, output: Any) -> Adjustments:
    import torch

    if isinstance(module, torch.nn.MultiheadAttention):
        return _attention_adjustments(module, inputs, output)
    if isinstance(module, torch.nn.RNNBase | torch.nn.RNNCellBase):
        return _recurrent_adjustments(module, inputs[0])
    return ()


def _attention_adjustments(module: Any, inputs: Any, output: Any) -> Adjustments:
    """The softmax: exp, sum and quotient per score, minus one sum per row."""
    out, weights = output
    position_dim = -2 if module.batch_first or out.dim() == 2 else 0
    queries = out.shape[position_dim]
    samples = 1 if out.dim() == 2 else out.shape[0 if module.batch_first else 1]
    appended = (module.bias_k is not None) + module.add_zero_attn
    keys = weights.shape[-1] if weights is not None else inputs[1].shape[position_dim] + appended
    return ((CauseKind.ELEMENTWISE, samples * module.num_heads * queries * (3 * keys - 1)),)


def _recurrent_adjustments(module: Any, data: Any) -> Adjustments:
    elements = hidden_elements(module) * _cell_runs(module, data)
    bias_adds = 2 * GATES[cell_kind(module)] * elements if module.bias else 0
    return (
        (CauseKind.BIAS_ADDS, bias_adds),
        (CauseKind.ELEMENTWISE, ELEMENTWISE[cell_kind(module)] * elements),
    )


def _cell_runs(module: Any, data: Any) -> int:
    """`cell_runs`, extended to unbatched input."""
    if data.dim() == 3 or is_cell(module):
        return cell_runs(module, data) if data.dim() > 1 else 1
    return int(data.shape[0]) * (2 if module.bidirectional else 1)
