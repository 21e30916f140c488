"""torch.utils.flop_counter.FlopCounterMode: 2 × MACs, counted as operators are dispatched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from convcost.counters.dispatch import missed_operators, operator_name, without_dynamo
from convcost.counters.interface import Reading, Unit, Watches
from convcost.counters.notes import Notes, Running, following

if TYPE_CHECKING:
    import torch


class FlopCounter:
    """Counts the operators that torch dispatches, on real or meta tensors."""

    name = "flop_counter_mode"
    title = "FlopCounterMode"
    package = "torch"
    install = "pip install torch"
    unit: Unit = "FLOPs"
    watches: Watches = "operators"
    runs_on_meta = True
    counts = "2 × MACs of convolutions, matrix products and attention"
    blind_spots = "Bilinear, matrix × vector; on CPU scaled_dot_product_attention and LSTM; elementwise work"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Run `module` under the mode, with a recorder behind it for what the mode passes over."""
        from torch.utils.flop_counter import FlopCounterMode, _FlopCounterMode

        counter, notes = FlopCounterMode(display=False), Notes()
        with following(module) as running:
            known = frozenset(map(operator_name, counter.flop_registry))
            counter.flop_registry = {
                packet: _noting(notes, running, operator_name(packet), formula)
                for packet, formula in counter.flop_registry.items()
            }
            with without_dynamo(_FlopCounterMode), missed_operators(notes, running, known), counter:
                module(*args, **kwargs)
        return notes.reading(counter.get_total_flops())


def _noting(notes: Notes, running: Running, name: str, formula: Any) -> Callable[..., Any]:
    def noted(*args: Any, **kwargs: Any) -> Any:
        amount = formula(*args, **kwargs)
        notes.count(running.path, name, amount, rule=0)
        return amount

    return noted
