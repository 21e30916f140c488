"""torchinfo: "mult-adds" of each leaf module, from its parameters and the shape of its output."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.core.diagnosis import CauseKind
from convcost.counters.interface import Adjustments, CounterReading, HookLevel
from convcost.counters.peers.common import PeerCounter
from convcost.counters.recorder import CallRecorder, bind_arguments

if TYPE_CHECKING:
    import torch


class Torchinfo(PeerCounter):
    """Counts parameters × outputs, whatever the module computes."""

    name = "torchinfo"
    title = "torchinfo"
    package = "torchinfo"
    hook_level: HookLevel = "modules"
    runs_on_meta = True
    counts = (
        "parameters, biases too, × outputs of leaf modules; × samples alone for all but convolutions and RNNs"
    )
    blind_spots = "everything outside leaf modules: functions, operators, attention; positions in Linear"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Read torchinfo's summary, layer by layer."""
        import torchinfo

        recorder = CallRecorder(module)
        result = torchinfo.summary(bind_arguments(module, args, kwargs), input_data=[], verbose=0)
        for layer in result.summary_list:
            if layer.is_leaf_layer:
                path = recorder.paths.get(layer.layer_id, "")
                recorder.count(path, layer.class_name, layer.macs, _bias_adds(layer))
        return recorder.reading(result.total_mult_adds, result.total_params)


def _bias_adds(layer: Any) -> Adjustments:
    biases = {name: parameter for name, parameter in layer.module.named_parameters() if "bias" in name}
    amount = sum(_outputs(layer, name) * parameter.numel() for name, parameter in biases.items())
    return ((CauseKind.BIAS_ADDS, amount),)


def _outputs(layer: Any, name: str) -> int:
    """The factor that a parameter's size is multiplied by."""
    if name not in {"weight", "bias"}:
        return prod(layer.output_size[:2])
    if "Conv" in layer.class_name:
        return prod(layer.output_size[:1] + layer.output_size[2:])
    return int(layer.output_size[0])
