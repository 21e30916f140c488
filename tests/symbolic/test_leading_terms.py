"""The leading terms of a formula: the ratio to them tends to 1 as the sizes that they name grow together."""

from fractions import Fraction

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, Max, Rational, floor, sqrt
from torch import nn

import convcost
from convcost.render.formulas import LONGEST_ALONE, TOO_LONG, amount_text
from convcost.symbolic.leading_terms import leading_terms
from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import evaluate

B, H, W, T, E = map(symbol, "BHWTE")


def found(formula):
    leading = leading_terms(formula)
    return leading and (sum(factor * monomial for factor, monomial in leading.terms), leading.names)


@pytest.mark.parametrize(
    ("formula", "leading", "names"),
    [
        (3 * B * (floor(H / 32 + Rational(31, 32)) * floor(W / 2) + 5), 3 * B * H * W / 64, "HW"),
        (B * (24 * T * E**2 + 4 * T**2 * E + 7 * T * E), B * T * (24 * E**2 + 4 * T * E), "ET"),
        (4096 * B * T + 2 * B * T**2, 2 * B * T**2, "T"),
        (3 * floor(T / 2) - T, T / 2, "T"),
        (4 * T / (3 * T), Rational(4, 3), ""),
        ((5 * T**2 + T) / T**2 + 2, 7, "T"),
        (floor(floor(floor(T / 2) / 2 + 3) / 2), T / 8, "T"),
        (Max(T**2, 9 * T) + T, T**2, "T"),
        (Abs(4 - T) * T, T**2, "T"),
    ],
)
def test_leading_terms_by_hand(formula, leading, names):
    if names:
        expected, by_name = found(formula)
        assert (expected - leading).expand() == 0
        assert "".join(by_name) == names
    else:
        assert found(formula) is None


@pytest.mark.parametrize(
    "formula",
    [
        H**2 - H * W + 1,  # which is 1 where the two are equal
        floor(T / 2) * 2 - T,  # 0 or −1
        floor(H / W) + H**0,  # which does not grow
        T - H,
        Max(H, W) + 1,
        sqrt(T) + 1,
        1 / (H + W) + 1 / H,
        -(T**2) - 1,
    ],
    ids=str,
)
def test_where_they_do_not_tell_there_are_none(formula):
    assert leading_terms(formula) is None


SIZES = st.sampled_from([B, H, W])


def formulas():
    def combined(inner):
        numbers = st.integers(1, 9)
        return st.one_of(
            st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
            st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
            st.tuples(inner, numbers, numbers).map(lambda each: floor((each[0] + each[1]) / each[2])),
            st.tuples(inner, numbers).map(lambda each: each[0] - each[1]),
        )

    return st.recursive(SIZES, combined, max_leaves=6)


@settings(max_examples=100, deadline=None)
@given(formulas(), st.lists(st.integers(1, 5), min_size=3, max_size=3))
def test_the_ratio_to_the_leading_terms_tends_to_1(formula, direction):
    leading = leading_terms(formula)
    if leading is None:
        return
    total = sum(factor * monomial for factor, monomial in leading.terms)
    for scale, bound in ((10**6, Fraction(1, 10**3)), (10**12, Fraction(1, 10**9))):
        sizes = {
            name: start * (scale if name in leading.names else 1)
            for name, start in zip("BHW", direction, strict=True)
        }
        assert abs(Fraction(evaluate(formula, sizes)) / Fraction(evaluate(total, sizes)) - 1) < bound


class Unet(nn.Module):
    """Two levels, each twice as wide as the one above, with the skipped part added."""

    def __init__(self):
        super().__init__()
        self.first, self.down = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, 2, 1)
        self.lower, self.lowest = nn.Conv2d(16, 32, 3, 2, 1), nn.Conv2d(32, 32, 3, padding=1)
        self.up, self.upper = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        top = self.first(x)
        middle = self.down(top)
        low = self.lowest(self.lower(middle))
        middle = middle + self.up(low)[..., : middle.shape[-2], : middle.shape[-1]]
        return self.head(top + self.upper(middle)[..., : top.shape[-2], : top.shape[-1]])


class Block(nn.Module):
    """Attention with scores of its own, and a feed-forward part that is convolved along the sequence."""

    def __init__(self, width=64):
        super().__init__()
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ahead = nn.Conv1d(width, width, 5, 2, 2)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, -1)
        x = self.out((q @ k.transpose(-1, -2)).softmax(-1) @ v)
        return self.ahead(x.transpose(1, 2))


def plain_resnet():
    """Strides as in ResNet: 2 for each of five stages."""
    layers, before = [], 3
    for channels in (16, 32, 64, 128, 256):
        layers += [
            nn.Conv2d(before, channels, 3, 2, 1),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
        ]
        before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


@pytest.mark.parametrize(
    ("module", "inputs", "names", "huge"),
    [
        (plain_resnet, "f32[B,3,H,W]", "HW", {"B": 3, "H": 10**6 + 1, "W": 10**6 + 7}),
        (Unet, "f32[B,3,H,W]", "HW", {"B": 3, "H": 4 * 10**6, "W": 4 * 10**6}),
        (Block, "f32[B,T,64]", "T", {"B": 3, "T": 10**8 + 1}),
    ],
    ids=["a ResNet", "a U-Net", "attention"],
)
def test_the_leading_terms_of_a_module_are_near_what_it_costs_on_huge_sizes(module, inputs, names, huge):
    with torch.device("meta"):
        model = module()
    report = convcost.cost(model, inputs)
    leading = leading_terms(report.macs)
    assert "".join(leading.names) == names
    total = evaluate(sum(factor * monomial for factor, monomial in leading.terms), huge)
    assert abs(report.subs(**huge).macs / total - 1) < 1e-4


def test_the_leading_term_of_attention_is_that_of_its_scores():
    report = convcost.cost(Block(), "f32[B,T,64]")
    assert found(report.macs)[0] == 2 * 64 * B * T**2


def test_a_formula_that_is_too_long_is_shown_by_its_leading_terms():
    report = convcost.cost(plain_resnet(), "f32[B,3,H,W]")
    text = str(report)
    assert TOO_LONG not in text
    assert amount_text(report.flops, "FLOPs", longest=40) == "≈ 8.28·B·H·W KFLOPs for large H, W"
    assert amount_text(report.flops, longest=40) == "≈ 8,280·B·H·W for large H, W"
    assert "≈ 8.28·B·H·W KFLOPs for large H, W" in text
    note = "≈ marks the leading terms of a formula that is too long to show: see --json."
    assert note in " ".join(text.split())
    assert report.to_dict()["flops"].count("floor(") == 10


def test_several_terms_of_one_degree_stand_in_brackets():
    formula = 2 * B * sum((floor(T / n) + E) ** 2 for n in range(2, 9))
    text = amount_text(formula, "FLOPs", longest=LONGEST_ALONE)
    assert text == "≈ (14·B·E² + 6.87·B·E·T + 1.05·B·T²) FLOPs for large E, T"


def test_a_quotient_that_tends_to_a_number_is_shown_as_that():
    formula = (35 * B * H * W + H) / sum(B * floor(H / n) * floor(W / n) for n in (2, 3, 5, 7, 11))
    assert amount_text(formula) == "≈ 81.4 for large B, H, W"


def test_where_they_do_not_tell_it_is_said_where_the_formula_is():
    formula = sum(floor(T / n + W) ** 2 - n * T * W for n in range(2, 30))
    assert amount_text(formula, "FLOPs") == TOO_LONG
