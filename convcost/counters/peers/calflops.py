"""calflops: FLOPs and MACs of patched functions of torch."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import WITH_PEERS, Reading, Unit, Watches
from convcost.counters.peers.patched import Patched, Steps

if TYPE_CHECKING:
    import torch


class Calflops:
    """Counts what torch.nn.functional and torch.matmul are called with; its MACs are these."""

    name = "calflops"
    title = "calflops"
    package = "calflops"
    install = WITH_PEERS
    unit: Unit = "MACs"
    watches: Watches = "functions"
    runs_on_meta = False
    counts = "linear, convolutions, matmul, addmm; in FLOPs bias adds, activations, norms, poolings, einsum"
    blind_spots = "@, bmm, einsum, scaled_dot_product_attention, Bilinear, LSTM"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Count a forward as `calflops.calculate_flops` does, without moving its inputs."""
        _without_models_of_others()
        from calflops import pytorch_ops
        from calflops.calculate_pipline import CalFlopsPipline

        counter = CalFlopsPipline(module, include_backPropagation=False, compute_bp_factor=2.0)
        noted = Patched(module, self.unit)
        driven = Steps(
            counter.start_flops_calculate,
            counter.get_total_flops,
            counter.get_total_macs,
            counter.get_total_params,
            counter.end_flops_calculate,
        )
        return noted.read(pytorch_ops, driven, args, kwargs)


class CalflopsFlops(Calflops):
    """The same, in FLOPs."""

    name = "calflops_flops"
    title = "calflops (FLOPs)"
    unit: Unit = "FLOPs"
    counts = (
        "2 × MACs of linear, convolutions, matmul, addmm; bias adds, activations, norms, poolings, einsum"
    )
    blind_spots = "@, bmm, scaled_dot_product_attention, Bilinear"


def _without_models_of_others() -> None:
    """Import calflops past its first file, which loads transformers though counting never uses it."""
    spec = find_spec("calflops")
    if find_spec("transformers") is None and spec and spec.submodule_search_locations:
        package = ModuleType("calflops")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules.setdefault("calflops", package)
