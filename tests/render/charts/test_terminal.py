"""Charts as text: within the terminal's width, in its characters, at the places that the numbers say."""

import subprocess
import sys

import pytest
from render.charts.figures import curves, every_chart, figure, icicle, memory_bars, scatter, timed_bars
from rich.cells import cell_len

from convcost.core.errors import UsageError
from convcost.render.charts.data import ChartAxis, MarkedPoint, Point, Series, XYChart
from convcost.render.charts.terminal import draw
from convcost.render.style import Style

HOSTILE = (
    "<script>alert(1)</script>",
    "\x1b[31mred\x07\r\n::error::x",
    "\u202eevil \u2066\u200b",
    "漢字テスト" * 20,
    "a" * 10_000,
    "[bold]markup[/bold] \\",
    "::error::x",
    "",
)


def test_stacked_bars_are_as_long_as_their_amounts():
    assert draw(figure(memory_bars()), Style(width=60)) == (
        " Memory\n"
        " forward  ██████████                                 1.00 MB\n"
        " training ██████████▒▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░ 4.00 MB\n"
        " █ parameters   ▒ gradients   ░ adamw state\n"
        "\n"
        " FLOPs = 2 × MACs.\n"
    )


def test_measured_times_have_their_spread_and_the_bound():
    assert draw(figure(timed_bars()), Style(width=70)) == (
        " Measured times\n"
        " dense █┃█▊                                                    1.00 ms\n"
        " conv  ███████┃██████████████████████▎    8.00 ms (7.00 ms to 9.00 ms)\n"
        " ┃ roofline lower bound\n"
        "\n"
        " FLOPs = 2 × MACs.\n"
    )


def test_the_bar_of_a_part_stands_where_the_part_is_in_the_whole():
    assert draw(figure(icicle()), Style(width=60)) == (
        " FLOPs by submodule\n"
        " model    █████████████████████████████████ 100 FLOPs   100%\n"
        "   layer1 █████████████▎                     40 FLOPs  40.0%\n"
        "     conv █████████▉                         30 FLOPs  30.0%\n"
        "     norm          ████▎                     10 FLOPs  10.0%\n"
        "   fc                  ████████████████████  60 FLOPs  60.0%\n"
        "\n"
        " FLOPs = 2 × MACs.\n"
    )


def test_curves_in_ascii_have_a_sign_each():
    text = draw(figure(curves()), Style(width=60, unicode=False))
    assert "* dense" in text
    assert "+ conv" in text
    assert "X dense and conv are equal at L = 420" in text
    assert "- target of dense" in text
    [marked] = [line for line in text.splitlines() if "|" in line and "X" in line]
    assert marked.index("X") > 50


def test_names_of_lines_stand_beside_their_ends():
    lines = draw(figure(curves()), Style(width=70)).splitlines()
    assert [line.split("│ ")[-1] for line in lines if "│ " in line and line[-1].isalpha()] == [
        "dense",
        "conv",
    ]


@pytest.mark.parametrize("unicode", [True, False])
def test_a_point_is_drawn_on_a_line_that_it_lies_on(unicode):
    """As on a roof of a roofline, whichever of the two comes first."""
    line = Series("roof", (Point(0, 0), Point(4, 4)))
    points = Series("layers", (Point(1, 1), Point(3, 3)), "points")
    for series in ((line, points), (points, line)):
        chart = XYChart("", ChartAxis("x"), ChartAxis("y"), series)
        text = draw(figure(chart), Style(width=50, unicode=unicode))
        sign = text.partition(" layers")[0][-1]
        assert sum(row.count(sign) for row in text.splitlines()[2:-4]) == 2


def test_several_marks_have_letters():
    text = draw(figure(scatter()), Style(width=70))
    assert "A the first   B the second" in text


def test_a_curve_rises_from_corner_to_corner():
    line = Series("y = x", (Point(1, 1), Point(1000, 1000)))
    for is_log in (False, True):
        chart = XYChart("", ChartAxis("x", "", is_log), ChartAxis("y", "", is_log), (line,))
        rows = [row for row in draw(figure(chart), Style(width=50, unicode=False)).splitlines() if "*" in row]
        first, last = rows[0], rows[-2]
        assert first.rstrip("|").endswith("*")
        assert "|*" in last or "+*" in last


def test_numbers_that_have_no_place_on_an_axis_are_refused():
    huge = Series("huge", (Point(1, 1), Point(2, 10**400)))
    chart = XYChart("", ChartAxis("x"), ChartAxis("y", "FLOPs", is_log=True), (huge,))
    with pytest.raises(UsageError, match="can't be drawn"):
        draw(figure(chart), Style())


def test_names_of_many_lines_have_a_row_each():
    lines = tuple(Series(f"line {place}", (Point(1, 1), Point(2, place % 7 + 1))) for place in range(16))
    chart = XYChart("", ChartAxis("x"), ChartAxis("y"), lines[:15])
    rows = draw(figure(chart), Style()).splitlines()
    named = [int(row.partition("│ line ")[2]) for row in rows if "│ line " in row]
    assert sorted(named) == list(range(15))
    assert [place % 7 for place in named] == sorted((place % 7 for place in named), reverse=True)
    assert "~ line 14" not in draw(figure(chart), Style())
    assert ": line 15" in draw(figure(chart._replace(series=lines)), Style())


def test_a_single_point_and_a_flat_line_are_drawn():
    chart = XYChart("", ChartAxis("x"), ChartAxis("y"), (Series("point", (Point(0, 0),), "points"),))
    assert draw(figure(chart), Style(width=50)).count("●") == 2
    chart = XYChart(
        "",
        ChartAxis("x"),
        ChartAxis("y"),
        (Series("a", (Point(1, 0), Point(2, 0))),),
        (MarkedPoint(1, 0, "m"),),
    )
    assert "◉ m" in draw(figure(chart), Style(width=50))


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize(
    "text", HOSTILE, ids=["script", "controls", "direction", "wide", "long", "markup", "command", "empty"]
)
def test_whatever_the_names_are_lines_are_printable_and_as_wide_as_the_terminal_at_most(width, unicode, text):
    shown = draw(every_chart(text), Style(width=width, unicode=unicode))
    assert unicode or shown.isascii()
    for line in shown.splitlines():
        assert line.isprintable()
        assert cell_len(line) <= min(width, 80), line


def test_colours_only_where_they_are_asked_for():
    assert "\x1b" not in draw(every_chart("name"), Style())
    assert "\x1b[3" in draw(every_chart("name"), Style(color=True))


def test_without_plotext_lines_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "plotext", None)
    assert "Memory" in draw(figure(memory_bars()), Style())
    with pytest.raises(UsageError, match="pictures need plotext, which is not installed") as error:
        draw(figure(curves()), Style())
    assert error.value.hint.endswith("pip install 'convcost[plots]'")


def test_a_chart_in_the_terminal_needs_no_altair():
    program = (
        "import sys; from render.charts.figures import every_chart; "
        "from convcost.render.charts.terminal import draw; from convcost.render.style import Style; "
        "assert 'plotext' not in sys.modules; draw(every_chart('name'), Style()); "
        "print({'altair', 'vl_convert', 'pandas'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="tests"
    )
    assert result.stdout == "set()\n"
