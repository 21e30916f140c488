"""What a user named is text in every output: it moves, hides, colours, links and runs nothing."""

import csv
import json
import re
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import pytest
import torch
from markdown_it import MarkdownIt
from torch import nn

import convcost
from convcost.core.comparison import Comparison
from convcost.core.escapes import (
    escape_command,
    escape_markdown,
    make_printable,
    make_xml_printable,
    markdown_code_span,
)
from convcost.render import render
from convcost.render.style import Style, View

NAMES = [
    *(
        "\x1b[31mred\x1b[0m",
        "a\x07b",
        "a\x9b31mb",
        "a\x00b",
        "a\x7fb",
        "a\rb",
        "a\nb",
        "a\tb",
        "a\x0bb",
        "a\x85b",
    ),
    *("a\u202eb", "a\u2066b\u2069", "a\u200eb", "a\u200bb", "a\u200db", "a\ufeffb", "a\u2028b", "a\u2029b"),
    *("a\ud800b", "a\ue000b", "\n::error::x", "::warning file=x::y", "##[error]x", "100%0A::error::x"),
    *(
        "a|b|c",
        "`code`",
        "``a`",
        "*bold*",
        "__bold__",
        "~~gone~~",
        "[link](http://x)",
        "![image](x)",
        "[x]: y",
    ),
    *(
        "<script>alert(1)</script>",
        "<b>",
        "<!-- x",
        "&lt;b&gt;",
        "https://example.org",
        "www.example.org",
        "$x$",
    ),
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "# heading", "- item", "1) item", "> quote", "---", "    code"),
    *(
        r"\input{/etc/passwd}",
        r"\end{tabular}",
        "a_b^c",
        "100% & more # {x}",
        "$",
        "[red]x[/red]",
        "{}",
        "]]>",
    ),
]
TAGS = {"p", "code", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}
EVERY = pytest.mark.parametrize("name", NAMES, ids=ascii)
MARKS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ue000]"
)


def model(name):
    """A class, a submodule and parameters of that name, one unused and one tied; a class has no NUL."""
    net = nn.Module.__new__(
        type(
            re.sub("[\0\ud800]", "0", name), (nn.Module,), {"forward": lambda self, x: self._modules[name](x)}
        )
    )
    nn.Module.__init__(net)
    net.add_module(name, nn.Linear(3, 3))
    net.add_module("other", nn.Linear(3, 3))
    net._modules["other"].weight = net._modules[name].weight
    net.register_parameter(name + "?", nn.Parameter(torch.ones(2)))
    return net


def results(name):
    report = convcost.profile(model(name.replace(".", "-")), torch.ones(2, 3))
    spec = convcost.cost("[2, 3] -> Linear(3, 4)")
    return {
        "model": report,
        "comparison": Comparison((report, spec)),
        "other": Comparison((spec, report)),
    }


def texts(name, output_format):
    for result in results(name).values():
        for view in (View(), View(by="operator"), View(sort="path", filter="a")):
            yield render(result, output_format, Style(view=view, layers=True))


@EVERY
@pytest.mark.parametrize("output_format", ["table", "markdown", "csv", "html", "latex", "json"])
def test_no_character_hides_or_moves_what_is_around_it(name, output_format):
    for text in texts(name, output_format):
        assert not MARKS.search(text)
        assert not re.search(r"^\s*::(?=\w)|##\[", text, re.MULTILINE)


@EVERY
def test_csv_has_as_many_cells_in_each_row_and_no_formula(name):
    for text in texts(name, "csv"):
        header, *rows = csv.reader(StringIO(text))
        assert rows
        assert {len(row) for row in rows} == {len(header)}
        assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))]


@EVERY
def test_json_has_the_name_itself(name):
    name = name.replace(".", "-")
    found = json.loads(render(results(name)["model"], "json"))
    assert name in [each["path"] for each in found["modules"]]


class Tags(HTMLParser):
    """The tags and the text of a document."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text += data

    def handle_comment(self, data):
        self.tags.add("comment")


@EVERY
def test_html_has_the_name_as_text(name):
    for text in texts(name, "html"):
        found = Tags(text)
        assert found.tags <= TAGS | {"div", "br", "b"}
    assert make_printable(name.replace(".", "-")) in Tags(render(results(name)["model"], "html")).text


READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@EVERY
def test_markdown_has_the_name_as_text(name):
    for text in texts(name, "markdown"):
        assert Tags(READER.render(text)).tags <= TAGS | {"strong"}
    whole = Tags(READER.render(render(results(name)["model"], "markdown"))).text
    shown = make_printable(name.replace(".", "-"))
    assert " ".join(shown.split()) in " ".join(whole.split())
    assert "http://" not in re.sub(r"`[^`]*`", "", text)


@EVERY
def test_a_text_of_markdown_is_read_as_it_was(name):
    shown = make_printable(name)
    assert Tags(READER.render(f"- {escape_markdown(shown)}")).text.strip() == shown.strip()
    assert Tags(READER.render(f"- {markdown_code_span(shown)}")).text.strip() == shown.strip()


@EVERY
def test_xml_is_well_formed_and_has_the_name(name):
    from xml.sax.saxutils import escape, quoteattr

    found = ElementTree.fromstring(
        f"<a b={quoteattr(make_xml_printable(name))}>{escape(make_xml_printable(name))}</a>"
    )
    assert found.text == found.get("b") == make_printable(name)


@EVERY
def test_the_message_of_an_error_can_be_printed(name):
    calls = (
        lambda: convcost.cost("Linear(E, 4)", **{name: 3}),
        lambda: convcost.parse(f"ReLU -> {name} -> ReLU"),
        lambda: convcost.compare("Linear(3, 4)", name),
        lambda: convcost.roofline(convcost.cost("Linear(3, 4)"), name),
        lambda: convcost.cost("Linear(3, 4)", dtype=name),
    )
    for call in calls:
        with pytest.raises((convcost.ConvcostError, TypeError)) as caught:
            call()
        assert not MARKS.search(str(caught.value))
        assert not re.search(r"^\s*::(?=\w)", str(caught.value), re.MULTILINE)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("  ::set-output name=x::y", r"  \x3a:set-output name=x::y"),
        ("aten::conv1d", "aten::conv1d"),
    ],
)
def test_a_line_is_no_command_of_github_actions(line, expected):
    assert escape_command(line) == expected
