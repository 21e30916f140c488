"""LaTeX, in ASCII as far as its signs have commands: code, formulas, and texts with formulas in them."""

from __future__ import annotations

import re
from collections.abc import Callable

from convcost.formats.plain import plain

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
IN_TEXT = str.maketrans(ESCAPES | {sign: f"${command}$" for sign, command in SIGNS.items()})
IN_TYPEWRITER = IN_TEXT | {ord(sign): sign for sign in "<>|"}
IN_MATHS = str.maketrans(
    {"%": r"\%", "#": r"\#", "&": r"\&", "–": r"\text{--}", "…": r"\ldots "}
    | {sign: command if command[0] in "^-" else f"{command} " for sign, command in SIGNS.items()}
)

NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
NAME = r"[^\W\d]\w*"
POWER = "[⁰¹²³⁴⁵⁶⁷⁸⁹]"
SIZE = rf"[^\W\d_](?:\d+|_\w)?(?!\w)|{NAME}(?=[·⌋])|(?<=[·⌊]){NAME}"
PIECE = rf"(?>[(⌊√|−+~]*(?:{NUMBER}|{SIZE}){POWER}*(?:[)⌋|]{POWER}*)*[×%]?)"
FORMULA = rf"(?>{PIECE}(?:(?:[·/]| [+−=≥≤<>≈×÷/] ){PIECE})*)"
SHAPE = rf"(?=\(){FORMULA}(?:, {FORMULA})*"
CALL = rf"{NAME}\((?:[^()]|\([^()]*\))*+\)"
PASSAGE = re.compile(rf"(?<!\w)(?:(?P<call>{CALL})|(?P<formula>{SHAPE}|{FORMULA})(?!\w))")
"""In a text: a layer with its arguments, which is code, or what may be a shape or a formula.

Nothing in it is tried in a second way, so that a long formula takes no longer than its length.
"""

WORDS = re.compile(r"[A-Za-z_][A-Za-z_0-9]+(?: [A-Za-z_][A-Za-z_0-9]*)*")
APART = re.compile(r"(?<=[\w)⌋⁰¹²³⁴⁵⁶⁷⁸⁹]) $")
"""A space between a formula and the words behind it."""

COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)
"""What GitHub Actions would take for a command of its own."""

THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
ROOT = re.compile(r"√(?:((?:\d|\{,\})+|\w)|\(([^()]*)\))")
BESIDE_NUMBER = re.compile(r"·(?=\d)")


def escaped(words: str) -> str:
    """`words` as they are, for text mode."""
    return words.translate(IN_TEXT)


def code(words: str) -> str:
    """`words` as code, for text mode."""
    return rf"\texttt{{{words.translate(IN_TYPEWRITER)}}}"


def text(words: str) -> str:
    """`words` for text mode, with what is a formula among them in math mode."""
    return _with_replaced(PASSAGE, words, _passage, escaped)


def _passage(match: re.Match[str]) -> str:
    if match["call"]:
        return code(match[0])
    before, formula, after = _balanced(match["formula"])
    is_unit = match.string[: match.start()].endswith(tuple(f"{digit} " for digit in range(10)))
    is_size = len(formula) == 1 and "B" <= formula <= "Z" and not is_unit
    if is_size or formula[0] in "(⌊√|−+~0123456789" or " " in formula or "·" in formula:
        return f"{escaped(before)}${mathematics(formula)}${escaped(after)}"
    return escaped(match[0])


def _balanced(formula: str) -> tuple[str, str, str]:
    """`formula` without brackets that belong to the text around it, and those."""
    start, end = 0, len(formula)
    while formula[start:end].count("(") > formula[start:end].count(")") and formula[start] == "(":
        start += 1
    while formula[start:end].count(")") > formula[start:end].count("(") and formula[end - 1] == ")":
        end -= 1
    return formula[:start], formula[start:end], formula[end:]


def mathematics(formula: str) -> str:
    r"""`formula`, as people read it, for math mode: 20·B·S·E² is 20\,B\,S\,E^{2}."""
    written = _with_replaced(WORDS, formula, lambda match: rf"\text{{{escaped(match[0])}}}", _signs)
    return re.sub(" +", " ", written).strip()


def _signs(formula: str) -> str:
    spaced = APART.sub(r"\\ ", THOUSANDS.sub("{,}", formula))
    rooted = ROOT.sub(lambda match: rf"\sqrt{{{match[1] or match[2]}}}", spaced)
    return BESIDE_NUMBER.sub(r"\\cdot ", rooted).replace("·", r"\,").translate(IN_MATHS)


def _with_replaced(
    pattern: re.Pattern[str], words: str, replace: Callable[[re.Match[str]], str], rest: Callable[[str], str]
) -> str:
    """`words` with every match replaced, and what is between two of them put through `rest`."""
    parts, place = [], 0
    for match in pattern.finditer(words):
        parts += [rest(words[place : match.start()]), replace(match)]
        place = match.end()
    return "".join((*parts, rest(words[place:])))


def finished(document: str, unicode: bool) -> str:
    """The whole, with what its preamble needs, in the characters that its reader has."""
    whole = COMMAND.sub(r"\1:{}:", f"{PREAMBLE}\n{document}")
    return whole if unicode else plain(whole)
