"""Explanations of designs with branches: where layers are, where inputs come from, how joins multiply."""

import pytest

import convcost
from convcost import parse
from convcost.analysis.explain.explanation import derivation
from convcost.render import render

DESIGN = "[B, T, E] -> matmul(Linear(E, E), Linear(E, E) -> transpose(1, 2)) -> x + [B, 1, T]"

EXPECTED = """\
 2 × Linear(8, 8) at paths 0.0, 0.1.0
 ────────────────────────────────────
 input       (B, T, E) = (2, 5, 8)
             Linear works on the last dimension; every other dimension is a
             position.
 output      (B, T, E) = (2, 5, 8)
 per output  in_features = E = 8 MACs
 loops       for position in range(B·T):      10
               for out_feature in range(E):    8
                 for in_feature in range(E):   8
                   one multiply–accumulate
 MACs        B·T·E·E = 10·8·8 = 640
 FLOPs       2 × MACs = 2 × 640 = 1,280
 excluded    80 bias adds, one per output element: 6.25% of the FLOPs.
 parameters  weight + bias = E·E + E = 8·8 + 8 = 72
 2 layers    MACs = 2 × 640 = 1,280
             FLOPs = 2 × 1,280 = 2,560
             bias adds = 2 × 80 = 160
             parameters = 2 × 72 = 144

 transpose(1, 2) at path 0.1.1
 ─────────────────────────────
 input       (B, T, E) = (2, 5, 8)
 output      (B, E, T) = (2, 8, 5)
 rule        Swaps two dimensions.
 MACs        none

 matmul() at path 0
 ──────────────────
 inputs      0.0 Linear = (B, T, E) = (2, 5, 8)
             0.1.1 transpose = (B, E, T) = (2, 8, 5)
 output      (B, T, T) = (2, 5, 5)
 per output  terms = E = 8 MACs
 loops       for output element in range(B·T²):  50
               for term in range(E):              8
                 one multiply–accumulate
 MACs        B·T²·E = 50·8 = 400
 FLOPs       2 × MACs = 2 × 400 = 800

 add() at path 1
 ───────────────
 inputs      0 matmul = (B, T, T) = (2, 5, 5)
             input 2 = (B, 1, T) = (2, 1, 5)
 output      (B, T, T) = (2, 5, 5)
 rule        The sum of its inputs, which broadcast: an addition per element for
             each input after the first.
 operations  1 × 50 output elements = 50
 MACs        none
 excluded    50 elementwise operations.
"""


def explained(design, format_name="table", **sizes):
    found = derivation((parse(design),), sizes)
    return render(found, format_name)


def test_a_design_with_branches_is_derived_layer_by_layer():
    assert EXPECTED in explained(DESIGN, B=2, T=5, E=8)


def test_an_einsum_multiplies_the_letters_that_are_summed_over_for_each_element():
    shown = explained('[B, Q, D] -> einsum("bqd,bkd->bqk", x, [B, K, D])')
    assert " per output  d = D MACs\n" in shown
    assert " MACs        B·Q·K·D = B·D·K·Q\n" in shown


def test_inputs_of_an_attention_are_all_shown():
    shown = explained("[B, T, 16] -> MultiheadAttention(16, 4, batch_first=True)(x, [B, S, 16])")
    assert " inputs      input 1 = (B, T, 16)\n             input 2 = (B, S, 16)\n" in shown


def test_the_places_of_many_layers_alike_are_told_by_the_first():
    shown = explained("[2, 4] -> 6 x (x + Linear(4, 4))")
    assert " 6 × Linear(4, 4) at paths 0.1, 1.1, 2.1, 3.1, …\n" in shown


def test_a_chain_has_no_places():
    assert " Linear(4, 4)\n" in explained("[2, 4] -> Linear(4, 4) -> ReLU")


def test_the_total_is_that_of_the_report():
    report = convcost.cost(DESIGN, B=2, T=5, E=8)
    assert f" MACs        1,280 + 400 = {report.macs:,}\n".replace("1,280", "2 × 640") in explained(
        DESIGN, B=2, T=5, E=8
    )


@pytest.mark.parametrize("format_name", ["table", "json", "markdown", "latex"])
def test_every_format_has_it(format_name):
    assert "0.1.1" in explained(DESIGN, format_name, B=2, T=5, E=8)
