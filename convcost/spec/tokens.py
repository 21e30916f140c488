"""The tokenizer of specs. Errors point at the next token."""

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
    """A token: its rule, its normalized text, and its span."""

    rule: str
    text: str
    span: Span


class Tokens:
    """The tokens of a text, with a current position; `next` is the token there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = self._scan()
        self._index = 0
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
        """The token after the next one."""
        return self.after(1)

    def after(self, number: int) -> Token:
        """The token `number` tokens after the next one."""
        return self._tokens[min(self._index + number, len(self._tokens) - 1)]

    @property
    def start(self) -> int:
        """The start of the next token."""
        return self.next.span.start

    def span_from(self, start: int) -> Span:
        """The span from `start` to the end of the previous token."""
        return Span(start, self._tokens[max(self._index - 1, 0)].span.end)

    def read(self) -> Token:
        """Consume and return the next token."""
        token = self.next
        if token.rule != "end":
            self._index += 1
            self.next = self._tokens[self._index]
        return token

    def accept(self, *texts: str) -> str:
        """Consume the next token if it is a symbol or name in `texts`, and return its text; otherwise ""."""
        token = self.next
        if token.text in texts and token.rule in ("symbol", "name"):
            return self.read().text
        return ""

    def expect(self, text: str, *others: str) -> None:
        """Consume `text`, or fail; the error also names `others`, which are valid here too."""
        if not self.accept(text):
            self.fail(*(f"'{wanted}'" for wanted in (text, *others)))

    @property
    def is_first_on_line(self) -> bool:
        """Whether the next token is the first one on its line."""
        return "\n" in self.text[self._tokens[self._index - 1].span.end : self.start] if self._index else True

    @property
    def after_brackets(self) -> Token:
        """The token after the brackets that start after the next token; the end token if not closed."""
        depth = 0
        for index in range(self._index + 1, len(self._tokens) - 1):
            text = self._tokens[index].text
            depth += (text in ("(", "[")) - (text in (")", "]"))
            if depth == 0:
                return self._tokens[index + 1]
        return self._tokens[-1]

    def brackets_hold_comma(self) -> bool:
        """Whether the next brackets contain a comma at the top level, as in a tuple."""
        depth = 0
        for token in self._tokens[self._index :]:
            depth += (token.text in ("(", "[")) - (token.text in (")", "]"))
            if depth == 0:
                return False
            if depth == 1 and token.text == ",":
                return True
        return False

    def fail(self, *expected: str, hint: str = "") -> NoReturn:
        """Raise a SpecError that points at the next token, and says what was expected."""
        token = self.next
        if token.rule == "ambiguous":
            message = f"{token.text} could be a power of ten or a product"
            hint = "Write 1e6 for a million, or 1*E6 for a size named E6."
            raise SpecError(message, text=self.text, span=token.span, hint=hint)
        if token.rule == "based":
            message = f"{token.text[:40]} is not a size; sizes are decimal numbers"
            raise SpecError(message, text=self.text, span=token.span)
        if token.text == "#":
            hint = "Comments are allowed only in design files, such as @designs.txt."
        found = "unexpected end" if token.rule == "end" else f"found {token.text[:40]!a}"
        wanted = ", ".join(expected[:-1]) + " or " + expected[-1] if expected[1:] else expected[0]
        raise SpecError(f"{found}; expected {wanted}", text=self.text, span=token.span, hint=hint)
