"""The registry of charts: every function that it names is there, and a new one takes a line."""

import sys
from types import ModuleType

import pytest

from convcost import compare, cost
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError
from convcost.render.charts import kinds
from convcost.render.charts.data import Bar, BarChart, ChartAxis, ChartOptions, Figure, Segment
from convcost.render.charts.kinds import CHARTS, figure_of
from convcost.render.kinds import KINDS

EVERY = [place for places in CHARTS.values() for place in places]


@pytest.mark.parametrize("place", EVERY)
def test_the_functions_of_charts_are_there(place):
    assert callable(kinds._function(place))


def test_kinds_of_results_have_charts():
    assert set(CHARTS) <= set(KINDS)


def test_a_new_chart_is_one_line(monkeypatch):
    chart = BarChart("bias", ChartAxis("bias adds"), (Bar("a", (Segment("a", 1),)),))
    added = ModuleType("convcost.render.charts.figures.bias_bars")
    added.figure = lambda result, options: Figure("Bias adds", (chart,), "One bar.", ("A note.",))
    monkeypatch.setitem(sys.modules, added.__name__, added)
    monkeypatch.setitem(CHARTS, "Comparison", (*CHARTS["Comparison"], "bias_bars:figure"))
    comparison = compare(E=8, L=3)
    figure = figure_of(comparison, ChartOptions())
    assert figure.charts[-1] == chart
    assert figure.notes[-1] == "A note."
    assert figure.title == "dense and conv"
    assert comparison.plot().to_dict()["vconcat"][-1]["title"]["text"] == "bias"


def test_what_has_no_chart_says_what_has():
    with pytest.raises(UsageError) as error:
        figure_of(object(), ChartOptions())
    assert str(error.value).splitlines()[-1] == (
        "Charts exist for compare, cost, layer, model, match and sweep."
    )


def test_a_model_with_its_counters_verdicts_is_drawn_as_its_report():
    report = cost("[1, 3] -> Linear(3, 4)")
    assert figure_of(DiagnosedReport(report, {}), ChartOptions()) == figure_of(report, ChartOptions())
