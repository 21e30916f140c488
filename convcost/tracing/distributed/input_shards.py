"""Inputs that a module takes for shards of larger ones, as one does that is parallel over the sequence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from convcost.core.cost import Shape
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.tensors import is_dtensor, tensors

INPUT_ATTRIBUTE = "_convcost_input"
"""An attribute of an input's copies: which one it is."""


@contextmanager
def observed_input_shards(call: ModuleCall) -> Iterator[dict[int, Shape]]:
    """The shapes of the wholes by the number of the input, for those that the block makes DTensors of."""
    from torch.distributed.tensor import DTensor

    found: dict[int, Shape] = {}
    from_local = DTensor.from_local
    for number, tensor in enumerate(plain_inputs(call)):
        vars(tensor)[INPUT_ATTRIBUTE] = number

    def observed(local_tensor: Any, *args: Any, **kwargs: Any) -> Any:
        made = from_local(local_tensor, *args, **kwargs)
        number = vars(local_tensor).get(INPUT_ATTRIBUTE)
        if number is not None and made.shape != local_tensor.shape:
            found[number] = tuple(made.shape)
        return made

    with patch.object(DTensor, "from_local", staticmethod(observed)):
        yield found


def plain_inputs(call: ModuleCall) -> list[Any]:
    """The input tensors of the call that do not say themselves what they are a part of."""
    return [tensor for tensor in tensors((call.args, call.kwargs)) if not is_dtensor(tensor)]
