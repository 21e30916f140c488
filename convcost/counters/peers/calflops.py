"""calflops: FLOPs and MACs of patched torch functions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CounterReading, Unit
from convcost.counters.peers.common import PeerCounter, ProfilerSteps, read_patched_functions

if TYPE_CHECKING:
    import torch


class Calflops(PeerCounter):
    """Counts calls of torch.nn.functional and torch.matmul, in MACs."""

    name = "calflops"
    title = "calflops"
    package = "calflops"
    counts = "linear, convolutions, matmul, addmm; in FLOPs bias adds, activations, norms, poolings, einsum"
    blind_spots = "@, bmm, einsum, scaled_dot_product_attention, Bilinear, LSTM"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Count a forward pass like `calflops.calculate_flops`, but without moving the inputs."""
        _skip_package_init()
        from calflops import pytorch_ops
        from calflops.calculate_pipline import CalFlopsPipline

        counter = CalFlopsPipline(module, include_backPropagation=False, compute_bp_factor=2.0)
        steps = ProfilerSteps(
            counter.start_flops_calculate,
            counter.get_total_flops,
            counter.get_total_macs,
            counter.get_total_params,
            counter.end_flops_calculate,
        )
        return read_patched_functions(pytorch_ops, steps, self.unit, module, args, kwargs)


class CalflopsFlops(Calflops):
    """The same counter, in FLOPs."""

    name = "calflops_flops"
    title = "calflops (FLOPs)"
    unit: Unit = "FLOPs"
    counts = (
        "2 × MACs of linear, convolutions, matmul, addmm; bias adds, activations, norms, poolings, einsum"
    )
    blind_spots = "@, bmm, scaled_dot_product_attention, Bilinear"


def _skip_package_init() -> None:
    """Import calflops without its __init__, which needs transformers and accelerate."""
    spec = find_spec("calflops")
    if "calflops" not in sys.modules and spec and spec.submodule_search_locations:
        package = ModuleType("calflops")
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules["calflops"] = package
