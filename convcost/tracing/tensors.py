"""The tensors in a value, however nested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from convcost.core.cost import Shape


def tensors(values: Any) -> Iterator[Any]:
    """The tensors in `values`, however nested."""
    return (tensor for _, tensor in labelled(values))


def bytes_of(held: Iterable[Any]) -> int:
    """What the elements of tensors take; those of quantized ones may be parts of a byte."""
    return sum(
        -(-tensor.numel() * tensor.element_size() // PACKED.get(str(tensor.dtype), 1)) for tensor in held
    )


PACKED = {"torch.quint4x2": 2, "torch.quint2x4": 4}
"""Elements that share the byte that torch says is the size of one."""


def torch_dtype(name: str) -> Any:
    """torch's dtype of that name; tfloat32 computes otherwise, but is stored as float32."""
    import torch

    return getattr(torch, "float32" if name == "tfloat32" else name)


def labelled(value: Any, name: str = "", around: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The tensors in `value` with the names or numbers that lead to them.

    A container that is inside itself, one of those `around`, is not looked into again.
    """
    import torch

    if issubclass(type(value), torch.Tensor):
        yield name, value
        return
    inside = (*around, id(value))
    for key, part in _parts(value):
        kind = type(part)
        if issubclass(kind, torch.Tensor):
            yield _label(name, key), part
        elif part is not None and not issubclass(kind, int | float | str) and id(part) not in inside:
            yield from labelled(part, _label(name, key), inside)


def _label(name: str, key: Any) -> str:
    """A user's keys may be anything, of which not all can be shown."""
    try:
        text = key if type(key) is str else str(key)
    except Exception:
        text = type(key).__name__
    return f"{name}.{text}" if name else text


def _parts(value: Any) -> Iterable[tuple[Any, Any]]:
    """What is in a container, past what a user's subclass says of it; nothing in what can't be opened."""
    kind = type(value)
    if issubclass(kind, dict):
        return dict.items(value)
    for known in (list, tuple, set):
        if issubclass(kind, known):
            return enumerate(known.__iter__(value))
    if issubclass(kind, ValuesView):
        return enumerate(value)
    try:
        return _of_user(value)
    except Exception:  # whatever a user's class raises where it is asked for what is in it
        return ()


def _of_user(value: Any) -> Iterable[tuple[Any, Any]]:
    kind = type(value)
    if issubclass(kind, Mapping):
        return list(value.items())
    if issubclass(kind, type) or not is_dataclass(kind):
        return ()
    return [(field.name, _attribute(value, field.name)) for field in fields(kind)]


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # a property that can't be asked for now
        return None


def has_values(tensor: Any) -> bool:
    """Whether there is more to `tensor` than its shape."""
    from torch._subclasses.fake_tensor import FakeTensor

    return not (tensor.is_meta or isinstance(tensor, FakeTensor))


def shape_of(tensor: Any) -> Shape:
    """Its shape; of a nested tensor that of all its components, one after the other.

    Sizes are added in the one dimension in which components differ; where they differ in several, it is flat.
    """
    if not tensor.is_nested:
        return tuple(tensor.shape)
    import torch

    if tensor.layout is torch.jagged and (tensor._lengths is None or tensor.is_meta):
        return tuple(tensor._values.shape)
    shapes = component_shapes(tensor)
    differing = [place for place, sizes in enumerate(zip(*shapes, strict=True)) if len(set(sizes)) > 1]
    if len(differing) > 1:
        return (tensor.numel(),)
    [place] = differing or [0]
    return (*shapes[0][:place], sum(shape[place] for shape in shapes), *shapes[0][place + 1 :])


def component_shapes(tensor: Any) -> list[Shape]:
    """The shape of each component of a nested tensor."""
    import torch

    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        if tensor.layout is not torch.jagged:
            return [tuple(sizes) for sizes in tensor._nested_tensor_size().tolist()]
        lengths = [end - start for start, end in pairwise(tensor._offsets.tolist())]
        if tensor._lengths is not None:
            lengths = tensor._lengths.tolist()
    ragged, shape = tensor._ragged_idx - 1, tensor._size[1:]
    return [(*shape[:ragged], length, *shape[ragged + 1 :]) for length in lengths]


def first_tensor(value: Any) -> Any:
    """The first tensor in `value`, however nested; None if there is none."""
    import torch

    if isinstance(value, tuple) and value:
        value = value[0] if isinstance(value[0], torch.Tensor) else value
    return value if isinstance(value, torch.Tensor) else next(tensors(value), None)
