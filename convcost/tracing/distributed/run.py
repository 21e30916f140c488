"""The report of a distributed module: that of the whole, with what one rank computes, holds and sends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch

from convcost.core.cost import Shape
from convcost.core.distributed import Collective, DistributedRun, MeshDimension
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.tracing.distributed.data_parallel import data_parallel_collectives, data_parallel_modules
from convcost.tracing.distributed.fake_mesh import fake_mesh
from convcost.tracing.distributed.fsdp import (
    ParameterGroup,
    fsdp_collectives,
    fsdp_states,
    parameter_groups,
    sharded_parameters,
)
from convcost.tracing.distributed.input_shards import observed_input_shards
from convcost.tracing.distributed.plan import ParallelizeFunction, parallelize
from convcost.tracing.distributed.shard_copies import rank_copy, whole_copy
from convcost.tracing.isolation.distributed_state import has_process_group
from convcost.tracing.isolation.process_state import preserved_process_state
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree, named_modules
from convcost.tracing.tensors import bytes_of, is_dtensor, local_tensor, tensors
from convcost.tracing.torch_versions import check_torch_has_meshes
from convcost.tracing.user_error import error_text

NO_DISTRIBUTED_TENSOR = "no tensor says what it is a part of"
"""Why the whole of a module is not known."""

ProfileCall = Callable[[ModuleCall], Report]
"""What counts a call as any other is counted."""


class ParallelLayout(NamedTuple):
    """How a module lies on its ranks: its meshes, what a rank has of its parameters, and who gathers them."""

    meshes: tuple[Any, ...]
    shapes: Mapping[str, Shape]
    stored: Mapping[str, int]
    uneven: tuple[str, ...]
    groups: tuple[ParameterGroup, ...]
    gathered: Mapping[int, Any]
    replicas: Mapping[str, Any]

    @property
    def data_parallel(self) -> int:
        """How many ranks run on inputs of their own."""
        replicas = (module.process_group.size() for module in self.replicas.values())
        return max((*replicas, *(group.data_parallel for group in self.groups)), default=1)

    @property
    def mesh(self) -> Any:
        """The mesh with the most dimensions, of which others are parts; None where there is none."""
        return max(self.meshes, key=lambda mesh: (mesh.ndim, mesh.size()), default=None)


def is_distributed(call: ModuleCall) -> bool:
    """Whether its module or its inputs lie on several ranks; UsageError where it is not known how."""
    if not has_process_group():
        return False
    from torch.distributed.fsdp import FullyShardedDataParallel

    if any(isinstance(module, FullyShardedDataParallel) for module in named_modules(call.model).values()):
        raise UsageError("FullyShardedDataParallel is not counted", hint="Use fully_shard, of FSDP2.")
    tree = module_tree(call.model)
    kept = fsdp_states(tree) or data_parallel_modules(tree)
    found = bool(kept) or any(map(is_dtensor, call.tensors))
    if found:
        check_torch_has_meshes()
    return found


def profile_distributed(call: ModuleCall, profile: ProfileCall) -> Report:
    """The whole module's report, with what one rank has; that of the rank alone where the whole does not run.

    A plan may have changed the module, as one does that divides a number of heads.
    """
    found = layout(call)
    of_rank, shapes = profile_rank(call, found, profile)
    copied = whole_copy(call, shapes)
    try:
        whole = profile(copied)
    except Exception as error:
        return replace(of_rank.per_rank, distributed=of_rank._replace(failure=error_text(error)))
    return replace(whole, distributed=of_rank)


def with_collectives(report: Report) -> Report:
    """The report of a module that calls collectives itself, with plain tensors: all of it is of this rank."""
    sent = report.trace.collectives if report.trace else ()
    if not sent:
        return report
    ranks, rank = torch.distributed.get_world_size(), torch.distributed.get_rank()
    sent = tuple(_by_dimension(collective, _group_names(())) for collective in sent)
    return replace(
        report, distributed=DistributedRun((), ranks, rank, report, sent, failure=NO_DISTRIBUTED_TENSOR)
    )


def profile_on_mesh(
    call: ModuleCall,
    whole: Report,
    dimensions: Sequence[MeshDimension],
    function: ParallelizeFunction | None,
    profile: ProfileCall,
) -> Report:
    """The report `whole` of a module, with what rank 0 has once a copy is parallelised on such a mesh.

    Raises UsageError where nothing says how, or nothing is parallelised, and what the `function` raises.
    """
    with preserved_process_state(), fake_mesh(dimensions) as mesh:
        copied = rank_copy(call, {})
        parallel = copied._replace(model=parallelize(copied.model, mesh, function))
        found = layout(parallel)
        if not found.meshes:
            name = type(call.model).__name__
            raise UsageError(f"{name} was not parallelized: none of its parameters is a DTensor")
        of_rank, shapes = profile_rank(parallel, found, profile, mesh)
        if shapes:
            larger = profile(whole_copy(call, shapes))
            whole = replace(larger, name=whole.name, spec=whole.spec, sizes=whole.sizes)
        return replace(whole, distributed=of_rank)


def profile_rank(
    call: ModuleCall, found: ParallelLayout, profile: ProfileCall, mesh: Any = None
) -> tuple[DistributedRun, Mapping[int, Shape]]:
    """What the rank of this process computes, holds and sends, and the shapes that inputs are shards of.

    `mesh` is given if it is not that of the parameters.
    """
    copied = rank_copy(call, found.gathered)
    with observed_input_shards(copied) as shapes:
        report = profile(copied)
    assert report.trace
    sent = (
        *report.trace.collectives,
        *fsdp_collectives(found.groups, report.trace),
        *data_parallel_collectives(found.replicas, report.trace),
    )
    names = _group_names(found.meshes)
    rows = tuple(_with_shards(row, found) for row in report.rows)
    mesh = mesh or found.mesh
    run = DistributedRun(
        tuple(map(MeshDimension, _dimension_names(mesh), mesh.shape)) if mesh else (),
        mesh.size() if mesh else torch.distributed.get_world_size(),
        torch.distributed.get_rank(),
        replace(report, rows=rows),
        tuple(_by_dimension(collective, names) for collective in sent),
        found.data_parallel,
        found.uneven,
        tuple(name for name in _dimension_names(mesh) if name not in names.values()) if mesh else (),
    )
    return run, shapes


def layout(call: ModuleCall) -> ParallelLayout:
    """How the module of the call lies on its ranks."""
    tree = module_tree(call.model)
    states = fsdp_states(tree)
    gathered = sharded_parameters(states)
    parameters = {
        name: gathered[id(parameter)].sharded_param if id(parameter) in gathered else parameter
        for name, parameter in tree.parameters.items()
    }
    held = [*parameters.values(), *tree.buffers.values(), *tensors((call.args, call.kwargs))]
    meshes = {id(tensor.device_mesh): tensor.device_mesh for tensor in held if is_dtensor(tensor)}
    local = {name: local_tensor(parameter) for name, parameter in parameters.items()}
    return ParallelLayout(
        tuple(meshes.values()),
        {name: tuple(tensor.shape) for name, tensor in local.items()},
        {name: bytes_of((tensor,)) for name, tensor in local.items()},
        tuple(name for name, parameter in parameters.items() if _is_uneven(parameter)),
        parameter_groups(tree, states),
        gathered,
        data_parallel_modules(tree),
    )


def _is_uneven(tensor: Any) -> bool:
    """Whether a dimension of a DTensor is not divided equally."""
    if not is_dtensor(tensor):
        return False
    parts: dict[int, int] = {}
    for placement, ranks in zip(tensor.placements, tensor.device_mesh.shape, strict=True):
        if placement.is_shard():
            parts[placement.dim] = parts.get(placement.dim, 1) * ranks
    return any(tensor.shape[dimension] % ranks for dimension, ranks in parts.items())


def _with_shards(row: Row, found: ParallelLayout) -> Row:
    """The row with the shapes of what this rank holds between steps."""
    names = {name: f"{row.path}.{name}" if row.path else name for name in row.parameters}
    return row._replace(
        parameters={name: found.shapes[full] for name, full in names.items()},
        stored=sum(found.stored[full] for full in names.values()),
    )


def _dimension_names(mesh: Any) -> Iterable[str]:
    return mesh.mesh_dim_names or [str(number) for number in range(mesh.ndim)]


def _group_names(meshes: Iterable[Any]) -> dict[str, str]:
    """The names of mesh dimensions by those of their process groups; of the group of all ranks `world`."""
    world: Any = torch.distributed.group.WORLD
    dimensions = {
        mesh.get_group(number).group_name: name
        for mesh in meshes
        for number, name in enumerate(_dimension_names(mesh))
    }
    return {world.group_name: "world", **dimensions}


def _by_dimension(collective: Collective, names: Mapping[str, str]) -> Collective:
    call = collective.call
    return collective._replace(call=call._replace(group=names.get(call.group, call.group)))
