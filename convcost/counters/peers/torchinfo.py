"""torchinfo: "mult-adds" of each leaf module, from its parameters and the shape of its output."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import WITH_PEERS, Reading, Unit, Watches
from convcost.counters.notes import Notes, Shares, called, named

if TYPE_CHECKING:
    import torch


class Torchinfo:
    """Counts parameters × outputs, whatever a module does with them."""

    name = "torchinfo"
    title = "torchinfo"
    package = "torchinfo"
    install = WITH_PEERS
    unit: Unit = "MACs"
    watches: Watches = "modules"
    runs_on_meta = True
    counts = (
        "parameters, biases too, × outputs of leaf modules; × samples alone for all but convolutions and RNNs"
    )
    blind_spots = "all that is no leaf module: functions, operators, attention; positions of a Linear"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Take its summary, a layer at a time."""
        import torchinfo

        notes, names = Notes(), named(module)
        result = torchinfo.summary(called(module, args, kwargs), input_data=[], verbose=0)
        for layer in result.summary_list:
            if layer.is_leaf_layer:
                path = names.get(layer.layer_id, "")
                notes.count(path, layer.class_name, layer.macs, _shares(layer))
        return notes.reading(result.total_mult_adds, result.total_params)


def _shares(layer: Any) -> Shares:
    """What its biases come to."""
    biases = {name: parameter for name, parameter in layer.module.named_parameters() if "bias" in name}
    amount = sum(_outputs(layer, name) * parameter.numel() for name, parameter in biases.items())
    return (("bias adds", amount),)


def _outputs(layer: Any, name: str) -> int:
    """What the size of a parameter is multiplied with."""
    if name not in {"weight", "bias"}:
        return prod(layer.output_size[:2])
    if "Conv" in layer.class_name:
        return prod(layer.output_size[:1] + layer.output_size[2:])
    return int(layer.output_size[0])
