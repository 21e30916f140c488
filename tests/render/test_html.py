"""HTML, as a parser reads it."""

from html.parser import HTMLParser

import pytest
from results import COUNTED, PAIR, RESULTS

from convcost.render import render

VOID = {"br"}


class Reader(HTMLParser):
    """Checks that every element is closed, and keeps the tables' cells."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.rows, self.text = [], set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows.append([])
        if tag == "tr":
            self.rows[-1].append(0)
        if tag in ("td", "th"):
            self.rows[-1][-1] += 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(result):
    reader = Reader()
    reader.feed(render(result, "html"))
    reader.close()
    return reader


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_every_element_is_closed_in_its_order(result):
    assert read(result).open == []


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_every_row_of_a_table_has_as_many_cells(result):
    tables = read(result).rows
    assert tables
    assert all(len(set(cells)) == 1 for cells in tables)


def test_text_is_escaped():
    reader = read(COUNTED)
    assert "a <reason> & a | pipe" in reader.text
    assert "reason" not in reader.tags


def test_there_is_no_script():
    assert read(PAIR).tags <= {
        "div",
        "p",
        "br",
        "b",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
    }


def test_the_specs_arrow_survives():
    assert "[B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)" in read(PAIR).text
