"""torch.utils.flop_counter.FlopCounterMode: 2 × MACs, counted as operators are dispatched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CounterReading, HookLevel, Unit
from convcost.counters.recorder import CallRecorder, operator_name, without_dynamo

if TYPE_CHECKING:
    import torch


class FlopCounter:
    """Counts the operators that torch dispatches, on real or meta tensors."""

    name = "flop_counter_mode"
    title = "FlopCounterMode"
    package = "torch"
    install = "pip install torch"
    unit: Unit = "FLOPs"
    hook_level: HookLevel = "operators"
    runs_on_meta = True
    counts = "2 × MACs of convolutions, matrix products and attention"
    blind_spots = "Bilinear, matrix × vector; on CPU, fused attention and LSTM; elementwise work"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Run `module` under the mode, and record the operators that the mode does not count."""
        from torch.utils.flop_counter import FlopCounterMode, _FlopCounterMode

        counter, recorder = FlopCounterMode(display=False), CallRecorder(module)
        known = frozenset(map(operator_name, counter.flop_registry))
        counter.flop_registry = recorder.record_formulas(
            counter.flop_registry, operator_name, documented_amount=0
        )
        with (
            recorder.tracking(),
            without_dynamo(_FlopCounterMode),
            recorder.missed_operators_mode(known),
            counter,
        ):
            module(*args, **kwargs)
        return recorder.reading(counter.get_total_flops())
