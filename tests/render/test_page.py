"""A page stands alone, and browsers, phones, printers and screen readers can read it."""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from page_reader import PageReader
from results import COUNTED, OPEN_PAIR, PAIR, VERDICTS

from convcost import compare, cost
from convcost.analysis.explain.explanation import derivation
from convcost.render.charts.theme import LIGHT
from convcost.render.page import figures
from convcost.render.page.content import report_page
from convcost.render.page.figures import color_variables
from convcost.render.page.page import PageOrigin
from convcost.render.page.template import page_html
from convcost.spec import parse
from convcost.spec.founding_pair import FoundingPair

ORIGIN = PageOrigin("convcost report page.html", {"convcost": "1.0", "fvcore": None}, "2030-12-31")
SPECS = tuple(map(parse, FoundingPair().texts))

RESULTS = {
    "pair": lambda: (PAIR, derivation(SPECS, {"E": 128, "L": 10, "K": 3})),
    "open pair": lambda: (OPEN_PAIR, derivation(SPECS, {})),
    "counted": lambda: (COUNTED, None),
    "single": lambda: (cost("[B, 3, 9] -> Conv1d(3, 4, 5) -> ReLU"), None),
    "many": lambda: (compare(*[f"d{number} = Linear({number}, 2)" for number in range(1, 9)]), None),
}


@cache
def page_of(name):
    return page_html(report_page(*RESULTS[name]()), ORIGIN)


@pytest.fixture(params=RESULTS)
def page(request):
    return page_of(request.param)


def test_it_has_one_title_and_says_its_language(page):
    reader = PageReader(page)
    assert [element.attributes["lang"] for element in reader.all("html")] == ["en"]
    assert reader.texts("h1") == reader.texts("title")
    assert len(reader.texts("h1")) == 1


def test_headings_follow_one_another_without_a_gap(page):
    levels = [int(element.tag[1]) for element in PageReader(page).all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_a_caption_and_headers_with_a_scope(page):
    reader = PageReader(page)
    assert len(reader.all("caption")) == len(reader.all("table")) > 0
    assert all(reader.texts("caption"))
    for header in reader.all("th"):
        assert header.attributes["scope"] == ("col" if "thead" in header.parents else "row")
        assert header.text


def test_every_box_that_is_scrolled_is_reached_by_the_keyboard_and_has_a_name(page):
    boxes = [each for each in PageReader(page).elements if each.attributes.get("class") == "scroll"]
    assert boxes
    assert all(box.attributes["tabindex"] == "0" and box.attributes["aria-label"] for box in boxes)


def test_every_link_leads_to_a_place_on_the_page(page):
    reader = PageReader(page)
    names = [element.attributes["id"] for element in reader.elements if "id" in element.attributes]
    assert len(set(names)) == len(names)
    links = [element.attributes["href"] for element in reader.all("a")]
    assert links[0] == "#content"
    assert all(link.removeprefix("#") in names for link in links)
    labels = [element.attributes["aria-labelledby"] for element in reader.all("section")]
    assert set(labels) <= set(names)


def test_it_asks_for_nothing_and_runs_nothing(page):
    reader = PageReader(page)
    assert not reader.all("script", "iframe", "object", "embed", "img", "form", "base")
    attributes = [(name, value) for each in reader.elements for name, value in each.attributes.items()]
    assert not [
        name for name, _ in attributes if name.startswith("on") or name in ("src", "srcset", "action")
    ]
    assert [value for name, value in attributes if name == "href" and not value.startswith("#")] == ["data:,"]
    [style] = reader.texts("style")
    assert not re.search(r"url\(|@import|https?:", style)
    [policy] = [each for each in reader.all("meta") if "http-equiv" in each.attributes]
    assert policy.attributes["content"].startswith("default-src 'none';")


def test_it_says_what_made_it(page):
    reader = PageReader(page)
    assert reader.texts("pre")[-1] == "convcost report page.html"
    assert reader.texts("time") == ["2030-12-31"]
    assert "Versions: convcost 1.0, fvcore not installed." in reader.texts("p")


@pytest.mark.parametrize("name", RESULTS)
def test_making_it_twice_gives_the_same_page(name):
    assert page_of.__wrapped__(name) == page_of(name)


def test_it_is_small(page):
    assert len(page.encode()) < 1_500_000


def test_a_comparison_has_the_question_the_answer_the_costs_and_their_derivation():
    reader = PageReader(page_of("pair"))
    assert reader.texts("h1", "h2") == [
        "dense and conv compared",
        "Answer",
        "Charts",
        "Costs",
        "Derivation",
        "How this page was made",
    ]
    assert "[B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)" in reader.texts("code")
    answer = reader.texts("li")[5]
    assert answer.startswith("conv costs 6.00× the FLOPs of dense (1.97 MFLOPs against 327.7 KFLOPs)")
    rows = [row for row in reader.texts("tr") if row.startswith("FLOPs")]
    assert rows[0] == "FLOPs327,6801,966,0806.00×"


def test_each_note_stands_on_it_once(page):
    notes = PageReader(page).texts("li")
    assert len(set(notes)) == len(notes)


def test_with_open_sizes_it_has_the_break_even_points_and_formulas_as_mathml():
    reader = PageReader(page_of("open pair"))
    assert reader.texts("h2")[0] == "Ratios and break-even"
    assert any("2·B·S·E2·L" in row for row in reader.texts("tr"))
    assert {"mfrac", "msup", "mi", "mn"} <= {element.tag for element in reader.elements}


def test_the_counters_verdicts_have_a_class_for_their_colour():
    reader = PageReader(page_of("counted"))
    assert "Counters" in reader.texts("h2")
    verdicts = [cell for cell in reader.all("td") if cell.attributes.get("class") == "differs"]
    assert [cell.text for cell in verdicts] == ["differs"] * 3


def test_every_picture_says_what_it_shows():
    reader = PageReader(page_of("pair"))
    pictures = [element for element in reader.elements if element.attributes.get("role") == "img"]
    assert [picture.attributes["class"] for picture in pictures] == ["wide", "narrow"]
    assert {picture.attributes["aria-label"] for picture in pictures} == {
        "Bars of FLOPs, parameters, activations, bytes for dense and conv."
    }
    assert len(reader.all("svg")) == 2
    assert "1.97 MFLOPs" in reader.texts("text")


def test_every_colour_of_a_picture_is_the_pages(page):
    colors = set(re.findall(r'(?:fill|stroke)="([^"]+)"', page)) - {"none", "transparent"}
    assert colors <= {f"var(--{name})" for name in color_variables(LIGHT)}


def test_without_the_library_that_draws_it_says_so(monkeypatch):
    monkeypatch.setattr(figures, "can_draw", lambda: False)
    reader = PageReader(page_html(report_page(PAIR), ORIGIN))
    assert "Charts need vl-convert, which was not installed: pip install 'convcost[plots]'." in reader.texts(
        "li"
    )
    assert not reader.all("svg")


def test_of_a_curve_over_several_open_sizes_it_says_why_there_is_none():
    notes = PageReader(page_of("open pair")).texts("li")
    assert [note for note in notes if note.startswith("No chart")] == [
        "No chart: a curve needs exactly one open size, but L and E are open."
    ]


@pytest.mark.parametrize("sizes", [{"H": 64}, {}], ids=["numbers", "formulas"])
def test_of_many_layers_it_shows_the_largest_and_derives_the_first(sizes):
    spec = parse(
        "[1, 3, H, H] -> " + " -> ".join(f"Conv2d({n}, {n + 1}, 3, padding=1)" for n in range(3, 203))
    )
    page = page_html(report_page(spec.report(sizes), derivation((spec,), sizes)), ORIGIN)
    assert len(page.encode()) < 1_000_000
    reader = PageReader(page)
    assert "180 layers are not derived here; convcost explain derives all." in reader.texts("li")
    assert len(reader.texts("h3")) == 21
    if sizes:
        assert any(note.startswith("The top 150 of 200 layers") for note in reader.texts("li"))


def test_a_comparison_of_long_designs_is_small():
    chain = " -> ".join(f"Conv2d({number}, {number + 1}, 3, padding=1)" for number in range(3, 403))
    page = page_html(
        report_page(compare(f"a = [1, 3, H, H] -> {chain}", f"b = [2, 3, H, H] -> {chain}")), ORIGIN
    )
    assert len(page.encode()) < 500_000


def test_many_designs_are_counted_in_the_title():
    assert PageReader(page_of("many")).texts("h1") == ["8 designs compared"]


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><b>x",
    "{{ 7 * 7 }}{% raw %}",
    "a\u202eb\u2066c",
    "שלום",
    "&amp;<!--",
    "</style><script>x",
    "n" * 10_000,
    "a\nb\x00\x1b[31m",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_what_users_name_is_text(name):
    report = replace(
        cost("Linear(3, 4)"), name=name, spec=name, definitions=((name, name),), counters=VERDICTS
    )
    other = replace(cost("Linear(3, 4) -> ReLU"), name=name[::-1])
    page = report_page(replace(compare("Linear(3, 4)", "Linear(3, 4) -> ReLU"), candidates=(report, other)))
    html = page_html(page, ORIGIN._replace(command=f"convcost report x.html {name}"))
    tags = {element.tag for element in PageReader(html).elements}
    assert tags - {element.tag for element in PageReader(page_of("counted")).elements} <= {
        "code",
        "div",
        "dl",
    }
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", html)
    if name.isprintable():
        assert name in PageReader(html).texts("dd")
