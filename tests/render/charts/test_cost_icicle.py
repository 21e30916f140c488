"""Icicles and bars of one design: the parts add up to the whole, and the whole is what the report says."""

from collections import Counter
from fractions import Fraction

import pytest
import torch
from designs import designs
from hypothesis import HealthCheck, given, settings
from torch import nn

from convcost import cost, profile
from convcost.core.errors import UsageError
from convcost.core.metrics import METRICS
from convcost.core.units import human, percent
from convcost.render.charts.data import BarChart, ChartOptions, IcicleChart
from convcost.render.charts.figures.cost_icicle import report_figure
from convcost.render.charts.terminal.icicle_lines import icicle_lines
from convcost.render.charts.theme import NARROW, WIDE
from convcost.render.charts.vega import panel
from convcost.render.style import Style
from convcost.tracing.profile import Profiler

ADDITIVE = tuple(metric.name for metric in METRICS if metric.is_additive)

BRANCHES = (
    "[2, 8, 6, 6] -> 3 x (x + (Conv2d(8, 8, 3, padding=1) -> ReLU)) -> concat(x, Conv2d(8, 4, 1), dim=1)"
)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))
        self.first = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.second = nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.scale * self.second(self.act(self.first(x))) @ torch.eye(x.shape[-1])


def model(blocks=3):
    return nn.Sequential(
        nn.Linear(6, 8), *(Block(8) for _ in range(blocks)), nn.LayerNorm(8), nn.Linear(8, 2)
    )


REPORTS = {
    "branches": cost(BRANCHES),
    "layer": cost("Linear(3, 4)"),
    "sum": cost("Linear(3, 4)") + cost("2 x Conv1d(4, 4, 3)", L=9),
    "attention": cost("[2, 5, 16] -> MultiheadAttention(16, 4, batch_first=True)"),
    "module": profile(model(), torch.zeros(5, 6)),
    "training": Profiler(backward=True).profile(model(), torch.zeros(5, 6)),
}


def icicle(report, metric="flops"):
    [chart] = [
        each for each in report_figure(report, ChartOptions(metric)).charts if isinstance(each, IcicleChart)
    ]
    return chart.tiles


def check_adds_up(tiles, whole):
    """Each tile is within its parent, and children that there are leave no gap."""
    assert (tiles[0].level, tiles[0].start, tiles[0].size) == (0, 0, whole)
    ancestors = []
    inside = Counter()
    for tile in tiles:
        assert tile.size > 0
        del ancestors[tile.level :]
        if ancestors:
            parent = ancestors[-1]
            assert tile.start == parent.start + inside[parent]
            inside[parent] += tile.size
        ancestors.append(tile)
    assert all(parent.size == found for parent, found in inside.items())
    assert len({(tile.level, tile.start) for tile in tiles}) == len(tiles)


@pytest.mark.parametrize("metric", ADDITIVE)
@pytest.mark.parametrize("name", REPORTS)
def test_parts_add_up_to_the_report(name, metric):
    report = REPORTS[name]
    whole = getattr(report, metric)
    if whole:
        check_adds_up(icicle(report, metric), whole)
    else:
        assert report_figure(report, ChartOptions(metric)) is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(designs())
def test_parts_of_any_design_add_up(design):
    report = cost(design, C=4)
    for metric in ("flops", "params", "elementwise"):
        if getattr(report, metric):
            check_adds_up(icicle(report, metric), getattr(report, metric))


def test_layers_of_branches_are_inside_of_what_joins_them():
    assert [
        (tile.level, tile.path, tile.label, tile.start, tile.size) for tile in icicle(REPORTS["branches"])
    ] == [
        (0, "", REPORTS["branches"].name, 0, 253_440),
        (1, "0–2", "0–2: 3 × add() and its 2 layers", 0, 248_832),
        (2, "0.1.0", "0.1.0 Conv2d(8, 8, 3, padding=1)", 0, 248_832),
        (1, "3", "3 concat() and its 1 layer", 248_832, 4_608),
        (2, "3.1", "3.1 Conv2d(8, 4, 1)", 248_832, 4_608),
    ]


def test_submodules_that_are_alike_are_one_part():
    assert [(tile.level, tile.path, tile.label, tile.size) for tile in icicle(REPORTS["module"])] == [
        (0, "", "Sequential", 17_920),
        (1, "0", "0: Linear", 480),
        (1, "1–3", "1–3: 3 × Block", 17_280),
        (2, "1–3 (itself)", "(itself)", 1_920),
        (2, "1–3.first", "first: 3 × Linear", 7_680),
        (2, "1–3.second", "second: 3 × Linear", 7_680),
        (1, "5", "5: Linear", 160),
    ]


def test_parts_of_what_is_most_of_the_whole_have_colours_of_their_own():
    groups = {tile.path: tile.group for tile in icicle(REPORTS["module"])}
    assert groups["1–3"] == "1–3"
    assert groups["1–3.first"] == "1–3.first"


@pytest.mark.parametrize("name", REPORTS)
def test_bars_of_operators_add_up_to_the_report(name):
    report = REPORTS[name]
    for chart in report_figure(report, ChartOptions("flops")).charts:
        if isinstance(chart, BarChart):
            assert sum(bar.total for bar in chart.bars) == report.flops


def test_more_operators_than_there_is_room_for_are_shown_together():
    layers = "Conv1d(4,4,1) -> ReLU -> BatchNorm1d(4) -> GELU -> Sigmoid -> Tanh -> Softmax(1) -> SiLU -> ELU"
    report = cost(f"[1, 4, 9] -> {layers} -> SELU -> Softplus -> Mish -> Hardtanh")
    [_, bars] = report_figure(report, ChartOptions("elementwise")).charts
    assert [bar.label for bar in bars.bars][-1] == "2 others"
    assert sum(bar.total for bar in bars.bars) == report.elementwise


def test_a_design_with_an_open_size_has_no_icicle():
    assert report_figure(cost("Linear(E, E)"), ChartOptions()) is None


def test_what_does_not_add_up_has_no_parts():
    with pytest.raises(UsageError, match="bytes can't be drawn by part: the parts don't add up to the whole"):
        report_figure(REPORTS["layer"], ChartOptions("bytes"))


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_tiles_of_a_picture_cover_what_they_stand_for(width):
    """In pixels: as high as their share, beside their parents, and with their texts within."""
    [chart, *_] = report_figure(REPORTS["module"], ChartOptions()).charts
    drawn = panel(chart, width)
    rows = {row["part"]: row for row in drawn["data"]["values"]}
    height = drawn["height"]
    for tile in chart.tiles[1:]:
        row = rows[tile.path]
        assert row["bottom"] - row["y"] == pytest.approx(height * tile.size / chart.tiles[0].size)
        assert row["y"] == pytest.approx(height * tile.start / chart.tiles[0].size)
        assert 0 <= row["x"] < row["end"] <= width
        assert not row["second"] or row["y"] < row["middle"] < row["below"] < row["bottom"]
    assert rows["1–3.first"]["x"] == rows["1–3"]["end"]
    assert rows["1–3"]["amount"] == "17.3 KFLOPs, 96.4%"


def test_a_deep_model_is_drawn_as_deep_as_it_can_be_read():
    deep = nn.Linear(4, 4)
    for _ in range(30):
        deep = nn.Sequential(deep, nn.Linear(4, 4))
    report = profile(deep, torch.zeros(1, 4))
    [chart, *_] = report_figure(report, ChartOptions()).charts
    assert max(tile.level for tile in chart.tiles) == 31 - 1
    for width, levels in ((WIDE, 5), (NARROW, 2)):
        drawn = panel(chart, width)
        assert len({row["x"] for row in drawn["data"]["values"]}) == levels
        assert drawn["title"]["subtitle"] == f"{levels} of 30 levels"
    lines = icicle_lines(chart, Style())
    assert str(lines[-1]) == " 14 of 30 levels"
    assert len(lines) == 1 + 2 * 14 + 1


def test_of_many_parts_the_largest_have_lines():
    report = profile(
        nn.Sequential(*(nn.Linear(width, width + 1) for width in range(1, 41))), torch.zeros(1, 1)
    )
    [chart, *_] = report_figure(report, ChartOptions()).charts
    lines = icicle_lines(chart, Style())
    others = sum(2 * width * (width + 1) for width in range(1, 12))
    assert (
        str(lines[-1]) == f" 11 others: {human(others, 'FLOPs')}, {percent(Fraction(others, report.flops))}"
    )
    assert len(lines) == 31
