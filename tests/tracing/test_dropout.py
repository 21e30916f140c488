"""Dropout: two operations for each element in training, none in evaluation, however it is spelled."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from models import Calls

from convcost.tracing.profile import Profiler, profile

SHAPE = (2, 3, 4)
ELEMENTS, CHANNELS = 24, 6

KINDS = {
    "dropout": (2 * ELEMENTS, F.dropout),
    "dropout1d": (ELEMENTS + CHANNELS, F.dropout1d),
    "alpha_dropout": (6 * ELEMENTS, F.alpha_dropout),
    "feature_alpha_dropout": (2 * ELEMENTS + 4 * CHANNELS, F.feature_alpha_dropout),
}


def elementwise(function, *inputs):
    report = profile(Calls(lambda _, *inputs: function(*inputs)), *inputs)
    assert not report.trace.is_partial
    return report.elementwise


@pytest.mark.parametrize("name", KINDS)
def test_a_function_costs_what_the_operators_do_that_a_script_of_it_is_made_of(name):
    operations, function = KINDS[name]
    x = torch.randn(SHAPE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        script = torch.jit.trace(lambda x: function(x, 0.5, True), x, check_trace=False)
    assert elementwise(lambda x: function(x, 0.5, True), x) == operations
    assert elementwise(script, x) == operations


@pytest.mark.parametrize("name", KINDS)
def test_nothing_is_dropped_in_evaluation_or_with_a_probability_of_none(name):
    function = KINDS[name][1]
    assert elementwise(lambda x: function(x, 0.5, False), torch.randn(SHAPE)) == 0
    assert elementwise(lambda x: function(x, 0.0, True), torch.randn(SHAPE)) == 0


def test_dropping_all_is_a_product_with_zero():
    assert elementwise(lambda x: F.dropout(x, 1.0, True), torch.randn(SHAPE)) == ELEMENTS


@pytest.mark.parametrize(("train", "operations"), [(True, 2), (None, 2), (False, 0)])
def test_a_fused_kernel_costs_the_same(train, operations):
    found = elementwise(lambda x: torch.native_dropout(x, 0.5, train)[0], torch.randn(SHAPE))
    assert found == operations * ELEMENTS


def test_a_gradient_goes_back_through_what_forward_kept():
    """A mask that is scaled already, or a mask and the scale."""
    x = torch.randn(SHAPE, requires_grad=True)
    for function, each in ((F.dropout, 1), (lambda x: torch.native_dropout(x, 0.5, True)[0], 2)):
        module = Calls(lambda _, x, function=function: function(x))
        trace = Profiler(backward=True).profile(module, x).trace
        assert trace.total("gradient by input").elementwise == each * ELEMENTS


@pytest.mark.parametrize(("p", "operations"), [(0.0, 0), (0.1, 2), (1.0, 1)])
def test_attention_drops_its_scores(p, operations):
    """In one operator, in the kernel that it runs, and written out."""
    heads = torch.randn(2, 3, 5, 4)
    scores = 2 * 3 * 5 * 5
    kernel = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    for attend in (F.scaled_dot_product_attention, lambda *args, dropout_p: kernel(*args, dropout_p)[0]):
        found = elementwise(lambda x, attend=attend: attend(x, x, x, dropout_p=p), heads)
        assert found == (6 + operations) * scores
