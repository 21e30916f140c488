"""LaTeX, in ASCII as far as its signs have commands: texts, and formulas in math mode."""

from __future__ import annotations

import re

from convcost.formats.plain import plain

SIGNS = {
    **{"×": r"\times", "÷": r"\div", "·": r"\cdot", "−": "-", "→": r"\to", "≥": r"\ge", "≤": r"\le"},
    **{"⌊": r"\lfloor", "⌋": r"\rfloor", "√": r"\surd", "Σ": r"\sum", "ᵀ": "^{T}", "Φ": r"\Phi", "π": r"\pi"},
    **{"α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "λ": r"\lambda", "σ": r"\sigma", "∞": r"\infty"},
    **{"∓": r"\mp", "½": r"\frac12"},
    **{sign: f"^{{{digit}}}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}
ESCAPES = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"–": "--", "…": r"\ldots{}", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
}
IN_TEXT = str.maketrans(ESCAPES | {sign: f"${command}$" for sign, command in SIGNS.items()})
IN_MATHS = str.maketrans(
    {"%": r"\%", "#": r"\#", "&": r"\&", "–": "--", "…": r"\ldots "}
    | {sign: command if command[0] in "^-" else f"{command} " for sign, command in SIGNS.items()}
)
WORDS = re.compile(r"[A-Za-z_][A-Za-z_0-9]+(?: [A-Za-z_][A-Za-z_0-9]*)*")
THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def text(words: str) -> str:
    """`words` for text mode."""
    return words.translate(IN_TEXT)


def mathematics(formula: str) -> str:
    """`formula`, as people read it, for math mode: 20·B·S·E² is 20\\cdot B\\cdot S\\cdot E^{2}."""
    parts = []
    place = 0
    for match in WORDS.finditer(formula):
        parts += [_signs(formula[place : match.start()]), rf"\text{{{text(match[0])}}}"]
        place = match.end()
    return re.sub(" +", " ", "".join((*parts, _signs(formula[place:]))))


def _signs(formula: str) -> str:
    return THOUSANDS.sub("{,}", formula).translate(IN_MATHS)


def finished(document: str, unicode: bool) -> str:
    """The whole, in the characters that its reader has."""
    return document if unicode else plain(document)
