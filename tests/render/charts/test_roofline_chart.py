"""Rooflines drawn: the roof of each device, and each part exactly at its intensity and what it attains."""

from dataclasses import replace
from fractions import Fraction

import pytest

from convcost import compare, cost, roofline
from convcost.core.comparison import Comparison
from convcost.core.errors import UsageError
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.kinds import figure_of

CHAIN = cost("[8, 64, 32, 32] -> 3 x Conv2d(64, 64, 3, padding=1) -> ReLU -> Conv2d(64, 256, 1)")


def on(report, *devices):
    found = tuple(roofline(report, device) for device in devices)
    return replace(
        report, roofline=found[0] if len(found) == 1 else None, rooflines=found if found[1:] else ()
    )


def chart_of(result):
    return figure_of(result, ChartOptions()).charts[-1]


def test_the_roof_is_bandwidth_up_to_the_ridge_and_the_peak_behind():
    report = on(CHAIN, "h100")
    _, roof = chart_of(report).series
    first, ridge, last = roof.points
    device = report.roofline.device
    assert first.y == first.x * device.bandwidth
    assert (ridge.x, ridge.y) == (Fraction(device.peak("float32"), device.bandwidth), device.peak("float32"))
    assert last.y == ridge.y
    assert roof.name == "h100-sxm, float32"


@pytest.mark.parametrize("devices", [("h100",), ("h100", "a100", "mi300x")])
def test_every_layer_is_on_its_roof(devices):
    report = on(CHAIN, *devices)
    chart = chart_of(report)
    layers, *roofs = chart.series
    assert len(roofs) == len(devices)
    attained = [
        (bound.intensity, Fraction(bound.workload.flops) / bound.seconds)
        for found in ([report.roofline] if report.roofline else report.rooflines)
        for bound in found.bounds
        if bound.workload.flops
    ]
    assert {(point.x, point.y) for point in layers.points} == set(attained)
    roofs_at = [
        {min(x * found.device.bandwidth, found.peak) for found in report.rooflines or [report.roofline]}
        for x, _ in attained
    ]
    assert all(y in found for (_, y), found in zip(attained, roofs_at, strict=True))


def test_layers_at_one_place_are_one_point_that_says_so():
    layers = chart_of(on(CHAIN, "h100")).series[0]
    assert [point.label for point in layers.points] == ["0 Conv2d and 2 more", "4 Conv2d(64, 256, 1)"]


def test_each_candidate_is_a_point_on_each_device():
    candidates = compare(E=128, L=10).candidates
    comparison = Comparison(tuple(on(report, "h100", "a100") for report in candidates))
    figure = figure_of(comparison, ChartOptions())
    chart = figure.charts[-1]
    dense = next(series for series in chart.series if series.name == "dense")
    for point, found in zip(dense.points, comparison.first.rooflines, strict=True):
        assert (point.x, point.y) == (found.intensity, found.flops / found.seconds)
    assert [point.label for point in dense.points] == ["dense on h100-sxm", "dense on a100-sxm-80gb"]
    assert "dense is memory-bound on h100-sxm" in figure.description


def test_candidates_have_the_colours_that_they_have_in_other_charts():
    comparison = Comparison(tuple(on(report, "h100") for report in compare(E=128, L=10).candidates))
    assert [series.name for series in chart_of(comparison).series] == ["dense", "conv", "h100-sxm, float32"]


def test_axes_are_logarithmic_with_units():
    chart = chart_of(on(CHAIN, "h100"))
    assert (chart.x.is_log, chart.y.is_log, chart.y.unit) == (True, True, "FLOP/s")


def test_open_sizes_and_work_without_flops_have_no_roofline():
    with pytest.raises(UsageError, match="no chart"):
        figure_of(on(cost("[2, 3] -> ReLU"), "h100"), ChartOptions())
    open_report = on(cost("Linear(E, E)"), "h100")
    assert chart_of(open_report).x.label == "E"
