"""`mesh=` and `parallelize=` in Python: one rank beside the whole module."""

import pytest
import torch
from torch import nn
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

import convcost
from convcost.core.errors import UsageError, WrongTypeError

SHARE = 4 * 2 * 64 * 32
"""MACs of one of eight ranks."""


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(64, 256), nn.Linear(256, 64)

    def forward(self, x):
        return self.down(torch.relu(self.up(x)))


class Planned(Block):
    def __init__(self):
        super().__init__()
        self.tp_plan = {"up": "colwise", "down": "rowwise"}


class TakesMesh(nn.Linear):
    def forward(self, x, mesh):
        assert mesh == "tp=8"
        return super().forward(x)


def parallelize(module, mesh):
    return parallelize_module(module, mesh["tp"], {"up": ColwiseParallel(), "down": RowwiseParallel()})


@pytest.mark.parametrize(
    "count",
    [
        lambda: convcost.cost(Planned(), "f32[4,64]", mesh="tp=8"),
        lambda: convcost.cost(Planned(), "f32[B,64]", mesh="tp=8", B=4),
        lambda: convcost.cost((Planned(), torch.zeros(4, 64)), mesh="tp=8"),
        lambda: convcost.cost(Block(), "f32[4,64]", mesh="tp=8", parallelize=parallelize),
        lambda: convcost.cost(f"f32[4,64] -> {__file__}:Planned", mesh="tp=8"),
        lambda: convcost.cost(f"f32[4,64] -> {__file__}:Block", mesh="tp=8", parallelize=parallelize),
        lambda: convcost.profile(Planned(), "f32[4,64]", mesh="tp=8"),
        lambda: convcost.profile(Planned(), torch.zeros(4, 64), mesh="tp=8"),
        lambda: convcost.profile(Block(), torch.zeros(4, 64), mesh="tp=8", parallelize=parallelize),
    ],
)
def test_a_rank_has_its_share(count):
    report = count()
    assert (report.macs, report.per_rank.macs) == (8 * SHARE, SHARE)
    assert [(sent.path, sent.call.kind, sent.bytes) for sent in report.collectives] == [
        ("down", "all_reduce", 4 * 64 * 4)
    ]


def test_a_backward_is_that_of_the_rank():
    report = convcost.cost(Planned(), "f32[4,64]", mesh="tp=8", backward=True)
    assert report.training_flops == 8 * report.per_rank.training_flops


def test_names_may_be_those_of_sizes_and_of_inputs():
    assert convcost.cost("[mesh,3] -> Linear(3,4)", mesh=2).macs == 24
    assert convcost.profile(TakesMesh(8, 2), "f32[1,8]", mesh="tp=8").macs == 16


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"mesh": "tp"}, "mesh tp is not a mesh\nWrite it as tp=8"),
        ({"mesh": "tp=0"}, "mesh tp=0: it must be 1 to 65,536 ranks"),
        ({"parallelize": parallelize}, 'parallelize needs a mesh\nFor example, mesh="tp=8".'),
        (
            {"mesh": "tp=8", "parallelize": "x"},
            "parallelize must be a function of the module and the mesh, not the string",
        ),
        ({"mesh": "tp=8"}, "Block has no tensor-parallel plan"),
    ],
)
def test_what_is_wrong_with_a_mesh_is_said(given, message):
    with pytest.raises(UsageError) as caught:
        convcost.cost(Block(), "f32[4,64]", **given)
    assert str(caught.value).startswith(message)


def test_a_mesh_is_for_modules_with_numbers():
    with pytest.raises(UsageError, match="a mesh is only for torch modules"):
        convcost.cost("Linear(3,4)", mesh="tp=8")
    with pytest.raises(UsageError, match="a mesh needs a number for B"):
        convcost.cost(Planned(), "f32[B,64]", mesh="tp=8")


@pytest.mark.parametrize(
    "count",
    [
        lambda: convcost.profile(Block(), "f32[4,64]", device="h100"),
        lambda: convcost.cost(Block(), "f32[4,64]", device="h100"),
    ],
)
def test_an_argument_that_forward_lacks_is_said(count):
    with pytest.raises(WrongTypeError, match=r"Block\.forward has no input device\nIt takes x\."):
        count()
