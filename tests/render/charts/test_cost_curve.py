"""Curves along an open size: exact at whole sizes, with break-even points where the comparison has them."""

from fractions import Fraction

import pytest

from convcost import compare, cost
from convcost.core.errors import UsageError
from convcost.core.metrics import NAMES
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.figures.samples import MOST_POINTS
from convcost.render.charts.kinds import figure_of

DENSE, LOW_RANK, NARROW = (
    "a = [1, E] -> Linear(E, E)",
    "b = [1, E] -> Linear(E, 30) -> Linear(30, 1250)",
    "c = [1, E] -> Linear(E, 90)",
)


def chart_of(result, metric="", **ranges):
    [chart] = figure_of(result, ChartOptions(metric, ranges)).charts
    return chart


@pytest.mark.parametrize("metric", NAMES)
def test_curves_pass_through_what_a_comparison_at_each_size_says(metric):
    specs = (DENSE, LOW_RANK)
    chart = chart_of(compare(*specs), metric, E=range(1, 60))
    for place, series in enumerate(chart.series):
        assert [point.x for point in series.points] == list(range(1, 60))
        for point in series.points[::7]:
            assert point.y == getattr(compare(*specs, E=point.x).candidates[place], metric)


def test_the_title_has_the_sizes_that_default_to_1():
    assert chart_of(compare(E=128)).title == "FLOPs by L, with B = S = 1"
    assert chart_of(compare(DENSE, LOW_RANK)).title == "FLOPs by E"


def test_floors_are_those_of_whole_sizes():
    specs = ("a = [1, 3, L] -> Conv1d(3, 4, 5, stride=3)", "b = [1, 3, L] -> Conv1d(3, 4, 9)")
    chart = chart_of(compare(*specs), L=range(1, 40))
    for place, series in enumerate(chart.series):
        for point in series.points:
            assert point.y == cost(specs[place], L=point.x).flops
    assert [series.points[0].x for series in chart.series] == [5, 9]  # shorter inputs are impossible


def test_a_training_step_is_drawn_where_it_is_counted():
    specs = (DENSE, NARROW)
    chart = chart_of(compare(*specs, backward=True), "training_flops", E=range(2, 9))
    found = compare(*specs, backward=True, E=5)
    assert [series.points[3].y for series in chart.series] == [
        report.training_flops for report in found.candidates
    ]
    with pytest.raises(UsageError, match="backward"):
        chart_of(compare(*specs), "training_flops")


def test_break_even_points_stand_at_the_exact_values():
    comparison = compare(DENSE, LOW_RANK, NARROW)
    chart = chart_of(comparison)
    crossings = {
        report.name: comparison.break_even("flops", report).crossings for report in comparison.candidates[1:]
    }
    assert crossings["c"] == (90,)
    [root] = crossings["b"]
    first, second = chart.marks
    assert (first.x, first.y, first.label) == (90, 2 * 90 * 90, "c: E = 90")
    assert second.x == float(root)
    assert second.y == pytest.approx(2 * float(root) ** 2, rel=1e-14)
    assert second.label == "b: E = 15 + 5·√1,509 ≈ 209.229"


def test_a_rational_break_even_point_is_exact():
    comparison = compare("a = [1, E] -> Linear(E, 4)", "b = [1, 9] -> Linear(9, 3)")
    [mark] = chart_of(comparison, "params").marks
    assert mark.x == comparison.break_even("params", comparison.candidates[1]).crossings[0]
    assert mark.x == Fraction(13, 2)


def test_whole_sizes_of_a_new_order_are_marked_where_there_is_no_root():
    comparison = compare("a = [1, 1, L] -> Conv1d(1, 2, 3, stride=3)", "b = [1, 9] -> Linear(9, 5)")
    found = comparison.break_even("flops", comparison.candidates[1])
    assert not found.exact
    chart = chart_of(comparison, L=range(3, 60))
    assert [mark.x for mark in chart.marks] == list(found.crossings)
    assert [mark.label for mark in chart.marks] == [f"from L = {x} on" for x in found.crossings]


def test_the_order_of_the_curves_changes_at_the_marks():
    chart = chart_of(compare(DENSE, NARROW))
    first, second = ({point.x: point.y for point in series.points} for series in chart.series)
    assert all((first[x] < second[x]) == (x < 90) for x in first if x != 90)
    assert first[90] == second[90]


def test_the_usual_range_has_every_break_even_point_inside():
    chart = chart_of(compare(DENSE, LOW_RANK, NARROW))
    xs = [point.x for point in chart.series[0].points]
    assert (xs[0], xs[-1]) == (8, 2048)
    assert all(xs[0] < mark.x < xs[-1] for mark in chart.marks)
    assert len(xs) <= MOST_POINTS + 2 * len(chart.marks) + 2


def test_axes_are_logarithmic_where_the_numbers_span_much():
    wide = chart_of(compare(DENSE, NARROW))
    assert (wide.x.is_log, wide.y.is_log) == (True, True)
    near = chart_of(compare(DENSE, NARROW), E=range(80, 100))
    assert (near.x.is_log, near.y.is_log) == (False, False)


def test_sizes_like_a_batch_are_1_while_another_one_is_open():
    figure = figure_of(compare(E=128), ChartOptions())
    [chart] = figure.charts
    assert chart.x.label == "L"
    assert chart.series[0].points[9] == (10, compare(E=128, L=10).first.flops, "", None)
    assert figure.notes[0] == "E = 128, K = 3; B and S default to 1"


def test_one_design_has_its_curve():
    chart = chart_of(cost("Linear(E, 4E)"), "params", E=range(1, 5))
    assert [point.y for point in chart.series[0].points] == [8, 24, 48, 80]


def test_several_open_sizes_are_refused_with_the_way_out():
    with pytest.raises(UsageError) as error:
        chart_of(compare())
    assert str(error.value) == (
        "a curve needs exactly one open size, but L and E are open\n"
        "Give values to all but one, such as --E 128."
    )


def test_a_range_is_of_an_open_size():
    with pytest.raises(UsageError, match=r"no open size is called K\nChoose from E\."):
        chart_of(compare(DENSE, NARROW), K=range(1, 9))
    with pytest.raises(UsageError, match="no size is open"):
        chart_of(compare(DENSE, NARROW, E=9), E=range(1, 9))


def test_a_range_without_a_possible_size_is_refused():
    with pytest.raises(UsageError, match="no design takes L from 1 to 3"):
        chart_of(cost("[1, 3, L] -> Conv1d(3, 4, 5)"), L=range(1, 4))


def test_a_metric_that_is_none_is_refused():
    with pytest.raises(UsageError, match="no quantity is called flps"):
        chart_of(compare(DENSE, NARROW), "flps")
