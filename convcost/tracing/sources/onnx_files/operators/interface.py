"""An ONNX operator is a function that calls torch's operators, which are counted as in any module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from convcost.core.arithmetic import ceil_div
from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.values import NodeCall, Value, larger

TorchRule = Callable[[NodeCall], Value | Sequence[Value]]
"""Takes a call of the operator, and returns its output or a tuple of all outputs."""


class SlidingWindow(NamedTuple):
    """Kernel size, stride, dilation and padding (at the begin and the end) of each spatial dimension."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    begins: tuple[Any, ...]
    ends: tuple[Any, ...]

    @property
    def is_even(self) -> bool:
        """Whether the padding is the same on both sides."""
        return all(one is other or one == other for one, other in zip(self.begins, self.ends, strict=True))


def window_of(call: NodeCall, lengths: Sequence[Any], kernel: Sequence[int]) -> SlidingWindow:
    """The window that the attributes of a convolution or pooling state, for an input with these `lengths`."""
    dimensions = len(kernel)
    strides = _for_each(call, "strides", 1, dimensions)
    dilations = _for_each(call, "dilations", 1, dimensions)
    pads = _for_each(call, "pads", 0, 2 * dimensions)
    begins, ends = pads[:dimensions], pads[dimensions:]
    automatic = call.get("auto_pad", "NOTSET")
    if automatic.startswith("SAME"):
        sides = [_same_padding(*loop) for loop in zip(lengths, kernel, strides, dilations, strict=True)]
        smaller, larger = tuple(side[0] for side in sides), tuple(side[1] for side in sides)
        begins, ends = (smaller, larger) if automatic == "SAME_UPPER" else (larger, smaller)
    return SlidingWindow(tuple(kernel), strides, dilations, begins, ends)


def _for_each(call: NodeCall, attribute: str, default: int, count: int) -> tuple[int, ...]:
    found = tuple(call.get(attribute, (default,) * count))
    if len(found) != count or min(found) < 0:
        raise UsageError(f"its {attribute} are {list(found)}, but {count} numbers of at least 0 are needed")
    return found


def _same_padding(length: Any, kernel: int, stride: int, dilation: int) -> tuple[Any, Any]:
    """The padding of both sides for an output of ⌈length / stride⌉; an odd sum gives the second one more."""
    if stride == 1:
        total: Any = dilation * (kernel - 1)
    else:
        needed = (ceil_div(length, stride) - 1) * stride + dilation * (kernel - 1) + 1 - length
        total = larger(needed, 0)
    return total // 2, total - total // 2


def pad_if_asymmetric(
    data: torch.Tensor, window: SlidingWindow, value: float = 0.0
) -> tuple[torch.Tensor, SlidingWindow]:
    """Apply asymmetric padding, which torch's operators don't support; `data` itself if it is symmetric."""
    return (data, window) if window.is_even else pad_input(data, window, value)


def pad_input(data: torch.Tensor, window: SlidingWindow, value: float) -> tuple[torch.Tensor, SlidingWindow]:
    """`data` with its padding, and the window without padding."""
    pairs = zip(reversed(window.begins), reversed(window.ends), strict=True)
    none = (0,) * len(window.kernel)
    made = torch.nn.functional.pad(data, [side for pair in pairs for side in pair], value=value)
    return made, window._replace(begins=none, ends=none)
