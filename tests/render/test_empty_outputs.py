"""What is over nothing has no number: a dash in tables, null in JSON, an empty cell in CSV."""

import csv
import json
from dataclasses import replace
from io import StringIO

import pytest
import torch
from torch import nn

import convcost
from convcost.core.report import Report
from convcost.render import FORMATS, render
from convcost.tracing.profile import Profiler

EMPTY = convcost.profile(nn.Identity(), torch.ones(0, 4))
LAYERS = convcost.profile(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), torch.ones(0, 4))
USUAL = convcost.cost("[2, 4] -> Linear(4, 3)")

RESULTS = {
    "empty": EMPTY,
    "layers": LAYERS,
    "empty first": convcost.compare(EMPTY, USUAL),
    "empty second": convcost.compare(USUAL, LAYERS),
    "both empty": convcost.compare(EMPTY, LAYERS),
    "backward": Profiler(backward=True).profile(nn.Linear(4, 3), torch.ones(0, 4)),
}


@pytest.mark.parametrize("device", ["", "h100"])
@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("key", RESULTS)
def test_every_format_answers(key, name, device):
    result = RESULTS[key]
    if device and isinstance(result, Report):
        result = replace(result, roofline=convcost.roofline(result, device))
    assert render(result, name)


def test_there_is_nothing_per_element_of_an_empty_output():
    assert EMPTY.output_elements == 0
    assert EMPTY.flops_per_output_element is None
    assert EMPTY.arithmetic_intensity is None
    assert LAYERS.arithmetic_intensity == 0


def test_json_has_null():
    found = json.loads(render(EMPTY, "json"))
    assert (found["output_elements"], found["flops_per_output_element"], found["arithmetic_intensity"]) == (
        0,
        None,
        None,
    )


def test_a_ratio_to_nothing_is_null_in_json_and_a_dash_in_a_table():
    result = RESULTS["empty first"]
    ratios = json.loads(render(result, "json"))["ratios"]
    assert set(ratios.values()) == {None}
    assert render(result, "table").count("–") >= len(ratios)


def test_csv_has_an_empty_cell():
    rows = list(csv.DictReader(StringIO(render(RESULTS["both empty"], "csv"))))
    assert [row["flops_per_output_element"] for row in rows] == ["", ""]


def test_a_table_has_a_dash():
    lines = {
        line[:22].strip(): line.split()[-1] for line in render(EMPTY, "table").splitlines() if line.strip()
    }
    assert (lines["per output element"], lines["FLOPs per byte"]) == ("–", "–")


def test_a_sentence_says_which_output_is_empty():
    assert "that of Sequential is empty" in " ".join(render(RESULTS["empty second"], "table").split())
