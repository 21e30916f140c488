"""ptflops: MACs and bias adds, by hooks on modules and patched functions, or by dispatched operators."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.core.diagnosis import CauseKind
from convcost.counters.interface import Adjustments, CounterReading, HookLevel
from convcost.counters.peers.common import PeerCounter, cell_runs, dot_products, elementwise_operations
from convcost.counters.recorder import (
    CallRecorder,
    bind_arguments,
    function_name,
    operator_name,
    without_dynamo,
)

if TYPE_CHECKING:
    import torch


class Ptflops(PeerCounter):
    """The default backend of ptflops: hooks on torch modules, and some patched functions."""

    name = "ptflops"
    title = "ptflops"
    package = "ptflops"
    counts = (
        "MACs, bias adds, activations, norms and poolings of torch's modules; matmul, bmm, addmm, mul, add"
    )
    blind_spots = "F.linear, F.conv2d, @, einsum, scaled_dot_product_attention, Bilinear"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Count a forward pass of the whole batch; ptflops itself divides by the batch size."""
        from ptflops import pytorch_ops

        recorder, hooks = CallRecorder(module), pytorch_ops.MODULES_MAPPING
        hooked = frozenset(path for path, part in module.named_modules() if type(part) in hooks)

        def counted_by_hook(amount: int, *_: Any, **__: Any) -> Adjustments:
            """Work of a hooked module counts twice if it calls a patched function."""
            return ((CauseKind.COUNTED_TWICE, amount if recorder.path in hooked else 0),)

        hooks.update(recorder.record_module_rules(hooks, "__flops__", _module_adjustments))
        for functions in (pytorch_ops.FUNCTIONAL_MAPPING, pytorch_ops.TENSOR_OPS_MAPPING):
            functions.update(recorder.record_formulas(functions, function_name, counted_by_hook))
        with recorder.tracking():
            return _reading(recorder, bind_arguments(module, args, kwargs), "pytorch")


class PtflopsAten(PeerCounter):
    """The `aten` backend of ptflops, which counts mm, addmm, bmm and convolution."""

    name = "ptflops_aten"
    title = "ptflops (aten)"
    package = "ptflops"
    hook_level: HookLevel = "operators"
    runs_on_meta = True
    counts = "MACs and bias adds of convolutions, mm, addmm, bmm"
    blind_spots = "attention kernels, LSTM, Bilinear, baddbmm, matrix × vector; elementwise work"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Count a forward pass, and record the operators that ptflops does not count."""
        from ptflops.aten_engine import FlopCounterMode
        from ptflops.aten_ops import ATEN_OPS_MAPPING as FORMULAS

        recorder, known = CallRecorder(module), frozenset(map(operator_name, FORMULAS))
        FORMULAS.update(recorder.record_formulas(FORMULAS, operator_name))
        with without_dynamo(FlopCounterMode), recorder.tracking(), recorder.missed_operators_mode(known):
            return _reading(recorder, bind_arguments(module, args, kwargs), "aten")


def _reading(recorder: CallRecorder, model: torch.nn.Module, backend: str) -> CounterReading:
    """The count of ptflops. Raises the model's exception, which ptflops only prints."""
    from ptflops import get_model_complexity_info

    total, params = get_model_complexity_info(
        model,
        (1,),
        as_strings=False,
        print_per_layer_stat=False,
        input_constructor=lambda _: {},
        backend=backend,
    )
    if total is None:
        raise getattr(model, "failure", None) or RuntimeError("it returned no figure")
    return recorder.reading(total, params)


def _module_adjustments(_: int, module: Any, inputs: Any, output: Any) -> Adjustments:
    import torch

    if isinstance(module, torch.nn.MultiheadAttention):
        return _attention_adjustments(module, *inputs[:2])
    if isinstance(module, torch.nn.RNNBase | torch.nn.RNNCellBase):
        runs = cell_runs(module, inputs[0])
        bias_adds = dot_products(module) if module.bias else 0
        return (
            (CauseKind.BIAS_ADDS, bias_adds * runs),
            (CauseKind.ELEMENTWISE, elementwise_operations(module) * runs),
        )
    if isinstance(module, torch.nn.modules.conv._ConvNd) and module.bias is not None:
        return ((CauseKind.BIAS_ADDS, inputs[0].shape[0] * prod(output.shape[1:])),)
    return ()


def _attention_adjustments(module: Any, query: Any, key: Any) -> Adjustments:
    """Scaled queries and normalized scores, one operation each; biases of four projections."""
    batch, width = query.shape[0 if module.batch_first else 1], query.shape[2]
    queries, keys = (tensor.shape[1 if module.batch_first else 0] for tensor in (query, key))
    input_bias_adds = (queries + 2 * keys) * width if module.in_proj_bias is not None else 0
    scores = module.num_heads * queries * keys
    return (
        (CauseKind.BIAS_ADDS, batch * (input_bias_adds + queries * width)),
        (CauseKind.ELEMENTWISE, batch * (queries * width + scores)),
    )
