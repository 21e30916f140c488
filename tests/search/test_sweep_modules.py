"""Sizes of a torch module's inputs are swept by its formulas: against the module run at each point."""

from fractions import Fraction
from itertools import product

import pytest
import torch
from torch import nn

import convcost
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.sweep import QUANTITIES
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.symbolic_shapes.profile import profile_open


class Pyramid(nn.Module):
    """Pools wide images before its second convolution, and narrow ones not."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2)
        self.second = nn.Conv2d(6, 4, 3, padding=1, groups=2)

    def forward(self, x):
        x = self.first(x).relu()
        return self.second(nn.functional.max_pool2d(x, 2) if x.shape[-1] > 12 else x)


MODULE = Pyramid()
HEIGHTS, WIDTHS, BATCHES = (1, 2, 3, 8, 15), (4, 20, 27, 28, 64), (1, 5)
OVER = {"H": HEIGHTS, "W": WIDTHS, "B": BATCHES}


@pytest.fixture(scope="module")
def report():
    return profile_open(MODULE, parse_inputs(("f32[B,3,H,W]",)).args)


def run(height, width, batch):
    """What it costs there; None where it does not run."""
    try:
        return convcost.profile(MODULE, torch.empty(batch, 3, height, width, device="meta"))
    except (RuntimeError, ConvcostError):
        return None


def test_every_row_is_what_a_run_at_its_sizes_costs_and_no_other_is_shown(report):
    names = [name for name in QUANTITIES if name != "valid_macs"]
    found = convcost.sweep(report, over=OVER, where=f"{' + '.join(names)} >= 0", top=100)
    rows = {(*row.sizes.values(),): row.quantities for row in found}
    for sizes in product(HEIGHTS, WIDTHS, BATCHES):
        run_there = run(*sizes)
        if sizes in rows:
            assert rows[sizes] == {name: getattr(run_there, name) for name in rows[sizes]}
        else:
            assert run_there is None or sizes[1] < 27
    assert {sizes[1] for sizes in rows} == {27, 28, 64}


def test_sizes_where_the_formulas_do_not_hold_are_counted_by_what_they_assume(report):
    found = convcost.sweep(report, over=OVER)
    assert found.number_impossible + found.matching == found.points == 50
    assert {reason.partition(" where ")[0] for reason in found.impossible} == {"the formulas hold only"}
    assert any("W ≥ 27" in reason for reason in found.impossible)


def test_a_module_is_what_a_spec_is_compared_with_and_the_other_way_round(report):
    spec = "[B, 3, H, W] -> Conv2d(3, C, 3)"
    over = {"H": "7,9", "W": "30,31", "C": "2,4"}
    forth = convcost.sweep(report, spec, over=over, B=2, top=50)
    back = convcost.sweep(spec, report, over=over, B=2, top=50)
    ratios = {(*row.sizes.values(),): row.ratio for row in forth}
    assert len(ratios) == 8
    for row in back:
        first = convcost.cost(spec, **row.sizes, B=2).flops
        own = run(row.sizes["H"], row.sizes["W"], 2).flops
        assert row.quantities["flops"] == own
        assert row.ratio == 1 / ratios[(*row.sizes.values(),)] == Fraction(own, first)


def test_a_size_that_the_module_does_not_have_is_refused(report):
    with pytest.raises(UsageError, match="no size is called E"):
        convcost.sweep(report, over={"E": "1,2"})
    with pytest.raises(ConvcostError, match="H has no value"):
        convcost.sweep(report, over={"W": "30"}, B=1)
