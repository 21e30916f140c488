"""The tensors in a value, however nested."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, ValuesView
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

from convcost.quantities import Shape


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


def labelled(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """The tensors in `value` with the names or numbers that lead to them."""
    import torch

    if isinstance(value, torch.Tensor):
        yield name, value
        return
    for key, part in _parts(value):
        if isinstance(part, torch.Tensor):
            yield f"{name}.{key}" if name else str(key), part
        elif part is not None and not isinstance(part, int | float | str):
            yield from labelled(part, f"{name}.{key}" if name else str(key))


def _parts(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, dict):
        return value.items()
    if isinstance(value, list | tuple | set | ValuesView):
        return enumerate(value)
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, type) or not is_dataclass(value):
        return ()
    return ((field.name, getattr(value, field.name, None)) for field in fields(value))


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
