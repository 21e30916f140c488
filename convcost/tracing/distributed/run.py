"""The report of a distributed module: costs of the whole, and costs and communication of one rank."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple

import torch

from convcost.core.cost import Shape
from convcost.core.distributed import Collective, DistributedRun, MeshDimension
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.tensor_bytes import TensorBytes
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
from convcost.tracing.distributed.plan import parallelize
from convcost.tracing.distributed.shard_copies import rank_copy, whole_copy
from convcost.tracing.isolation.distributed_state import has_process_group
from convcost.tracing.isolation.process_state import preserved_process_state
from convcost.tracing.mesh_request import ParallelizeFunction
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.module_tree import module_tree, named_modules
from convcost.tracing.tensors import is_dtensor, local_tensor, tensor_bytes, tensors
from convcost.tracing.torch_versions import check_torch_has_meshes
from convcost.tracing.user_error import error_text

NO_DISTRIBUTED_TENSOR = "no tensor is a DTensor, so full shapes are unknown"
"""Why the costs of the whole module are unknown."""

ProfileCall = Callable[[ModuleCall], Report]
"""Profiles a call like any other."""


class ParallelLayout(NamedTuple):
    """The distribution of a module over ranks.

    Attributes:
        meshes: The meshes of all DTensors.
        shapes: This rank's shapes of parameters, by name.
        stored: This rank's bytes of parameters, by name.
        uneven: Parameters that are not divided equally.
        groups: FSDP's parameter groups.
        gathered: FSDP's state of parameters, by id of the tensor.
        replicas: DistributedDataParallel modules, by path.
    """

    meshes: tuple[Any, ...]
    shapes: Mapping[str, Shape]
    stored: Mapping[str, TensorBytes]
    uneven: tuple[str, ...]
    groups: tuple[ParameterGroup, ...]
    gathered: Mapping[int, Any]
    replicas: Mapping[str, Any]

    @property
    def data_parallel(self) -> int:
        """The number of ranks that run on different inputs."""
        replicas = (module.process_group.size() for module in self.replicas.values())
        return max((*replicas, *(group.data_parallel for group in self.groups)), default=1)

    @property
    def mesh(self) -> Any:
        """The mesh with the most dimensions, which contains the others; None if there is no mesh."""
        return max(self.meshes, key=lambda mesh: (mesh.ndim, mesh.size()), default=None)


def is_distributed(call: ModuleCall) -> bool:
    """Whether the module or its inputs are distributed; UsageError for the unsupported FSDP1."""
    if not has_process_group():
        return False
    from torch.distributed.fsdp import FullyShardedDataParallel

    if any(isinstance(module, FullyShardedDataParallel) for module in named_modules(call.model).values()):
        raise UsageError("FullyShardedDataParallel is not supported", hint="Use FSDP2: fully_shard.")
    tree = module_tree(call.model)
    wrapped = fsdp_states(tree) or data_parallel_modules(tree)
    found = bool(wrapped) or any(map(is_dtensor, call.tensors))
    if found:
        check_torch_has_meshes()
    return found


def profile_distributed(call: ModuleCall, profile: ProfileCall) -> Report:
    """The report of the whole module, with this rank's run.

    If the whole can't run, the report is of this rank alone. That happens if a plan changed the module, for
    instance its number of heads.
    """
    rank_run, shapes = profile_rank(call, parallel_layout(call), profile)
    copied = whole_copy(call, shapes)
    try:
        whole = profile(copied)
    except Exception as error:
        return replace(rank_run.per_rank, distributed=rank_run._replace(failure=error_text(error)))
    return replace(whole, distributed=rank_run)


def with_collectives(report: Report) -> Report:
    """The report of a module that calls collectives on plain tensors: all costs are of this rank."""
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
    """Add to the report `whole` the run of rank 0, of a copy that is parallelised on a fake mesh.

    Raises:
        UsageError: The module has no plan, or the plan parallelises nothing.
        Exception: What `function` raises.
    """
    with preserved_process_state(), fake_mesh(dimensions) as mesh:
        copied = rank_copy(call, {})
        parallel = copied._replace(model=parallelize(copied.model, mesh, function))
        layout = parallel_layout(parallel)
        if not layout.meshes:
            name = type(call.model).__name__
            raise UsageError(f"{name} was not parallelized: none of its parameters is a DTensor")
        rank_run, shapes = profile_rank(parallel, layout, profile, mesh)
        if shapes:
            larger = profile(whole_copy(call, shapes))
            whole = replace(larger, name=whole.name, spec=whole.spec, sizes=whole.sizes)
        return replace(whole, distributed=rank_run)


def profile_rank(
    call: ModuleCall, layout: ParallelLayout, profile: ProfileCall, mesh: Any = None
) -> tuple[DistributedRun, Mapping[int, Shape]]:
    """This rank's run, and the full shapes of inputs that are shards.

    `mesh` defaults to that of the parameters.
    """
    copied = rank_copy(call, layout.gathered)
    with observed_input_shards(copied) as shapes:
        report = profile(copied)
    assert report.trace
    sent = (
        *report.trace.collectives,
        *fsdp_collectives(layout.groups, report.trace),
        *data_parallel_collectives(layout.replicas, report.trace),
    )
    names = _group_names(layout.meshes)
    rows = tuple(_with_shards(row, layout) for row in report.rows)
    mesh = mesh or layout.mesh
    run = DistributedRun(
        tuple(map(MeshDimension, _dimension_names(mesh), mesh.shape)) if mesh else (),
        mesh.size() if mesh else torch.distributed.get_world_size(),
        torch.distributed.get_rank(),
        replace(report, rows=rows),
        tuple(_by_dimension(collective, names) for collective in sent),
        layout.data_parallel,
        layout.uneven,
        tuple(name for name in _dimension_names(mesh) if name not in names.values()) if mesh else (),
    )
    return run, shapes


def parallel_layout(call: ModuleCall) -> ParallelLayout:
    """The distribution of the call's module over ranks."""
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
        {name: tensor_bytes((tensor,)) for name, tensor in local.items()},
        tuple(name for name, parameter in parameters.items() if _is_uneven(parameter)),
        parameter_groups(tree, states),
        gathered,
        data_parallel_modules(tree),
    )


def _is_uneven(tensor: Any) -> bool:
    """Whether a dimension of a DTensor is not divided equally among ranks."""
    if not is_dtensor(tensor):
        return False
    parts: dict[int, int] = {}
    for placement, ranks in zip(tensor.placements, tensor.device_mesh.shape, strict=True):
        if placement.is_shard():
            parts[placement.dim] = parts.get(placement.dim, 1) * ranks
    return any(tensor.shape[dimension] % ranks for dimension, ranks in parts.items())


def _with_shards(row: Row, layout: ParallelLayout) -> Row:
    """The row with the shapes and bytes that this rank holds between steps."""
    names = {name: f"{row.path}.{name}" if row.path else name for name in row.parameters}
    return row._replace(
        parameters={name: layout.shapes[full] for name, full in names.items()},
        stored=reduce(TensorBytes.plus, (layout.stored[full] for full in names.values()), TensorBytes()),
    )


def _dimension_names(mesh: Any) -> Iterable[str]:
    return mesh.mesh_dim_names or [str(number) for number in range(mesh.ndim)]


def _group_names(meshes: Iterable[Any]) -> dict[str, str]:
    """The mesh dimension of each process group, by the group's name; `world` for all ranks."""
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
