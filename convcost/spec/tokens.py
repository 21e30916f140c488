"""A spec's text as tokens, read one by one; every error points at the token it met."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from convcost.core.errors import Span, SpecError
from convcost.spec.syntax import check_name

TOKEN = re.compile(
    r"""\s*(?:
      (?P<ambiguous>[0-9]+E[0-9]+)
    | (?P<based>0[xXbBoO][0-9A-Fa-f]+)
    | (?P<real>[0-9]+\.[0-9]*(?:e[+-]?[0-9]+)? | \.[0-9]+(?:e[+-]?[0-9]+)? | [0-9]+e[+-]?[0-9]+)
    | (?P<integer>[0-9][0-9_]*)
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)
    | (?P<word>'[^']*'|"[^"]*")
    | (?P<symbol>->|→|\*\*|//|[-−+*/^×·=,:;()\[\]])
    | (?P<end>\Z)
    | (?P<unknown>.)
    )""",
    re.VERBOSE | re.ASCII,
)

SPELLINGS = {"→": "->", "^": "**", "·": "*", "−": "-"}


class Token(NamedTuple):
    """One token: its rule, its text in plain spelling, and where it is."""

    rule: str
    text: str
    span: Span


class Tokens:
    """The tokens of a text and a place among them, where `next` is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = self._scan()
        self._place = 0
        self.next = self._tokens[0]

    def _scan(self) -> list[Token]:
        tokens = []
        for match in TOKEN.finditer(self.text):
            rule = str(match.lastgroup)
            span = Span(*match.span(rule))
            if rule == "name":
                check_name(self.text, span)
            tokens.append(Token(rule, SPELLINGS.get(match[rule], match[rule]), span))
            if rule in ("unknown", "ambiguous", "based", "end"):
                break
        return tokens

    @property
    def after_next(self) -> Token:
        """The token behind the next one."""
        return self.after(1)

    def after(self, number: int) -> Token:
        """The token that comes `number` tokens after the next one."""
        return self._tokens[min(self._place + number, len(self._tokens) - 1)]

    @property
    def start(self) -> int:
        """Where the next token starts."""
        return self.next.span.start

    def span_from(self, start: int) -> Span:
        """From `start` to the end of the token read last."""
        return Span(start, self._tokens[max(self._place - 1, 0)].span.end)

    def read(self) -> Token:
        """The next token, which is consumed."""
        token = self.next
        if token.rule != "end":
            self._place += 1
            self.next = self._tokens[self._place]
        return token

    def accept(self, *texts: str) -> str:
        """Consume the next token if it is a symbol or name among `texts`, and return its text, or else ""."""
        token = self.next
        if token.text in texts and token.rule in ("symbol", "name"):
            return self.read().text
        return ""

    def expect(self, text: str, *others: str) -> None:
        """Consume `text`, or fail; `others` would have been valid here too."""
        if not self.accept(text):
            self.fail(*(f"'{wanted}'" for wanted in (text, *others)))

    @property
    def is_first_on_line(self) -> bool:
        """Whether the next token is the first one on its line."""
        return "\n" in self.text[self._tokens[self._place - 1].span.end : self.start] if self._place else True

    @property
    def after_brackets(self) -> Token:
        """The token behind the brackets that the token after the next one opens; the end if nothing does."""
        depth = 0
        for place in range(self._place + 1, len(self._tokens) - 1):
            text = self._tokens[place].text
            depth += (text in ("(", "[")) - (text in (")", "]"))
            if depth == 0:
                return self._tokens[place + 1]
        return self._tokens[-1]

    def brackets_hold_comma(self) -> bool:
        """Whether the bracket that comes next has a comma of its own, as a tuple has."""
        depth = 0
        for token in self._tokens[self._place :]:
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            if depth == 0:
                return False
            if depth == 1 and token.text == ",":
                return True
        return False

    def fail(self, *expected: str, hint: str = "") -> NoReturn:
        """Point at the next token and say what was expected there."""
        token = self.next
        if token.rule == "ambiguous":
            message = f"{token.text} could be a power of ten or a product"
            hint = "Write 1e6 for a million, or 1*E6 for a size named E6."
            raise SpecError(message, text=self.text, span=token.span, hint=hint)
        if token.rule == "based":
            message = f"{token.text[:40]} is not a size; sizes are decimal numbers"
            raise SpecError(message, text=self.text, span=token.span)
        if token.text == "#":
            hint = "Comments are for files of designs, such as @designs.txt."
        found = "unexpected end" if token.rule == "end" else f"found {token.text[:40]!a}"
        wanted = ", ".join(expected[:-1]) + " or " + expected[-1] if expected[1:] else expected[0]
        raise SpecError(f"{found}; expected {wanted}", text=self.text, span=token.span, hint=hint)
