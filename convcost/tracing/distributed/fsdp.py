"""Fully sharded modules (FSDP2): groups of parameters, and the collectives that they need.

The hooks of `fully_shard` are not run; their collectives are derived. Before a module's forward its shards
are gathered, and after it they are freed, except for the root module. Before its backward they are gathered
again. After it, gradients are reduced to shards and summed over replicas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any, NamedTuple

import torch

from convcost.core.distributed import Collective, CollectiveCall
from convcost.core.trace import Trace
from convcost.tracing.module_tree import ModuleTree


class GroupParameter(NamedTuple):
    """A parameter of a group; `elements` are those of a rank's padded shard."""

    name: str
    elements: int
    dtype: torch.dtype
    is_trained: bool


class ParameterGroup(NamedTuple):
    """Parameters that are gathered together.

    Attributes:
        path: The path of their module.
        parameters: The parameters.
        shards: The process group that they are sharded over; None for one rank.
        replicas: The process group that they are replicated over; None for one rank.
        forward_shards: The process group to gather them from in the backward; None if the forward does not
            free them.
        gather_dtype: The dtype of the all_gather; None for the parameters' own.
        reduce_dtype: The dtype of the reduction; None for `gather_dtype`.
        reduces: Whether gradients are reduced at all.
    """

    path: str
    parameters: tuple[GroupParameter, ...]
    shards: Any
    replicas: Any
    forward_shards: Any
    gather_dtype: torch.dtype | None
    reduce_dtype: torch.dtype | None
    reduces: bool

    @property
    def data_parallel(self) -> int:
        """The number of ranks that run on different inputs."""
        return _size(self.shards) * _size(self.replicas)

    def gather(self, group: Any) -> CollectiveCall:
        """The all_gather of all parameters as one tensor; as bytes if their dtypes differ."""
        dtypes = {self.gather_dtype or parameter.dtype for parameter in self.parameters}
        share = _size(self.shards) // _size(group)
        elements = share * sum(parameter.elements for parameter in self.parameters)
        if len(dtypes) == 1:
            return _call("all_gather", group, elements, *dtypes)
        sizes = (p.elements * (self.gather_dtype or p.dtype).itemsize for p in self.parameters)
        return _call("all_gather", group, share * sum(sizes), torch.uint8)

    def reductions(self, parameters: Sequence[GroupParameter]) -> Iterator[CollectiveCall]:
        """The reduce_scatter of the gradients of `parameters`, then their all_reduce over replicas."""
        dtype = self.reduce_dtype or self.gather_dtype or parameters[0].dtype
        elements = sum(parameter.elements for parameter in parameters)
        yield _call("reduce_scatter", self.shards, elements * _size(self.shards), dtype)
        yield _call("all_reduce", self.replicas, elements, dtype)


def _size(group: Any) -> int:
    return 1 if group is None else int(group.size())


def _call(kind: str, group: Any, elements: int, dtype: torch.dtype) -> CollectiveCall:
    name = "" if group is None else group.group_name
    return CollectiveCall(
        kind, name, _size(group), (elements,), str(dtype).removeprefix("torch."), dtype.itemsize
    )


def fsdp_states(tree: ModuleTree) -> dict[str, Any]:
    """FSDP's state of each submodule that `fully_shard` was applied to, by path."""
    kind = fsdp_class()
    modules: Mapping[str, Any] = tree.submodules
    return {path: module._get_fsdp_state() for path, module in modules.items() if isinstance(module, kind)}


def fsdp_class() -> Any:
    """The base class that `fully_shard` adds to a module's class; () if torch has no `fully_shard`."""
    from torch.distributed import fsdp

    return getattr(fsdp, "FSDPModule", ())


def sharded_parameters(states: Mapping[str, Any]) -> dict[int, Any]:
    """FSDP's state of each parameter, by the ids of its sharded and its unsharded tensor."""
    found = {}
    for state in states.values():
        for group in _groups(state):
            for parameter in group.fsdp_params:
                for name in ("sharded_param", "_unsharded_param"):
                    found[id(getattr(parameter, name, None))] = parameter
    found.pop(id(None), None)
    return found


def _groups(state: Any) -> list[Any]:
    """The parameter groups of a module. Newer versions of torch may have several."""
    several = getattr(state, "_fsdp_param_groups", None)
    single = [state._fsdp_param_group] if several is None else several
    return [group for group in single if group is not None]


def parameter_groups(tree: ModuleTree, states: Mapping[str, Any]) -> tuple[ParameterGroup, ...]:
    """All parameter groups. One that is shared by several modules belongs to the first of them."""
    names = {id(parameter): name for name, parameter in tree.parameters.items()}
    found, seen = [], set[int]()
    for path, state in states.items():
        is_root = not any(_is_within(path, other) for other in states if other != path)
        for group in _groups(state):
            if id(group) not in seen:
                seen.add(id(group))
                found.append(_parameter_group(path, group, names, is_root, state))
    return tuple(group for group in found if group.parameters)


def _is_within(path: str, other: str) -> bool:
    return not other or path.startswith(f"{other}.")


def _parameter_group(
    path: str, group: Any, names: Mapping[int, str], is_root: bool, state: Any
) -> ParameterGroup:
    mesh, policy = group.mesh_info, group.mp_policy
    shards = getattr(mesh, "shard_process_group", None)
    after_forward = group.post_forward_mesh_info
    is_kept = after_forward is None or (is_root and getattr(state, "_auto_reshard_after_forward", True))
    return ParameterGroup(
        path,
        tuple(_group_parameter(parameter, names) for parameter in group.fsdp_params),
        shards,
        getattr(mesh, "replicate_process_group", None),
        None if is_kept else after_forward.shard_process_group,
        policy.param_dtype,
        policy.reduce_dtype,
        group.reduce_grads,
    )


def _group_parameter(parameter: Any, names: Mapping[int, str]) -> GroupParameter:
    sharded = parameter.sharded_param
    tensors = (sharded, getattr(parameter, "_unsharded_param", None))
    name = next((names[id(tensor)] for tensor in tensors if id(tensor) in names), "")
    return GroupParameter(
        name, parameter.padded_sharded_param_size.numel(), sharded.dtype, sharded.requires_grad
    )


def fsdp_collectives(groups: Sequence[ParameterGroup], trace: Trace) -> tuple[Collective, ...]:
    """The collectives of the groups in this run: of the forward, and of the backward if it ran."""
    return tuple(found for found in _collectives(groups, trace) if found.call.ranks != 1)


def _collectives(groups: Sequence[ParameterGroup], trace: Trace) -> Iterator[Collective]:
    calls = {module.path: module.calls for module in trace.modules}
    paths = [module.path for module in trace.modules]
    called_groups = sorted(
        (group for group in groups if calls.get(group.path)), key=partial(_forward_end, paths)
    )
    for group in called_groups:
        times = calls[group.path] if group.forward_shards else 1
        yield Collective(group.path, "forward", group.gather(group.shards), times)
    if not trace.has_backward:
        return
    trained = [parameter.name for group in groups for parameter in group.parameters if parameter.is_trained]
    used = [name for name in trained if name not in trace.unused]
    for group, follower in reversed([*zip_longest(called_groups, called_groups[1:])]):
        is_reached = _has_gradient(group.path, paths, used)
        is_prefetched = follower is not None and _has_gradient(follower.path, paths, used)
        times = calls[group.path] if is_reached else int(is_prefetched)
        gathers = times if group.forward_shards else times - 1
        if gathers > 0:
            yield Collective(
                group.path, "backward", group.gather(group.forward_shards or group.shards), gathers
            )
        reduced = [parameter for parameter in group.parameters if parameter.name in used]
        if reduced and group.reduces:
            for call in group.reductions(reduced):
                yield Collective(group.path, "backward", call)


def _forward_end(paths: Sequence[str], group: ParameterGroup) -> tuple[int, int]:
    """A sort key for the order in which forwards end: a module's after those of its submodules.

    In the backward, each group prefetches the one before it in this order, whether needed or not.
    """
    inside = [place for place, path in enumerate(paths) if path == group.path or _is_within(path, group.path)]
    return inside[-1], -len(group.path)


def _has_gradient(path: str, paths: Sequence[str], trained: Sequence[str]) -> bool:
    """Whether the backward reaches the module: it or an earlier module has trained parameters."""
    earlier = [other for other in paths[: paths.index(path)] if other and not _is_within(path, other)]
    return any(
        _is_within(name, path) or any(_is_within(name, other) for other in earlier) for name in trained
    )
