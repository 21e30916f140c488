"""LaTeX: balanced, in math mode where there are numbers and formulas, and with every sign escaped."""

import re

import pytest
from results import RESULTS

from convcost import api, parse
from convcost.explain.derive import derivation
from convcost.formats import explained, render
from convcost.formats.tex import mathematics, text

EXPLAINED = {
    "founding pair": (api.FOUNDING_PAIR, {"E": 128, "L": 10, "K": 3}),
    "open": (api.FOUNDING_PAIR, {"K": 3}),
    "chain": (("Embedding(9, 4) -> Linear(4, 4) -> GELU -> LayerNorm(4)",), {"B": 2, "S": 3}),
    "transposed": (("ConvTranspose2d(3, 4, 3, padding=1) -> Hardshrink",), {}),
}


def documents():
    yield from ((key, render(result, "latex")) for key, result in RESULTS.items())
    for key, (specs, sizes) in EXPLAINED.items():
        result = derivation(tuple(map(parse, specs)), sizes)
        yield key, explained.render(result, "latex")


EVERY = pytest.mark.parametrize("document", [pytest.param(document, id=key) for key, document in documents()])


@EVERY
def test_braces_are_balanced(document):
    bare = re.sub(r"\\[{}\\]", "", document)
    assert bare.count("{") == bare.count("}")


@EVERY
def test_every_environment_that_begins_ends_in_order(document):
    still_open = []
    for word, name in re.findall(r"\\(begin|end)\{(\w+\*?)\}", document):
        if word == "begin":
            still_open.append(name)
        else:
            assert still_open.pop() == name
    assert still_open == []


@EVERY
def test_math_mode_is_left_as_often_as_it_is_entered(document):
    assert len(re.findall(r"(?<!\\)\$", document)) % 2 == 0


@EVERY
def test_no_sign_is_left_that_latex_does_not_know(document):
    assert document.isascii()


def test_a_table_is_a_plain_tabular():
    lines = render(RESULTS["pair"], "latex").splitlines()
    start = lines.index(r"\begin{tabular}{lrrr}")
    assert lines[start + 1 : start + 8] == [
        r"\hline",
        r" & dense & conv & conv $\div$ dense \\",
        r"\hline",
        r"input & $(1, 1, 1280)$ & $(1, 128, 10)$ &  \\",
        r"output & $(1, 1, 128)$ & $(1, 128, 10)$ &  \\",
        r"parameters & $163{,}968$ & $98{,}560$ & $0.60\times$ \\",
        r"MACs & $163{,}840$ & $983{,}040$ & $6.00\times$ \\",
    ]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("163,840", "163{,}840"),
        ("20·B·S·E²", r"20\cdot B\cdot S\cdot E^{2}"),
        ("⌊(L + 1)/2⌋ − 1", r"\lfloor (L + 1)/2\rfloor - 1"),
        ("(1, 128, 10)", "(1, 128, 10)"),
        ("0.13%", r"0.13\%"),
        ("length_out", r"\text{length\_out}"),
    ],
)
def test_a_formula_is_written_for_math_mode(formula, expected):
    assert mathematics(formula) == expected


def test_what_latex_reads_as_a_sign_of_its_own_is_escaped():
    assert text(r"a_b & 50% {x} \y") == r"a\_b \& 50\% \{x\} \textbackslash{}y"
