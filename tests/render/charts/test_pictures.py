"""Files of every kind: valid, whole, without a call to anywhere, and with hostile names as plain text."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import altair
import pytest

from convcost import compare
from convcost.core.errors import UsageError
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.kinds import figure_of
from convcost.render.charts.names import LONGEST_NAME
from convcost.render.charts.pictures import WRITERS, check_file, html_page, save_pictures, svg_text
from convcost.render.charts.theme import DARK, LIGHT, NARROW, WIDE
from convcost.render.charts.vega import vega_spec

SPECS = ("a = [1, E] -> Linear(E, E)", "b = [1, E] -> Linear(E, 90)")
CURVES = figure_of(compare(*SPECS), ChartOptions())
BARS = figure_of(compare(*SPECS, E=9), ChartOptions())

HOSTILE = (
    "<script>alert(1)</script>",
    "\"'&]]>\\",
    "\u202eabc\u05d0",
    "x" * 10_000,
    "datum['x']",
    "a\nb\x00\x1b",
)


def named(name):
    """The comparison with a name that no spec could have, but a module's class or a file."""
    first, second = CURVES.charts[0].series
    chart = CURVES.charts[0]._replace(series=(first._replace(name=name), second))
    mark = chart.marks[0]._replace(label=f"{name}: E = 90")
    return CURVES._replace(
        charts=(chart._replace(marks=(mark,), title=name),), title=name, description=name, notes=(name,)
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    save_pictures(CURVES, [folder / f"curve{suffix}" for suffix in WRITERS])
    return folder


def test_each_kind_of_file_is_valid(files):
    assert ElementTree.parse(files / "curve.svg").getroot().tag.endswith("svg")
    assert (files / "curve.png").read_bytes().startswith(b"\x89PNG\r\n")
    assert (files / "curve.pdf").read_bytes().startswith(b"%PDF-")
    assert (files / "curve.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_page_fetches_nothing(files):
    page = (files / "curve.html").read_text(encoding="utf-8")
    markup = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert len(page) < 1_500_000
    assert page.count("</script>") == 2
    assert not re.search(r"(?:src|href|url)\s*[=(]", markup)
    assert "default-src 'none'" in markup


def test_texts_are_in_the_picture(files):
    texts = {element.text for element in ElementTree.parse(files / "curve.svg").iter() if element.text}
    assert {"a", "b", "E = 90", "10 KFLOPs", "FLOPs by E: a and b"} <= texts


@pytest.mark.parametrize("name", HOSTILE, ids=["script", "quotes", "rtl", "long", "expression", "control"])
def test_hostile_names_are_shown_as_text(name):
    figure = named(name)
    svg = svg_text(figure)
    root = ElementTree.fromstring(svg)
    assert not [element for element in root.iter() if element.tag.endswith(("script", "foreignObject"))]
    texts = [element.text for element in root.iter() if element.text]
    assert any(text[:6].strip("…") in texts[0] for text in texts)
    assert max(map(len, texts)) < 200
    page = html_page(figure)
    assert page.count("<script>") == 2
    assert "\x00" not in page
    assert "\u202e" not in page


def test_a_long_name_keeps_both_ends():
    [first, _] = {row["series"]: row for row in rows_of(vega_spec(named("x" * 9_000 + "end")))}
    assert first == f"{'x' * (LONGEST_NAME - 8)}…xxxxend"


def rows_of(spec):
    return [
        row for layer in spec["vconcat"][0]["layer"] for row in layer["data"]["values"] if "series" in row
    ]


@pytest.mark.parametrize("figure", [CURVES, BARS], ids=["curves", "bars"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_altair_takes_the_specification(figure, width):
    altair.Chart.from_dict(vega_spec(figure, width)).to_dict()


def test_the_numbers_of_the_picture_are_those_of_the_chart():
    rows = rows_of(vega_spec(CURVES))
    points = [(series.name, *point[:2]) for series in CURVES.charts[0].series for point in series.points]
    assert [(row["series"], row["x"], row["y"]) for row in rows] == points


def test_light_and_dark_differ_by_colours_alone():
    light, dark = svg_text(CURVES, LIGHT), svg_text(CURVES, DARK)
    assert re.sub("#[0-9a-f]{6}", "", light) == re.sub("#[0-9a-f]{6}", "", dark)
    assert DARK.series[0] in dark
    assert LIGHT.series[0] in light


def luminance(color):
    channels = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_the_background(palette):
    """WCAG 2.2: 4.5 for texts, 3 for what is drawn."""

    def contrast(color):
        least, most = sorted(map(luminance, (color, palette.background)))
        return (most + 0.05) / (least + 0.05)

    assert all(contrast(color) >= 4.5 for color in (palette.text, palette.quiet, palette.emphasis))
    assert all(contrast(color) >= 3 for color in palette.series)


def test_numbers_beyond_floats_are_refused():
    huge = compare(
        "a = [1, E] -> Linear(E, E)", "[E, E, E, E, E, E, E, E, E, E, E, E, E] -> Linear(E, E)", E=10**30
    )
    with pytest.raises(UsageError, match="can't be drawn"):
        svg_text(figure_of(huge, ChartOptions()))


def test_what_is_no_file_for_pictures_is_refused_at_once(folder):
    Path("folder.svg").mkdir()
    for name, message in {
        "a.jpg": "is not a supported picture format",
        "a": "is not a supported picture format",
        "folder.svg": "is a directory",
        "nosuch/a.svg": "nosuch/a.svg can't be written: its folder does not exist",
    }.items():
        with pytest.raises(UsageError, match=message):
            check_file(Path(name))


def test_a_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr("convcost.render.charts.pictures.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=re.escape("pip install 'convcost[plots]'")):
        check_file(Path("a.svg"))
    with pytest.raises(UsageError, match=re.escape("pip install 'convcost[plots]'")):
        compare(*SPECS).plot()


def test_a_notebook_gets_an_altair_chart():
    chart = compare(*SPECS).plot("params", {"E": (1, 8)})
    assert isinstance(chart, altair.VConcatChart)
    rows = rows_of(json.loads(chart.to_json()) | {})
    assert [row["x"] for row in rows if row["series"] == "a"] == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    "ranges", [{"E": 3}, {"E": (3, 1)}, {"E": (0, 4)}, {"E": range(9, 1, -1)}, {1: (1, 2)}, [1]]
)
def test_a_range_of_a_notebook_is_checked(ranges):
    with pytest.raises(UsageError):
        compare(*SPECS).plot(ranges=ranges)
