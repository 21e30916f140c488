"""torch.cond: the branch that runs counts, or the costlier of both where nothing decides between them."""

from __future__ import annotations

from typing import Any

from convcost.core.cost import Cost
from convcost.core.errors import UnboundSizeError
from convcost.core.trace import Conditional
from convcost.tracing.recording import Recording
from convcost.tracing.tensors import tensors


def cond(call: Any, predicate: Any, true_fn: Any, false_fn: Any, operands: Any) -> Any:
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
        Conditional(
            call.tape.paths.current,
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
            return _is_more(one, other)
    return True


def _amounts(cost: Cost) -> tuple[Any, ...]:
    return cost.macs, cost.bias_adds + cost.elementwise


def _is_more(one: Any, other: Any) -> bool:
    if isinstance(one, int) and isinstance(other, int):
        return one > other
    from convcost.symbolic.signs import is_nonnegative

    if is_nonnegative(one - other):
        return True
    if is_nonnegative(other - one):
        return False
    message = "which branch of torch.cond is the costlier depends on sizes that are left open"
    raise UnboundSizeError(message, hint="Numbers for the sizes give it.")
