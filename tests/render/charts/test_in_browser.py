"""Pages of pictures in Chromium, without a network: nothing fails, is fetched, is cut off or overlaps."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape

import pytest

from convcost import compare, cost, match, sweep
from convcost.core.comparison import Comparison
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.kinds import figure_of
from convcost.render.charts.pictures import html_page

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="drives Chromium"),
]

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files", "--window-size=1400,1000",
    "--enable-logging=stderr", "--virtual-time-budget=6000", "--dump-dom",
)  # fmt: skip

MEASURE = """
<script>
shown.then(() => {
  const box = element => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return [left, right, top, bottom];
  };
  const texts = [...document.querySelectorAll("svg text")].filter(each => each.textContent &&
    getComputedStyle(each).opacity > 0);
  const found = { texts: texts.map(each => [each.textContent, ...box(each)]),
    figure: box(document.querySelector("svg")),
    width: innerWidth, scroll: document.documentElement.scrollWidth,
    fetched: performance.getEntriesByType("resource").map(each => each.name),
    background: getComputedStyle(document.body).backgroundColor,
    scripts: document.querySelectorAll("script").length };
  const out = document.createElement("pre"); out.id = "measured"; out.textContent = JSON.stringify(found);
  document.body.append(out);
});
</script>
"""

SPECS = (
    "a = [1, E] -> Linear(E, E)",
    "b = [1, E] -> Linear(E, 30) -> Linear(30, 1250)",
    "c = [1, E] -> Linear(E, 90)",
)


def renamed(comparison, *names):
    pairs = zip(comparison.candidates, names, strict=True)
    return Comparison(tuple(replace(report, name=name) for report, name in pairs))


HOSTILE = renamed(
    compare(*SPECS), "<script>document.title = 'x'</script>", "\u202e\"'&<b>b</b>" * 900, "a\nb"
)

CONVS = "[B,C,16,16] -> Conv2d(C, M, K, padding=K//2) -> Conv2d(M, C, 1)"
PAIR = "[1, W, 10] -> Conv1d(W, 4W, K, padding=1)"

FIGURES = {
    "curves": lambda: compare(*SPECS),
    "bars": lambda: compare(E=128, L=10),
    "match": lambda: match("Linear(1280, 128)", "[1, W, 10] -> Conv1d(W, W, 3)", vary="W"),
    "pairs": lambda: match(PAIR, vary="W,K", budget=20_000_000, maximum={"K": 9}),
    "sweep": lambda: sweep(CONVS, over={"C": "8:64:8", "K": "1,3", "M": "2C,4C"}, pareto="flops,C:max"),
    "many curves": lambda: compare(*(f"design_number_{n} = [1, E] -> Linear(E, {n}E)" for n in range(1, 10))),
    "chain": lambda: cost("[8, 64, 32, 32] -> 2 x Conv2d(64, 64, 3) -> ReLU -> Conv2d(64, 256, 1)"),
}  # fmt: skip


OUTER = """<!DOCTYPE html>
<body style="margin: 0"><iframe src="page.html" width="{}" height="900" style="border: 0"></iframe>
<script>
setInterval(() => {{
  const found = document.querySelector("iframe").contentDocument?.getElementById("measured");
  if (found && !document.getElementById("measured")) document.body.append(found.cloneNode(true));
}}, 50);
</script></body>"""
"""A window is no narrower than 500 pixels, but a frame in it is."""


def browse(figure, folder, width, *flags):
    """What is measured of the page of `figure`."""
    page = folder / "page.html"
    before, _, after = html_page(figure).rpartition("</body>")
    page.write_text(f"{before}{MEASURE}</body>{after}", encoding="utf-8")
    outer = folder / "outer.html"
    outer.write_text(OUTER.format(width), encoding="utf-8")
    command = [CHROMIUM, *FLAGS, *flags, outer.as_uri()]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert not [line for line in result.stderr.splitlines() if "CONSOLE" in line]
    [text] = re.findall(r'<pre id="measured">(.*?)</pre>', result.stdout, flags=re.DOTALL)
    return json.loads(unescape(text))


def check(measured, width):
    assert measured["fetched"] == []
    assert measured["width"] == width
    assert measured["scroll"] <= width
    left, right, top, bottom = measured["figure"]
    assert 0 <= left < right <= width
    boxes = measured["texts"]
    assert len(boxes) > 5
    for text, *box in boxes:
        assert left <= box[0] + 1, text
        assert box[1] <= right + 1, text
        assert top <= box[2] + 1, text
        assert box[3] <= bottom + 1, text
    for place, (text, *box) in enumerate(boxes):
        for other, *other_box in boxes[place + 1 :]:
            assert not meet(box, other_box), (text, other)


def meet(one, other):
    """Whether they share more than the rim of their lines."""
    wide = min(one[1], other[1]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[2], other[2])
    return wide > 1 and high > 4


def test_a_phone_shows_hostile_names_as_text(tmp_path):
    measured = browse(figure_of(HOSTILE, ChartOptions()), tmp_path, 390)
    check(measured, 390)
    assert any("<script>" in text for text, *_ in measured["texts"])
    assert measured["scripts"] == 3  # two of the page, and that which measures
    assert measured["background"] == "rgb(255, 255, 255)"


def test_a_dark_screen_gets_dark_colours(tmp_path):
    measured = browse(figure_of(compare(*SPECS), ChartOptions()), tmp_path, 1280, "--force-dark-mode")
    check(measured, 1280)
    assert measured["background"] == "rgb(20, 23, 26)"


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off_or_on_top_of_another(name, width, tmp_path):
    check(browse(figure_of(FIGURES[name](), ChartOptions()), tmp_path, width), width)
