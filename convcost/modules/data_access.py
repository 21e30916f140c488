"""Where a model leaves torch: it reads the values of a tensor, or hands its memory to other code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import finalize

from convcost.modules.memory import number_of
from convcost.modules.tape import Tape
from convcost.modules.tensors import tensors

if TYPE_CHECKING:
    import torch

VALUES = ("item", "__bool__", "__int__", "__float__", "__index__", "__complex__", "__contains__")
"""Methods of tensors that yield a number."""

MEMORY = ("numpy", "__array__", "tolist", "__dlpack__", "data_ptr")
"""Those that hand all of a tensor to code outside torch."""

UNINITIALIZED = frozenset(
    ("empty", "empty_like", "empty_strided", "empty_permuted", "new_empty", "new_empty_strided")
)
SHAPE_ONLY = UNINITIALIZED | {
    "zeros_like",
    "ones_like",
    "full_like",
    "rand_like",
    "randn_like",
    "detach",
    "alias",
}
"""Operators that do not look at the values of their argument, by ATen's names."""

OUTSIDE = "python"
"""The namespace of work outside torch, where it is named as uncounted."""


class DataNeededError(NotImplementedError):
    """The values of a tensor are asked for in a run on shapes."""


class ShapesAccess:
    """Reads of data in a run on shapes: they raise, which a model may catch."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.is_lacking = False
        """Whether something was asked for that only data tells."""

    def read(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What `function` of a tensor returns; DataNeededError where there is no data."""
        if args[0].is_meta:
            self._note(f"{OUTSIDE}::{function.__name__}", args)
            raise DataNeededError(
                f"Tensor.{function.__name__} needs data, which a run on shapes does not have"
            )
        return function(*args, **kwargs)

    def failed(self, name: str, arguments: dict[str, Any], error: Exception) -> None:
        """An operator raised `error`, for want of data perhaps."""
        text = str(error).lower()
        if isinstance(error, NotImplementedError) or "meta" in text or "data" in text:
            self._note(name, arguments)

    def ran(self, *_: Any) -> None:
        """An operator ran."""

    def close(self, _: Any) -> None:
        """The model returned."""

    def _note(self, name: str, arguments: Any) -> None:
        self.is_lacking = True
        self._tape.note_uncounted(name, arguments)


class DataFlow:
    """Reads of data in a run on data: they are followed, so that work outside torch does not go unseen.

    It shows when numbers come back: in a tensor that no operator made, in one made without values that no
    operator wrote to, or in one whose values changed though no operator wrote to it.
    """

    is_lacking = False

    def __init__(self, tape: Tape, known: Iterable[torch.Tensor]) -> None:
        self._tape = tape
        self._known: dict[int, int] = {}
        self._uninitialized: set[int] = set()
        self._reads: list[tuple[str, Any]] = []
        self._lent: list[tuple[str, torch.Tensor, torch.Tensor, int]] = []
        for tensor in known:
            self._know(tensor)

    def read(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """What `function` of a tensor returns."""
        tensor, name = args[0], function.__name__
        if name in MEMORY and _has_numbers(tensor):
            self._reads.append((f"{OUTSIDE}::{name}", (tensor,)))
            self._lent.append((f"{OUTSIDE}::{name}", tensor, tensor.detach().clone(), tensor._version))
        return function(*args, **kwargs)

    def failed(self, *_: Any) -> None:
        """The user's own error."""

    def ran(
        self, name: str, inputs: list[torch.Tensor], written: list[torch.Tensor], outputs: list[Any]
    ) -> None:
        """The operator `name` ran on `inputs`, and wrote to some."""
        for tensor in written:
            self._know(tensor)
        if name not in SHAPE_ONLY:
            for tensor in inputs:
                self._look_at(tensor)
        for tensor in outputs:
            is_new = number_of(tensor) not in self._known
            self._know(tensor)
            if is_new and name in UNINITIALIZED:
                self._uninitialized.add(number_of(tensor))

    def close(self, output: Any) -> None:
        """The model returned `output`."""
        for tensor in tensors(output):
            self._look_at(tensor)
        for name, tensor, before, version in self._lent:
            if tensor._version == version and not _equal(tensor, before):
                self._tape.note_uncounted(name, (tensor,))

    def _look_at(self, tensor: torch.Tensor) -> None:
        number = number_of(tensor)
        if number in self._known and number not in self._uninitialized:
            return
        if _has_numbers(tensor):
            if number in self._uninitialized:
                self._tape.note_uncounted(f"{OUTSIDE}::uninitialized", (tensor,))
            elif self._reads:
                self._tape.note_uncounted(*self._reads[-1])
        self._know(tensor)

    def _know(self, tensor: torch.Tensor) -> None:
        import torch

        number = number_of(tensor)
        self._uninitialized.discard(number)
        if number not in self._known:
            self._known[number] = len(self._known)
            memory = tensor.untyped_storage() if tensor.layout is torch.strided else tensor
            finalize(memory, self._forget, number).atexit = False

    def _forget(self, number: int) -> None:
        self._known.pop(number, None)
        self._uninitialized.discard(number)


def _has_numbers(tensor: torch.Tensor) -> bool:
    return (tensor.is_floating_point() or tensor.is_complex()) and tensor.numel() > 1


def _equal(first: torch.Tensor, second: torch.Tensor) -> bool:
    import torch

    return torch.equal(torch.nan_to_num(first.detach()), torch.nan_to_num(second))


@cache
def readers() -> frozenset[Any]:
    """The functions that read the data of a tensor."""
    import torch

    return frozenset(getattr(torch.Tensor, name) for name in VALUES + MEMORY)
