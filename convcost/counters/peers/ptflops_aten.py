"""ptflops with its backend aten: MACs and bias adds of the operators that torch dispatches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from convcost.counters.dispatch import missed_operators, operator_name, without_dynamo
from convcost.counters.interface import WITH_PEERS, Reading, Unit, Watches
from convcost.counters.notes import Notes, Running, called, following
from convcost.counters.peers.ptflops import complexity

if TYPE_CHECKING:
    import torch


class PtflopsAten:
    """Counts mm, addmm, bmm and convolution."""

    name = "ptflops_aten"
    title = "ptflops (aten)"
    package = "ptflops"
    install = WITH_PEERS
    unit: Unit = "MACs"
    watches: Watches = "operators"
    runs_on_meta = True
    counts = "MACs and bias adds of convolutions, mm, addmm, bmm"
    blind_spots = "attention kernels, LSTM, Bilinear, baddbmm, matrix × vector; elementwise work"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Count a forward, with a recorder behind its mode for what that passes over."""
        from ptflops.aten_engine import FlopCounterMode
        from ptflops.aten_ops import ATEN_OPS_MAPPING

        notes = Notes()
        known = frozenset(map(operator_name, ATEN_OPS_MAPPING))
        with (
            without_dynamo(FlopCounterMode),
            following(module) as running,
            missed_operators(notes, running, known),
        ):
            for packet, formula in ATEN_OPS_MAPPING.items():
                ATEN_OPS_MAPPING[packet] = _noting(notes, running, operator_name(packet), formula)
            return complexity(notes, called(module, args, kwargs), "aten")


def _noting(notes: Notes, running: Running, name: str, formula: Any) -> Callable[..., Any]:
    def noted(inputs: Any, outputs: Any) -> Any:
        amount = formula(inputs, outputs)
        notes.count(running.path, name, amount)
        return amount

    return noted
