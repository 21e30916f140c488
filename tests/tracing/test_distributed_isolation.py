"""What a profile of a distributed module leaves behind: the user's state as before, and nothing of ours."""

import os
from contextlib import nullcontext

import pytest
import torch
import torch.distributed as dist
from fake_ranks import FeedForward, fake_ranks, really_sent
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Shard, distribute_module
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

import convcost
from convcost.core.distributed import parse_mesh
from convcost.core.errors import UsageError
from convcost.tracing.distributed.fake_mesh import fake_mesh
from convcost.tracing.distributed.run import profile_on_mesh
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.profile import Profiler

SPLIT = {"up": ColwiseParallel(), "down": RowwiseParallel()}


def process_groups():
    """What torch.distributed knows of them."""
    world = dist.distributed_c10d._world
    tables = world.pg_map, world.pg_names, world.pg_group_ranks, world.tags_to_pg
    return [[*table] for table in tables], world.default_pg


def rules():
    """How often rules of DTensor's operators were asked for."""
    found = DTensor._op_dispatcher.sharding_propagator.propagate_op_sharding.cache_info()
    return found.misses, found.currsize


class Failing(FeedForward):
    """Fails in the middle of its forward."""

    def forward(self, x):
        self.up(x)
        raise RuntimeError("the weather is bad")


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module")
@pytest.mark.parametrize("kind", [FeedForward, Failing])
def test_the_user_s_process_group_and_module_are_as_before(kind):
    with fake_ranks((2, 4), ("dp", "tp")) as mesh:
        module = nn.Sequential(parallelize_module(kind(), mesh["tp"], SPLIT))
        fully_shard(module, mesh=mesh["dp"])
        held = {name: (id(each), each.to_local().clone()) for name, each in module.named_parameters()}
        hooks = [len(each._forward_hooks) for each in module.modules()]
        before = process_groups(), rules(), dict(os.environ)
        x = torch.randn(4, 64)
        with pytest.raises(RuntimeError, match="the weather") if kind is Failing else nullcontext():
            convcost.profile(module, x)
        assert (process_groups(), rules(), dict(os.environ)) == before
        assert [len(each._forward_hooks) for each in module.modules()] == hooks
        for name, parameter in module.named_parameters():
            assert id(parameter) == held[name][0]
            assert torch.equal(parameter.to_local().view(torch.int32), held[name][1].view(torch.int32))
            assert parameter.grad is None
        assert vars(x) == {}
        assert kind is Failing or really_sent(module, x)


def on_mesh(function):
    """A profile of a module that `function` puts on a mesh."""
    call = ModuleCall(FeedForward(), (torch.randn(4, 64),))
    profiler = Profiler()
    whole = profiler.profile_part(call)
    return profile_on_mesh(call, whole, parse_mesh("tp=8"), function, profiler.profile_part)


def test_no_process_group_is_left():
    report = on_mesh(lambda module, mesh: parallelize_module(module, mesh, SPLIT))
    assert report.distributed.ranks == 8
    assert not dist.is_initialized()


def test_none_is_left_where_the_plan_fails():
    def fail(module, mesh):
        raise RuntimeError("no plan today")

    with pytest.raises(RuntimeError, match="no plan today"):
        on_mesh(fail)
    assert not dist.is_initialized()


def test_one_that_exists_is_not_touched():
    with fake_ranks((2,), ("tp",)):
        before = process_groups()
        with pytest.raises(UsageError, match="a process group already exists"), fake_mesh(parse_mesh("tp=8")):
            pass
        assert process_groups() == before


def test_a_plan_that_does_nothing_is_refused():
    with pytest.raises(UsageError, match="FeedForward was not parallelized"):
        on_mesh(lambda module, mesh: None)


def test_open_sizes_are_refused():
    with fake_ranks((8,), ("tp",)) as mesh:
        module = parallelize_module(FeedForward(), mesh, SPLIT)
        with pytest.raises(UsageError, match="a distributed module needs a number for B"):
            convcost.cost(module, "f32[B,64]")


def test_replicas_of_a_whole_module_average_gradients():
    """DistributedDataParallel: the user's reducer is not asked."""
    with fake_ranks((8,), ("dp",)):
        module = nn.parallel.DistributedDataParallel(nn.Sequential(FeedForward(), nn.BatchNorm1d(64)))
        report = Profiler(backward=True).profile(module, torch.randn(4, 64))
    sent = [(found.phase, found.call.kind, found.call.group, found.bytes) for found in report.collectives]
    assert sent == [
        ("forward", "broadcast", "world", 2 * 64 * 4),
        ("forward", "broadcast", "world", 8),
        ("backward", "all_reduce", "world", (33088 + 2 * 64) * 4),
    ]
    assert report.distributed.data_parallel == 8
    assert report.per_rank.macs == report.macs


def test_flat_parameters_of_the_older_fsdp_are_refused():
    with fake_ranks((2,), ("dp",)):
        from torch.distributed.fsdp import FullyShardedDataParallel

        class Wrapped(FullyShardedDataParallel):
            def __init__(self):
                nn.Module.__init__(self)

        with pytest.raises(UsageError, match="FullyShardedDataParallel is not supported"):
            convcost.profile(Wrapped(), torch.randn(4, 64))


class Transposing(nn.Module):
    """Turns shards of samples into shards of positions."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(64, 64)

    def parallelize(self, mesh):
        self.mesh = mesh
        distribute_module(self.linear, mesh)

    def forward(self, x):
        if not hasattr(self, "mesh"):
            return self.linear(x)
        shards = DTensor.from_local(x, self.mesh, [Shard(0)]).redistribute(placements=[Shard(1)])
        return self.linear(shards).to_local()


def test_ranks_of_a_mesh_send_all_to_all_as_gpus_do():
    """8 samples a rank of 16 positions; torch's CPUs would gather them."""
    call = ModuleCall(Transposing(), (torch.randn(8, 16, 64),))
    profiler = Profiler()
    whole = profiler.profile_part(call)
    report = profile_on_mesh(call, whole, parse_mesh("tp=8"), None, profiler.profile_part)
    [found] = report.collectives
    assert (found.call.kind, found.bytes) == ("all_to_all", 8 * 16 * 64 * 4)
    assert found.ring_bytes == 7 * 8 * 16 * 64 * 4 // 8
    assert report.input == (64, 16, 64)
    assert report.per_rank.macs == report.macs // 8
