"""Inputs as text, `ids=i64[1,128]`: a name, a dtype, a shape. Every error points at the place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NoReturn

from convcost.core.errors import Span, SpecError, UsageError, did_you_mean
from convcost.layers.interface import MOST_DIMENSIONS
from convcost.tracing.inputs import DTYPES, LARGEST, Declared, Inputs, Multiple, Size

TOKEN = re.compile(
    r"\s*(?:(?P<size>[0-9][0-9_]*(?:\s*\*\*\s*[0-9]{1,2})?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>[\[\],=*])|(?P<end>\Z)|(?P<unknown>.))",
    re.ASCII,
)
LONGEST = 1_000
LONGEST_BASE = 20

EXAMPLE = "Write it as f32[1,3,224,224], or ids=i64[1,128] by the name that forward has for it."


def parse_inputs(texts: Iterable[str]) -> Inputs:
    """The inputs that `texts` declare; SpecError with a caret where one is wrong."""
    args: list[Declared] = []
    kwargs: dict[str, Declared] = {}
    for text in texts:
        name, declared = parse_input(text)
        if name in kwargs:
            raise UsageError(f"the input {name} is given twice")
        if name:
            kwargs[name] = declared
        else:
            args.append(declared)
    return Inputs(tuple(args), kwargs)


def parse_input(text: str) -> tuple[str, Declared]:
    """input: [NAME "="] [DTYPE] "[" [size ("," size)* [","]] "]" """
    return _Reader(text).input()


class _Reader:
    """The tokens of a text and a place among them."""

    def __init__(self, text: str) -> None:
        self.text = text[:LONGEST]
        self._tokens = list(TOKEN.finditer(self.text))
        self._place = 0

    def input(self) -> tuple[str, Declared]:
        name = self._name_before_equals()
        dtype = self._dtype()
        self._need("[", "a shape such as [1,3,224,224]")
        shape = self._sizes()
        self._need("]", "',' or ']'")
        if self._rule != "end":
            self._fail("the end")
        return name, Declared(dtype, shape)

    def _name_before_equals(self) -> str:
        if self._rule != "name" or self._tokens[self._place + 1]["sign"] != "=":
            return ""
        name = self._read()
        self._read()
        return name

    def _dtype(self) -> str:
        if self._rule != "name":
            return ""
        span, name = self._span, self._read()
        if name not in DTYPES:
            message = f"no dtype is called {name[:40]}{did_you_mean(name, DTYPES)}"
            hint = "There are f64 f32 f16 bf16, i64 i32 i16 i8 u8, bool, c64 c128, and torch's own names."
            raise SpecError(message, text=self.text, span=span, hint=hint)
        return DTYPES[name]

    def _sizes(self) -> tuple[Size, ...]:
        """size ("," size)* [","]"""
        sizes: list[Size] = []
        while self._text != "]":
            if self._rule not in {"size", "name"}:
                self._fail("a size or ']'")
            if len(sizes) == MOST_DIMENSIONS:
                raise SpecError(f"more than {MOST_DIMENSIONS} dimensions", text=self.text, span=self._span)
            sizes.append(self._size())
            if self._text != ",":
                break
            self._read()
        return tuple(sizes)

    def _size(self) -> Size:
        """size: number | [number ["*"]] NAME"""
        if self._rule == "name":
            return self._read()
        span, number = self._span, self._number()
        is_product = self._text == "*"
        if is_product:
            self._read()
        if self._rule == "name" and number:
            return Multiple(number, self._read())
        if self._rule == "name":
            raise SpecError("0 times a size is no open size", text=self.text, span=span)
        if is_product:
            self._fail("the name of a size")
        return number

    def _number(self) -> int:
        """number: INTEGER ["**" INTEGER]"""
        span, text = self._span, self._read()
        base, _, exponent = text.replace("_", "").replace(" ", "").partition("**")
        size: int = int(base) ** int(exponent or 1) if len(base) < LONGEST_BASE else LARGEST + 1
        if size <= LARGEST:
            return size
        raise SpecError("a size that torch can't hold", text=self.text, span=span)

    @property
    def _rule(self) -> str:
        return str(self._tokens[self._place].lastgroup)

    @property
    def _text(self) -> str:
        return self._tokens[self._place][self._rule]

    @property
    def _span(self) -> Span:
        return Span(*self._tokens[self._place].span(self._rule))

    def _read(self) -> str:
        text = self._text
        self._place += self._rule != "end"
        return text

    def _need(self, sign: str, expected: str) -> None:
        if self._text != sign:
            self._fail(expected)
        self._read()

    def _fail(self, expected: str) -> NoReturn:
        found = "the input ends" if self._rule == "end" else f"found {self._text[:40]!a}"
        raise SpecError(f"{found}; expected {expected}", text=self.text, span=self._span, hint=EXAMPLE)
