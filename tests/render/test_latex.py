"""LaTeX: balanced, every sign escaped, formulas written from their expressions; and it compiles."""

import math
import random
import re
import shutil
import subprocess
from fractions import Fraction
from functools import cache

import pytest
import sympy
from results import RESULTS
from sympy import Max, floor, sqrt, symbols
from test_hostile_names import NAMES, results

from convcost import api, compare, cost, parse
from convcost.analysis.explain.explanation import derivation
from convcost.core.escapes import escape_latex, latex_code, make_printable
from convcost.render import render
from convcost.render.formulas import full_text, math_text, short_text
from convcost.render.latex import mathematics, text
from convcost.render.texts import CodeText, MathText, MixedText
from convcost.symbolic import notation
from convcost.symbolic.sympy_text import latex_expression

EXPLAINED = {
    "founding pair": (api.FOUNDING_PAIR, {"E": 128, "L": 10, "K": 3}),
    "open": (api.FOUNDING_PAIR, {"K": 3}),
    "chain": (("Embedding(9, 4) -> Linear(4, 4) -> GELU -> LayerNorm(4)",), {"B": 2, "S": 3}),
    "transposed": (("ConvTranspose2d(3, 4, 3, padding=1) -> Hardshrink",), {}),
}


def all_documents():
    yield from ((key, render(result, "latex")) for key, result in RESULTS.items())
    for key, (specs, sizes) in EXPLAINED.items():
        result = derivation(tuple(map(parse, specs)), sizes)
        yield key, render(result, "latex")


EVERY = pytest.mark.parametrize(
    "document", [pytest.param(document, id=key) for key, document in all_documents()]
)


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


def lines_of(result):
    return render(result, "latex").splitlines()


def test_the_first_line_says_what_the_preamble_needs():
    assert lines_of(RESULTS["pair"])[0] == r"% This needs \usepackage{amsmath}."


def test_designs_are_code_and_sizes_are_mathematics():
    assert lines_of(RESULTS["pair"])[1:6] == [
        r"\begin{description}\sloppy",
        r"\item[dense] \texttt{[B, S, L*E] -> Linear(L*E, E)}",
        r"\item[conv] \texttt{[B*S, E, L] -> 2 x Conv1d(E, E, K, padding=same)}",
        r"\item[sizes] $L = 10$, $E = 128$, $K = 3$; $B$ and $S$ default to 1",
        r"\end{description}",
    ]


def test_a_table_is_a_plain_tabular():
    lines = lines_of(RESULTS["pair"])
    start = lines.index(r"\begin{tabular}{lrrr}")
    assert lines[start + 1 : start + 8] == [
        r"\hline",
        r" & dense & conv & conv $\div$ dense \tabularnewline",
        r"\hline",
        r"input & $(1, 1, 1280)$ & $(1, 128, 10)$ &  \tabularnewline",
        r"output & $(1, 1, 128)$ & $(1, 128, 10)$ &  \tabularnewline",
        r"parameters & 163,968 & 98,560 & 0.601$\times$ \tabularnewline",
        r"MACs & 163,840 & 983,040 & 6.00$\times$ \tabularnewline",
    ]


def test_a_table_of_formulas_is_split_where_it_is_wider_than_a_page():
    lines = lines_of(compare())
    assert [line for line in lines if "{tabular}" in line and "begin" in line] == [
        r"\begin{tabular}{lr}",
        r"\begin{tabular}{lr}",
        r"\begin{tabular}{lp{0.63\linewidth}}",
    ]
    assert r"\quad on real data & $2\,B\,S\,E^{2}\,(3\,L - 2)$ \tabularnewline" in lines


def test_a_note_has_its_formulas_in_math_mode():
    assert (
        r"\item parameters: conv $\div$ dense = $(6\,E + 2)/(E\,L + 1)$; "
        r"conv has fewer where $6\,E + 1 < E\,L$." in lines_of(compare())
    )


def test_an_assumption_has_its_formulas_in_math_mode():
    assert r"\item Assumed: $G\ \text{divides}\ E$; $L + 2 \ge K$." in lines_of(
        cost("Conv1d(E, E, K, padding=1, groups=G)")
    )


def test_an_open_layer_has_shapes_and_lengths_in_math_mode():
    lines = lines_of(cost("Conv1d(E, F, 3, stride=2)"))
    assert lines[2:7] == [
        r"\item[Conv1d] \texttt{[B$\cdot$S, E, L] -> Conv1d(E, F, 3, stride=2)} (input inferred)",
        r"\item[sizes] $B$, $S$, $E$, $L$, $F$ open",
        r"\item[input] $(B\,S, E, L)$",
        r"\item[output] $(B\,S, F, \lfloor (L + 1)/2\rfloor - 1)$",
        r"\item[] $\text{length\_out} = \lfloor (L + 0 + 0 - 1\,(3 - 1) - 1) / 2\rfloor + 1 = "
        r"\lfloor (L + 1)/2\rfloor - 1$",
    ]


def test_loops_are_one_sum_and_repeated_layers_are_told_apart():
    specs = map(parse, api.FOUNDING_PAIR)
    text = render(derivation(tuple(specs), {"K": 3}), "latex")
    assert (
        r"\text{MACs} &= \sum_{\substack{1 \le \text{sample} \le B\,S \\ 1 \le \text{out\_channel} \le E \\ "
        r"1 \le \text{position} \le L \\ 1 \le \text{in\_channel} \le E \\ 1 \le \text{tap} \le K}} 1 \\"
        in text
    )
    assert r"\text{MACs} &= 2 \times 3\,B\,S\,E^{2}\,L \\" in text


E, L, SEQ, D_MODEL = symbols("E L seq d_model", positive=True, integer=True)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (full_text(20 * E**2 * L), r"20\,E^{2}\,L"),
        (full_text(1280 * E), r"1{,}280\,E"),
        (math_text("{}·{}·{}", E, 3, 10), r"E\cdot 3\cdot 10"),
        (full_text(SEQ * D_MODEL), r"\text{d\_model}\,\text{seq}"),
        (full_text(sqrt(553) / 2), r"\sqrt{553}/2"),
        (full_text(sqrt(E + 1)), r"\sqrt{E + 1}"),
        (full_text((SEQ + 1) * D_MODEL / 2), r"\text{d\_model}\,(\text{seq} + 1)/2"),
        (full_text(Max(SEQ, E) - 1), r"\max(E, \text{seq}) - 1"),
        (full_text(floor((L + 1) / 2) - 1), r"\lfloor (L + 1)/2\rfloor - 1"),
        (short_text(1280 * E, grouped=False), r"1280\,E"),
        (MathText("1.00e-9×"), r"1.00\cdot 10^{-9}\times"),
        (MathText("0.13%"), r"0.13\%"),
        (MathText("length_out"), r"\text{length\_out}"),
        (
            MathText("2 × MACs on real data + bias adds"),
            r"2 \times \text{MACs on real data} + \text{bias adds}",
        ),
        (
            math_text("{} multiplies for each output element", 384 * E),
            r"384\,E\ \text{multiplies for each output element}",
        ),
        (math_text("{} for each of {} elements", 4, 10), r"4\ \text{for each of}\ 10\ \text{elements}"),
        (math_text("{} × {}", E + 1, L), r"(E + 1) \times L"),
        (math_text("{}", (1, 2 * E, 1280)), r"(1, 2\,E, 1280)"),
        (math_text("{} ≈ {}", "α", "10.321"), r"\alpha \approx 10.321"),
    ],
)
def test_a_formula_is_written_for_math_mode(formula, expected):
    assert mathematics(formula) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (r"a_b & {x} \y ^ # $", r"a\_b \& \{x\} \textbackslash{}y \textasciicircum{} \# \$"),
        ("~0%", r"$\sim$0\%"),
        ("−3,200 of 49.3 K params", r"$-$3,200 of 49.3 K params"),
        ("FLOPs = 2 × MACs; taps count", r"FLOPs = 2 $\times$ MACs; taps count"),
        ("rtx-2080-ti #1", r"rtx-2080-ti \#1"),
        (MixedText("with ", math_text("{} = {}", "W", 52), "."), "with $W = 52$."),
        (MixedText("2 × ", CodeText("Conv1d(E, d_1, 3)")), r"2 $\times$ \texttt{Conv1d(E, d\_1, 3)}"),
        (MixedText.joined(", ", (MathText("B"), MathText("seq"))), r"$B$, $\text{seq}$"),
    ],
)
def test_in_a_text_formulas_are_in_math_mode_and_signs_are_escaped(words, expected):
    assert text(words) == expected


def test_words_that_look_like_a_formula_are_none():
    """A name that a user gave is text, whatever it looks like."""
    assert text("E·L = 2") == r"E$\cdot$L = 2"


SIZES = ("B", "E", "K", "L1", "x_1", "seq", "d_model", "hidden_size_2", "α", "Γ")
NUMBERS = dict(zip(SIZES, map(Fraction, (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)), strict=True))


def generated(seed):
    """A formula of sums, products, powers, quotients, roundings, and the larger of two."""
    choose = random.Random(seed)

    def part(depth):
        if depth == 0 or choose.random() < 0.15:
            name = sympy.Symbol(choose.choice(SIZES), positive=True, integer=True)
            return choose.choice(
                (name, name, name ** choose.randint(2, 12), sympy.Integer(choose.randint(1, 9999)))
            )
        first, other = part(depth - 1), part(depth - 1)
        kind = choose.choice(("sum", "difference", "product", "product", "quotient", "floor", "max"))
        return {
            "sum": lambda: first + other,
            "difference": lambda: first - other,
            "product": lambda: first * other,
            "quotient": lambda: first / other if other != 0 else first,
            "floor": lambda: sympy.floor(first / choose.randint(2, 5)) + other,
            "max": lambda: sympy.Max(first, other),
        }[kind]()

    return part(choose.randint(1, 3))


PREAMBLE = "\\documentclass{article}\n\\usepackage{amsmath}\n"


@cache
def generated_formulas():
    return [generated(seed) for seed in range(400)]


def value(latex):
    """What it comes to with `NUMBERS`, read by rules of its own."""
    python = re.sub(r"\\text\{([^{}]*)\}", lambda found: found[1].replace(r"\_", "_"), latex)
    python = python.replace("{,}", "").replace(r"\lfloor ", "floor(").replace(r"\rfloor", ")")
    python = re.sub(r"\^\{(\d+)\}", r"**\1", python.replace(r"\max(", "max("))
    python = (
        python.replace(r"\alpha ", "α")
        .replace(r"\Gamma ", "Γ")
        .replace(r"\alpha", "α")
        .replace(r"\Gamma", "Γ")
    )
    python = python.replace(r"\cdot ", "*").replace(r"\,", "*")
    python = re.sub(r"(?<![\w])(\d+)", r"Fraction(\1)", python)
    python = re.sub(r"\*\*Fraction\((\d+)\)", r"**\1", python)
    return eval(
        python, {"floor": lambda x: Fraction(math.floor(x)), "max": max, "Fraction": Fraction, **NUMBERS}
    )


def exactly(formula):
    found = formula.subs({symbol: NUMBERS[symbol.name] for symbol in formula.free_symbols})
    return Fraction(int(found.p), int(found.q))


@pytest.mark.parametrize(
    "write",
    [lambda formula: notation.write(formula, notation.LATEX), latex_expression],
    ids=["as it is", "shortest"],
)
def test_a_generated_formula_has_the_same_value_in_latex(write):
    for formula in generated_formulas():
        assert value(write(formula)) == exactly(formula), (formula, write(formula))


def hostile_documents():
    yield from (render(result, "latex") for result in RESULTS.values())
    yield render(derivation(tuple(map(parse, api.FOUNDING_PAIR)), {"K": 3}), "latex")
    yield render(
        compare("[1, seq, d_model] -> Linear(d_model, 4*d_model)", "[1, seq] -> Linear(seq, heads)"), "latex"
    )
    yield render(cost("[B*S, E, L] -> Conv1d(E, F, K, stride=3, padding=1) -> MaxPool1d(2)"), "latex")
    for name in NAMES:
        yield from (render(result, "latex") for result in results(name).values())
        shown = make_printable(name)
        yield f"{escape_latex(shown)} {latex_code(shown)} {text(shown)} ${mathematics(MathText(shown))}$\n"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_every_document_and_some_hundred_formulas_compile(tmp_path):
    formulas = "\n\n".join(f"${latex_expression(formula)}$" for formula in generated_formulas())
    body = "\n\n".join([*hostile_documents(), formulas])
    source = f"{PREAMBLE}\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (tmp_path / "all.tex").write_text(source, encoding="utf-8", errors="surrogateescape")
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "all.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        errors="replace",
    )
    assert done.returncode == 0, "\n".join(
        line for line in done.stdout.splitlines() if line.startswith(("!", "l."))
    )
