"""Bars of memory and of times: their lengths are the report's figures."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from benchmark.example_timings import MACHINE, forward, founding, timing
from torch import nn

from convcost import cost
from convcost.analysis.memory import memory
from convcost.analysis.roofline import roofline
from convcost.core.comparison import Comparison
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.figures import memory_bars, time_bars
from convcost.tracing.profile import Profiler

NO_OPTIONS = ChartOptions()


def with_memory(report, **options):
    return replace(report, memory=memory(report, **options))


MODULE = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 4))

DESIGNS = {
    "linear": with_memory(cost("Linear(10E, E)", E=16)),
    "mixed": with_memory(
        cost("[8,4,9] -> 3 x (Conv1d(4,4,3,padding=1) -> ReLU)"), dtype="bf16", optimizer="sgd"
    ),
    "module": with_memory(Profiler(footprint="float32").profile(MODULE, torch.zeros(2, 3, 8, 8))),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_bars_of_memory_are_as_long_as_the_peaks(name):
    report = DESIGNS[name]
    figure = memory_bars.report_figure(report, NO_OPTIONS)
    step, forward_bar = figure.charts[0].bars
    assert (forward_bar.total, step.total) == (report.memory.forward_peak, report.memory.training_peak)
    parts = {segment.name: segment.value for segment in step.segments}
    assert all(value > 0 for value in parts.values())
    assert parts["gradients"] == report.memory.gradients
    assert parts["saved for backward"] == report.memory.activations
    assert parts.get("master copy in float32", 0) == report.memory.master_copy


def test_memory_of_candidates_is_side_by_side():
    pair = Comparison((DESIGNS["linear"], DESIGNS["module"]))
    figure = memory_bars.comparison_figure(pair, NO_OPTIONS)
    assert [bar.label for bar in figure.charts[0].bars] == [
        "Linear, training step",
        "Linear, forward",
        "Sequential, training step",
        "Sequential, forward",
    ]


def test_memory_that_is_not_known_is_said():
    report = DESIGNS["linear"]
    unknown = replace(
        report.memory, activations=None, forward_peak=None, training_peak=None, reason="a reason"
    )
    figure = memory_bars.report_figure(replace(report, memory=unknown), NO_OPTIONS)
    assert "are unknown: a reason." in figure.notes[0]
    assert [bar.total for bar in figure.charts[0].bars] == [
        unknown.parameters + unknown.gradients + unknown.optimizer_state,
        unknown.parameters,
    ]


@pytest.mark.parametrize(
    "report", [cost("Linear(3, 4)"), with_memory(cost("Linear(E, 4)"))], ids=["none", "open"]
)
def test_without_figures_there_are_no_bars(report):
    assert memory_bars.report_figure(report, NO_OPTIONS) is None
    assert time_bars.report_figure(report, NO_OPTIONS) is None


def test_times_are_medians_with_their_quartiles():
    pair = founding(timing(forward(10, 20, 30, 40, 50)), timing(forward(70)))
    [chart] = time_bars.comparison_figure(pair, NO_OPTIONS).charts
    dense, conv = chart.bars
    [segment] = dense.segments
    assert dense.label == "dense, forward"
    assert segment.value == pytest.approx(Fraction(30, 10**6))
    assert (segment.low, segment.high) == pytest.approx((Fraction(20, 10**6), Fraction(40, 10**6)))
    assert float(conv.total) == pytest.approx(70e-6)
    assert (chart.bound, dense.bound) == ("", None)


def test_the_bound_is_the_roofline_of_the_device_measured_on():
    report = founding(timing(forward(10)), timing(forward(70))).candidates[0]
    bounded = replace(report, roofline=roofline(report, MACHINE.device, ""))
    [chart] = time_bars.report_figure(bounded, NO_OPTIONS).charts
    assert chart.bars[0].bound == bounded.roofline.forward.seconds > 0
    assert chart.bound == f"roofline lower bound on {MACHINE.device.name}"


def test_what_could_not_be_timed_has_no_bar_but_a_reason():
    pair = founding(timing(forward(10)), timing(forward(failure="too large")))
    figure = time_bars.comparison_figure(pair, NO_OPTIONS)
    assert [bar.label for bar in figure.charts[0].bars] == ["dense, forward"]
    assert "conv could not be timed: too large." in figure.notes
