"""Trainable parameters stand beside all parameters, wherever some are frozen; data has both always."""

import csv
import json
from io import StringIO

import pytest
import torch
from torch import nn

import convcost
from convcost.render import render


class Halves(nn.Module):
    """36 parameters, of which the second layer's 15 and the first one's bias are trained: 18."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(6, 3)
        self.other = nn.Linear(3, 4, bias=True)
        self.first.weight.requires_grad_(False)
        self.other.bias.requires_grad_(False)

    def forward(self, x):
        return self.other(self.first(x))


FROZEN = convcost.profile(Halves(), torch.ones(2, 6))
SPEC = convcost.cost("[2, 6] -> Linear(6, 3) -> Linear(3, 4)")
COMPARED = convcost.compare(SPEC, FROZEN)


def test_a_report_says_how_many_are_trained():
    assert (FROZEN.params, FROZEN.trainable_params) == (6 * 3 + 3 + 3 * 4 + 4, 3 + 3 * 4)


def test_of_a_spec_all_are_trained():
    assert SPEC.trainable_params == SPEC.params == 37


def test_a_tied_parameter_is_counted_once():
    model = nn.Sequential(nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False))
    model[1].weight = model[0].weight
    assert convcost.profile(model, torch.ones(1, 4)).trainable_params == 16


@pytest.mark.parametrize("result", [FROZEN, COMPARED], ids=["model", "comparison"])
@pytest.mark.parametrize("name", ["table", "markdown", "html", "latex"])
def test_a_table_has_a_line_for_it_where_some_are_frozen(result, name):
    assert "trainable" in render(result, name)


@pytest.mark.parametrize("name", ["table", "markdown", "html", "latex"])
def test_a_table_is_without_it_where_all_are_trained(name):
    assert "trainable" not in render(SPEC, name)


def test_modules_and_rows_have_it_in_json():
    found = json.loads(render(FROZEN, "json"))
    assert [row["trainable_params"] for row in found["rows"]] == [3, 12]
    assert {each["path"]: each["trainable_params"] for each in found["modules"]} == {
        "": 15,
        "first": 3,
        "other": 12,
    }


def test_a_comparison_has_its_ratio_in_json():
    found = json.loads(render(COMPARED, "json"))
    assert [each["trainable_params"] for each in found["candidates"]] == [37, 15]
    assert found["ratios"]["trainable_params"] == 15 / 37


@pytest.mark.parametrize(("result", "expected"), [(SPEC, ["37"]), (FROZEN, ["15", "3", "12"])])
def test_csv_has_it_always(result, expected):
    rows = csv.DictReader(StringIO(render(result, "csv")))
    assert [row["trainable_params"] for row in rows] == expected


def test_it_can_be_limited():
    convcost.assert_cost(Halves(), torch.ones(2, 6), trainable_params=15)
    with pytest.raises(AssertionError, match=r"trainable parameters = 15, more than 14 \(max_trainable"):
        convcost.assert_cost(Halves(), torch.ones(2, 6), max_trainable_params=14)
