"""The rows of a model's CSV are nested: those whose part is `leaf` add up to the total."""

import csv
from io import StringIO

import pytest
import torch
from torch import nn

import convcost
from convcost.render import render
from convcost.render.style import Style, View
from convcost.tracing.profile import Profiler

ADDITIVE = ("params", "trainable_params", "macs", "valid_macs", "flops", "bias_adds", "elementwise")


class Direct(nn.Module):
    """Computes and owns something apart from its submodules, two levels deep."""

    def __init__(self, inner=None):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(4, 4))
        self.layers = nn.ModuleList([nn.Linear(4, 4), inner or nn.ReLU()])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return torch.relu(x @ self.scale)


MODELS = {
    "flat": (nn.Linear(4, 3), torch.ones(2, 4)),
    "chain": (
        nn.Sequential(nn.Conv1d(3, 4, 3, padding=1), nn.Sequential(nn.ReLU(), nn.Conv1d(4, 2, 1))),
        torch.ones(2, 3, 9),
    ),
    "direct": (Direct(Direct()), torch.ones(2, 4)),
    "encoder": (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2, enable_nested_tensor=False),
        torch.ones(5, 2, 8),
    ),
}


def rows(report, **view):
    text = render(report, "csv", Style(view=View(**view)))
    return list(csv.DictReader(StringIO(text)))


def total(found, column, **wanted):
    return sum(int(row[column]) for row in found if all(row[key] == value for key, value in wanted.items()))


@pytest.mark.parametrize("view", [{}, {"depth": 1}, {"sort": "macs"}], ids=str)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("backward", [False, True])
def test_the_leaves_add_up_to_the_total(name, view, backward):
    report = Profiler(backward=backward).profile(*MODELS[name])
    found = rows(report, **view)
    columns = [
        column for column in found[0] if column.removeprefix("backward_") in (*ADDITIVE, "activations")
    ]
    assert len(columns) >= len(ADDITIVE)
    for column in columns:
        assert total(found, column, part="leaf") == total(found, column, level="0")
    for column in ADDITIVE:
        assert total(found, column, part="leaf") == (
            report.flops if column == "flops" else getattr(report, column)
        )


def test_with_a_filter_leaves_add_up_to_the_outermost_of_what_it_finds():
    found = rows(convcost.profile(*MODELS["encoder"]), filter="encoderlayer")
    assert [row["level"] for row in found] == ["0", "0"]
    nested = rows(convcost.profile(*MODELS["direct"]), filter="layers.1")
    assert {row["level"] for row in nested} == {"0", "1"}
    for column in ADDITIVE:
        assert total(nested, column, part="leaf") == total(nested, column, level="0")


def test_what_a_module_has_of_its_own_is_a_row_below_it():
    found = rows(convcost.profile(*MODELS["direct"]))
    assert [(row["path"], row["level"], row["part"], row["params"]) for row in found] == [
        ("", "0", "total", str(2 * (16 + 20))),
        ("(rest)", "1", "leaf", "16"),
        ("layers.0", "1", "leaf", "20"),
        ("layers.1", "1", "inner", "36"),
        ("layers.1.(rest)", "2", "leaf", "16"),
        ("layers.1.layers.0", "2", "leaf", "20"),
        ("layers.1.layers.1", "2", "leaf", "0"),
    ]
