"""torchprofile: MACs of operators in a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CounterReading, HookLevel, base_name, contractions
from convcost.counters.peers.common import PeerCounter
from convcost.counters.recorder import CallRecorder, bind_arguments, einsum_adjustments, on_submodules

if TYPE_CHECKING:
    import torch

LABEL = "submodule "
"""The prefix of submodule scopes, before the path."""

Handler = Callable[[Any], int]
"""Takes a node of a trace. Returns its MACs."""


class Torchprofile(PeerCounter):
    """Counts a traced forward pass by operator shapes."""

    name = "torchprofile"
    title = "torchprofile"
    package = "torchprofile"
    hook_level: HookLevel = "operators"
    counts = (
        "MACs of convolutions, matrix products, LSTM and attention; one for each element of mul, norms, means"
    )
    blind_spots = "Bilinear, GRU, padding='same', fused attention; overcounts transposed convolutions"

    def read(
        self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> CounterReading:
        """Trace `module`, with submodule paths as scopes."""
        from torchprofile import profile_macs
        from torchprofile.handlers import HANDLER_MAP

        recorder = CallRecorder(module)
        missing = {f"aten::{name}": _missed(recorder) for name in contractions()}
        known = {name: _recorded(recorder, rule) for name, rule in HANDLER_MAP.items() if rule is not None}
        HANDLER_MAP.update({**missing, **known})
        with _scopes(module):
            return recorder.reading(
                profile_macs(bind_arguments(module, args, kwargs) if kwargs else module, args)
            )


def _missed(recorder: CallRecorder) -> Handler:
    def missed(node: Any) -> int:
        recorder.miss(_path(node), node.operator)
        return 0

    return missed


def _recorded(recorder: CallRecorder, handler: Handler) -> Handler:
    def recorded(node: Any) -> int:
        amount = handler(node)
        is_einsum = base_name(node.operator) == "einsum" and amount
        equation, operands = (value.value for value in node.inputs[:2]) if is_einsum else ("", ())
        adjustments = einsum_adjustments(equation, operands, amount, 1)
        recorder.count(_path(node), node.operator, amount, adjustments)
        return amount

    return recorded


@contextmanager
def _scopes(module: torch.nn.Module) -> Iterator[None]:
    import torch

    def start(path: str) -> None:
        state = torch._C._get_tracing_state()
        if state is not None:
            state.push_scope(LABEL + path)

    def end() -> None:
        state = torch._C._get_tracing_state()
        if state is not None:
            state.pop_scope()

    with on_submodules(module, start, end):
        yield


def _path(node: Any) -> str:
    return str(node.scope).rpartition("/")[2].removeprefix(LABEL)
