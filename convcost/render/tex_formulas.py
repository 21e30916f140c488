"""Formulas as people write them, read into a tree and written in LaTeX: whole, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Set
from typing import NamedTuple

LETTER = r"(?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)"
"""What a name is of: an exponent is none of it."""

NUMBER = re.compile(rf"([0-9]+(?:,[0-9]{{3}})+|[0-9]+)(\.[0-9]+)?(?:e(-?[0-9]+))?(?!{LETTER}|,[0-9])")
NAME = re.compile(rf"(?![0-9]){LETTER}+")
END = re.compile(rf"(?!{LETTER})")
SIZE = re.compile(r"[^\W\d_](?:[0-9]+|_\w)?")
"""A name that is a size wherever it stands beside a sign."""

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
POWER = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")

SUMS = {" + ": " + ", " − ": " - ", " × ": r" \times ", " / ": " / ", " ÷ ": r" \div "}
RELATIONS = {" = ": " = ", " ≥ ": r" \ge ", " ≤ ": r" \le ", " < ": " < ", " > ": " > ", " ≈ ": r" \approx "}
SIGNS = {"−": "-", "-": "-", "+": "+", "~": r"\sim "}
FUNCTIONS = {"max(": r"\max(", "min(": r"\min("}
BRACKETS = {"(": ("(", ")", ")"), "⌊": (r"\lfloor ", "⌋", r"\rfloor"), "⌈": (r"\lceil ", "⌉", r"\rceil")}
UNITS = {"%": r"\%", "×": r"\times"}

DEEPEST = 60
"""Brackets within brackets; what is deeper is no formula."""


class Part(NamedTuple):
    """A part of a formula in LaTeX, and where it ends in the text."""

    latex: str
    end: int


class Formulas:
    """The formulas in a text. `names` are sizes of several letters; other words are none.

    relation: sum ((" = " | " ≥ " | …) sum)*
    sum: product ((" + " | " − " | " × " | " / " | " ÷ ") product)*
    product: power (("·" | "/") power)*
    power: sign* atom (superscripts | "^(" … ")")? unit?
    atom: number | name | "√" atom | "|" sum "|" | ("max" | "min")? "(" relation (", " relation)* ")"
        | "⌊" relation "⌋" | "⌈" relation "⌉"
    """

    def __init__(self, text: str, names: Set[str] = frozenset()) -> None:
        self._text = text
        self._names = names
        self._groups: dict[int, Part | None] = {}
        self._depth = 0

    def at(self, place: int) -> Part | None:
        """The longest formula that starts at `place`; None where none does."""
        return self._chain(place, self._sum, RELATIONS)

    def _sum(self, place: int) -> Part | None:
        return self._chain(place, self._product, SUMS)

    def _chain(self, place: int, operand: Callable[[int], Part | None], signs: dict[str, str]) -> Part | None:
        """Operands with signs of three characters between them."""
        found = operand(place)
        if found is None:
            return None
        parts, end = [found.latex], found.end
        while sign := signs.get(self._text[end : end + 3]):
            following = operand(end + 3)
            if following is None:
                break
            parts += [sign, following.latex]
            end = following.end
        return Part("".join(parts), end)

    def _product(self, place: int) -> Part | None:
        found = self._power(place)
        if found is None:
            return None
        parts, end = [found.latex], found.end
        while (sign := self._text[end : end + 1]) in ("·", "/"):
            following = self._power(end + 1)
            if following is None:
                break
            between = "/" if sign == "/" else r"\cdot " if following.latex[0].isdigit() else r"\,"
            parts += [between, following.latex]
            end = following.end
        return Part("".join(parts), end)

    def _power(self, place: int) -> Part | None:
        signs = ""
        while sign := SIGNS.get(self._text[place : place + 1]):
            signs += sign
            place += 1
        found = self._atom(place)
        if found is None:
            return None
        latex, end = found
        if exponent := POWER.match(self._text, end):
            latex, end = f"{latex}^{{{exponent[0].translate(SUPERSCRIPTS)}}}", exponent.end()
        elif self._text.startswith("^(", end) and (group := self._group(end + 1)):
            latex, end = f"{latex}^{{{group.latex[1:-1]}}}", group.end
        if unit := UNITS.get(self._text[end : end + 1]):
            latex, end = latex + unit, end + 1
        return Part(signs + latex, end) if END.match(self._text, end) else None

    def _atom(self, place: int) -> Part | None:
        text = self._text
        if number := NUMBER.match(text, place):
            whole = number[1].replace(",", "{,}") + (number[2] or "")
            return Part(whole + (rf"\cdot 10^{{{number[3]}}}" if number[3] else ""), number.end())
        for opening, latex in FUNCTIONS.items():
            if text.startswith(opening, place) and (group := self._group(place + len(opening) - 1)):
                return Part(latex + group.latex[1:], group.end)
        if text.startswith("√", place):
            inner = self._atom(place + 1)
            is_bracketed = inner is not None and text.startswith("(", place + 1)
            return inner and Part(
                rf"\sqrt{{{inner.latex[1:-1] if is_bracketed else inner.latex}}}", inner.end
            )
        if text[place : place + 1] in BRACKETS:
            return self._group(place)
        if text.startswith("|", place):
            inner = self._nested(lambda: self._sum(place + 1))
            return (
                Part(f"|{inner.latex}|", inner.end + 1) if inner and text.startswith("|", inner.end) else None
            )
        return self._name(place)

    def _name(self, place: int) -> Part | None:
        found = NAME.match(self._text, place)
        if not found or not (found[0].isascii() or found[0] in COMMANDS):
            return None
        touches = self._text[place - 1 : place] in ("·", "⌊") or self._text[
            found.end() : found.end() + 1
        ] in ("·", "⌋")
        if not (touches or found[0] in self._names or SIZE.fullmatch(found[0])):
            return None
        return Part(name(found[0]), found.end())

    def _group(self, place: int) -> Part | None:
        """Formulas in brackets, with commas between them; each is read once, wherever reading starts."""
        if place not in self._groups:
            self._groups[place] = self._nested(lambda: self._bracketed(place))
        return self._groups[place]

    def _bracketed(self, place: int) -> Part | None:
        opening, closing, end = BRACKETS[self._text[place]]
        parts: list[str] = []
        place += 1
        while found := self.at(place):
            parts.append(found.latex)
            place = found.end
            if self._text.startswith(closing, place):
                return Part(f"{opening}{', '.join(parts)}{end}", place + 1)
            if not self._text.startswith(", ", place):
                return None
            place += 2
        return None

    def _nested(self, read: Callable[[], Part | None]) -> Part | None:
        if self._depth >= DEEPEST:
            return None
        self._depth += 1
        try:
            return read()
        finally:
            self._depth -= 1


ALPHA_TO_KAPPA = r"\alpha \beta \gamma \delta \epsilon \zeta \eta \theta \iota \kappa"
LAMBDA_TO_OMEGA = r"\lambda \mu \nu \xi \pi \rho \sigma \tau \upsilon \phi \chi \psi \omega"
CAPITALS = r"\Gamma \Delta \Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega"
LETTERS = "αβγδεζηθικ" + "λμνξπρστυφχψω" + "ΓΔΘΛΞΠΣΥΦΨΩ"
GREEK = dict(zip(LETTERS, f"{ALPHA_TO_KAPPA} {LAMBDA_TO_OMEGA} {CAPITALS}".split(" "), strict=True))
COMMANDS = {**GREEK, "µ": r"\mu"}
"""Greek letters, in math mode."""


def name(word: str) -> str:
    """The name of a size in math mode: E, \\alpha, \\text{d\\_model}."""
    if len(word) == 1:
        return f"{COMMANDS[word]} " if word in COMMANDS else word
    spelled = word.replace("_", r"\_")
    return rf"\text{{{spelled}}}"
