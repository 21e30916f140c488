"""Tensor-parallel modules: by hand, and against what a rank really computes and sends."""

import pytest
import torch
from fake_ranks import FeedForward, fake_ranks, really_computed, really_sent, sent
from torch import nn
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import (
    ColwiseParallel,
    PrepareModuleInput,
    RowwiseParallel,
    SequenceParallel,
    parallelize_module,
)

import convcost
from convcost.tracing.profile import Profiler

SPLIT = {"up": ColwiseParallel(), "down": RowwiseParallel()}


@pytest.fixture
def mesh():
    """Eight ranks."""
    with fake_ranks((8,), ("tp",)) as found:
        yield found


def check(module, *inputs):
    """The report of a training step, whose figures of one rank are those of a real run."""
    report = Profiler(backward=True).profile(module, *inputs)
    held = sum(local(parameter).numel() for parameter in module.parameters())
    assert report.per_rank.params == held
    assert sum(cost.macs for cost in report.per_rank.phases.values()) == really_computed(
        module, *inputs, backward=True
    )
    assert sent(report) == really_sent(module, *inputs)
    assert not report.per_rank.trace.uncounted
    return report


def local(tensor):
    """What this rank has of it."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def test_a_feed_forward_by_hand(mesh):
    """4 × 16 positions, 64 features, 256 hidden ones of which a rank has 32."""
    module = parallelize_module(FeedForward(), mesh, SPLIT)
    report = check(module, torch.randn(4, 16, 64))
    assert report.params == 64 * 256 + 256 + 256 * 64 + 64
    assert report.per_rank.params == 64 * 32 + 32 + 32 * 64 + 64
    assert report.macs == 2 * 64 * 64 * 256
    assert report.per_rank.macs == 2 * 64 * 64 * 32
    [forward] = report.collectives
    assert (forward.path, forward.phase, forward.call.kind) == ("down", "forward", "all_reduce")
    assert (forward.call.group, forward.call.ranks) == ("tp", 8)
    assert (forward.call.shape, forward.call.dtype) == ((4, 16, 64), "float32")
    assert forward.bytes == 4 * 16 * 64 * 4
    assert forward.ring_bytes == 2 * 7 * 4 * 16 * 64 * 4 // 8


def test_the_backward_sums_the_gradient_of_an_input_that_needs_one(mesh):
    module = nn.Sequential(nn.LayerNorm(64), parallelize_module(FeedForward(), mesh, SPLIT))
    report = check(module, torch.randn(4, 16, 64))
    assert [(found.path, found.phase, found.bytes) for found in report.collectives] == [
        ("1.down", "forward", 16384),
        ("1.up", "backward", 16384),
    ]
    whole, of_rank = report.phases, report.per_rank.phases
    assert {phase: cost.macs for phase, cost in of_rank.items()} == {
        phase: cost.macs // 8 for phase, cost in whole.items()
    }


class Attention(nn.Module):
    """As many heads as its projections are wide."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(64, 64, bias=False) for _ in range(3))
        self.out = nn.Linear(64, 64, bias=False)

    def forward(self, x):
        heads = (
            layer(x).view(*x.shape[:2], -1, 8).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        found = nn.functional.scaled_dot_product_attention(*heads)
        return self.out(found.transpose(1, 2).flatten(2))


def test_attention_with_one_head_to_a_rank(mesh):
    plan = {name: ColwiseParallel() for name in ("query", "key", "value")}
    module = parallelize_module(Attention(), mesh, {**plan, "out": RowwiseParallel()})
    x = torch.randn(2, 10, 64)
    report = convcost.profile(module, x)
    assert report.macs == convcost.profile(Attention(), x).macs == 4 * 20 * 64 * 64 + 2 * 2 * 10 * 10 * 64
    assert report.per_rank.macs == report.macs // 8
    assert sent(report) == really_sent(module, x, backward=False) == [("all_reduce", "forward", 5120)]


def test_sequence_parallelism(mesh):
    """A rank has 2 of 16 positions; the whole module is counted on all of them."""
    module = nn.Sequential(nn.LayerNorm(64), FeedForward())
    plan = {
        "0": SequenceParallel(),
        "1": PrepareModuleInput(input_layouts=Shard(1), desired_input_layouts=Replicate()),
        "1.up": ColwiseParallel(),
        "1.down": RowwiseParallel(output_layouts=Shard(1)),
    }
    report = check(parallelize_module(module, mesh, plan), torch.randn(4, 2, 64))
    assert report.input == (4, 16, 64)
    assert report.macs == 8 * report.per_rank.macs == 2 * 64 * 64 * 256
    forward = [(found.path, found.call.kind, found.bytes) for found in report.collectives][:2]
    assert forward == [("1", "all_gather", 4 * 2 * 64 * 4), ("1.down", "reduce_scatter", 4 * 16 * 64 * 4)]


def test_uneven_shards_are_named_and_rank_0_has_the_largest(mesh):
    plan = {"up": ColwiseParallel(use_local_output=False), "down": RowwiseParallel()}
    module = parallelize_module(FeedForward(60, 250), mesh, plan)
    report = check(module, torch.randn(4, 16, 60))
    assert report.per_rank.params == 60 * 32 + 32 + 32 * 60 + 60
    assert report.distributed.uneven == ("up.weight", "up.bias", "down.weight")


def test_embeddings_and_outputs_that_are_gathered(mesh):
    module = nn.Sequential(nn.Embedding(104, 64), nn.Linear(64, 104))
    plan = {
        "0": RowwiseParallel(input_layouts=Replicate()),
        "1": ColwiseParallel(output_layouts=Replicate()),
    }
    report = check(parallelize_module(module, mesh, plan), torch.randint(0, 104, (4, 16)))
    assert [found.call.kind for found in report.collectives if found.phase == "forward"] == [
        "all_reduce",
        "all_gather",
    ]


def test_a_tied_weight_counts_once(mesh):
    module = nn.Sequential(nn.Linear(64, 64, bias=False), nn.Linear(64, 64, bias=False))
    weight = nn.Parameter(distribute_tensor(torch.randn(64, 64), mesh, [Shard(0)]))
    module[0].weight = module[1].weight = weight
    x = distribute_tensor(torch.randn(8, 64), mesh, [Replicate()])
    report = convcost.profile(module, x)
    assert report.params == 64 * 64
    assert report.per_rank.params == 8 * 64
    assert report.trace.tied == (("0.weight", "1.weight"),)


def test_a_replicated_module_is_no_smaller_on_a_rank(mesh):
    module = nn.Sequential(parallelize_module(FeedForward(), mesh, SPLIT), nn.Linear(64, 10))
    report = check(module, torch.randn(4, 64))
    run = report.distributed
    assert report.per_rank.macs - report.macs // 8 == 4 * 64 * 10 * 7 // 8
    assert run.replication(report.macs, report.per_rank.macs, is_work=True) > 1


class DividedAttention(Attention):
    """Its plan changes a number that its forward uses."""

    heads = 8

    def forward(self, x):
        return self.out(self.query(x).view(*x.shape[:2], self.heads, 8).flatten(2))


def test_a_module_that_its_plan_has_changed_is_counted_as_the_rank_runs_it(mesh):
    module = DividedAttention()
    parallelize_module(module, mesh, {"query": ColwiseParallel(), "out": RowwiseParallel()})
    module.heads //= 8
    report = convcost.profile(module, torch.randn(2, 10, 64))
    assert report.macs == report.per_rank.macs == 2 * 20 * 64 * 8
    assert "invalid for input of size" in report.distributed.failure


class Exchanging(nn.Module):
    """Calls collectives itself."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x):
        y = self.linear(x).detach()
        torch.distributed.all_reduce(y)
        parts = [torch.empty_like(y) for _ in range(torch.distributed.get_world_size())]
        torch.distributed.all_gather(parts, y)
        received = torch.empty_like(y)
        torch.distributed.all_to_all_single(received, y)
        torch.distributed.broadcast(received, src=0)
        return received


def test_collectives_that_a_module_calls_itself(mesh):
    """One that has no ring here is named, with its payload."""
    report = convcost.profile(Exchanging(), torch.randn(16, 8))
    found = [(each.call.kind, each.bytes, each.ring_bytes) for each in report.collectives]
    assert found == [
        ("all_reduce", 512, 2 * 7 * 64),
        ("all_gather", 512, 7 * 512),
        ("all_to_all", 512, 7 * 64),
        ("broadcast", 512, None),
    ]
    assert report.distributed.failure == "no tensor is a DTensor, so full shapes are unknown"
    assert report.macs == report.per_rank.macs == 16 * 8 * 8


def test_another_rank_has_what_is_left_of_uneven_shards():
    with fake_ranks((4,), ("tp",), rank=3) as mesh:
        module = parallelize_module(nn.Linear(8, 10), mesh, ColwiseParallel(use_local_output=False))
        report = convcost.profile(module, torch.randn(2, 8))
    assert report.distributed.rank == 3
    assert report.per_rank.params == 8 + 1
