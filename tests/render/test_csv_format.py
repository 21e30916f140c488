"""CSV, as Python's own reader reads it."""

import csv
from io import StringIO

import pytest
from results import COUNTED, COUNTER_LIST, LAYER, PAIR

from convcost import compare, cost, parse
from convcost.render import render


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
