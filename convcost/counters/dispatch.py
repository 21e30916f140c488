"""Modes of counters, and one that stands behind them and notes what they pass over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import bare, contracting
from convcost.counters.notes import Notes, Running

if TYPE_CHECKING:
    from torch.utils._python_dispatch import TorchDispatchMode


ALREADY_DISABLED = "__dynamo_disable"
"""Where torch looks for a function that its compiler is to leave alone."""


def operator_name(packet: object) -> str:
    """`aten::mm` of `aten.mm`."""
    return str(packet).replace(".", "::", 1)


def missed_operators(notes: Notes, running: Running, known: frozenset[str]) -> TorchDispatchMode:
    """Notes the operators that contract, reach this mode, and are not `known`."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Behind(TorchDispatchMode):  # type: ignore[no-untyped-call]
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> object:
            name = operator_name(func._overloadpacket)
            if bare(name) in contracting() and name not in known:
                notes.miss(running.path, name)
            return func(*args, **(kwargs or {}))

    return Behind()  # type: ignore[no-untyped-call]


@contextmanager
def without_dynamo(mode: type[TorchDispatchMode]) -> Iterator[None]:
    """Keep a mode's first dispatch from importing torch._dynamo, 800 modules that take longer than torch.

    Torch wraps each mode's dispatch so that torch.compile leaves it alone, and looks for the wrapped
    function under this attribute first. Where torch has no such wrapper, or dynamo is there
    already, nothing happens.
    """
    dispatch = getattr(mode.__torch_dispatch__, "__wrapped__", None)
    if dispatch is None or "torch._dynamo" in sys.modules or hasattr(dispatch, ALREADY_DISABLED):
        yield
        return
    setattr(dispatch, ALREADY_DISABLED, dispatch)
    try:
        yield
    finally:
        delattr(dispatch, ALREADY_DISABLED)
