"""Higher-order operators, such as torch.cond, scan or flex_attention: their functions are counted.

They are intercepted as functions, before autograd, and run as plain Python. Their calls are then recorded
and differentiated like all others. `without_compilation` in modes.py keeps torch from compiling them.
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
"""They run code outside torch, so they are reported as uncounted."""

TRIPS_UNKNOWN = "one trip is counted, since the number of trips depends on data"


def cond(call: HigherOrderCall, predicate: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
    """torch.cond: the output of the branch that counts."""
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
    """Compare by MACs, then by other operations."""
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
    message = "which branch of torch.cond costs more depends on open sizes"
    raise UnboundSizeError(message, hint="Give these sizes numbers.")


class HigherOrderCall(NamedTuple):
    """The context of a call of a higher-order operator.

    Attributes:
        tape: The tape.
        mode: The mode that is active while the operator's functions run.
        has_data: Whether the run has data.
        run_recorded: Runs a function, and records it as an operator by name, formula and arguments.
        run_unrecorded: Calls an operator without recording.
    """

    tape: Tape
    mode: Any
    has_data: bool
    run_recorded: Callable[..., Any]
    run_unrecorded: Callable[..., Any]

    def value(self, tensor: Any) -> bool | None:
        """The truth value of a tensor; None if it has no data."""
        is_tensor = isinstance(tensor, torch.Tensor)
        if is_tensor and not has_values(tensor):
            return None
        try:
            with self.mode:
                return bool(tensor)
        except RuntimeError:
            if self.has_data or not is_tensor or tensor.numel() != 1:
                raise
            return None  # its data is out of date, since it was written to


def is_higher_order(function: Any) -> bool:
    """Whether `function` is a higher-order operator of torch."""
    return _operator_class() in type(function).__mro__


def is_opaque(function: Any) -> bool:
    """Whether a higher-order operator runs code outside torch."""
    return rule_of(function) is None


def run_higher_order(call: HigherOrderCall, operator: Any, args: Any, kwargs: Any) -> Any:
    """Run a higher-order operator, and record all that it calls."""
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
    """The function that runs `operator`: one of RULES, or torch's own kernel; None for an opaque one."""
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
    """while_loop: run while the condition is true; if that depends on data, one trip, which is reported."""
    return list(_trips(call, cond_fn, body_fn, carried, additional))[-1]


def while_loop_stack_output(
    call: HigherOrderCall, cond_fn: Any, body_fn: Any, carried: Any, additional: Any = ()
) -> Any:
    """while_loop_stack_output: as `while_loop`, with the state after each trip stacked."""
    before, *trips = _trips(call, cond_fn, body_fn, carried, additional)
    with call.mode:
        return tuple(map(torch.stack, zip(*(trips or [before]), strict=True)))


def _trips(call: HigherOrderCall, cond_fn: Any, body_fn: Any, carried: Any, additional: Any) -> Iterator[Any]:
    """The state before the first trip and after each trip."""
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
    """scan: a step for each slice of `xs`; the final state, then the stacked outputs of all steps."""
    carry = list(init)
    steps: list[Any] = []
    with call.mode:
        for slices in zip(*(tensor.unbind() for tensor in xs), strict=True):
            leaves, spec = tree_flatten(combine_fn(*carry, *slices, *additional_inputs))
            carry = leaves[: len(init)]
            steps.append(leaves[len(init) :])
        stacked = [None if parts[0] is None else torch.stack(parts) for parts in zip(*steps, strict=True)]
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
"""Rules for operators whose kernels can't run under a mode, or depend on data."""
