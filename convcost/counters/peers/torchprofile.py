"""torchprofile: MACs of the operators of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.counters.einsum import order_share
from convcost.counters.interface import WITH_PEERS, Reading, Unit, Watches, bare, contracting
from convcost.counters.notes import Notes, called, entered

if TYPE_CHECKING:
    import torch


class Torchprofile:
    """Counts a traced forward by the operators' shapes."""

    name = "torchprofile"
    title = "torchprofile"
    package = "torchprofile"
    install = WITH_PEERS
    unit: Unit = "MACs"
    watches: Watches = "operators"
    runs_on_meta = False
    counts = (
        "MACs of convolutions, matrix products, LSTM and attention; one for each element of mul, norms, means"
    )
    blind_spots = "Bilinear, GRU, padding='same', fused attention; transposed convolutions come out too large"

    def read(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
        """Trace `module`, the traced operators labelled with their submodules."""
        from torchprofile import profile_macs
        from torchprofile.handlers import HANDLER_MAP

        notes = Notes()
        _note(notes, HANDLER_MAP)
        with _scoped(module):
            return notes.reading(profile_macs(called(module, args, kwargs) if kwargs else module, args))


Handler = Callable[[Any], int]


def _note(notes: Notes, handlers: dict[str, Any]) -> None:
    """Have each handler note what it counts, and give one that counts nothing to what has none."""
    for name in (f"aten::{name}" for name in contracting()):
        if handlers.get(name) is None:
            handlers[name] = _missing(notes)
    for name, handler in handlers.items():
        if handler is not None:
            handlers[name] = _noting(notes, handler)


def _missing(notes: Notes) -> Handler:
    def missing(node: Any) -> int:
        notes.miss(_path(node), node.operator)
        return 0

    return missing


def _noting(notes: Notes, handler: Handler) -> Handler:
    def noted(node: Any) -> int:
        amount = handler(node)
        is_einsum = bare(node.operator) == "einsum" and amount
        equation, operands = (value.value for value in node.inputs[:2]) if is_einsum else ("", ())
        shares = order_share(equation, operands, amount, 1)
        notes.count(_path(node), node.operator, amount, shares)
        return amount

    return noted


LABEL = "submodule "


@contextmanager
def _scoped(module: torch.nn.Module) -> Iterator[None]:
    """Each submodule's path as the scope of what is traced in it."""
    import torch

    def start(path: str) -> None:
        state = torch._C._get_tracing_state()
        if state is not None:
            state.push_scope(LABEL + path)

    def end() -> None:
        state = torch._C._get_tracing_state()
        if state is not None:
            state.pop_scope()

    with entered(module, start, end):
        yield


def _path(node: Any) -> str:
    return str(node.scope).rpartition("/")[2].removeprefix(LABEL)
