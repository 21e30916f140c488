"""Texts as HTML: words escaped, formulas as MathML, code as code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from convcost.render.texts import MATH_TOKEN, CodeText, CommandText, Expression, MathText, MixedText, parts_of

OPENING, CLOSING = "([⌊", ")]⌋"
"""Brackets, which have no space around them, unlike other signs."""

TOKEN = re.compile(MATH_TOKEN)

POWERS = {sign: str(power) for power, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}

FORMULA_AND_SIGN = re.compile(r"<math>(?:(?!<math>).)*</math>[.,;:)]", re.DOTALL)
"""A formula followed by a sign, between which browsers would break the line."""

WORD_SPACE = '<mspace width="0.3em"></mspace>'
"""The space between words in a formula; browsers add space around signs."""


def html_text(content: str) -> str:
    """`content` as HTML, with a `<math>` for each formula; plain numbers are text."""
    match content:
        case MixedText():
            return FORMULA_AND_SIGN.sub(
                r'<span class="unbroken">\g<0></span>', "".join(map(html_text, content.pieces))
            )
        case MathText() if _is_formula(content):
            return f"<math>{mathematics(content)}</math>"
        case CodeText() | CommandText():
            return f"<code>{escape(content)}</code>"
    return escape(content)


def equation_html(name: str, sides: tuple[str, ...]) -> str:
    """`name` = each of `sides`, as separate formulas, because browsers don't break lines within one."""
    first, *others = filter(None, (name, *sides))
    equal = (f"<math><mo>=</mo>{mathematics(side)}</math>" for side in others)
    return " ".join((f"<math>{mathematics(first)}</math>", *equal))


def _is_formula(content: MathText) -> bool:
    """Whether it has more than numbers and signs."""
    return any(isinstance(part, Expression) or any(map(str.isalpha, part)) for part in content.parts)


def mathematics(formula: str) -> str:
    """`formula` as the content of `<math>`."""
    tokens = [token for part in parts_of(formula) for token in _tokens(part)]
    kinds = ["sign", *(kind for kind, _ in tokens), "sign"]
    written: list[str] = []
    for place, (kind, token) in enumerate(tokens):
        around = {kinds[place], kinds[place + 2]}
        if kind == "power" and written:
            written[-1] = f"<msup><mrow>{written[-1]}</mrow>{token}</msup>"
        elif kind != "space":
            written.append(token)
        elif "words" in around and "sign" not in around:
            written.append(WORD_SPACE)
    return "".join(written)


def _tokens(part: str | Expression) -> Iterator[tuple[str, str]]:
    """Numbers, words, names, signs, powers, spaces and expressions, each as MathML."""
    if isinstance(part, Expression):
        from convcost.symbolic.sympy_text import mathml_expression

        yield "expression", f"<mrow>{mathml_expression(part.value, grouped=part.grouped)}</mrow>"
        return
    for found in TOKEN.finditer(part):
        yield _token(found.lastgroup or "", found[0])


def _token(kind: str, token: str) -> tuple[str, str]:
    written = escape(token)
    match kind:
        case "number":
            return kind, f"<mn>{written}</mn>"
        case "words" if " " in token:
            return kind, f"<mtext>{written}</mtext>"
        case "words":
            return kind, f"<mi>{written}</mi>"
        case "sign" if token in POWERS:
            return "power", f"<mn>{POWERS[token]}</mn>"
        case "sign" if token.isalpha():
            return "words", f"<mi>{written}</mi>"
        case "sign" if token in OPENING:
            return kind, f'<mo form="prefix" stretchy="false">{written}</mo>'
        case "sign" if token in CLOSING:
            return kind, f'<mo form="postfix" stretchy="false">{written}</mo>'
    return kind, f"<mo>{written}</mo>"
