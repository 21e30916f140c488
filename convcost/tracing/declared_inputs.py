"""What a model is called with, as declared: `ids=i64[1,128]`, a name, a dtype, a shape; no data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from convcost.core.arithmetic import elements
from convcost.core.errors import Span, SpecError, UsageError, did_you_mean
from convcost.layers.interface import MOST_DIMENSIONS

if TYPE_CHECKING:
    import torch

SHORT_NAMES = {
    **{"f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16"},
    **{"i64": "int64", "i32": "int32", "i16": "int16", "i8": "int8", "u8": "uint8"},
    **{"c64": "complex64", "c128": "complex128"},
    **{"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32"},
}

DTYPES = {**SHORT_NAMES, **{name: name for name in SHORT_NAMES.values()}, "bool": "bool"}
"""torch's name of each dtype, by every name that is understood."""

MAX_ELEMENTS = 2**63 - 1
"""torch's own limit for the elements of a tensor."""

TOKEN = re.compile(
    r"\s*(?:(?P<size>[0-9][0-9_]*(?:\s*\*\*\s*[0-9]{1,2})?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<sign>[\[\],=*])|(?P<end>\Z)|(?P<unknown>.))",
    re.ASCII,
)

LONGEST_TEXT = 1_000

LONGEST_BASE = 20

EXAMPLE = "Write it as f32[1,3,224,224], or ids=i64[1,128] by the name that forward has for it."


class SizeMultiple(NamedTuple):
    """A size that is a number times one that has a name: 2*H."""

    factor: int
    name: str

    def __str__(self) -> str:
        return f"{self.factor}*{self.name}"


Size = int | str | SizeMultiple
"""A size of a declared tensor: a number, a name, or a multiple of what has a name."""


class DeclaredTensor(NamedTuple):
    """A tensor in words: torch's name of its dtype, empty for the model's own, and sizes or their names."""

    dtype: str
    shape: tuple[Size, ...]

    def __str__(self) -> str:
        dtype = next((short for short, name in SHORT_NAMES.items() if name == self.dtype), self.dtype)
        return f"{dtype}[{','.join(map(str, self.shape))}]"

    @property
    def names(self) -> tuple[str, ...]:
        """The names in its sizes."""
        names = (size.name if isinstance(size, SizeMultiple) else size for size in self.shape)
        return tuple(name for name in names if isinstance(name, str))

    def sized(self, sizes: Mapping[str, int]) -> DeclaredTensor:
        """With a number for each name that `sizes` has; UsageError beyond what torch can hold."""
        shape = tuple(_with_number(size, sizes) for size in self.shape)
        if elements(tuple(size for size in shape if isinstance(size, int))) > MAX_ELEMENTS:
            raise UsageError(f"an input of {shape} has more elements than torch can count")
        return self._replace(shape=shape)

    def tensor(self, own_dtype: torch.dtype, device: str, value: int = 0) -> torch.Tensor:
        """The tensor, full of `value` where the device holds data; every size has to be a number."""
        import torch

        dtype = getattr(torch, self.dtype) if self.dtype else own_dtype
        return torch.full(self.shape, value, dtype=dtype, device=device)  # type: ignore[arg-type]


def _with_number(size: Size, sizes: Mapping[str, int]) -> Size:
    if isinstance(size, SizeMultiple):
        return size.factor * sizes[size.name] if size.name in sizes else size
    return sizes.get(size, size) if isinstance(size, str) else size


@dataclass(frozen=True)
class DeclaredInputs:
    """What a forward is called with: by place and by name."""

    args: tuple[DeclaredTensor, ...] = ()
    kwargs: Mapping[str, DeclaredTensor] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The sizes that are names, each once."""
        return tuple(dict.fromkeys(name for given in self.all for name in given.names))

    @property
    def all(self) -> tuple[DeclaredTensor, ...]:
        """Each of them."""
        return (*self.args, *self.kwargs.values())

    def sized(self, sizes: Mapping[str, int]) -> DeclaredInputs:
        """With a number for each name that `sizes` has."""
        kwargs = {name: given.sized(sizes) for name, given in self.kwargs.items()}
        return DeclaredInputs(tuple(given.sized(sizes) for given in self.args), kwargs)

    def __str__(self) -> str:
        named = (f"{name}={given}" for name, given in self.kwargs.items())
        return ", ".join((*map(str, self.args), *named))

    def typed(self, own_dtype: torch.dtype) -> DeclaredInputs:
        """With `own_dtype`'s name where there is no dtype."""
        name = str(own_dtype).removeprefix("torch.")
        args = tuple(given._replace(dtype=given.dtype or name) for given in self.args)
        return DeclaredInputs(
            args, {key: given._replace(dtype=given.dtype or name) for key, given in self.kwargs.items()}
        )


def parse_inputs(texts: Iterable[str]) -> DeclaredInputs:
    """The inputs that `texts` declare; SpecError with a caret where one is wrong."""
    args: list[DeclaredTensor] = []
    kwargs: dict[str, DeclaredTensor] = {}
    for text in texts:
        name, declared = parse_input(text)
        if name in kwargs:
            raise UsageError(f"the input {name} is given twice")
        if name:
            kwargs[name] = declared
        else:
            args.append(declared)
    return DeclaredInputs(tuple(args), kwargs)


def parse_input(text: str) -> tuple[str, DeclaredTensor]:
    """input: [NAME "="] [DTYPE] "[" [size ("," size)* [","]] "]" """
    return _InputParser(text).input()


class _InputParser:
    """The tokens of a text and a place among them."""

    def __init__(self, text: str) -> None:
        self.text = text[:LONGEST_TEXT]
        self._tokens = list(TOKEN.finditer(self.text))
        self._place = 0

    def input(self) -> tuple[str, DeclaredTensor]:
        name = self._name_before_equals()
        dtype = self._dtype()
        self._expect("[", "a shape such as [1,3,224,224]")
        shape = self._sizes()
        self._expect("]", "',' or ']'")
        if self._rule != "end":
            self._fail("the end")
        return name, DeclaredTensor(dtype, shape)

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
            return SizeMultiple(number, self._read())
        if self._rule == "name":
            raise SpecError("0 times a size is no open size", text=self.text, span=span)
        if is_product:
            self._fail("the name of a size")
        return number

    def _number(self) -> int:
        """number: INTEGER ["**" INTEGER]"""
        span, text = self._span, self._read()
        base, _, exponent = text.replace("_", "").replace(" ", "").partition("**")
        size: int = int(base) ** int(exponent or 1) if len(base) < LONGEST_BASE else MAX_ELEMENTS + 1
        if size <= MAX_ELEMENTS:
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

    def _expect(self, sign: str, expected: str) -> None:
        if self._text != sign:
            self._fail(expected)
        self._read()

    def _fail(self, expected: str) -> NoReturn:
        found = "the input ends" if self._rule == "end" else f"found {self._text[:40]!a}"
        raise SpecError(f"{found}; expected {expected}", text=self.text, span=self._span, hint=EXAMPLE)
