"""LaTeX, in ASCII as far as its signs have commands: code, formulas, and texts with formulas in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set

from convcost.core import escapes
from convcost.render.style import as_ascii
from convcost.render.tex_formulas import COMMANDS, Formulas, Part

PREAMBLE = r"% This needs \usepackage{amsmath}."

SIGNS = {
    **{"×": r"\times", "÷": r"\div", "·": r"\cdot", "−": "-", "→": r"\to", "≥": r"\ge", "≤": r"\le"},
    **{"⌊": r"\lfloor", "⌋": r"\rfloor", "√": r"\surd", "Σ": r"\sum", "ᵀ": "^{T}", "Φ": r"\Phi", "π": r"\pi"},
    **{"α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "λ": r"\lambda", "σ": r"\sigma", "∞": r"\infty"},
    **{"∓": r"\mp", "½": r"\frac12", "≈": r"\approx", "~": r"\sim"},
    **{sign: f"^{{{digit}}}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}
ESCAPES = {
    **{sign: f"\\{sign}" for sign in "{}$&#%_"},
    **{"\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "–": "--", "…": r"\ldots{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
}
SIGNS |= COMMANDS
IN_TEXT = str.maketrans(ESCAPES | {sign: f"${command}$" for sign, command in SIGNS.items()})
IN_TYPEWRITER = IN_TEXT | {ord(sign): sign for sign in "<>|"}
IN_MATHS = str.maketrans(
    {sign: f"\\{sign}" for sign in "{}$&#%_"}
    | {"\\": r"\backslash ", "^": r"\text{\textasciicircum{}}", "–": r"\text{--}", "…": r"\ldots "}
    | {sign: command if command[0] in "^-" else f"{command} " for sign, command in SIGNS.items()}
)

CALL = re.compile(r"[^\W\d]\w*\((?:[^()]|\([^()]*\))*+\)")
"""A layer with its arguments, which is code."""

WORD = re.compile(r"\w+")
START = re.compile(r"(?<!\w)(?=[\w(⌊⌈√|−+~-])")
"""Where a call or a formula may start."""

WORDS = re.compile(r"[A-Za-z_][A-Za-z_0-9]+(?: [A-Za-z_][A-Za-z_0-9]*)*")
OTHER = re.compile(r"[^\x00-\x7f]")
ACCENTS = "\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"
"""Grave, acute, circumflex, tilde, diaeresis, ring, caron, cedilla: those that every font of LaTeX has."""

COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)
"""What GitHub Actions would take for a command of its own."""


def escaped(words: str) -> str:
    """`words` as they are, for text mode."""
    return OTHER.sub(_spelled, words.translate(IN_TEXT))


def _spelled(found: re.Match[str]) -> str:
    """A letter with an accent as it is; any other that LaTeX would refuse by its number, such as \\u6f22."""
    letter, *marks = list(unicodedata.normalize("NFD", found[0]))
    is_known = letter.isascii() and len(marks) == 1 and marks[0] in ACCENTS
    return found[0] if is_known else escapes.escaped(found[0]).translate(IN_TEXT)


def code(words: str) -> str:
    """`words` as code, for text mode."""
    return rf"\texttt{{{OTHER.sub(_spelled, words.translate(IN_TYPEWRITER))}}}"


def text(words: str, names: Set[str] = frozenset()) -> str:
    """`words` for text mode, with what is a formula among them in math mode; `names` are those of sizes."""
    formulas, parts, done, place = Formulas(words, names), list[str](), 0, 0
    while start := START.search(words, place):
        place = start.start()
        if found := _passage(formulas, words, place):
            parts += [escaped(words[done:place]), found.latex]
            done = place = found.end
        else:
            place = _behind(words, place)
    return "".join((*parts, escaped(words[done:])))


def _behind(words: str, place: int) -> int:
    """Where to go on: behind the word, or the sign, at `place`."""
    word = WORD.match(words, place)
    return word.end() if word else place + 1


def _passage(formulas: Formulas, words: str, place: int) -> Part | None:
    """A call as code, or a formula in math mode."""
    found = formulas.at(place)
    call = CALL.match(words, place)
    if call and (found is None or found.end < call.end()):
        return Part(code(call[0]), call.end())
    if found is None or not _is_formula(words[place : found.end], words[:place]):
        return None
    return Part(f"${found.latex.strip()}$", found.end)


def _is_formula(formula: str, before: str) -> bool:
    """Whether it is more than a word, or the unit of a number."""
    is_unit = before.endswith(tuple(f"{digit} " for digit in range(10)))
    if len(formula) == 1 and formula.isalpha():
        return not is_unit and ("B" <= formula <= "Z" or formula in COMMANDS)
    return formula[0] in "(⌊⌈√|−+~0123456789" or any(sign in formula for sign in " ·/^(⌊⁰¹²³⁴⁵⁶⁷⁸⁹")


def mathematics(formula: str, names: Set[str] = frozenset()) -> str:
    r"""`formula`, as people read it, for math mode: 20·B·S·E² is 20\,B\,S\,E^{2}."""
    formulas, parts, place = Formulas(formula, names), list[str](), 0
    while place < len(formula):
        words, found = WORDS.match(formula, place), formulas.at(place)
        if found and not (words and words.end() > found.end):
            parts.append(found.latex)
            place = found.end
            if re.match(" [A-Za-z]", formula[place : place + 2]):
                parts.append("\\")
        elif words:
            parts.append(rf"\text{{{escaped(words[0])}}}")
            place = words.end()
        else:
            sign = formula[place].translate(IN_MATHS)
            parts.append(sign if sign.isascii() else rf"\text{{{escaped(sign)}}}")
            place += 1
    return re.sub(" +", " ", "".join(parts)).strip()


def finished(document: str, unicode: bool) -> str:
    """The whole, with what its preamble needs, in the characters that its reader has."""
    whole = COMMAND.sub(r"\1:{}:", f"{PREAMBLE}\n{document}")
    return whole if unicode else as_ascii(whole)
