"""FSDP2 modules: what is gathered and reduced, against what torch's own hooks really send."""

import pytest
import torch
from fake_ranks import FeedForward, fake_ranks, really_sent, sent
from torch import nn
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

import convcost
from convcost.tracing.profile import Profiler

HALF = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)


def stack():
    """Two blocks and a layer that 8 ranks can't share equally."""
    return nn.Sequential(FeedForward(), FeedForward(), nn.Linear(64, 10))


def shard(module, mesh, **options):
    """Each child, then the rest."""
    for child in dict.fromkeys(module.children()):
        fully_shard(child, mesh=mesh, **options)
    return fully_shard(module, mesh=mesh)


def check(module):
    """The report of a training step, which sends what a real one does; before that one and after it."""
    x = torch.randn(4, 64)
    before = Profiler(backward=True).profile(module, x)
    really = really_sent(module, x)
    assert sent(before) == really
    assert sent(Profiler(backward=True).profile(module, x)) == really
    assert before.per_rank.params == sum(
        parameter.to_local().numel() if hasattr(parameter, "to_local") else parameter.numel()
        for parameter in module.parameters()
    )
    return before


@pytest.mark.parametrize("ranks", [2, 8])
def test_blocks_and_a_root(ranks):
    with fake_ranks((ranks,), ("dp",)) as mesh:
        report = check(shard(stack(), mesh))
    assert report.params == 2 * 33088 + 650
    assert report.macs == report.per_rank.macs == 2 * 4 * 2 * 64 * 256 + 4 * 64 * 10
    assert report.distributed.data_parallel == ranks
    assert report.distributed.replication(report.macs, report.per_rank.macs, is_work=True) == 1
    first = report.collectives[0]
    assert (first.path, first.phase, first.call.kind) == ("0", "forward", "all_gather")
    assert first.bytes == 33088 * 4 // ranks
    assert report.distributed.uneven == (("2.weight", "2.bias") if ranks == 8 else ())


def root_with_parameters(mesh):
    module = stack()
    fully_shard(module[1], mesh=mesh)
    return fully_shard(module, mesh=mesh)


def no_root(mesh):
    module = stack()
    fully_shard(module[1], mesh=mesh)
    return module


def repeated_block(mesh):
    block = FeedForward()
    return shard(nn.Sequential(FeedForward(), block, block), mesh)


def repeated_block_kept(mesh):
    block = FeedForward()
    return shard(nn.Sequential(block, block), mesh, reshard_after_forward=False)


def frozen_blocks(mesh):
    """The backward of a block fetches the one before it, needed or not."""
    module = nn.Sequential(*(FeedForward() for _ in range(4)))
    module[:3].requires_grad_(False)
    return shard(module, mesh)


def frozen_part(mesh):
    module = stack()
    module[0].requires_grad_(False)
    module[1].up.requires_grad_(False)
    return shard(module, mesh)


def nested_groups(mesh):
    module = stack()
    fully_shard(module[0].up, mesh=mesh)
    fully_shard(module[1].up, mesh=mesh)
    return shard(module, mesh)


def half_precision(mesh):
    return shard(stack(), mesh, mp_policy=HALF)


def kept_after_forward(mesh):
    return shard(stack(), mesh, reshard_after_forward=False)


def partly_kept_after_forward(mesh):
    return shard(nn.Sequential(FeedForward(), FeedForward()), mesh, reshard_after_forward=2)


@pytest.mark.parametrize(
    "make",
    [
        *(root_with_parameters, no_root, repeated_block, repeated_block_kept, frozen_blocks, frozen_part),
        *(nested_groups, half_precision, kept_after_forward, partly_kept_after_forward),
    ],
    ids=lambda make: make.__name__,
)
def test_what_is_sent_is_what_really_is(make):
    with fake_ranks((4,), ("dp",)) as mesh:
        check(make(mesh))


def test_replicas_of_shards_sum_their_gradients():
    with fake_ranks((2, 4), ("replicate", "shard")) as mesh:
        report = check(shard(stack(), mesh))
    assert report.distributed.data_parallel == 8
    groups = {(found.call.kind, found.call.group) for found in report.collectives}
    assert groups == {("all_gather", "shard"), ("reduce_scatter", "shard"), ("all_reduce", "replicate")}


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module")
def test_two_dimensions():
    """4 ranks share the work of a block, 2 such groups its parameters."""
    with fake_ranks((2, 4), ("dp", "tp")) as mesh:
        module = nn.Sequential(FeedForward(), FeedForward())
        for block in module:
            parallelize_module(block, mesh["tp"], {"up": ColwiseParallel(), "down": RowwiseParallel()})
        report = check(shard(module, mesh["dp"]))
    assert [(each.name, each.size) for each in report.distributed.mesh] == [("dp", 2), ("tp", 4)]
    assert report.per_rank.macs == report.macs // 4
    assert report.per_rank.params == 2 * (64 * 64 + 64 + 64 * 64 + 64) // 2
    groups = {(found.call.kind, found.call.group) for found in report.collectives}
    assert groups == {("all_reduce", "tp"), ("all_gather", "dp"), ("reduce_scatter", "dp")}


def test_a_forward_alone_gathers_and_reduces_nothing():
    with fake_ranks((2,), ("dp",)) as mesh:
        report = convcost.profile(shard(stack(), mesh), torch.randn(4, 64))
    assert {(found.call.kind, found.phase) for found in report.collectives} == {("all_gather", "forward")}
    assert [row.kind for row in report.rows][-1] == "Linear"
