"""Losses and bags of embeddings that torch computes in one operator cost what they do written out."""

from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from tracing.models import Calls

from convcost.operators import OPERATORS
from convcost.tracing.profile import profile

X, T = torch.randn(5, 6), torch.rand(5, 6)
CLASSES = torch.tensor([1, 2, 3, 4, 5])
WEIGHTS = torch.ones(6)
INDICES, OFFSETS = torch.tensor([0, 1, 2, 3, 4, 5, 6, 7]), torch.tensor([0, 3, 4, 6])
TABLE = torch.randn(10, 3)


def counted(function, *inputs):
    report = profile(Calls(lambda _, *inputs: function(*inputs)), *inputs)
    assert not report.trace.is_partial
    return report.elementwise


LOSSES = {
    "mse": (F.mse_loss, lambda x, t: (x - t).square()),
    "smooth l1": (F.smooth_l1_loss, lambda x, t: (x - t).square() * 0.5),
    "huber": (F.huber_loss, lambda x, t: ((x - t).abs() - 0.5) * 2),
    "soft margin": (F.soft_margin_loss, lambda x, t: ((-t * x).exp() + 1).log()),
    "binary cross entropy": (
        F.binary_cross_entropy,
        lambda x, t: -(t * x.log() + (1 - t) * (1 - x).log()),
    ),
    "binary cross entropy of logits": (
        F.binary_cross_entropy_with_logits,
        lambda x, t: x.clamp_min(0) - t * x + ((-x.abs()).exp() + 1).log(),
    ),
}


@pytest.mark.parametrize(("whole", "steps"), LOSSES.values(), ids=LOSSES)
def test_a_loss_costs_what_its_steps_do_and_a_sum_where_it_is_reduced(whole, steps):
    inputs = (X.sigmoid(), T)
    assert counted(lambda x, t: whole(x, t, reduction="none"), *inputs) == counted(steps, *inputs)
    for reduction in ("mean", "sum"):
        summed = counted(lambda x, t, kind=reduction: whole(x, t, reduction=kind), *inputs)
        assert summed == counted(lambda x, t: steps(x, t).sum(), *inputs)


@pytest.mark.parametrize(
    ("options", "each"),
    [
        ({}, 2),
        ({"reduction": "sum"}, 2),
        ({"reduction": "none"}, 1),
        ({"weight": WEIGHTS}, 3),
        ({"weight": WEIGHTS, "reduction": "none"}, 2),
    ],
)
def test_a_negative_log_likelihood_costs_a_little_for_each_target(options, each):
    assert counted(lambda x: F.nll_loss(x, CLASSES, **options), X) == each * 5
    assert counted(lambda x: F.nll_loss(x, CLASSES.view(1, 5), **options), X.T[None]) == each * 5


def test_a_cross_entropy_is_a_log_softmax_and_a_likelihood():
    softmax = counted(lambda x: x.log_softmax(1), X)
    assert counted(lambda x: F.cross_entropy(x, CLASSES), X) == softmax + 2 * 5


def test_a_multi_margin_loss_sums_over_classes_in_any_case():
    def steps(x):
        return (x + (1 - x.gather(1, CLASSES[:, None])).expand(5, 6)).clamp_min(0).sum(1)

    assert counted(lambda x: F.multi_margin_loss(x, CLASSES, reduction="none"), X) == counted(steps, X) + 25


@pytest.mark.parametrize(("mode", "quotients"), [("sum", 0), ("max", 0), ("mean", 4 * 3)])
def test_a_bag_of_embeddings_costs_a_sum_for_each_feature_that_is_looked_up(mode, quotients):
    found = counted(lambda table: F.embedding_bag(INDICES, table, OFFSETS, mode=mode), TABLE)
    assert found == 8 * 3 + quotients


def test_a_weighted_bag_multiplies_as_well():
    weights = torch.ones(8)
    found = counted(
        lambda table: F.embedding_bag(INDICES, table, OFFSETS, mode="sum", per_sample_weights=weights), TABLE
    )
    assert found == 2 * 8 * 3


@pytest.mark.parametrize(("mode", "each"), [("bilinear", 7), ("nearest", 0), ("bicubic", 31)])
def test_a_sampled_grid_costs_what_an_interpolation_does(mode, each):
    grid = torch.zeros(1, 3, 2, 2)
    found = counted(
        lambda x, grid: F.grid_sample(x, grid, mode, align_corners=False), torch.ones(1, 4, 5, 5), grid
    )
    assert found == each * 4 * 3 * 2


ONCE = {
    "torch.rsub": (lambda x: torch.rsub(x, x), 1),
    "floor_divide": (lambda x: x // 2, 1),
    "addr": (lambda x: torch.addr(x, x[:, 0], x[0]), 2),
    "cummax": (lambda x: x.cummax(0)[0], 1),
    "unsafe_chunk": (lambda x: x.unsafe_chunk(2)[0], 0),
    "view_copy": (lambda x: torch.view_copy(x, (6, 5)), 0),
    "diag_embed": (torch.diag_embed, 0),
}


@pytest.mark.parametrize(("function", "each"), ONCE.values(), ids=ONCE)
def test_an_operator_of_this_name_has_a_formula(function, each):
    assert counted(function, X) == each * 30


def test_a_cumulative_trapezoid_is_counted_as_what_it_is_made_of():
    written_out = counted(lambda x: ((x[:, 1:] + x[:, :-1]) * 0.5).cumsum(1), X)
    assert counted(lambda x: torch.cumulative_trapezoid(x, dx=1), X) == written_out


@dataclass(frozen=True, slots=True)
class Batch:
    x: torch.Tensor


def test_a_dataclass_with_slots_may_hold_inputs_and_outputs():
    trace = profile(Calls(lambda _, batch: Batch(batch.x + 1)), Batch(X)).trace
    assert [(found.name, found.shape) for found in (*trace.inputs, *trace.outputs)] == [
        ("inputs.0.x", (5, 6)),
        ("x", (5, 6)),
    ]


@pytest.mark.parametrize(("reduction", "products"), [("mean", 3), ("none", 1)])
def test_a_loss_of_logits_in_chunks_multiplies_for_them_and_for_the_gradients_that_it_makes(
    reduction, products
):
    x, weight = torch.randn(5, 8, requires_grad=True), torch.nn.Parameter(torch.randn(6, 8))
    found = OPERATORS[
        f"torch_nn::_linear_cross_entropy_batch_chunked{'_no_reduction' * (reduction == 'none')}"
    ].cost(
        input=x,
        linear_weight=weight,
        linear_bias=None,
        **dict.fromkeys(("compute_input_grad", "compute_linear_weight_grad"), products == 3),
    )
    assert (found.macs, found.elementwise) == (products * 5 * 8 * 6, 5 * (5 * 6 + 1))


def test_a_loss_of_logits_in_chunks_is_not_partial():
    linear_cross_entropy = pytest.importorskip("torch.nn.functional").linear_cross_entropy
    report = profile(
        Calls(lambda _, x, weight, target: linear_cross_entropy(x, weight, target)),
        *(torch.randn(5, 8), torch.randn(6, 8), CLASSES),
    )
    assert (report.macs, report.trace.is_partial) == (5 * 8 * 6, False)


def test_losses_with_a_bound_for_their_data_are_estimated():
    """CTC has 2 · 3 + 1 states at each of 4 steps of 2 samples; margins are of 6 classes against 6."""
    log_probs = torch.zeros(4, 2, 5).log_softmax(-1)
    targets, lengths = torch.ones(2, 3, dtype=torch.long), (torch.tensor([4, 4]), torch.tensor([3, 3]))
    ctc = profile(Calls(lambda _, x: F.ctc_loss(x, targets, *lengths, reduction="none")), log_probs)
    margins = profile(
        Calls(lambda _, x: F.multilabel_margin_loss(x, CLASSES[None].repeat(5, 1)[:, :6])), X[:, :5]
    )
    for report, operations in ((ctc, 12 * 4 * 2 * 7), (margins, 4 * 25 * 5)):
        estimated = [found.cost.elementwise for found in report.trace.operations if found.estimated]
        assert (estimated, report.trace.is_partial) == ([operations], False)
