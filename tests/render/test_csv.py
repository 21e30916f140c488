"""CSV: exact cells, a line for each candidate, and for each module with its level in the tree."""

import csv
from io import StringIO

import pytest
import torch
from results import COUNTED, COUNTER_LIST, LAYER, PAIR
from torch import nn

import convcost
from convcost import compare, cost, parse
from convcost.render import render
from convcost.render.style import Style, View
from convcost.tracing.profile import Profiler


def read(result):
    return list(csv.DictReader(StringIO(render(result, "csv")), strict=True))


def test_a_comparison_has_a_line_for_each_candidate():
    assert [(row["name"], row["macs"], row["output"]) for row in read(PAIR)] == [
        ("dense", "163840", "[1, 1, 128]"),
        ("conv", "983040", "[1, 128, 10]"),
    ]


def test_a_shape_of_formulas_is_as_a_spec_has_it():
    dense, conv = read(compare())
    assert (dense["input"], conv["input"]) == ("[B, S, E*L]", "[B*S, E, L]")


def test_a_formula_is_as_a_program_writes_it():
    [row] = read(cost("[B, S, E] -> Linear(E, 1280*E)"))
    assert (row["macs"], row["params"]) == ("1280*B*E**2*S", "1280*E*(E + 1)")


@pytest.mark.parametrize("size", ["x", "max_len", "L"])
def test_a_shape_reads_back_whatever_the_sizes_are_called(size):
    [row] = read(cost(f"[4, {size}, 2*{size}] -> Linear(2*{size}, 3)"))
    assert parse(f"{row['input']} -> ReLU").report({size: 5}).input == (4, 5, 10)


def test_a_report_is_a_single_line():
    [row] = read(LAYER)
    assert (row["name"], row["params"]) == ("Conv1d", "64")


def test_a_spec_with_commas_is_one_cell():
    assert read(PAIR)[0]["spec"] == "[B, S, L*E] -> Linear(L*E, E)"


def test_each_counter_has_its_verdict_and_its_flops():
    row = read(COUNTED)[2]
    assert (row["fvcore_verdict"], row["fvcore_flops"]) == ("differs", "26")
    assert (row["torch_profiler_verdict"], row["torch_profiler_flops"]) == ("blind", "")


def test_integers_are_exact_beyond_64_bits():
    [row] = read(cost("Linear(E, E)", E=10**20 + 1))
    assert int(row["macs"]) == (10**20 + 1) ** 2


def test_the_counters_have_a_line_each():
    assert [row["name"] for row in read(COUNTER_LIST)] == ["fvcore", "flop_counter_mode", "torch_profiler"]


def test_no_cell_starts_as_a_spreadsheets_formula_does():
    cells = [cell for row in read(COUNTED) + read(LAYER) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


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


def test_with_open_sizes_each_candidate_has_those_for_which_it_costs_least():
    found = read(
        compare(
            "a = [1, E] -> Linear(E, E)",
            "b = [1, E] -> Linear(E, 100) -> Linear(100, E)",
            "c = [1, E] -> Linear(E, 2*E)",
        )
    )
    assert [row["least_flops"] for row in found] == [
        "1 <= E <= 199 or E == 200",
        "E == 200 or E >= 201",
        "",
    ]
    found = read(compare("[1, E] -> Linear(E, F)", "[1, E] -> Linear(E, G)"))
    assert [row["least_flops"] for row in found] == ["F, G?", "F, G?"]
    assert [row["least_flops"] for row in read(compare())] == ["always", ""]
