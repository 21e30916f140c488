"""A page in Chromium, on a phone and on a screen, light and dark: nothing is cut, asked for or refused."""

import json
from dataclasses import replace

import chromium
import pytest
from results import PAIR, VERDICTS

from convcost import compare, cost
from convcost.analysis.explain.explanation import derivation
from convcost.render.page.content import report_page
from convcost.render.page.page import PageOrigin
from convcost.render.page.template import page_html
from convcost.spec import parse

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium.CHROMIUM is None, reason="Chromium is not installed"),
]

ORIGIN = PageOrigin("convcost report page.html " + "a-long-name" * 40, {"convcost": "1.0"}, "2030-12-31")
TEXTS = (
    "dense = [B, S, 10E] -> Linear(10E, E)",
    "conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)",
)
LONG = "<script>document.title='changed'</script>" + "n" * 10_000


def named(report, name):
    return replace(report, name=name, spec=name, counters=VERDICTS)


def hostile():
    names = (LONG, '"><img src="http://example.org/x" onerror="document.title=1">')
    return replace(PAIR, candidates=tuple(map(named, PAIR.candidates, names)))


def open_pair():
    return compare(*TEXTS, E=128)


RESULTS = {
    "pair": lambda: (PAIR, None),
    "open pair": lambda: (open_pair(), derivation(tuple(map(parse, TEXTS)), {"E": 128})),
    "open sizes": lambda: (compare(*TEXTS), None),
    "chain": lambda: (cost("[B, 3, 32, 32] -> 9 x Conv2d(3, 3, 3) -> ReLU", B=2), None),
    "many": lambda: (compare(*[f"design_{number} = Linear({number}, 2)" for number in range(1, 13)]), None),
    "hostile": lambda: (hostile(), None),
}


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as found:
        yield found


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, make in RESULTS.items():
        (folder / f"{name}.html").write_text(page_html(report_page(*make()), ORIGIN), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in RESULTS}


EVERY = pytest.mark.parametrize("name", RESULTS)
WIDTHS = pytest.mark.parametrize("width", [390, 1280])
SCHEMES = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])


@EVERY
@WIDTHS
def test_it_asks_for_nothing_complains_of_nothing_and_never_scrolls_sideways(browser, pages, name, width):
    with browser.page(pages[name], width) as page:
        assert page.requests == [pages[name].as_uri()]
        assert page.complaints == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate("document.title") != "changed"


OUTSIDE = """
[...document.querySelectorAll("h1, h2, h3, p, li, dd, dt, pre, figure, .scroll")].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width && (box.left < 0 || box.right > innerWidth + 0.5);
}).map(element => element.textContent.slice(0, 80))
"""


@EVERY
@WIDTHS
def test_nothing_is_cut_off_at_the_side_but_what_can_be_scrolled(browser, pages, name, width):
    with browser.page(pages[name], width) as page:
        assert page.evaluate(OUTSIDE) == []


@pytest.mark.parametrize("name", ["open pair", "open sizes"])
@WIDTHS
def test_no_formula_of_a_table_is_wider_than_its_place(browser, pages, name, width):
    with browser.page(pages[name], width) as page:
        cut = """
        [...document.querySelectorAll("td math")].filter(formula => {
          const [box, cell] = [formula, formula.closest("td")].map(each => each.getBoundingClientRect());
          const is_cut = formula.scrollWidth > formula.clientWidth + 1;
          return is_cut || box.left < cell.left || box.right > cell.right;
        }).map(formula => formula.textContent)
        """
        assert page.evaluate("document.querySelectorAll('td math').length") > 20
        assert page.evaluate(cut) == []


OVERLAPS = """
(() => {
  const texts = [...document.querySelectorAll("svg text")]
    .filter(text => text.getBoundingClientRect().width && !text.closest("[display=none]"));
  const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([one, a], place) => boxes.slice(place + 1).forEach(([other, b]) => {
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 4) found.push([one, other]);
  }));
  return found;
})()
"""


@pytest.mark.parametrize("name", ["pair", "open pair"])
@WIDTHS
def test_no_texts_of_a_picture_lie_on_one_another(browser, pages, name, width):
    with browser.page(pages[name], width) as page:
        assert page.evaluate(OVERLAPS) == []
        shown = page.evaluate("[...document.querySelectorAll('svg')].filter(each => each.clientWidth).length")
        assert shown == page.evaluate("document.querySelectorAll('figure').length") > 0


CONTRAST = """
(() => {
  const numbers = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => {
    const [red, green, blue] = numbers(color).map(each => each / 255)
      .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
  };
  const found = {};
  for (const element of document.querySelectorAll("body, body *")) {
    const has_text = [...element.childNodes].some(each => each.nodeType === 3 && each.data.trim());
    if (!has_text || !element.getBoundingClientRect().width) continue;
    const style = getComputedStyle(element);
    const color = element.closest("svg") ? style.fill : style.color;
    const [one, other] = [light(color), light(behind(element))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) found[element.textContent.trim().slice(0, 40)] = [color, behind(element), ratio];
  }
  return found;
})()
"""


@EVERY
@SCHEMES
def test_every_text_stands_out_from_what_is_behind_it(browser, pages, name, dark):
    with browser.page(pages[name], dark=dark) as page:
        background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (not dark)
        assert page.evaluate(CONTRAST) == {}


def test_the_first_key_leads_past_the_header_and_each_table_is_reached(browser, pages):
    with browser.page(pages["pair"]) as page:
        page.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
        boxes = page.evaluate("document.querySelectorAll('main .scroll').length")
        reached = set()
        for _ in range(boxes + 12):
            page.press("Tab")
            reached.add(page.evaluate("document.activeElement.getAttribute('aria-label')"))
        assert "Costs" in reached
        assert len([label for label in reached if label]) == boxes


def test_a_screen_reader_finds_the_tables_with_their_names_and_headers(browser, pages):
    with browser.page(pages["pair"]) as page:
        page.send("Accessibility.enable")
        nodes = page.send("Accessibility.getFullAXTree")["nodes"]
    found = {
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if "role" in node
    }
    assert {
        ("table", "Costs"),
        ("columnheader", "conv ÷ dense"),
        ("rowheader", "FLOPs"),
        ("navigation", "Sections"),
        ("image", "Bars of FLOPs, parameters, activations, bytes for dense and conv."),
    } <= found


def test_formulas_are_laid_out_as_mathematics(browser, pages):
    with browser.page(pages["open pair"]) as page:
        above = """
        [...document.querySelectorAll("mfrac")].map(fraction => {
          const [one, other] = [...fraction.children].map(each => each.getBoundingClientRect());
          return one.height > 4 && other.height > 4 && one.bottom <= other.top + 1;
        })
        """
        found = page.evaluate(above)
        assert len(found) > 3
        assert all(found)


def test_in_print_it_is_dark_on_white_and_without_what_is_for_screens(browser, pages):
    with browser.page(pages["pair"], dark=True, media="print") as page:
        assert (
            page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        assert page.evaluate("document.querySelector('nav').clientHeight") == 0
        assert json.loads(page.evaluate("JSON.stringify(document.querySelector('h1').clientHeight > 0)"))
        assert len(page.send("Page.printToPDF")["data"]) > 10_000
