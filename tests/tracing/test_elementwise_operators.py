"""Operators of elementwise work: how many operations each is for an element, and of which tensor."""

import pytest
import torch
import torch.nn.functional as F
from models import Calls

from convcost.tracing.profile import profile

ROWS = torch.tensor([0, 1, 0])


def zeros(*shape, **options):
    return torch.zeros(shape, **options)


def interpolated(mode, *shape, **options):
    return F.interpolate(zeros(*shape), scale_factor=2, mode=mode, **options)


def sampled(*shape):
    return F.grid_sample(zeros(1, 2, *shape), zeros(1, *shape, len(shape)), align_corners=True)


BY_OUTPUT = {
    "linear1d": (3, lambda: interpolated("linear", 2, 3, 4)),
    "bilinear2d": (7, lambda: interpolated("bilinear", 1, 2, 3, 4)),
    "bilinear2d antialiased": (7, lambda: interpolated("bilinear", 1, 2, 3, 4, antialias=True)),
    "bicubic2d": (31, lambda: interpolated("bicubic", 1, 2, 3, 4)),
    "trilinear3d": (15, lambda: interpolated("trilinear", 1, 2, 3, 4, 5)),
    "nearest": (0, lambda: interpolated("nearest", 1, 2, 3, 4)),
    "grid_sample 2d": (7, lambda: sampled(5, 6)),
    "grid_sample 3d": (15, lambda: sampled(5, 6, 7)),
    "exp": (1, lambda: zeros(2, 3).exp()),
    "lerp": (2, lambda: torch.lerp(zeros(2, 3), zeros(2, 3), 0.5)),
    "clamp": (2, lambda: zeros(2, 3).clamp(0, 1)),
    "logaddexp": (3, lambda: torch.logaddexp(zeros(2, 3), zeros(2, 3))),
    "sinc": (3, lambda: torch.sinc(zeros(2, 3))),
    "weight norm": (3, lambda: torch._weight_norm(zeros(2, 3), zeros(2, 1), 0)),
    "distances of 7 features": (3 * 7, lambda: torch.cdist(zeros(4, 7), zeros(5, 7))),
    "distances of 7 features within": (3 * 7, lambda: F.pdist(zeros(4, 7))),
    "max_pool2d of 2 x 3": (6, lambda: F.max_pool2d(zeros(1, 2, 4, 6), (2, 3))),
    "lp_pool2d of 2 x 2": (9, lambda: F.lp_pool2d(zeros(1, 2, 4, 6), 2, 2)),
    "local_response_norm over 2": (7, lambda: F.local_response_norm(zeros(1, 2, 4, 6), 2)),
    "dropout in training": (2, lambda: F.dropout(zeros(2, 3), 0.5, training=True)),
    "a lookup": (0, lambda: zeros(4, 3)[ROWS]),
    "what replaces": (0, lambda: zeros(2, 4).index_put((ROWS[:2],), zeros(2, 4))),
}
"""Operations for each element of the output."""

BY_INPUT = {
    "sum": (1, zeros(6, 5), lambda x: x.sum(0)),
    "mean": (1, zeros(6, 5), lambda x: x.mean(1)),
    "aminmax": (1, zeros(6, 5), lambda x: torch.aminmax(x, dim=0).min),
    "logsumexp": (2, zeros(6, 5), lambda x: x.logsumexp(0)),
    "vector_norm": (2, zeros(6, 5), torch.linalg.vector_norm),
    "index_add": (1, zeros(3, 4), lambda x: zeros(2, 4).index_add(0, ROWS, x)),
    "scatter_add": (1, zeros(3, 4), lambda x: zeros(5, 4).scatter_add(0, ROWS[:, None].expand(3, 4), x)),
    "index_put": (1, zeros(3, 4), lambda x: zeros(2, 4).index_put((ROWS,), x, accumulate=True)),
    "index_reduce": (1, zeros(3, 4), lambda x: zeros(2, 4).index_reduce(0, ROWS, x, "prod")),
    "put": (1, zeros(3), lambda x: zeros(2, 4).put(ROWS, x, accumulate=True)),
    "segment_reduce": (1, zeros(6), lambda x: torch.segment_reduce(x, "sum", lengths=torch.tensor([2, 4]))),
    "fold": (1, zeros(1, 8, 12), lambda x: F.fold(x, (4, 5), 2)),
}
"""Operations for each element of what is summed."""


@pytest.mark.parametrize("name", BY_OUTPUT)
def test_an_operator_costs_its_operations_for_each_element_of_the_output(name):
    operations, function = BY_OUTPUT[name]
    report = profile(Calls(lambda _: function()))
    assert (report.elementwise, report.macs) == (operations * function().numel(), 0)
    assert not report.trace.uncounted


@pytest.mark.filterwarnings("ignore:index_reduce")
@pytest.mark.parametrize("name", BY_INPUT)
def test_a_sum_costs_its_operations_for_each_element_of_what_is_summed(name):
    operations, x, function = BY_INPUT[name]
    report = profile(Calls(lambda _, x: function(x)), x)
    assert (report.elementwise, report.macs) == (operations * x.numel(), 0)
    assert not report.trace.uncounted
    assert x.numel() != function(x).numel()


def test_a_trace_costs_a_sum_for_each_element_of_the_diagonal():
    assert profile(Calls(lambda _: torch.trace(zeros(4, 6)))).elementwise == 4


def test_what_is_put_in_place_of_others_costs_nothing():
    report = profile(Calls(lambda _: zeros(2, 4).put(ROWS, zeros(3))))
    assert (report.elementwise, report.trace.is_partial) == (0, False)


@pytest.mark.parametrize(
    "move",
    [
        lambda x: x.roll(1, dims=0),
        lambda x: x.gather(0, torch.zeros(2, 3, dtype=torch.int64)),
        lambda x: x.index_select(1, torch.tensor([0, 0])),
        lambda x: torch.cat([x, x]).flip(0),
        lambda x: x.t().contiguous().clone(),
    ],
    ids=("roll", "gather", "index_select", "cat and flip", "a copy of a view"),
)
def test_lookups_moves_and_copies_cost_nothing(move):
    assert profile(Calls(lambda _: move(zeros(2, 3)))).elementwise == 0
