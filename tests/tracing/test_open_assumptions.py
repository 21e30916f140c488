"""What a formula takes for granted of its sizes is what the model decided on, and no more."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from tracing.models import Calls
from tracing.open_profiles import IMAGE, SEQUENCE, check, texts

from convcost.core.errors import UsageError
from convcost.tracing.symbolic_shapes.profile import profile_open


def tokens_to_words(module, x):
    return module.linear(x.view(x.shape[0], x.shape[1] // 4, 4 * 8))


def padded_to_sevens(module, x):
    x = F.pad(x, (0, 0, 0, -x.shape[1] % 7))
    return module.linear(x.view(x.shape[0], -1, 7, 8))


def test_what_a_view_divides_is_assumed_to_be_divided():
    report = check(Calls(tokens_to_words, linear=nn.Linear(32, 8)), (SEQUENCE,), {"B": 2, "S": 12})
    assert texts(report) == ["4 divides S"]
    assert str(report.macs) == "64*B*S"


def test_what_is_padded_to_a_multiple_is_rounded_up():
    points = [{"B": 2, "S": length} for length in (1, 7, 8, 21)]
    report = check(Calls(padded_to_sevens, linear=nn.Linear(8, 8)), (SEQUENCE,), *points)
    assert str(report.macs) == "448*B*floor(S/7 + 6/7)"
    assert report.assumptions == ()


@pytest.mark.parametrize(
    ("forward", "assumed"),
    [
        (lambda module, x: module.linear(x) if x.shape[1] > 100 else x, ["S ≥ 101"]),
        (lambda module, x: module.linear(x) if x.shape[0] > 1 else x, ["B ≥ 2"]),
        (lambda module, x: module.linear(x) if x.shape[1] % 8 == 0 else x, ["8 divides S"]),
        (lambda module, x: module.linear(x[:, :100]), ["S ≥ 100"]),
        (lambda module, x: module.linear(x + module.table[:, : x.shape[1]]), ["S ≤ 50"]),
        (lambda module, x: module.linear(x.mean(1).squeeze()), ["B ≥ 2"]),
    ],
)
def test_what_decided_on_a_size_is_assumed(forward, assumed):
    model = Calls(forward, linear=nn.Linear(8, 8), table=nn.Parameter(torch.zeros(1, 50, 8)))
    report = profile_open(model, (SEQUENCE,))
    assert texts(report) == assumed


def test_what_holds_for_typical_sizes_is_preferred():
    pool = nn.MaxPool2d(2, padding=1, ceil_mode=True)
    report = check(pool, (IMAGE,), {"B": 1, "H": 224, "W": 6}, {"B": 2, "H": 2, "W": 2})
    assert texts(report) == ["2 divides H", "2 divides W"]


def test_images_that_have_to_be_square_are_assumed_to_be():
    def forward(module, x):
        assert x.shape[2] == x.shape[3]
        return module.conv(x)

    report = profile_open(Calls(forward, conv=nn.Conv2d(4, 4, 1)), (IMAGE,))
    assert texts(report) == ["H = W"]
    assert report.subs(B=1, H=5, W=5).macs == 16 * 25


def test_a_size_that_breaks_an_assumption_is_refused():
    report = profile_open(Calls(tokens_to_words, linear=nn.Linear(32, 8)), (SEQUENCE,))
    with pytest.raises(UsageError, match="S = 6 violates an assumption: 4 divides S"):
        report.subs(B=1, S=6)
