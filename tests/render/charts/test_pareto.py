"""A sweep's picture: its rows by the quantities asked about, with the front that no other row dominates."""

from itertools import product

import pytest

from convcost import sweep
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.figures import pareto
from convcost.render.charts.kinds import figure_of

CONVS = "[B,C,16,16] -> Conv2d(C, M, K, padding=K//2) -> Conv2d(M, C, 1)"
OVER = {"C": "8:64:8", "K": "1,3", "M": "2C,4C"}


def chart_of(result):
    [chart] = figure_of(result, ChartOptions()).charts
    return chart


def dominates(other, row, signs):
    pairs = [(sign * a, sign * b) for sign, a, b in zip(signs, other, row, strict=True)]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@pytest.mark.parametrize("by", ["flops", "params:max"])
@pytest.mark.parametrize("over", [OVER, {"C": "8:24:8", "K": "1,3,5", "M": "C,2C,3C"}])
def test_the_front_is_what_no_row_dominates(by, over):
    found = sweep(CONVS, over=over, by=by, top=10_000)
    first, second, *_ = pareto.drawn_objectives(found)
    signs = [-1 if each.largest else 1 for each in (first, second)]
    rows = [tuple(pareto.number_of(row, each.name) for each in (first, second)) for row in found]
    best = {row for row in rows if not any(dominates(other, row, signs) for other in rows)}
    chart = chart_of(found)
    labelled = {point[:2] for series in chart.series for point in series.points if point.label}
    assert labelled == best
    if len(best) > 1:
        assert chart.series[0].name == "Pareto front"
        assert {point[:2] for point in chart.series[0].points} == best


def test_points_are_the_rows():
    found = sweep(CONVS, over=OVER, pareto="flops,C:max", top=50)
    chart = chart_of(found)
    assert (chart.x.label, chart.y.label, chart.color.label) == ("FLOPs", "C", "parameters")
    points = [(row.quantities["flops"], row.sizes["C"], row.quantities["params"]) for row in found]
    assert [(point.x, point.y, point.value) for point in chart.series[1].points] == points
    assert chart.series[1].points[0].label == "C = 8, K = 1, M = 16"


def test_each_design_has_its_points_and_the_ratio_its_colour():
    found = sweep(
        "a = Linear(E, E)",
        "b = Linear(E, 2E)",
        "c = Linear(E, 3E) -> ReLU -> Linear(3E, 9)",
        over={"E": "1:9"},
    )
    chart = chart_of(found)
    names = [series.name for series in chart.series if series.kind == "points"]
    assert names == ["b", "c"]
    assert chart.color.label == "FLOPs ÷ a"


def test_a_lower_bound_is_in_seconds():
    found = sweep(CONVS, over=OVER, by="seconds", device="h100", top=9)
    chart = chart_of(found)
    assert (chart.x.label, chart.x.unit) == ("lower bound on h100-sxm", "s")
    assert [point.x for point in chart.series[-1].points] == [row.get("seconds") for row in found]


def test_a_ratio_may_be_of_lower_bounds():
    found = sweep("a = Linear(E, E)", "b = Linear(E, 2E)", over={"E": "1:9"}, by="seconds", device="h100",
                  pareto="seconds,ratio")  # fmt: skip
    assert chart_of(found).y.label == "lower bound on h100-sxm ÷ a"


def test_many_rows_are_cut(monkeypatch):
    monkeypatch.setattr(pareto, "MOST_ROWS", 7)
    found = sweep(CONVS, over=OVER, top=50)
    figure = figure_of(found, ChartOptions())
    assert sum(len(series.points) for series in figure.charts[0].series if series.kind == "points") == 7
    assert figure.notes[0] == "7 designs of 32 shown."


def test_one_row_is_a_point():
    chart = chart_of(sweep("Linear(3, 4)", "Linear(E, 4)", over={"E": "1:1"}))
    [series] = chart.series
    assert [point.label for point in series.points] == ["E = 1"]
    assert chart.color is None


def test_the_brute_force_agrees_on_made_up_numbers():
    rows = [pareto.DrawnRow(None, numbers) for numbers in product(range(4), (3, 1, 2))]
    front = pareto.pareto_front(rows, (pareto.Objective("a"), pareto.Objective("b")))
    assert [row.numbers for row in front] == [(0, 1)]
    front = pareto.pareto_front(
        rows, (pareto.Objective("a", largest=True), pareto.Objective("b", largest=True))
    )
    assert [row.numbers for row in front] == [(3, 3)]
