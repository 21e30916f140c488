"""torch.utils.flop_counter.FlopCounterMode: 2 × MACs, counted as operators are dispatched."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convcost.counters.interface import CONTRACTING, Reading, Unit

if TYPE_CHECKING:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode


class FlopCounter:
    """Counts the operators that torch dispatches, on real or meta tensors."""

    name = "flop_counter_mode"
    title = "FlopCounterMode"
    package = "torch"
    unit: Unit = "FLOPs"
    runs_on_meta = True
    counts = "2 × MACs of convolutions, matrix products and attention"
    blind_spots = "Bilinear, matrix × vector; on CPU scaled_dot_product_attention and LSTM; elementwise work"

    def read(self, module: torch.nn.Module, example: torch.Tensor) -> Reading:
        """Run `module` under the mode, with a recorder behind it for what the mode passes over."""
        from torch.utils.flop_counter import FlopCounterMode

        counter = FlopCounterMode(display=False)
        with _without_dynamo(), _recorder() as seen, counter:
            module(example)
        counts = counter.get_flop_counts().get("Global", {})
        known = {_name(operator) for operator in counter.flop_registry}
        return Reading(
            operators={_name(operator): int(count) for operator, count in counts.items()},
            others={},
            missed={name: calls for name, calls in seen.items() if name in CONTRACTING - known},
        )


def _name(operator: object) -> str:
    return str(operator).replace(".", "::", 1)


@contextmanager
def _recorder() -> Iterator[Counter[str]]:
    """How often each operator reaches the mode that stands behind FlopCounterMode."""
    seen: Counter[str] = Counter()
    with _recording_mode(seen):
        yield seen


def _recording_mode(seen: Counter[str]) -> TorchDispatchMode:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recording(TorchDispatchMode):  # type: ignore[no-untyped-call]
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> object:
            seen[_name(func._overloadpacket)] += 1
            return func(*args, **(kwargs or {}))

    return Recording()  # type: ignore[no-untyped-call]


@contextmanager
def _without_dynamo() -> Iterator[None]:
    """Keep the mode's first dispatch from importing torch._dynamo, 800 modules that take longer than torch.

    Torch wraps each mode's dispatch so that torch.compile leaves it alone, and looks for the wrapped
    function under this attribute first. Where torch has no such wrapper, or dynamo is there
    already, nothing happens.
    """
    from torch.utils.flop_counter import _FlopCounterMode

    dispatch = getattr(_FlopCounterMode.__torch_dispatch__, "__wrapped__", None)
    if dispatch is None or "torch._dynamo" in sys.modules or hasattr(dispatch, ALREADY_DISABLED):
        yield
        return
    setattr(dispatch, ALREADY_DISABLED, dispatch)
    try:
        yield
    finally:
        delattr(dispatch, ALREADY_DISABLED)


ALREADY_DISABLED = "__dynamo_disable"
