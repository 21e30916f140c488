"""Collectives of torch.distributed: recorded, but never executed.

Their results are made from shapes, so that a run does not wait for other ranks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.utils._pytree import tree_map_only

from convcost.core.distributed import CollectiveCall
from convcost.tracing.isolation.tensor_copies import without_data
from convcost.tracing.recording.known_operators import KnownOverload
from convcost.tracing.recording.tape import Tape
from convcost.tracing.tensors import flat_tensors

KINDS = ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
"""Kinds of collectives, by the start of the normalized operator name."""

SPELLINGS = {
    "allreduce": "all_reduce",
    "allgather": "all_gather",
    "alltoall": "all_to_all",
    "shard_dim_all": "all",
}
"""Spellings of c10d and DTensor, and those of functional collectives."""

RECEIVERS = ("recv", "recv_any_source", "irecv", "barrier", "monitored_barrier")
"""Operators that don't send their tensor."""

NO_COLLECTIVES = ("wait_tensor", "wrap_tensor_autograd", "check_for_nan", "mesh_get_process_group")
"""Other operators of these namespaces; they send nothing."""


def collective_kind(name: str) -> str:
    """`all_reduce` for `c10d::allreduce_`; an unknown operator's own name."""
    bare = name.partition("::")[2].strip("_")
    for spelling, usual in SPELLINGS.items():
        bare = bare.replace(spelling, usual)
    return next((kind for kind in KINDS if bare.startswith(kind)), bare)


def run_collective(tape: Tape, known: KnownOverload, args: Any, kwargs: Mapping[str, Any]) -> Any:
    """Record the call, and return its output: zeros if the input has data, a meta tensor otherwise."""
    kind, arguments = collective_kind(known.name), known.arguments(args, kwargs)
    if kind in NO_COLLECTIVES:
        return args[0] if known.returns else None
    inputs = [] if kind in RECEIVERS else list(flat_tensors((_input(arguments),)))
    group, ranks = _group(arguments)
    if not inputs:
        tape.note_collective(CollectiveCall(kind, group, ranks, (0,), "", 0))
    for tensor in inputs:
        tape.note_collective(_call(kind, group, ranks, tensor))
    output = _output(known, arguments, args, kwargs)
    for before, after in zip(inputs, flat_tensors((output,)), strict=False):
        tape.move_gradient(before, after)
    return output


def _input(arguments: Mapping[str, Any]) -> Any:
    """The argument that this rank sends. c10d's operators also have their outputs as arguments."""
    named = [value for name, value in arguments.items() if name.startswith("input")]
    return (named or [*arguments.values()])[0]


def _group(arguments: Mapping[str, Any]) -> tuple[str, int]:
    """The name of the process group, and its number of ranks."""
    from torch.distributed import ProcessGroup, distributed_c10d

    resolve: Any = vars(distributed_c10d)["_resolve_process_group"]
    group = arguments.get("group_name", arguments.get("process_group"))
    if isinstance(group, str):
        group = resolve(group)
    elif isinstance(group, torch.ScriptObject):
        group = ProcessGroup.unbox(group)
    return group.group_name, group.size()


def _call(kind: str, group: str, ranks: int, tensor: Any) -> CollectiveCall:
    dtype = str(tensor.dtype).removeprefix("torch.")
    return CollectiveCall(kind, group, ranks, tuple(tensor.shape), dtype, tensor.element_size())


def _output(known: KnownOverload, arguments: Mapping[str, Any], args: Any, kwargs: Any) -> Any:
    """The output: for an operator that writes in place, the tensors that it writes to."""
    if known.name.startswith("c10d::"):
        returned = [_in_place(result, arguments) for result in known.overload._schema.returns]
        return returned[0] if len(returned) == 1 else tuple(returned) or None
    if known.writes:
        return arguments.get("out", args[0])
    on_meta = tree_map_only(torch.Tensor, without_data, (args, dict(kwargs)))
    output = known.overload(*on_meta[0], **on_meta[1])
    first = next(iter(flat_tensors(args)))
    if first.is_meta:
        return output
    return tree_map_only(torch.Tensor, lambda tensor: torch.zeros_like(tensor, device=first.device), output)


def _in_place(result: Any, arguments: Mapping[str, Any]) -> Any:
    """A result of a c10d operator: the tensors that it writes to, or a finished Work."""
    if "Work" not in str(result.type):
        return next(iter(arguments.values()))
    from torch._C._distributed_c10d import FakeWork

    return FakeWork().boxed()
