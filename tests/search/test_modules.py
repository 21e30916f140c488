"""Sizes of a torch module's inputs, found to match a cost: against every size tried on the module itself."""

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import convcost
from convcost.core.errors import ConvcostError, UsageError
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.symbolic_shapes.profile import profile_open

NETWORK = nn.Sequential(
    nn.Conv2d(3, 8, 3, stride=2), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2, padding=1, groups=2)
)
LARGEST = 40


@cache
def open_network(*names):
    """The network's cost on images whose sizes called `names` are open."""
    shape = ",".join(("B" if "B" in names else "2", "3", "H", "W" if "W" in names else "9"))
    return profile_open(NETWORK, parse_inputs((f"f32[{shape}]",)).args)


@cache
def on(batch, height, width):
    """What torch's own run costs; None where the image is too small."""
    try:
        return convcost.profile(NETWORK, torch.empty(batch, 3, height, width)).macs
    except RuntimeError:
        return None


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60_000))
def test_a_height_is_the_nearest_within_a_budget(budget):
    costs = {height: on(2, height, 9) for height in range(1, LARGEST + 1)}
    within = [cost for cost in costs.values() if cost is not None and cost <= budget]
    found = convcost.match(open_network("H"), vary="H", metric="macs", budget=budget, maximum=LARGEST)
    assert found.found == bool(within)
    assert {choice.sizes["H"] for choice in found.best} == {
        height for height, cost in costs.items() if within and cost == max(within)
    }
    assert all(choice.report.macs == choice.cost == on(2, choice.sizes["H"], 9) for choice in found.best)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60_000))
def test_a_pair_is_the_nearest_within_a_budget(budget):
    costs = [on(2, height, width) for height in range(1, 21) for width in range(1, 21)]
    within = [cost for cost in costs if cost is not None and cost <= budget]
    found = convcost.match(open_network("H", "W"), vary="H,W", metric="macs", budget=budget, maximum=20)
    assert [choice.cost for choice in found.best[:1]] == ([max(within)] if within else [])


def test_a_module_is_matched_by_a_design_and_the_other_way_round():
    module, design = open_network("B", "H"), "[B, 3, H, 9] -> Conv2d(3, C, 3, stride=2)"
    fitted = convcost.match(module, design, vary="C", metric="macs", B=2, H=21)
    assert fitted.reference.macs == on(2, 21, 9) == fitted.target
    back = convcost.match(design, module, vary="H", metric="macs", B=2, C=12, H=21)
    assert back.target == convcost.cost(design, B=2, C=12, H=21).macs
    assert all(choice.cost == on(2, choice.sizes["H"], 9) for choice in back.best)


def test_a_batch_that_nobody_stated_is_one():
    found = convcost.match(open_network("B", "H"), vary="H", metric="macs", budget=20_000)
    assert found.assumed == ("B",)
    assert found.best[0].cost == on(1, found.best[0].sizes["H"], 9)


def test_a_metric_asks_for_no_size_that_it_does_not_depend_on():
    found = convcost.match(open_network("B", "H"), "Linear(F, 4)", vary="F", metric="params")
    assert found.target == sum(parameter.numel() for parameter in NETWORK.parameters())


def test_an_image_that_is_too_small_does_not_fit_though_its_cost_is_the_same():
    parameters = sum(parameter.numel() for parameter in NETWORK.parameters())
    found = convcost.match(open_network("H"), vary="H", metric="params", budget=parameters, maximum=LARGEST)
    least = min(height for height in range(1, LARGEST + 1) if on(2, height, 9) is not None)
    assert found.best[0].sizes == {"H": least}
    assert found.notes[0].startswith(f"{LARGEST + 1 - least} values of H cost the same, from {least} to")


def test_a_size_that_the_module_leaves_out_is_refused():
    with pytest.raises(UsageError, match="no size of Sequential, the design to fit, is called E"):
        convcost.match(open_network("H"), vary="E", budget=10)
    with pytest.raises(ConvcostError, match="H has no value"):
        convcost.match(open_network("H", "W"), vary="W", budget=10)


def test_a_comparison_puts_sizes_into_a_module_too():
    comparison = convcost.compare(open_network("B", "H"), "[B, 3, H, 9] -> Conv2d(3, 8, 3)", B=2, H=21)
    assert comparison.first.macs == on(2, 21, 9)
