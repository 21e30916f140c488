"""CSV, as Python's own reader reads it."""

import csv
from io import StringIO

from results import COUNTED, COUNTER_LIST, LAYER, PAIR

from convcost import cost
from convcost.formats import render


def read(result):
    return list(csv.DictReader(StringIO(render(result, "csv")), strict=True))


def test_a_comparison_has_a_line_for_each_candidate():
    assert [(row["name"], row["macs"], row["output"]) for row in read(PAIR)] == [
        ("dense", "163840", "1x1x128"),
        ("conv", "983040", "1x128x10"),
    ]


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
