"""DeepSpeed's flops profiler: FLOPs and MACs of patched torch functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CounterReading, Unit
from convcost.counters.peers.common import PeerCounter, ProfilerSteps, read_patched_functions

if TYPE_CHECKING:
    import torch


class DeepSpeed(PeerCounter):
    """Counts calls of torch functions, in MACs."""

    name = "deepspeed"
    title = "DeepSpeed"
    package = "deepspeed"
    install = "pip install deepspeed"
    counts = "linear, convolutions, matrix products, attention; in FLOPs bias adds, elementwise work, einsum"
    blind_spots = "Bilinear, fused attention, einsum, LSTM"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Count a forward pass like `get_model_profile`, but without warm-up."""
        from deepspeed.profiling.flops_profiler import profiler

        counter = profiler.FlopsProfiler(module)
        steps = ProfilerSteps(
            counter.start_profile,
            counter.get_total_flops,
            counter.get_total_macs,
            counter.get_total_params,
            counter.end_profile,
        )
        return read_patched_functions(profiler, steps, self.unit, module, args, kwargs)


class DeepSpeedFlops(DeepSpeed):
    """The same counter, in FLOPs."""

    name = "deepspeed_flops"
    title = "DeepSpeed (FLOPs)"
    unit: Unit = "FLOPs"
    counts = "2 × MACs of the same; bias adds of convolutions, elementwise work, einsum, LSTM"
    blind_spots = "Bilinear, fused attention"
