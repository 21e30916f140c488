"""A match's picture: the cost around the answer, exactly, with the target as a line."""

import pytest

from convcost import cost, match
from convcost.core.errors import UsageError
from convcost.core.units import exact
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.kinds import figure_of

TARGET, DESIGN = "[1, 10E] -> Linear(10E, E)", "[1, W, 10] -> 2 x Conv1d(W, W, 3, padding=1)"


def chart_of(result):
    [chart] = figure_of(result, ChartOptions()).charts
    return chart


def test_the_curve_is_the_cost_at_each_size_around_the_answer():
    chart = chart_of(match(TARGET, DESIGN, vary="W", E=128))
    [series] = chart.series
    assert [point.x for point in series.points] == list(range(26, 105))
    for point in series.points[::11]:
        assert point.y == cost(DESIGN, W=point.x).flops
    [mark] = chart.marks
    assert (mark.x, mark.y, mark.label) == (52, cost(DESIGN, W=52).flops, "W = 52")
    [line] = chart.reference_lines
    assert (line.value, line.axis, line.label) == (327_680, "y", "Linear: 327,680 FLOPs")


def test_a_budget_has_its_line_and_the_metric_its_axis():
    found = match(DESIGN, vary="W", budget=10_000, metric="params", multiple_of=8)
    chart = chart_of(found)
    assert {point.x % 8 for point in chart.series[0].points} == {0}
    assert chart.y.label == "parameters"
    assert chart.reference_lines[0].label == "budget: 10,000 parameters"
    assert all(
        (point.y <= 10_000) == (point.x <= found.best[0].sizes["W"]) for point in chart.series[0].points
    )


def test_impossible_sizes_leave_gaps():
    chart = chart_of(
        match("[1, 12, L] -> Conv1d(12, 24, 3, groups=G)", vary="G", budget=2_000, L=9, maximum=24)
    )
    assert {point.x for point in chart.series[0].points} <= {1, 2, 3, 4, 6, 12}


def test_pairs_are_points_by_the_first_size_in_the_colour_of_the_second():
    found = match(
        "[1, W, 10] -> Conv1d(W, 4W, K, padding=1)", vary="W,K", budget=20_000_000, maximum={"K": 9}
    )
    chart = chart_of(found)
    points = chart.series[0].points
    assert [(point.x, point.value, point.y) for point in points] == [
        (choice.sizes["W"], choice.sizes["K"], choice.cost) for choice in found.choices
    ]
    assert chart.color.label == "K"
    assert [mark.label for mark in chart.marks] == ["W = 250, K = 5"]
    assert f"budget: {exact(20_000_000)} FLOPs" in figure_of(found, ChartOptions()).description


def test_what_fits_nothing_shows_the_least_cost_over_its_budget():
    found = match(DESIGN, vary="W", budget=1)
    assert not found.found
    chart = chart_of(found)
    assert chart.marks == ()
    assert chart.series[0].points[0] == (1, 120, "", None)


def test_what_is_not_possible_at_all_has_no_picture():
    found = match("[1, 2, L] -> Conv1d(2, 2, 9)", vary="L", budget=9, maximum=4)
    with pytest.raises(UsageError, match="no chart"):
        figure_of(found, ChartOptions())
