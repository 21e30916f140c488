"""Record each call of torch as an operation on the tape, and run it on shapes or data.

Functions of torch are intercepted as the model calls them, before torch decomposes them, so that attention,
an LSTM or a convolution with padding='same' count as one operation. Unknown functions are intercepted again
as the operators that torch dispatches, so that nothing is missed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MethodWrapperType
from typing import Any

import torch

from convcost.operators.interface import Operator
from convcost.tracing.isolation.tensor_copies import meta_result, meta_tensor
from convcost.tracing.isolation.virtual_devices import VirtualDevices, is_dtype_conversion
from convcost.tracing.recording.collectives import run_collective
from convcost.tracing.recording.data_access import DataRunReads, ShapeRunReads, data_readers
from convcost.tracing.recording.gradients import requested_leaves, with_gradients
from convcost.tracing.recording.higher_order import (
    HigherOrderCall,
    is_higher_order,
    is_opaque,
    run_higher_order,
)
from convcost.tracing.recording.index_ranges import IndexRanges
from convcost.tracing.recording.known_operators import (
    NUMBERS,
    KnownFunction,
    KnownOverload,
    known_function,
    known_overload,
    numbers_as_tensors,
    without_override_check,
)
from convcost.tracing.recording.nested_tensors import (
    has_jagged,
    has_strided_nested,
    refuse_nested,
    supported_function,
)
from convcost.tracing.recording.operator_runners import OperatorRunner
from convcost.tracing.recording.repeated_calls import MetaTensorKind, RepeatedCalls, TensorKind
from convcost.tracing.recording.tape import Tape
from convcost.tracing.recording.unrecorded_gradients import with_unrecorded_gradient
from convcost.tracing.tensors import flat_tensors, has_data, has_own_tensor, tensors
from convcost.tracing.torch_versions import calls_itself_under_modes


class NestedCalls(threading.local):
    """The number of running calls in this thread that are already counted, so that their parts are not."""

    depth = 0


class Recorder:
    """Handles the calls that both modes intercept; `runner` runs the operators.

    `is_distributed` tells whether this process is a rank, whose tensors may be shards.
    """

    def __init__(
        self,
        tape: Tape,
        runner: OperatorRunner,
        devices: VirtualDevices,
        reads: ShapeRunReads | DataRunReads,
        has_gradients: bool = False,
        is_distributed: bool = False,
        kind: TensorKind | None = None,
        indices: IndexRanges | None = None,
    ) -> None:
        self._tape = tape
        self._has_gradients = has_gradients
        self._runner = runner
        self._devices = devices
        self._reads = reads
        self._readers = data_readers()
        self._nesting = NestedCalls()
        self._indices = indices or IndexRanges()
        self.is_distributed = is_distributed
        is_plain = not (tape.has_data or has_gradients or tape.formulas or is_distributed)
        kind = kind or MetaTensorKind(self._indices)
        self._repeated_calls = RepeatedCalls(tape, kind) if is_plain else None
        self._modes_below = 0, 0

    def note_modes(self) -> None:
        """Note which modes of torch are active now, before the model adds its own."""
        self._modes_below = _count_modes()

    def note_use(self, values: Iterable[Any]) -> None:
        """Note that `values` are used."""
        self._tape.note_use(values)

    def function(self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        """Handle a call of a function of torch."""
        self._tape.note_use((*args, *kwargs.values()) if kwargs else args)
        if self._tape.tracker.is_backward:
            self._tape.tracker.mark()
        if function in self._readers:
            return self._reads.read(function, args, kwargs)
        rule = self._devices.rule(function)
        if rule is not None and not is_dtype_conversion(function, args, kwargs):
            return rule(function, args, kwargs)
        if function.__class__ is MethodWrapperType:
            return function(*args, **kwargs)  # an attribute, such as its shape
        if kwargs:
            if kwargs.get("generator") is not None:
                self._runner.preserve_generator(kwargs["generator"])
            if kwargs.get("pin_memory"):
                kwargs = {**kwargs, "pin_memory": False}
            if kwargs.get("device") is not None:
                call = lambda rest: self._run_function(mode, function, args, rest)  # noqa: E731
                return self._devices.on_device(function, call, kwargs)
        return self._run_function(mode, function, args, kwargs)

    def _run_function(self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        is_transformed = _is_transformed()
        if not is_transformed and is_higher_order(function) and not is_opaque(function):
            return run_higher_order(self._higher_order_call(mode), function, args, kwargs)
        run = partial(self._run_plain_function, mode, function, args, kwargs, is_transformed)
        if (
            self._repeated_calls is None
            or is_transformed
            or function in mode.entered_functions
            or self._has_context()
        ):
            return run()
        return self._repeated_calls.run(function, args, kwargs, run)

    def _has_context(self) -> bool:
        """Whether the result of a call, or its record, may depend on its context."""
        is_inside = self._nesting.depth or self._devices.are_several
        return bool(is_inside) or _count_modes() != self._modes_below

    def _run_plain_function(
        self, mode: Any, function: Any, args: Any, kwargs: Mapping[str, Any], is_transformed: bool
    ) -> Any:
        known = None if is_transformed or has_own_tensor(args, kwargs) else known_function(function)
        known = known or (None if is_transformed else self._tape.known_composite(function))
        if known is not None and not self._tape.is_decomposed(known):
            return self._run_known(known, function, args, kwargs)
        inner = None if is_transformed else without_override_check(function)
        if inner is None or function in mode.entered_functions or calls_itself_under_modes(function):
            return function(*args, **kwargs)
        with mode.active_inside(function), requested_leaves(function, args, kwargs):
            return inner(*args, **kwargs)

    def _run_known(self, known: KnownFunction, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        arguments = known.arguments(args, kwargs)
        name = f"aten::{known.name}"
        operator = self._tape.function_formula(name, known.operator)
        if known.in_place:
            self._tape.note_unrepeatable()

        def run() -> Any:
            output = self._output_of_known_shape(known, arguments)
            if output is not None:
                return output
            return self._run_unrecorded(supported_function(function, arguments), args, kwargs)

        return self._run_recorded(name, operator, arguments, run)

    def _run_recorded(
        self, name: str, operator: Operator, arguments: dict[str, Any], run: Callable[[], Any]
    ) -> Any:
        """Call `run`, and record it as a call of `operator`."""
        has_node = operator.contracts and not has_strided_nested(arguments.values())
        if self._has_gradients and has_node and _asks_for_gradients(arguments):
            output = with_gradients(self._tape, name, operator, arguments, run)
        else:
            output = run()
        if not self._nesting.depth:
            self._tape.record(name, operator, arguments, output)
        return output

    def _higher_order_call(self, mode: Any) -> HigherOrderCall:
        return HigherOrderCall(
            self._tape, mode, self._runner.has_data, self._run_recorded, self._run_unrecorded
        )

    def _run_unrecorded(self, function: Any, args: Any, kwargs: Mapping[str, Any]) -> Any:
        self._nesting.depth += 1
        try:
            return function(*args, **kwargs)
        finally:
            self._nesting.depth -= 1

    def _output_of_known_shape(self, known: KnownFunction, arguments: dict[str, Any]) -> Any:
        """The function's output if its operator has a formula for the shape; None if it has to run."""
        if self._runner.has_data or known.operator.output is None:
            return None
        if self._has_gradients and not known.operator.contracts:
            return None
        refuse_nested(arguments.values())
        first = next(iter(arguments.values()))
        shapes = known.operator.output(**arguments)
        if shapes is None:
            return None
        if _dtypes_differ(first, arguments.get("weight")):
            return _refuse_dtypes(first, arguments["weight"]) if known.operator.contracts else None
        if known.in_place:
            return first
        dtype = arguments.get("out_dtype") or first.dtype
        given = arguments.values()
        if known.operator.is_like_input:
            output = with_unrecorded_gradient(partial(meta_result, first), given)
        else:
            output = self._new_tensors(shapes, dtype, given)
        if self._devices.are_several:
            self._devices.propagate((first,), flat_tensors((output,)))
        return output

    def _new_tensors(self, shapes: Any, dtype: torch.dtype, given: Iterable[Any]) -> Any:
        """A tensor for a shape, or a tuple for a list of shapes, with gradients by the tensors in `given`."""
        if isinstance(shapes, list):
            return tuple(self._new_tensors(shape, dtype, given) for shape in shapes)
        return with_unrecorded_gradient(partial(self._new_tensor, shapes, dtype), given)

    def _new_tensor(self, shape: Any, dtype: torch.dtype) -> torch.Tensor:
        return meta_tensor(shape, dtype)

    def operator(self, mode: Any, overload: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Handle a call of an operator that torch dispatches."""
        if is_higher_order(overload):
            return run_higher_order(self._higher_order_call(mode), overload, args, kwargs)
        known = known_overload(overload)
        if known.is_collective:
            return run_collective(self._tape, known, args, kwargs)
        if args and args[0].__class__ in NUMBERS:
            args = numbers_as_tensors(overload, args)
        self._check_indices(known.name, args)
        operator = self._tape.formula(known.name, known.operator)
        if operator is None and has_jagged(args):
            return NotImplemented  # torch then runs operators on the stored values
        if operator is None and known.is_composite:
            with mode:
                return overload.decompose(*args, **kwargs)
        try:
            output = self._runner.run(known, args, kwargs)
        except Exception as error:
            self._reads.note_failure(known.name, known.arguments(args, kwargs), error)
            raise
        self._follow(known, args, kwargs, output)
        self._follow_indices(overload, args, kwargs, output)
        if self._tape.is_recording_call and (known.writes or has_data((*args, *kwargs.values(), output))):
            self._tape.note_unrepeatable()
        if not self._nesting.depth:
            result = output if known.returns else known.mutated(args, kwargs)
            self._tape.record(known.name, operator, known.arguments(args, kwargs), result)
        return output

    def _check_indices(self, name: str, args: Any) -> None:
        """IndexError if an operator would index out of range, which torch can't tell without data."""
        self._indices.check(name, args)

    def _follow_indices(self, overload: Any, args: Any, kwargs: Mapping[str, Any], output: Any) -> None:
        """Note the range of integers in the output. Calls that change what is known are not repeatable."""
        changes = self._indices.changes
        self._indices.follow(overload, args, kwargs, output)
        if self._indices.changes != changes:
            self._tape.note_unrepeatable()

    def _follow(self, known: KnownOverload, args: Any, kwargs: dict[str, Any], output: Any) -> None:
        """Note the devices of outputs, and where their data is from."""
        has_devices = self._runner.has_data or self._devices.are_several
        if not (has_devices or self._reads.follows_operators):
            return
        inputs, outputs = list(flat_tensors((*args, *kwargs.values()))), list(flat_tensors((output,)))
        if has_devices:
            self._devices.propagate(inputs, outputs)
        if not known.is_view and self._reads.follows_operators:
            name, written = known.name.removeprefix("aten::"), known.mutated(args, kwargs)
            self._reads.note_operator(name, inputs, written, outputs)


def _is_transformed() -> bool:
    """Whether vmap, jvp or the like is active, under which a function does not see the full shapes."""
    is_forward_mode = torch.autograd.forward_ad._current_level >= 0
    return is_forward_mode or torch._C._functorch.peek_interpreter_stack() is not None


def _count_modes() -> tuple[int, int]:
    """The numbers of active modes for functions and for operators."""
    return torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()


def _asks_for_gradients(arguments: Mapping[str, Any]) -> bool:
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors(arguments))


def _dtypes_differ(first: Any, weight: Any) -> bool:
    """Whether the dtypes differ, so that torch would raise an error or convert."""
    return weight is not None and weight.dtype is not first.dtype


def _refuse_dtypes(first: Any, weight: Any) -> None:
    """RuntimeError, as torch raises it for tensors with data, unless autocast converts them."""
    if not torch._C._is_any_autocast_enabled():
        raise RuntimeError(
            f"expected one dtype, but the input is {first.dtype} and the weight is {weight.dtype}"
        )
