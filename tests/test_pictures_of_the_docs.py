"""The pictures of the README are current: they show what their commands say now."""

import re
import runpy
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import console_blocks
import pytest

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
SCRIPT = runpy.run_path(str(PICTURES / "__main__.py"), run_name="pictures")

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def shown(svg):
    """What a picture says: its texts, the labels of its marks for screen readers, and where its lines go."""
    root = ElementTree.fromstring(svg)
    texts = sorted(text for element in root.iter() if (text := (element.text or "").strip()))
    labels = sorted(filter(None, (element.get("aria-label") for element in root.iter())))
    paths = [float(number) for element in root.iter() for number in NUMBER.findall(element.get("d") or "")]
    return texts, labels, paths


COLUMN = 12.2
"""Units of a picture from one character of a screen to the next."""


def screen_title_and_lines(svg):
    """The title of a terminal's picture, and its lines that are not empty, each character in its column."""
    title, *texts = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    rows = defaultdict(str)
    for element in texts:
        row, column = float(element.get("y")), round(float(element.get("x")) / COLUMN)
        rows[row] = rows[row].ljust(column) + element.text.replace("\xa0", " ")
    lines = (rows[row].rstrip() for row in sorted(rows))
    return title.text.replace("\xa0", " "), [line for line in lines if line]


def current(name):
    return (PICTURES / f"{name}.svg").read_text(encoding="utf-8")


def test_every_picture_has_its_command():
    assert {path.stem for path in PICTURES.glob("*.svg")} == SCRIPT["SCREENS"].keys() | SCRIPT[
        "CHARTS"
    ].keys()


@pytest.mark.parametrize("name", SCRIPT["CHARTS"])
def test_a_chart_shows_what_its_command_says_now(name):
    (texts, labels, paths), (new_texts, new_labels, new_paths) = map(
        shown, (current(name), SCRIPT["draw"](name))
    )
    assert texts == new_texts
    assert labels == new_labels
    assert labels
    assert paths == pytest.approx(new_paths, abs=1)


def test_the_screen_shows_what_its_command_prints():
    output = console_blocks.printed(SCRIPT["SCREENS"]["founding"])
    title, lines = screen_title_and_lines(current("founding"))
    assert title == f"convcost {SCRIPT['SCREENS']['founding']}"
    assert lines == [line for line in output.splitlines() if line.strip()]


def test_the_screen_is_drawn_of_what_the_command_prints():
    title, lines = screen_title_and_lines(SCRIPT["screen"]("cost 'Linear(3, 4)' --counters none"))
    printed = console_blocks.printed("cost 'Linear(3, 4)' --counters none")
    assert title == "convcost cost 'Linear(3, 4)' --counters none"
    assert lines == [line for line in printed.splitlines() if line.strip()]


@pytest.mark.parametrize("name", [*SCRIPT["SCREENS"], *SCRIPT["CHARTS"]])
def test_a_picture_asks_for_nothing_from_anywhere(name):
    svg = current(name)
    assert "http" not in svg.replace("http://www.w3.org/", "")
    assert "<script" not in svg
