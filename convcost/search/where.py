"""Conditions on designs: `flops <= 1G and params < 2M`. The functions' docstrings are the grammar."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from convcost.core.errors import Span, SpecError, UsageError, did_you_mean
from convcost.core.sweep import RATIO, SECONDS
from convcost.core.units import SCALED, TIME, parse_scaled, parse_time
from convcost.spec.tokens import Token

TOKEN = re.compile(
    rf"\s*(?:(?P<time>{TIME.pattern}(?![\w.]))|(?P<number>{SCALED.pattern}(?![\w.]))|(?P<name>[A-Za-z_]\w*)|(?P<symbol><=|>=|==|!=|[-<>=+*/()])"
    r"|(?P<end>\Z)|(?P<unknown>[\w.]+|.))",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)

WORDS = ("and", "or", "not")

SEVERAL_DEVICES = "with several devices, there are seconds_h100_sxm and so on."

CONDITIONAL = {
    RATIO: {"hint": "It needs at least two designs."},
    SECONDS: {
        "hint": f'It needs device="h100"; {SEVERAL_DEVICES}',
        "cli_hint": f"It needs --device h100; {SEVERAL_DEVICES}",
    },
}
"""Hints on quantities that are not always available, in Python and on the command line."""

EXAMPLE = '"flops <= 1G and (params < 2M or C >= 64)"'

UNIT_HINT = "Write an amount as 1G and a time as 2ms: without spaces, and without units such as FLOPs."

LONGEST = 2_000

DEEPEST = 50

RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
}

Values = Mapping[str, "WhereQuotient"]


class WhereQuotient(NamedTuple):
    """An exact fraction of ints or columns; the denominator is ≥ 0, and 0 stands for no number."""

    numerator: Any
    denominator: Any = 1

    def combine(self, sign: str, other: WhereQuotient) -> WhereQuotient:
        """The sum, difference, product or quotient of two fractions."""
        (a, b), (c, d) = self, other
        if sign == "*":
            return WhereQuotient(a * c, b * d)
        if sign == "/" and _is_nonnegative(c):
            return WhereQuotient(a * d * d, b * c * d)
        if sign == "/":
            return WhereQuotient(a * c * d * d, b * c * c * d)
        return WhereQuotient(a * d + c * b if sign == "+" else a * d - c * b, b * d)

    def compare(self, sign: str, other: WhereQuotient) -> Any:
        """Where the relation holds; false where a side is no number."""
        (a, b), (c, d) = self, other
        return (b != 0) & (d != 0) & RELATIONS[sign](a * d, c * b)


def _is_nonnegative(number: Any) -> bool:
    """Whether an int, or every possible value of a column, is ≥ 0."""
    return bool((number if isinstance(number, int) else number.bounds[0]) >= 0)


class WhereCondition(NamedTuple):
    """A parsed condition with the names in it; `holds` returns where it is met, a bool or an array."""

    text: str
    names: frozenset[str]
    holds: Callable[[Values], Any]


def parse_condition(text: str, known: Collection[str], times: Collection[str] = ()) -> WhereCondition:
    """condition: any END; `known` are the allowed names, of which `times` are in seconds"""
    if len(text) > LONGEST:
        raise UsageError(f"the condition has {len(text):,} characters; the limit is {LONGEST:,}")
    parser = _Parser(text, known, times)
    holds = parser.any()
    if parser.next.rule != "end":
        parser.fail("'and', 'or' or the end")
    return WhereCondition(text.strip(), frozenset(parser.names), holds)


class _Parser:
    """Parses a condition from left to right; errors point at the current token."""

    def __init__(self, text: str, known: Collection[str], times: Collection[str]) -> None:
        self.text = text
        self.known = known
        self.times = times
        self.names: list[str] = []
        self.depth = 0
        self._tokens = [
            Token(str(found.lastgroup), found[str(found.lastgroup)], Span(*found.span(str(found.lastgroup))))
            for found in TOKEN.finditer(text)
        ]
        self._place = 0

    @property
    def next(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._place]

    def accept(self, *texts: str) -> str:
        """Consume the next token if it is among `texts`, and return it, or else ""."""
        text = self.next.text.lower()
        if text not in texts:
            return ""
        self._place += 1
        return text

    def fail(self, expected: str) -> NoReturn:
        """Point at the next token and say what was expected there."""
        token = self.next
        found = "unexpected end" if token.rule == "end" else f"found {token.text[:40]!a}"
        self.fail_at(token, f"{found}; expected {expected}", UNIT_HINT if self._has_unit() else "")

    def _has_unit(self) -> bool:
        """Whether the next token is a number with a unit, or the unit of the number before it."""
        follows_number = self._place > 0 and self._tokens[self._place - 1].rule == "number"
        is_joined = self.next.rule == "unknown" and self.next.text[:1].isdecimal()
        return is_joined or (self.next.rule == "name" and follows_number)

    def fail_at(self, token: Token, message: str, hint: str = "", cli_hint: str = "") -> NoReturn:
        """Point at `token`."""
        if not hint:
            hint, cli_hint = f"For example, where={EXAMPLE}.", f"For example, --where {EXAMPLE}."
        raise SpecError(message, text=self.text, span=token.span, hint=hint, cli_hint=cli_hint)

    def any(self) -> Callable[[Values], Any]:
        """any: all ("or" all)*"""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail_at(self.next, f"brackets and 'not' are nested more than {DEEPEST} deep")
        terms = [self.all()]
        while self.accept("or"):
            terms.append(self.all())
        self.depth -= 1
        return lambda values: _combine_terms(operator.or_, terms, values)

    def all(self) -> Callable[[Values], Any]:
        """all: negation ("and" negation)*"""
        terms = [self.negation()]
        while self.accept("and"):
            terms.append(self.negation())
        return lambda values: _combine_terms(operator.and_, terms, values)

    def negation(self) -> Callable[[Values], Any]:
        """negation: "not" negation | comparison | "(" any ")" """
        negated = False
        while self.accept("not"):
            negated = not negated
        inner = self._bracketed_condition() or self.comparison()
        return (lambda values: inner(values) ^ True) if negated else inner

    def _bracketed_condition(self) -> Callable[[Values], Any] | None:
        """ "(" any ")", if the brackets have a relation in them."""
        if self.next.text != "(" or not self._brackets_hold_relation():
            return None
        self.accept("(")
        inner = self.any()
        if not self.accept(")"):
            self.fail("')', 'and' or 'or'")
        return inner

    def _brackets_hold_relation(self) -> bool:
        depth = 0
        for token in self._tokens[self._place :]:
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0:
                return False
            if token.text in RELATIONS:
                return True
        return False

    def comparison(self) -> Callable[[Values], Any]:
        """comparison: sum (("<" | "<=" | ">" | ">=" | "==" | "=" | "!=") sum)+: all hold, as 8 <= C < 64"""
        start = self._place
        terms = [self.sum()]
        signs = []
        while sign := self.accept(*RELATIONS):
            signs.append(sign)
            terms.append(self.sum())
        if not signs:
            self.fail("a comparison such as <= 1G")
        self._check_times(self._tokens[start : self._place])
        parts = [
            _comparison(first, sign, second)
            for first, sign, second in zip(terms, signs, terms[1:], strict=False)
        ]
        return lambda values: _combine_terms(operator.and_, parts, values)

    def _check_times(self, tokens: Sequence[Token]) -> None:
        """Check that a time such as 2ms is compared with seconds."""
        time = next((token for token in tokens if token.rule == "time"), None)
        if time and not any(token.text in self.times for token in tokens):
            name = next(iter(self.times), SECONDS)
            devices = ("", "") if self.times else (', with device="h100"', ", with --device h100")
            hints = (f"Write {name} <= 2ms{device}." for device in devices)
            self.fail_at(time, f"{time.text[:40]} is a time, but nothing here is in seconds", *hints)

    def sum(self) -> Callable[[Values], WhereQuotient]:
        """sum: product (("+" | "-") product)*"""
        return self._operations(self.product, "+", "-")

    def product(self) -> Callable[[Values], WhereQuotient]:
        """product: operand (("*" | "/") operand)*: a quotient is exact, and nothing holds of one by 0"""
        return self._operations(self.operand, "*", "/")

    def _operations(
        self, operand: Callable[[], Callable[[Values], WhereQuotient]], *signs: str
    ) -> Callable[[Values], WhereQuotient]:
        first = operand()
        rest = []
        while sign := self.accept(*signs):
            if sign == "/" and self.next.rule == "number" and not parse_scaled(self.next.text):
                self.fail_at(self.next, "a division by zero")
            rest.append((sign, operand()))

        def value(values: Values) -> WhereQuotient:
            found = first(values)
            for sign, other in rest:
                found = found.combine(sign, other(values))
            return found

        return value if rest else first

    def operand(self) -> Callable[[Values], WhereQuotient]:
        """operand: NUMBER [prefix] | NUMBER ("s" | "ms" | "us" | "ns") | NAME | "(" sum ")" """
        token = self.next
        if token.rule in ("number", "time"):
            self._place += 1
            value = parse_time(token.text) if token.rule == "time" else parse_scaled(token.text)
            number = WhereQuotient(*value.as_integer_ratio())
            return lambda values: number
        if token.rule == "name" and token.text.lower() not in WORDS:
            self._place += 1
            self._check_known(token)
            self.names.append(token.text)
            return lambda values: values[token.text]
        if not self.accept("("):
            self.fail("a quantity, a size or a number")
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail_at(token, f"brackets are nested more than {DEEPEST} deep")
        inner = self.sum()
        self.depth -= 1
        if not self.accept(")"):
            self.fail("')' or an operator")
        return inner

    def _check_known(self, token: Token) -> None:
        if token.text not in self.known:
            near = did_you_mean(token.text, self.known)
            message = f"no quantity or size is called {token.text[:40]}{near}"
            hints = CONDITIONAL.get(token.text, {"hint": f"Choose from {', '.join(self.known)}."})
            self.fail_at(token, message, **hints)


def _comparison(
    first: Callable[[Values], WhereQuotient], sign: str, second: Callable[[Values], WhereQuotient]
) -> Callable[[Values], Any]:
    return lambda values: first(values).compare(sign, second(values))


def _combine_terms(
    operation: Callable[[Any, Any], Any], terms: list[Callable[[Values], Any]], values: Values
) -> Any:
    found = terms[0](values)
    for term in terms[1:]:
        found = operation(found, term(values))
    return found
