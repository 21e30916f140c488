"""Inputs that a module treats as shards of larger tensors, as in sequence parallelism."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from convcost.core.cost import Shape
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.tensors import is_dtensor, tensors

INPUT_ATTRIBUTE = "_convcost_input"
"""An attribute that marks copies of an input with the input's number."""


@contextmanager
def observed_input_shards(call: ModuleCall) -> Iterator[dict[int, Shape]]:
    """Observe which inputs become DTensors in the block: the full shapes by the number of the input."""
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
    """The input tensors of the call that are not DTensors."""
    return [tensor for tensor in tensors((call.args, call.kwargs)) if not is_dtensor(tensor)]
