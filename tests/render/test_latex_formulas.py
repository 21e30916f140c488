"""Every formula is one expression in math mode, means what it says, and compiles."""

import random
import re
import shutil
import subprocess
from fractions import Fraction
from math import floor

import pytest
import sympy
from results import RESULTS
from test_hostile_names import NAMES, results

from convcost import api, compare, cost, parse
from convcost.analysis.explain.explanation import derivation
from convcost.core.escapes import latex, latex_code, printable
from convcost.render import render
from convcost.render.latex import mathematics, text
from convcost.render.texts import MathText
from convcost.symbolic import notation
from convcost.symbolic.text import latex_expression

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

FORMULAS = [generated(seed) for seed in range(400)]


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
    return eval(python, {"floor": lambda x: Fraction(floor(x)), "max": max, "Fraction": Fraction, **NUMBERS})


def exactly(formula):
    found = formula.subs({symbol: NUMBERS[symbol.name] for symbol in formula.free_symbols})
    return Fraction(int(found.p), int(found.q))


@pytest.mark.parametrize(
    "write",
    [lambda formula: notation.write(formula, notation.LATEX), latex_expression],
    ids=["as it is", "shortest"],
)
def test_a_generated_formula_has_the_same_value_in_latex(write):
    for formula in FORMULAS:
        assert value(write(formula)) == exactly(formula), (formula, write(formula))


def documents():
    yield from (render(result, "latex") for result in RESULTS.values())
    yield render(derivation(tuple(map(parse, api.FOUNDING_PAIR)), {"K": 3}), "latex")
    yield render(
        compare("[1, seq, d_model] -> Linear(d_model, 4*d_model)", "[1, seq] -> Linear(seq, heads)"), "latex"
    )
    yield render(cost("[B*S, E, L] -> Conv1d(E, F, K, stride=3, padding=1) -> MaxPool1d(2)"), "latex")
    for name in NAMES:
        yield from (render(result, "latex") for result in results(name).values())
        shown = printable(name)
        yield f"{latex(shown)} {latex_code(shown)} {text(shown)} ${mathematics(MathText(shown))}$\n"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_every_document_and_some_hundred_formulas_compile(tmp_path):
    formulas = "\n\n".join(f"${latex_expression(formula)}$" for formula in FORMULAS)
    body = "\n\n".join([*documents(), formulas])
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
