"""Evaluate operators on tensors with known elements: graphs compute shapes by them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy
import torch

from convcost.core import arithmetic
from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.graph import DTYPES, MOST_VALUES
from convcost.tracing.sources.onnx_files.values import (
    Elements,
    KnownTensor,
    NodeCall,
    Value,
    convert_number,
    is_known,
    known_tensor,
    larger,
    smaller,
)

Rule = Callable[[NodeCall, list[Elements]], Any]
"""Takes the arrays of a call's inputs, and returns an array, or a list with an array for each output.

None if the operator has to run in torch.
"""


def fold(call: NodeCall) -> Value | list[Value] | None:
    """The outputs of the call if their elements can be known; None if torch has to run it."""
    if call.op in DIMENSIONS:
        return DIMENSIONS[call.op](call)
    rule = RULES.get(call.op)
    given = [value for value in call.inputs if value is not None]
    if call.op == "CastLike":
        given = given[:1]
    if rule is None or not given or not all(map(is_known, given)):
        return None
    found = rule(call, [value.elements for value in given])
    dtype = _dtype(call, given)
    if isinstance(found, list):
        return [KnownTensor(elements, dtype) for elements in found]
    if found is None:
        return None
    elements = numpy.asarray(found, dtype=object)
    return KnownTensor(elements, dtype) if elements.size <= MOST_VALUES else None


def _dtype(call: NodeCall, given: Sequence[KnownTensor]) -> torch.dtype:
    if call.op in COMPARISONS:
        return torch.bool
    if call.op in {"Cast", "CastLike", "ConstantOfShape"}:
        return _stated_dtype(call)
    if call.op in {"NonZero", "ArgMax", "ArgMin"}:
        return torch.int64
    return given[1].dtype if call.op == "Where" else given[0].dtype


def _stated_dtype(call: NodeCall) -> torch.dtype:
    if call.op == "CastLike":
        return call.inputs[1].dtype  # type: ignore[no-any-return]
    if call.op == "ConstantOfShape":
        value = call.get("value")
        return torch.float32 if value is None else getattr(torch, value.dtype)
    name = DTYPES.get(call.get("to", 0))
    if not name:
        raise UsageError("it converts to a dtype that torch does not support")
    return getattr(torch, name)  # type: ignore[no-any-return]


def _shape(call: NodeCall) -> KnownTensor:
    """Shape: the dimensions from `start` to `end`."""
    shape = list(call.inputs[0].shape)
    return known_tensor(shape[call.get("start", 0) : call.get("end", len(shape))])


def _size(call: NodeCall) -> KnownTensor:
    return known_tensor([arithmetic.elements(tuple(call.inputs[0].shape))]).reshaped(())


DIMENSIONS: dict[str, Callable[[NodeCall], KnownTensor]] = {"Shape": _shape, "Size": _size}
"""Operators that return sizes of any tensor."""


def _elementwise(function: Callable[..., Any], arguments: int = 2) -> Rule:
    """Apply `function` elementwise to the first `arguments` arrays."""
    return lambda call, given: numpy.frompyfunc(function, arguments, 1)(*given[:arguments])


def _variadic(function: Callable[[Any, Any], Any]) -> Rule:
    """Reduce any number of arrays elementwise by a binary `function`."""
    pairwise = numpy.frompyfunc(function, 2, 1)
    return lambda call, given: reduce(pairwise, given)


def _quotient(one: Any, other: Any) -> Any:
    """Integers are truncated, as in ONNX; open sizes are floored, which is the same as they are ≥ 0."""
    if isinstance(one, float | torch.SymFloat) or isinstance(other, float | torch.SymFloat):
        return one / other
    if isinstance(one, int) and isinstance(other, int):
        return abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    return one // other


def _mod(call: NodeCall, given: list[Elements]) -> Any:
    """The remainder with the sign of the divisor; `fmod` (the sign of the dividend) is left to torch."""
    return None if call.get("fmod") else numpy.frompyfunc(operator.mod, 2, 1)(*given)


def axis_of(call: NodeCall, default: int = 0) -> int:
    """The attribute `axis`."""
    return int(call.get("axis", default))


def _gather(call: NodeCall, given: list[Elements]) -> Elements:
    indices = numpy.asarray(given[1].tolist(), dtype=numpy.int64)
    return numpy.take(given[0], indices, axis=axis_of(call))


def _slice(call: NodeCall, given: list[Elements]) -> Elements:
    """Slice: from `starts` to `ends` by `steps`, along `axes`."""
    data, (starts, ends) = given[0], (call.numbers(1), call.numbers(2))
    axes = call.optional_numbers(3) or range(len(starts))
    steps = call.optional_numbers(4) or [1] * len(starts)
    places = [slice(None)] * data.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        is_whole = step < 0 and end < -data.shape[axis]
        places[axis] = slice(start, None if is_whole else end, step)
    return data[tuple(places)]


def _squeeze(call: NodeCall, given: list[Elements]) -> Elements:
    axes = call.optional_numbers(1)
    return numpy.squeeze(given[0], None if axes is None else tuple(axes))


def _reshape(call: NodeCall, given: list[Elements]) -> Elements:
    shape = given[1].tolist()
    resolved = [given[0].shape[place] if size == 0 else size for place, size in enumerate(shape)]
    return given[0].reshape(shape if call.get("allowzero") else resolved)


def _split(call: NodeCall, given: list[Elements]) -> list[Elements]:
    axis = axis_of(call)
    sizes = call.optional_numbers(1)
    places = call.outputs if sizes is None else numpy.cumsum(sizes)[:-1].tolist()
    return list(numpy.array_split(given[0], places, axis=axis))


def _expand(call: NodeCall, given: list[Elements]) -> Elements | None:
    wanted = tuple(given[1].tolist())
    if not _is_short(wanted):
        return None
    return numpy.broadcast_to(given[0], numpy.broadcast_shapes(given[0].shape, wanted))


def _is_short(shape: Sequence[Any]) -> bool:
    return all(isinstance(size, int) for size in shape) and math.prod(shape) <= MOST_VALUES


def _constant_of_shape(call: NodeCall, given: list[Elements]) -> Elements | None:
    shape, value = given[0].tolist(), call.get("value")
    if not _is_short(shape):
        return None
    number = 0.0 if value is None or value.values is None else value.values.reshape(-1)[0].item()
    return numpy.full(shape, number, dtype=object)


def _range(call: NodeCall, given: list[Elements]) -> Elements | None:
    start, limit, delta = (elements.item() for elements in given)
    if not all(isinstance(number, int) for number in (start, limit, delta)) or not delta:
        return None
    found = range(start, limit, delta)
    return numpy.array(found, dtype=object) if len(found) <= MOST_VALUES else None


def _reduction(function: Callable[[Any, Any], Any]) -> Rule:
    pairwise = numpy.frompyfunc(function, 2, 1)

    def rule(call: NodeCall, given: list[Elements]) -> Any:
        axes, keeps = call.optional_numbers(1, "axes"), bool(call.get("keepdims", 1))
        if not axes and call.get("noop_with_empty_axes"):
            return given[0]
        places = {axis % given[0].ndim for axis in axes or range(given[0].ndim)}
        found = given[0]
        for place in sorted(places, reverse=True):
            found = pairwise.reduce(found, axis=place, keepdims=keeps)
        return found

    return rule


def _nonzero(call: NodeCall, given: list[Elements]) -> Elements:
    return numpy.stack(numpy.nonzero(given[0].astype(bool)), 0)


def _scatter(call: NodeCall, given: list[Elements]) -> Elements:
    """ScatterND: a copy with the elements at `indices` replaced by `updates`."""
    found, (indices, updates) = given[0].copy(), given[1:]
    for place in numpy.ndindex(indices.shape[:-1]):
        found[tuple(indices[place].tolist())] = updates[place]
    return found


def _concat(call: NodeCall, given: list[Elements]) -> Elements:
    return numpy.concatenate(given, axis=axis_of(call))


def _where(condition: Any, one: Any, other: Any) -> Any:
    return one if condition else other


def _cast(call: NodeCall, given: list[Elements]) -> Elements:
    dtype = _stated_dtype(call)
    return numpy.frompyfunc(lambda number: convert_number(number, dtype), 1, 1)(given[0])  # type: ignore[no-any-return]


COMPARISONS: dict[str, Callable[..., Any]] = {
    **{"Equal": operator.eq, "Less": operator.lt, "Greater": operator.gt},
    **{"LessOrEqual": operator.le, "GreaterOrEqual": operator.ge},
    **{"And": lambda one, other: bool(one and other), "Or": lambda one, other: bool(one or other)},
    "Not": operator.not_,
}

RULES: dict[str, Rule] = {
    **{name: _elementwise(function) for name, function in COMPARISONS.items() if name != "Not"},
    "Not": _elementwise(operator.not_, 1),
    **{
        "Add": _elementwise(operator.add),
        "Sub": _elementwise(operator.sub),
        "Mul": _elementwise(operator.mul),
    },
    **{"Div": _elementwise(_quotient), "Mod": _mod, "Pow": _elementwise(operator.pow)},
    **{"Min": _variadic(smaller), "Max": _variadic(larger)},
    **{"Neg": _elementwise(operator.neg, 1), "Abs": _elementwise(abs, 1)},
    **{"Floor": _elementwise(math.floor, 1), "Ceil": _elementwise(math.ceil, 1)},
    **{"Sqrt": _elementwise(lambda number: number**0.5, 1)},
    **{
        "Where": _elementwise(_where, 3),
        "Cast": _cast,
        "CastLike": _cast,
        "Identity": lambda call, given: given[0],
    },
    **{"Gather": _gather, "Slice": _slice, "Concat": _concat, "Squeeze": _squeeze, "Reshape": _reshape},
    "Unsqueeze": lambda call, given: numpy.expand_dims(given[0], tuple(call.numbers(1))),
    "Transpose": lambda call, given: numpy.transpose(given[0], call.get("perm")),
    **{"Split": _split, "Expand": _expand, "ConstantOfShape": _constant_of_shape, "Range": _range},
    "Tile": lambda call, given: numpy.tile(*given) if _is_short(given[1].tolist()) else None,
    **{"ReduceSum": _reduction(operator.add), "ReduceProd": _reduction(operator.mul)},
    **{"ReduceMin": _reduction(smaller), "ReduceMax": _reduction(larger)},
    **{"NonZero": _nonzero, "ScatterND": _scatter},
}
"""Rules by ONNX's operator names."""
