"""Find the tensors in nested values, and classify them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, ValuesView
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

from convcost.core.cost import Shape, Size
from convcost.core.tensor_bytes import ElementType, TensorBytes

ELEMENTS_PER_BYTE = {"torch.quint4x2": 2, "torch.quint2x4": 4}
"""The number of elements in a byte, for dtypes whose element_size of torch is 1."""

DENSE_LAYOUTS = ("torch.strided", "torch._mkldnn")
"""Layouts that are not sparse."""

MAX_NUMBERS = 2**16
"""The most elements of a floating-point or complex tensor that keeps its data in a run on shapes."""

MAX_INTEGERS = 2**20
"""The same for integers and booleans: control flow depends more often on indices, positions and masks."""


def tensors(values: Any) -> Iterator[Any]:
    """The tensors in nested `values`."""
    return (tensor for _, tensor in named_tensors(values))


def bytes_of(held: Iterable[Any]) -> int:
    """The bytes of all elements; quantized elements may share a byte."""
    return tensor_bytes(held).total


def tensor_bytes(held: Iterable[Any], count: Callable[[Any], Size] = torch.Tensor.numel) -> TensorBytes:
    """The bytes of tensors, with their numbers of elements by `count`."""
    found = TensorBytes()
    for tensor in held:
        elements, shared = count(tensor), ELEMENTS_PER_BYTE.get(str(tensor.dtype), 1)
        size = elements * tensor.element_size() if shared == 1 else -(-elements // shared)
        is_float = tensor.is_floating_point()
        found = found.plus(TensorBytes(elements, size) if is_float else TensorBytes(other_bytes=size))
    return found


def torch_dtype(name: str) -> Any:
    """torch's dtype called `name`; float32 for tfloat32, which is stored as float32."""
    return getattr(torch, "float32" if name == "tfloat32" else name)


def named_tensors(value: Any, name: str = "", ancestors: tuple[int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The tensors in a nested `value`, with their paths of names and indices.

    A container that contains itself (it is in `ancestors`) is not searched again.
    """
    if issubclass(type(value), torch.Tensor):
        yield name, value
        return
    inside = (*ancestors, id(value))
    for key, part in _items(value):
        kind = type(part)
        if issubclass(kind, torch.Tensor):
            yield _label(name, key), part
        elif part is not None and not issubclass(kind, int | float | str) and id(part) not in inside:
            yield from named_tensors(part, _label(name, key), inside)


def _label(name: str, key: Any) -> str:
    """The path of a part. A user's key may be anything; one that can't be printed is shown by its class."""
    try:
        text = key if type(key) is str else str(key)
    except Exception:
        text = type(key).__name__
    return f"{name}.{text}" if name else text


def _items(value: Any) -> Iterable[tuple[Any, Any]]:
    """The items of a container, without overrides of a user's subclass; empty for other values."""
    kind = type(value)
    if issubclass(kind, dict):
        return dict.items(value)
    for known in (list, tuple, set):
        if issubclass(kind, known):
            return enumerate(known.__iter__(value))
    if issubclass(kind, ValuesView):
        return enumerate(value)
    try:
        return _user_items(value)
    except Exception:  # a user's class may raise anything
        return ()


def _user_items(value: Any) -> Iterable[tuple[Any, Any]]:
    kind = type(value)
    if issubclass(kind, Mapping):
        return list(value.items())
    if issubclass(kind, type) or not is_dataclass(kind):
        return ()
    return [(field.name, _attribute(value, field.name)) for field in fields(kind)]


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, name, None)
    except Exception:  # a property may raise anything
        return None


def has_values(tensor: Any) -> bool:
    """Whether `tensor` has data."""
    return not (tensor.is_meta or isinstance(tensor, FakeTensor))


def has_data(values: Iterable[Any]) -> bool:
    """Whether a tensor in `values`, or in lists in it, has or may have data."""
    return any(
        has_constant(tensor)
        if isinstance(tensor, FakeTensor)
        else not tensor.is_meta and (tensor.layout is not torch.strided or tensor.numel() > 0)
        for tensor in flat_tensors(values)
    )


def has_constant(tensor: FakeTensor) -> bool:
    """Whether torch knows the elements of a fake tensor."""
    return tensor.constant is not None and tensor.constant.numel() > 0


def is_small(tensor: torch.Tensor) -> bool:
    """Whether a run on shapes keeps its data if it is on the CPU."""
    return tensor.numel() <= max_elements_with_data(tensor.dtype)


def max_elements_with_data(dtype: torch.dtype) -> int:
    """The most elements of a tensor of `dtype` that keeps its data in a run on shapes."""
    return MAX_INTEGERS if is_integral(dtype) else MAX_NUMBERS


def is_integral(dtype: torch.dtype) -> bool:
    """Whether it is an integer or boolean dtype."""
    return not (dtype.is_floating_point or dtype.is_complex)


def is_dtensor(tensor: Any) -> bool:
    """Whether it is a DTensor, whose shape is that of the whole tensor."""
    return type(tensor).__name__ == "DTensor"


def local_tensor(tensor: Any) -> Any:
    """This rank's shard of a DTensor; any other tensor itself."""
    return tensor._local_tensor if is_dtensor(tensor) else tensor


def shape_of(tensor: Any) -> Shape:
    """The shape of a tensor; for a DTensor, that of this rank's shard.

    For a nested tensor, it is the shape of its components concatenated along the dimension in which they
    differ; a flat one if they differ in several.
    """
    tensor = local_tensor(tensor)
    if not tensor.is_nested:
        return tuple(tensor.shape)
    if tensor.layout is torch.jagged and (tensor._lengths is None or tensor.is_meta):
        return tuple(tensor._values.shape)
    shapes = component_shapes(tensor)
    differing = [place for place, sizes in enumerate(zip(*shapes, strict=True)) if len(set(sizes)) > 1]
    if len(differing) > 1:
        return (tensor.numel(),)
    [place] = differing or [0]
    return (*shapes[0][:place], sum(shape[place] for shape in shapes), *shapes[0][place + 1 :])


def component_shapes(tensor: Any) -> list[Shape]:
    """The shapes of a nested tensor's components."""
    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        if tensor.layout is not torch.jagged:
            return [tuple(sizes) for sizes in tensor._nested_tensor_size().tolist()]
        lengths = [end - start for start, end in pairwise(tensor._offsets.tolist())]
        if tensor._lengths is not None:
            lengths = tensor._lengths.tolist()
    ragged, shape = tensor._ragged_idx - 1, tensor._size[1:]
    return [(*shape[:ragged], length, *shape[ragged + 1 :]) for length in lengths]


def first_tensor(value: Any) -> Any:
    """The first tensor in a nested `value`; None if there is none."""
    if isinstance(value, tuple) and value:
        value = value[0] if isinstance(value[0], torch.Tensor) else value
    return value if isinstance(value, torch.Tensor) else next(tensors(value), None)


def element_type(tensor: torch.Tensor) -> ElementType:
    """The type of the tensor's elements."""
    return ElementType(tensor.element_size(), tensor.is_floating_point())


def element_types(operands: Iterable[Any], output: Any) -> tuple[ElementType, ...]:
    """The element types of the operands and of the output, which can be None."""
    return tuple(
        ElementType(0, False) if tensor is None else element_type(tensor) for tensor in (*operands, output)
    )


def is_number(tensor: Any) -> bool:
    """Whether it is floating-point, complex or quantized, and not an integer tensor, such as indices."""
    return tensor is None or tensor.is_floating_point() or tensor.is_complex() or tensor.is_quantized


def has_complex(operands: Iterable[Any]) -> bool:
    """Whether one of the tensors is complex."""
    return any(tensor.is_complex() for tensor in operands)


def has_sparse(operands: Iterable[Any]) -> bool:
    """Whether one of the tensors is sparse; dense formulas would count its zeros."""
    dense = torch.strided
    return any(tensor.layout is not dense and _is_sparse(tensor) for tensor in operands)


def _is_sparse(tensor: Any) -> bool:
    return str(tensor.layout) not in DENSE_LAYOUTS and not tensor.is_nested


def is_user_class(kind: type) -> bool:
    """Whether the class is not torch's."""
    return kind.__module__.partition(".")[0] != "torch"


def has_own_dispatch(kind: type) -> bool:
    """Whether it is a class of the user or of torch.distributed with its own `__torch_dispatch__`."""
    known = torch.Tensor.__torch_dispatch__
    is_own = is_user_class(kind) or kind.__module__.startswith("torch.distributed.")
    return is_own and getattr(kind, "__torch_dispatch__", known) is not known


def has_own_tensor(args: Iterable[Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether the arguments of a call, or lists in them, have a tensor of a class with its own dispatch."""
    plain = _plain_classes()
    for value in (*args, *kwargs.values()) if kwargs else args:
        kind = value.__class__
        if kind in plain:
            continue
        if kind is list or kind is tuple:
            if has_own_tensor(value, {}):
                return True
        elif has_own_dispatch(kind):
            return True
    return False


@cache
def _plain_classes() -> frozenset[type]:
    """The classes of most arguments, for a fast check."""
    return frozenset((torch.Tensor, torch.nn.Parameter, int, float, bool, str, type(None)))


def flat_tensors(values: Iterable[Any]) -> Iterator[torch.Tensor]:
    """The tensors in `values`, and in lists and tuples in it."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from flat_tensors(value)


def storage_id(tensor: torch.Tensor) -> int:
    """An id of the storage of `tensor`."""
    tensor = local_tensor(tensor)
    return int(tensor.untyped_storage()._cdata) if tensor.layout is torch.strided else id(tensor)
