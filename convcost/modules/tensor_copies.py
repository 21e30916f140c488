"""The tensors that stand in a run for the user's: of the same shape without data, or with a copy of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from convcost.modules.blank import of_strides
from convcost.modules.constants import is_integral, most_elements

if TYPE_CHECKING:
    import torch

TensorCopy = Callable[["torch.Tensor"], "torch.Tensor"]
"""Makes the tensor that stands in a copy for one of the user's: without gradient, on any device."""


Way = Literal["shapes", "gradients", "data"]
"""On shapes; on shapes, with autograd as the user has it; on data."""


def tensor_copies(way: Way) -> tuple[TensorCopy, TensorCopy]:
    """What copies a model's tensors, and its inputs, for a run."""
    if way == "data":
        copies = DataCopies()
        return copies, copies
    shapes = ShapeCopies(has_gradients=way == "gradients")
    return shapes, shapes.of_input


class DataCopies:
    """Copies with data; tensors that share memory have copies that do."""

    def __init__(self) -> None:
        self._storages: dict[int, torch.UntypedStorage] = {}

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of `tensor` without gradient."""
        import torch

        if not _has_own_strides(tensor):
            return tensor.detach().clone()
        storage = tensor.untyped_storage()
        copied = self._storages.get(storage._cdata)
        if copied is None:
            copied = self._storages[storage._cdata] = storage.clone()  # type: ignore[no-untyped-call]
        made = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        made.set_(copied, tensor.storage_offset(), tensor.shape, tensor.stride())
        return made


class ShapeCopies:
    """Copies on the meta device; small tensors keep data, as a model may decide by it what to run.

    Parameters, of which there are many, keep data if they are smaller still, and none that gets a gradient
    does, as its gradient has no data. Inputs keep theirs if they are integers or booleans.
    """

    MOST_OF_PARAMETER = 2**10

    def __init__(self, has_gradients: bool) -> None:
        self._has_gradients = has_gradients
        self._with_data = DataCopies()

    def of_input(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of an input."""
        is_shape_only = _has_own_strides(tensor) and not is_integral(tensor.dtype)
        return of_strides(tensor) if is_shape_only else self(tensor)

    def __call__(self, tensor: torch.Tensor) -> torch.Tensor:
        """A copy of `tensor` without gradient."""
        if not _has_own_strides(tensor):
            return self._with_data(tensor)
        if tensor.is_meta or not self._keeps(tensor):
            return of_strides(tensor)
        return self._with_data(tensor if tensor.device.type == "cpu" else tensor.detach().cpu())

    def _keeps(self, tensor: torch.Tensor) -> bool:
        import torch

        small = most_elements(tensor.dtype)
        most = self.MOST_OF_PARAMETER if isinstance(tensor, torch.nn.Parameter) else small
        if tensor.numel() > most or tensor.untyped_storage().nbytes() > small * tensor.element_size():
            return False
        return not (self._has_gradients and tensor.requires_grad)


def _has_own_strides(tensor: torch.Tensor) -> bool:
    """Whether it lies in memory by strides: no sparse, nested, or quantized one does."""
    import torch

    return tensor.layout is torch.strided and not tensor.is_quantized and not tensor.is_nested
