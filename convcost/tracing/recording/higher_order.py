"""Torch's operators on functions, such as torch.cond, scan or flex_attention: what they call is counted.

They are met as functions, before autograd, and run as the Python that they stand for: what they call is
then recorded and differentiated as anywhere else. `uncompiled` in modes.py makes torch call them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import torch
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from convcost.core.cost import Cost
from convcost.core.errors import UnboundSizeError
from convcost.core.trace import CondCall
from convcost.symbolic.predicates import is_nonnegative
from convcost.tracing.isolation.tensor_copies import meta_tensor
from convcost.tracing.recording.flex_attention import flex_attention
from convcost.tracing.recording.recorded_operations import Recording
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import has_values, tensors

OPAQUE = frozenset(
    (
        *("triton_kernel_wrapper_mutation", "triton_kernel_wrapper_functional", "inline_asm_elementwise"),
        *("inductor_compiled_code", "aoti_call_delegate", "executorch_call_delegate"),
    )
)
"""What they call is no code of torch's: they are named as uncounted."""

TRIPS_UNKNOWN = "one trip is counted, as the number of trips depends on values"


def cond(call: HigherOrderCall, predicate: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
    """What the branch that counts returns."""
    branches = {True: true_fn, False: false_fn}
    value = call.value(predicate)
    outputs, recordings = {}, {}
    for which in branches if value is None else (value,):
        with call.tape.separate_recording() as recordings[which], call.mode:
            outputs[which] = branches[which](*operands)
    counted = _costlier(recordings) if value is None else value
    call.tape.add(recordings[counted])
    call.tape.note_conditional(
        CondCall(
            call.tape.tracker.current,
            tuple(map(call.tape.shape_of, tensors(operands))),
            recordings[True].cost if True in recordings else None,
            recordings[False].cost if False in recordings else None,
            counted,
        )
    )
    return outputs[counted]


def _costlier(recordings: dict[bool, Recording]) -> bool:
    """By MACs, or where they are the same by what is counted beside them."""
    true, false = (_amounts(recordings[which].cost) for which in (True, False))
    for one, other in zip(true, false, strict=True):
        if one != other:
            return _is_greater(one, other)
    return True


def _amounts(cost: Cost) -> tuple[Any, ...]:
    return cost.macs, cost.bias_adds + cost.elementwise


def _is_greater(one: Any, other: Any) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one > other
    if is_nonnegative(one - other):
        return True
    if is_nonnegative(other - one):
        return False
    message = "which branch of torch.cond is the costlier depends on sizes that are left open"
    raise UnboundSizeError(message, hint="Numbers for the sizes give it.")


class HigherOrderCall(NamedTuple):
    """A call of a higher-order operator; while the functions that it takes run, `mode` is active again.

    `run_recorded` records an operator by name, formula and arguments, and returns what a function returns;
    `run_unrecorded` calls an operator and records nothing.
    """

    tape: Tape
    mode: Any
    has_data: bool
    run_recorded: Callable[..., Any]
    run_unrecorded: Callable[..., Any]

    def value(self, tensor: Any) -> bool | None:
        """Whether it is true; None where it has no value."""
        is_tensor = isinstance(tensor, torch.Tensor)
        if is_tensor and not has_values(tensor):
            return None
        try:
            with self.mode:
                return bool(tensor)
        except RuntimeError:
            if self.has_data or not is_tensor or tensor.numel() != 1:
                raise
            return None  # it was written to without its data


def is_higher_order(function: Any) -> bool:
    """Whether `function` is one of torch's operators on functions."""
    return _operator_class() in type(function).__mro__


def is_opaque(function: Any) -> bool:
    """Whether a higher-order operator runs code that nothing is known about."""
    return rule_of(function) is None


def run_higher_order(call: HigherOrderCall, operator: Any, args: Any, kwargs: Any) -> Any:
    """What a higher-order operator returns, with all that it calls on the tape."""
    known = rule_of(operator)
    if known is not None:
        return known(call, *args, **kwargs)
    name, arguments = f"higher_order::{operator.name()}", {"args": args, **kwargs}
    formula = call.tape.formula(name, None)
    is_of_cuda = not call.has_data and operator.name() == "inline_asm_elementwise"
    output = _broadcast(args, **kwargs) if is_of_cuda else operator(*args, **kwargs)
    if formula is None:
        call.tape.note_uncounted(name, arguments)
    else:
        call.tape.record(name, formula, arguments, (output, arguments))
    return output


def _broadcast(inputs: Any, dtype: Any, **_: Any) -> Any:
    broadcast: Any = torch.broadcast_shapes
    return meta_tensor(tuple(broadcast(*(tensor.shape for tensor in inputs))), dtype)


@cache
def rule_of(operator: Any) -> Callable[..., Any] | None:
    """How `operator` is run: as written here, or by torch's own kernel; None for one that is opaque."""
    if operator.name() in OPAQUE:
        return None
    known = RULES.get(operator.name())
    if known is not None:
        return known
    kernel = operator.py_kernels.get(torch._C.DispatchKey.CompositeExplicitAutograd)
    return kernel and _under_mode(kernel)


@cache
def _operator_class() -> type:
    return torch._ops.HigherOrderOperator


def _under_mode(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(call: HigherOrderCall, *args: Any, **kwargs: Any) -> Any:
        with call.mode:
            return function(*args, **kwargs)

    return run


def while_loop(
    call: HigherOrderCall, cond_fn: Any, body_fn: Any, carried: Any, additional: Any = (), **_: Any
) -> Any:
    """As many trips as the condition has values for; where it has none, one, which is said."""
    return list(_trips(call, cond_fn, body_fn, carried, additional))[-1]


def while_loop_stack_output(
    call: HigherOrderCall, cond_fn: Any, body_fn: Any, carried: Any, additional: Any = ()
) -> Any:
    """As `while_loop`; what each trip yields, stacked."""
    before, *trips = _trips(call, cond_fn, body_fn, carried, additional)
    with call.mode:
        return tuple(map(torch.stack, zip(*(trips or [before]), strict=True)))


def _trips(call: HigherOrderCall, cond_fn: Any, body_fn: Any, carried: Any, additional: Any) -> Iterator[Any]:
    """What is carried before the first trip and after each."""
    state: Any = tuple(carried)
    yield state
    is_known: bool | None = True
    while is_known:
        with call.mode:
            condition = cond_fn(*tree_leaves(state), *additional)
        is_known = call.value(condition)
        if is_known is False:
            return
        if is_known is None:
            call.tape.note_uncounted("higher_order::while_loop", carried, TRIPS_UNKNOWN)
        with call.mode:
            state = body_fn(*tree_leaves(state), *additional)
        yield state


def scan(call: HigherOrderCall, combine_fn: Any, init: Any, xs: Any, additional_inputs: Any = ()) -> Any:
    """A step for each slice of `xs`: what is carried after the last, and what each yields, stacked."""
    carry = list(init)
    steps: list[Any] = []
    with call.mode:
        for slices in zip(*(tensor.unbind() for tensor in xs), strict=True):
            leaves, spec = tree_flatten(combine_fn(*carry, *slices, *additional_inputs))
            carry = leaves[: len(init)]
            steps.append(leaves[len(init) :])
        stacked = [None if each[0] is None else torch.stack(each) for each in zip(*steps, strict=True)]
    return tree_unflatten([*carry, *stacked], spec)


def _run_body(call: HigherOrderCall, function: Any, *args: Any) -> Any:
    with call.mode:
        return function(list(args)) if getattr(function, "_boxed_call", False) else function(*args)


RULES: dict[str, Callable[..., Any]] = {
    "cond": cond,
    "while_loop": while_loop,
    "while_loop_stack_output": while_loop_stack_output,
    "scan": scan,
    "flex_attention": flex_attention,
    "strict_mode": lambda call, function, args: _run_body(call, function, *args),
    "run_const_graph": lambda call, function, args: _run_body(call, function, *args),
    "hints_wrapper": lambda call, function, args, kwargs, hints: _run_body(call, function, *args),
    "invoke_subgraph": lambda call, function, identifier, *args: _run_body(call, function, *args),
    **dict.fromkeys(
        ("invoke_quant", "invoke_quant_packed", "foreach_map", "local_map_hop"),
        lambda call, function, *args, **_: _run_body(call, function, *args),
    ),
}
"""By the operator's name, for those whose kernels run under no mode, or where values decide."""
