"""What becomes of a call of torch: an operation on the tape, and nothing computed where shapes will do.

Functions of torch are met as the model calls them, before torch takes them apart: attention, an LSTM or a
convolution with padding='same' count as what they are. What is not known there is met again as the
operators that torch dispatches, so nothing that computes passes unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcost.modules.blank import like, of_shape
from convcost.modules.dispatched import dispatched
from convcost.modules.functions import Whole, opened, whole
from convcost.modules.gradients import asking, with_gradients
from convcost.modules.higher_order import written_out
from convcost.modules.memory import Runner
from convcost.modules.tape import Tape
from convcost.modules.tensors import tensors


class Recorder:
    """What both modes do with a call; `runs` is how an operator comes by what it returns."""

    def __init__(self, tape: Tape, runs: Runner, has_gradients: bool = False) -> None:
        self._tape = tape
        self._has_gradients = has_gradients
        self._runs = runs
        self._silent = 0

    def function(self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """A call of a function of torch."""
        self._tape.touch((*args, *kwargs.values()) if kwargs else args)
        is_transformed = _is_transformed()
        known = None if is_transformed else whole(function)
        if known is not None:
            return self._whole(known, function, args, kwargs)
        inner = None if is_transformed else opened(function)
        if inner is None or function in mode.opened:
            return function(*args, **kwargs)
        with mode.inside(function), asking(function, args, kwargs):
            return inner(*args, **kwargs)

    def _whole(self, known: Whole, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        arguments = known.arguments(args, kwargs)
        name = f"aten::{known.name}"

        def run() -> Any:
            output = self._output(known, arguments)
            return self._silently(function, args, kwargs) if output is None else output

        if self._has_gradients and known.operator.contracts and _asks_for_gradients(arguments):
            output = with_gradients(self._tape, name, known.operator, arguments, run)
        else:
            output = run()
        if not self._silent:
            self._tape.record(name, known.operator, arguments, output)
        return output

    def _silently(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        self._silent += 1
        try:
            return function(*args, **kwargs)
        finally:
            self._silent -= 1

    def _output(self, known: Whole, arguments: dict[str, Any]) -> Any:
        """What the function returns if its operator tells the shape; None if it has to run."""
        if self._runs.has_data or known.operator.output is None:
            return None
        if self._has_gradients and not known.operator.contracts:
            return None
        first = next(iter(arguments.values()))
        shapes = known.operator.output(**arguments)
        if shapes is None:
            return None
        if _differ(first, arguments.get("weight")):
            return _refused(first, arguments["weight"]) if known.operator.contracts else None
        if known.in_place:
            return first
        dtype = arguments.get("out_dtype") or first.dtype
        return like(first) if known.operator.is_same else _of_shapes(shapes, dtype)

    def operator(self, mode: Any, overload: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """A call of an operator that torch dispatches."""
        kernel = written_out(overload)
        if kernel:
            with mode:
                return kernel(*args, **kwargs)
        known = dispatched(overload)
        operator = self._tape.formula(known.name, known.operator)
        if operator is None and known.is_composite:
            with mode:
                return overload.decompose(*args, **kwargs)
        output = self._runs.run(overload, known.writes, args, kwargs, known.keeps_shape)
        if not self._silent:
            self._tape.record(known.name, operator, known.arguments(args, kwargs), output)
        return output


def _is_transformed() -> bool:
    """Whether vmap or the like is at work, under which a function sees less than what is computed."""
    import torch

    return torch._C._functorch.peek_interpreter_stack() is not None


def _asks_for_gradients(arguments: Mapping[str, Any]) -> bool:
    import torch

    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors(arguments))


def _differ(first: Any, weight: Any) -> bool:
    """Whether torch would refuse or convert."""
    return weight is not None and weight.dtype is not first.dtype


def _refused(first: Any, weight: Any) -> None:
    """Raise as torch does for tensors with data, unless autocast converts them."""
    import torch

    if not torch._C._is_any_autocast_enabled():
        raise RuntimeError(
            f"expected one dtype, but the input is {first.dtype} and the weight {weight.dtype}"
        )


def _of_shapes(shapes: Any, dtype: Any) -> Any:
    if isinstance(shapes, list):
        return tuple(of_shape(shape, dtype) for shape in shapes)
    return of_shape(shapes, dtype)
