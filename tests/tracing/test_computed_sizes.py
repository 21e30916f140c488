"""Sizes of inputs that are computed of others: f32[B,3,32h,32w], i64[B,2T+1], f32[B,C/4,L]."""

import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import convcost
from convcost.core.errors import ConvcostError, SpecError
from convcost.tracing.declared_inputs import parse_input


class Bottleneck(nn.Module):
    """A block of ResNet-50."""

    def __init__(self, before, channels, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(before, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 4 * channels, 1, bias=False),
            nn.BatchNorm2d(4 * channels),
        )
        is_plain = before == 4 * channels and stride == 1
        self.shortcut = nn.Identity() if is_plain else nn.Conv2d(before, 4 * channels, 1, stride, bias=False)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet(blocks=(3, 4, 6, 3), width=64):
    layers, before = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], width
    for stage, number in enumerate(blocks):
        for block in range(number):
            channels = width * 2**stage
            layers.append(Bottleneck(before, channels, 2 if stage and not block else 1))
            before = 4 * channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 1000))


def test_resnet_50_in_multiples_of_32_is_a_polynomial_without_floors():
    """4,089,184,256 MACs at 224 × 224, as published: 7 × 7 times 83,410,944, and the classifier."""
    with torch.device("meta"):
        model = resnet()
    report = convcost.cost(model, "f32[B,3,32h,32w]")
    assert str(report.macs) == "83410944*B*h*w + 2048000*B"
    assert report.assumptions == ()
    assert report.subs(B=1, h=7, w=7).macs == 4_089_184_256


def pyramid():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, 2, 1, groups=2),
        nn.AvgPool2d(2),
    )


EXPRESSIONS = ("H", "8H", "16*H", "2H+16", "H*W+32", "4*(H+W)", "W**2+16", "H//2+32", "64*W/4", "8H-1")


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(EXPRESSIONS),
    st.lists(st.integers(5, 40), min_size=3, max_size=3),
)
def test_numbers_in_the_formulas_are_what_is_counted_on_numbers(height, width, numbers):
    text = f"f32[B,3,{height},{width}]"
    names = [name for name in ("B", "H", "W") if name in text]
    sizes = dict(zip(names, numbers, strict=False))
    model = pyramid()
    report = convcost.cost(model, text)
    try:
        found = report.subs(**sizes)
    except ConvcostError:
        with pytest.raises((ConvcostError, RuntimeError)):
            convcost.cost(model, text, **sizes)
        return
    expected = convcost.cost(model, text, **sizes)
    assert (found.macs, found.valid_macs, found.elementwise, found.output) == (
        expected.macs,
        expected.valid_macs,
        expected.elementwise,
        expected.output,
    )


def test_a_size_without_a_number_stays_in_what_is_computed_of_it():
    assert (
        convcost.cost(nn.Linear(8, 4), "[B*T,8]", B=3).macs
        == 96 * convcost.cost(nn.Linear(8, 4), "[T,8]").macs / 32
    )


def test_an_odd_length_is_twice_one_and_one():
    assert str(convcost.cost(nn.Embedding(9, 4), "i64[B,2T+1]").output_elements) == "4*B*(2*T + 1)"
    assert convcost.cost(nn.Linear(4, 4), "[2T+1,4]", T=3).macs == 7 * 16


def test_a_division_is_required_to_leave_no_rest():
    report = convcost.cost(nn.Linear(8, 4), "[C/4,8]")
    assert (str(report.macs), [each.text for each in report.assumptions]) == ("8*C", ["4 divides C"])
    assert report.subs(C=8).macs == convcost.cost(nn.Linear(8, 4), "[C/4,8]", C=8).macs == 64
    with pytest.raises(ConvcostError, match="C = 6 violates an assumption: 4 divides C"):
        report.subs(C=6)
    with pytest.raises(SpecError, match=re.escape("7 / 4 is not a whole number\n  C/4\n  ^^^\nUse // to")):
        convcost.cost(nn.Linear(8, 4), "[C/4,8]", C=7)


def test_a_size_of_less_than_1_is_refused():
    report = convcost.cost(nn.Linear(8, 4), "[T-3,8]")
    assert [each.text for each in report.assumptions] == ["T ≥ 4"]
    for size in (3, 1):
        with pytest.raises(
            ConvcostError, match=f"the size T-3 is {size - 3} for T = {size}\nIt must be at least 1"
        ):
            convcost.cost(nn.Linear(8, 4), "[T-3,8]", T=size)


def test_sizes_that_no_number_makes_are_refused():
    with pytest.raises(
        ConvcostError, match="found no numbers for T that make 3-T integers\nGive them numbers"
    ):
        convcost.cost(nn.Linear(8, 4), "[3-T,8]")


@pytest.mark.parametrize("text", ["[(2T+1)*3, C/4/2]", "[2**3*H, (a+b)*(a-b)]", "[-T+9, T//2//3]"])
def test_what_is_shown_of_a_size_is_read_as_the_same(text):
    _, declared = parse_input(text)
    assert parse_input(str(declared)) == ("", declared)
    assert all(
        size.value(dict.fromkeys("TCHab", 8)) == again.value(dict.fromkeys("TCHab", 8))
        for size, again in zip(declared.shape, parse_input(str(declared))[1].shape, strict=True)
    )
