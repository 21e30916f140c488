"""Operators that move, look up, fill or convert elements. Most cost nothing (FREE_OPERATORS)."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import torch
from torch.nn import functional

from convcost.core.arithmetic import ceil_div
from convcost.core.errors import UsageError
from convcost.tracing.sources.onnx_files.graph import DTYPES, OnnxTensor
from convcost.tracing.sources.onnx_files.known_values import axis_of
from convcost.tracing.sources.onnx_files.operators.interface import TorchRule
from convcost.tracing.sources.onnx_files.values import (
    NodeCall,
    Value,
    constant,
    is_known,
    known_tensor,
    larger,
)

LINEAR_MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def _constant(call: NodeCall) -> Value:
    if isinstance(call.get("value"), OnnxTensor):
        return constant(call.attributes["value"])
    for name, dtype in (("value_int", torch.int64), ("value_float", torch.float32)):
        if call.get(name) is not None:
            return known_tensor([call.get(name)], dtype).reshaped(())
        if call.get(f"{name}s") is not None:
            return known_tensor(call.get(f"{name}s"), dtype)
    raise UsageError("its value is not a tensor of numbers")


def _reshape(call: NodeCall) -> torch.Tensor:
    data, shape = call.tensor(0), call.numbers(1)
    if not call.get("allowzero"):
        shape = [data.shape[place] if _equals(size, 0) else size for place, size in enumerate(shape)]
    return data.reshape(shape)


def _equals(size: Any, number: int) -> bool:
    """Whether a size is this number; False for an open size, without a guard on it."""
    return isinstance(size, int) and size == number


def _flatten(call: NodeCall) -> torch.Tensor:
    """A matrix: the dimensions before `axis` by those from it on."""
    data, axis = call.tensor(0), axis_of(call, 1)
    axis = axis % (data.dim() or 1) if axis < data.dim() else axis
    return data.reshape(math.prod(data.shape[:axis]), math.prod(data.shape[axis:]))


def _transpose(call: NodeCall) -> torch.Tensor:
    data = call.tensor(0)
    return data.permute(call.get("perm") or tuple(reversed(range(data.dim()))))


def _squeeze(call: NodeCall) -> torch.Tensor:
    axes = call.optional_numbers(1)
    return call.tensor(0).squeeze() if axes is None else call.tensor(0).squeeze(tuple(axes))


def _unsqueeze(call: NodeCall) -> torch.Tensor:
    data, axes = call.tensor(0), call.numbers(1)
    for axis in sorted(axis % (data.dim() + len(axes)) for axis in axes):
        data = data.unsqueeze(axis)
    return data


def _concat(call: NodeCall) -> torch.Tensor:
    return torch.cat(call.tensors, axis_of(call))


def _split(call: NodeCall) -> Any:
    data, axis, sizes = call.tensor(0), axis_of(call), call.optional_numbers(1)
    size = ceil_div(data.shape[axis], call.outputs)
    return torch.split(data, size if sizes is None else sizes, axis)


def _slice(call: NodeCall) -> torch.Tensor:
    """From `starts` to `ends` by `steps`. torch has no negative steps: such an axis is flipped first."""
    data, starts, ends = call.tensor(0), call.numbers(1), call.numbers(2)
    axes = call.optional_numbers(3) or range(len(starts))
    steps = call.optional_numbers(4) or [1] * len(starts)
    places: list[Any] = [slice(None)] * data.dim()
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step > 0:
            places[axis] = slice(start, _end(end), step)
        else:
            data = data.flip(axis)
            length = data.shape[axis]
            first = length - 1 - (start if start >= 0 else start + length)
            last = length if end < -length else length - 1 - (end if end >= 0 else end + length)
            places[axis] = slice(larger(first, 0), last, -step)
    return data[tuple(places)]


def _end(end: Any) -> Any:
    """None for an end beyond any tensor."""
    return None if isinstance(end, int) and end >= 2**31 - 1 else end


def _gather(call: NodeCall) -> torch.Tensor:
    """Gather: the dimensions of the indices replace the axis."""
    data, axis, indices = call.tensor(0), axis_of(call), call.inputs[1]
    if is_known(indices) and not indices.shape:
        return data.select(axis, indices.numbers[0])
    places = call.tensor(1)
    axis %= data.dim()
    flat = data.index_select(axis, places.reshape(-1))
    return flat.reshape((*data.shape[:axis], *places.shape, *data.shape[axis + 1 :]))


def _gather_nd(call: NodeCall) -> torch.Tensor:
    """GatherND: the last dimension of the indices is the index of an element or a slice."""
    data, indices, batched = call.tensor(0), call.tensor(1), call.get("batch_dims", 0)
    return data.new_empty((*indices.shape[:-1], *data.shape[batched + indices.shape[-1] :]))


def _scatter(call: NodeCall) -> torch.Tensor:
    """A copy of the first input: scattering changes elements, not the shape."""
    return call.tensor(0).clone()


def _expand(call: NodeCall) -> torch.Tensor:
    data, wanted = call.tensor(0), call.numbers(1)
    padded = [1] * (data.dim() - len(wanted)) + list(wanted)
    own = [1] * (len(padded) - data.dim()) + list(data.shape)
    return data.expand([have if _equals(size, 1) else size for size, have in zip(padded, own, strict=True)])


def _pad(call: NodeCall) -> torch.Tensor:
    """Pad: `pads` has the amounts before each axis, then those after each axis."""
    data, amounts = call.tensor(0), call.optional_numbers(1, "pads") or []
    axes = [axis % data.dim() for axis in call.optional_numbers(3) or range(data.dim())]
    sides: dict[int, tuple[Any, Any]] = {
        axis: (amounts[place], amounts[place + len(axes)]) for place, axis in enumerate(axes)
    }
    mode = {"edge": "replicate", "reflect": "reflect", "wrap": "circular"}.get(call.get("mode"), "constant")
    last = range(data.dim() - 1, -1, -1)
    given = [sides.get(axis, (0, 0)) for axis in last]
    if mode != "constant":
        while given and all(_equals(side, 0) for side in given[-1]):
            given.pop()
    return functional.pad(data, [side for pair in given for side in pair], mode=mode)


def _constant_of_shape(call: NodeCall) -> torch.Tensor:
    value = call.get("value")
    dtype = torch.float32 if value is None else getattr(torch, value.dtype)
    return torch.zeros(call.numbers(0), dtype=dtype)


def _cast(call: NodeCall) -> torch.Tensor:
    name = DTYPES.get(call.get("to", 0))
    if not name:
        raise UsageError("it converts to a dtype that torch does not support")
    return call.tensor(0).to(getattr(torch, name))


def _range(call: NodeCall) -> torch.Tensor:
    start, end, step = (call.numbers(place)[0] for place in range(3))
    return torch.arange(start, end, step)


def _where(call: NodeCall) -> torch.Tensor:
    return torch.where(call.tensor(0).to(torch.bool), call.tensor(1), call.tensor(2))


def _depth_to_space(call: NodeCall) -> torch.Tensor:
    return functional.pixel_shuffle(call.tensor(0), call.get("blocksize", 1))


def _space_to_depth(call: NodeCall) -> torch.Tensor:
    return functional.pixel_unshuffle(call.tensor(0), call.get("blocksize", 1))


def _resize(call: NodeCall) -> torch.Tensor:
    """Interpolation of the spatial dimensions, to sizes or by factors."""
    data = call.tensor(0)
    scales = (
        call.optional_numbers(2)
        if call.has(2)
        else call.optional_numbers(1)
        if call.op == "Upsample"
        else None
    )
    axes = [axis % data.dim() for axis in call.get("axes", range(data.dim()))]
    sizes = list(data.shape)
    if call.has(3):
        wanted = _with_aspect(call, [data.shape[axis] for axis in axes], call.numbers(3))
        for axis, size in zip(axes, wanted, strict=True):
            sizes[axis] = size
    else:
        for axis, scale in zip(axes, scales or [], strict=True):
            sizes[axis] = _scale_size(data.shape[axis], scale)
    spatial = data.dim() - 2
    if spatial not in LINEAR_MODES or any(
        a is not b and a != b for a, b in zip(sizes[:2], data.shape, strict=False)
    ):
        raise UsageError("only the last one to three dimensions of [batch, channels, ...] can be resized")
    mode = {"linear": LINEAR_MODES[spatial], "cubic": "bicubic"}.get(call.get("mode", "nearest"), "nearest")
    return functional.interpolate(data, sizes[2:], mode=mode)


def _with_aspect(call: NodeCall, own: list[Any], wanted: list[Any]) -> list[Any]:
    """The output sizes, by `keep_aspect_ratio_policy`: as wanted, or one common factor for all axes."""
    policy = call.get("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return wanted
    ratios = [Fraction(goal, size) for goal, size in zip(wanted, own, strict=True)]
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    return [math.floor(ratio * size + Fraction(1, 2)) for size in own]


def _scale_size(size: Any, scale: Any) -> Any:
    """⌊size · scale⌋; for an open size, the scale or its inverse has to be an integer."""
    if isinstance(size, int) and isinstance(scale, int | float):
        return math.floor(size * scale)
    whole = round(scale) if scale >= 1 else round(1 / scale)
    if scale == whole:
        return size * whole
    return size // whole if scale * whole == 1 else math.floor(size * scale)


def _one_hot(call: NodeCall) -> torch.Tensor:
    indices, depth, axis = call.tensor(0), int(call.numbers(1)[0]), axis_of(call, -1)
    shape = list(indices.shape)
    shape.insert(axis if axis >= 0 else axis + len(shape) + 1, depth)
    return call.tensor(2).new_zeros(shape)


def _trilu(call: NodeCall) -> torch.Tensor:
    diagonal = call.numbers(1)[0] if call.has(1) else 0
    return (torch.triu if call.get("upper", 1) else torch.tril)(call.tensor(0), diagonal)


def _random_numbers(call: NodeCall) -> torch.Tensor:
    """Random numbers, with the shape of the input or of the attribute `shape`."""
    name = DTYPES.get(call.get("dtype", 1), "float32")
    shape = call.tensor(0).shape if call.inputs else call.get("shape", ())
    return torch.zeros(shape, dtype=getattr(torch, name))


def _grid_sample(call: NodeCall) -> torch.Tensor:
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(
        call.get("mode", "linear"), call.get("mode", "linear")
    )
    return functional.grid_sample(call.tensor(0), call.tensor(1), mode=mode, align_corners=False)


def _col_to_image(call: NodeCall) -> torch.Tensor:
    return functional.fold(
        call.tensor(0),
        tuple(call.numbers(1)),
        tuple(call.numbers(2)),
        call.get("dilations", 1),
        call.get("pads", (0,))[0],
        call.get("strides", 1),
    )


def _like_first(call: NodeCall) -> torch.Tensor:
    return call.tensor(0).clone()


def _identity(call: NodeCall) -> Value:
    return call.inputs[0]


def refuse_data_dependent_size(call: NodeCall) -> Value:
    """UsageError: the number of output elements depends on data."""
    raise UsageError("its number of outputs depends on data, so its output shape is unknown")


OPERATORS: dict[str, TorchRule] = {
    **{"Constant": _constant, "Reshape": _reshape, "Flatten": _flatten, "Transpose": _transpose},
    **{"Squeeze": _squeeze, "Unsqueeze": _unsqueeze, "Concat": _concat, "Split": _split, "Slice": _slice},
    **{"Gather": _gather, "GatherND": _gather_nd, "Expand": _expand, "Pad": _pad, "Where": _where},
    "GatherElements": lambda call: torch.gather(call.tensor(0), axis_of(call), call.tensor(1)),
    **dict.fromkeys(("ScatterND", "ScatterElements", "Scatter", "ReverseSequence"), _scatter),
    "Tile": lambda call: call.tensor(0).repeat(call.numbers(1)),
    **{"ConstantOfShape": _constant_of_shape, "Cast": _cast, "Range": _range, "Identity": _identity},
    "CastLike": lambda call: call.tensor(0).to(call.tensor(1).dtype),
    **{"DepthToSpace": _depth_to_space, "SpaceToDepth": _space_to_depth, "Resize": _resize},
    **{"OneHot": _one_hot, "Trilu": _trilu, "EyeLike": _like_first, "Bernoulli": _like_first},
    **dict.fromkeys(
        ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike"), _random_numbers
    ),
    **{"GridSample": _grid_sample, "Col2Im": _col_to_image},
    **dict.fromkeys(
        ("NonZero", "Compress", "Unique", "NonMaxSuppression", "StringSplit"), refuse_data_dependent_size
    ),
}

FREE_OPERATORS = frozenset(OPERATORS) - {"Resize", "GridSample"} | {"Shape", "Size"}
"""Operators without cost."""
