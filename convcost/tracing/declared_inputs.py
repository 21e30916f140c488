"""Declared inputs of a model, without data: `ids=i64[1,128]` is a name, a dtype and a shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.arithmetic import elements
from convcost.core.errors import ConvcostError, SpecError, UsageError, did_you_mean
from convcost.layers.interface import MOST_DIMENSIONS
from convcost.spec.argument_grammar import parse_size, sum_expression
from convcost.spec.evaluate import evaluate
from convcost.spec.spec_format import expression_text
from convcost.spec.syntax import Name, names
from convcost.spec.tokens import Tokens

if TYPE_CHECKING:
    import torch

    from convcost.spec.formula_sizes import FormulaSizes

SHORT_NAMES = {
    **{"f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16"},
    **{"i64": "int64", "i32": "int32", "i16": "int16", "i8": "int8", "u8": "uint8"},
    **{"c64": "complex64", "c128": "complex128"},
    **{"double": "float64", "float": "float32", "half": "float16", "long": "int64", "int": "int32"},
}

DTYPES = {**SHORT_NAMES, **{name: name for name in SHORT_NAMES.values()}, "bool": "bool"}
"""torch's dtype name by every accepted name."""

MAX_ELEMENTS = 2**63 - 1
"""torch's limit on the elements of a tensor."""

LONGEST_TEXT = 1_000

EXAMPLE = "Write it as f32[1,3,224,224], or by name as ids=i64[1,128]."


class SizeExpression(NamedTuple):
    """A size that is computed from named sizes, as text: 32*h, 2*T+1, C/4."""

    text: str

    @property
    def names(self) -> tuple[str, ...]:
        """The named sizes in it, without duplicates."""
        return tuple(dict.fromkeys(name.name for name in names(_expression(self.text))))

    def sized(self, sizes: Mapping[str, int]) -> int | SizeExpression:
        """The expression with `sizes` substituted: a number once all names have one.

        Raises:
            SpecError: A division is not exact.
            UsageError: The size is less than 1.
        """
        if not sizes.keys() >= {*self.names}:
            return SizeExpression(expression_text(_expression(self.text), sizes))
        value = evaluate(_expression(self.text), sizes, self.text)
        if value < 1:
            numbers = ", ".join(f"{name} = {sizes[name]}" for name in self.names)
            raise UsageError(f"the size {self.text} is {value} for {numbers}", hint="It must be at least 1.")
        return value

    def value(self, sizes: Mapping[str, int]) -> int | None:
        """The number for these `sizes`; None if it is not a valid size."""
        try:
            found = self.sized(sizes)
        except ConvcostError:
            return None
        return found if isinstance(found, int) else None

    def formula(self, sizes: FormulaSizes) -> Any:
        """Its formula; `sizes` collects the divisions that have to be exact."""
        return evaluate(_expression(self.text), sizes, self.text)

    def __str__(self) -> str:
        return self.text


_expression = lru_cache(maxsize=1_000)(parse_size)

Size = int | str | SizeExpression
"""A size of a declared tensor: a number, a name, or an expression of names."""


class DeclaredTensor(NamedTuple):
    """The dtype (torch's name; empty for the model's own dtype) and the sizes of an input."""

    dtype: str
    shape: tuple[Size, ...]

    def __str__(self) -> str:
        dtype = next((short for short, name in SHORT_NAMES.items() if name == self.dtype), self.dtype)
        return f"{dtype}[{','.join(map(str, self.shape))}]"

    @property
    def names(self) -> tuple[str, ...]:
        """The named sizes in its shape."""
        sizes = (size.names if isinstance(size, SizeExpression) else (size,) for size in self.shape)
        return tuple(name for names in sizes for name in names if isinstance(name, str))

    def sized(self, sizes: Mapping[str, int]) -> DeclaredTensor:
        """The tensor with `sizes` substituted; UsageError if it is too large for torch."""
        shape = tuple(_with_number(size, sizes) for size in self.shape)
        if elements(tuple(size for size in shape if isinstance(size, int))) > MAX_ELEMENTS:
            raise UsageError(f"an input of {shape} has more elements than torch supports")
        return self._replace(shape=shape)

    def tensor(self, own_dtype: torch.dtype, device: str, value: int = 0) -> torch.Tensor:
        """A tensor on `device`, filled with `value`; all sizes have to be numbers."""
        import torch

        dtype = getattr(torch, self.dtype) if self.dtype else own_dtype
        return torch.full(self.shape, value, dtype=dtype, device=device)  # type: ignore[arg-type]


def _with_number(size: Size, sizes: Mapping[str, int]) -> Size:
    if isinstance(size, SizeExpression):
        return size.sized(sizes)
    return sizes.get(size, size) if isinstance(size, str) else size


@dataclass(frozen=True)
class DeclaredInputs:
    """The inputs of forward, positional and by name."""

    args: tuple[DeclaredTensor, ...] = ()
    kwargs: Mapping[str, DeclaredTensor] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The named sizes, without duplicates."""
        return tuple(dict.fromkeys(name for given in self.all for name in given.names))

    @property
    def all(self) -> tuple[DeclaredTensor, ...]:
        """All inputs."""
        return (*self.args, *self.kwargs.values())

    def sized(self, sizes: Mapping[str, int]) -> DeclaredInputs:
        """The inputs with `sizes` substituted."""
        kwargs = {name: given.sized(sizes) for name, given in self.kwargs.items()}
        return DeclaredInputs(tuple(given.sized(sizes) for given in self.args), kwargs)

    def __str__(self) -> str:
        named = (f"{name}={given}" for name, given in self.kwargs.items())
        return ", ".join((*map(str, self.args), *named))

    def typed(self, own_dtype: torch.dtype) -> DeclaredInputs:
        """The inputs with `own_dtype` for those without a dtype."""
        name = str(own_dtype).removeprefix("torch.")
        args = tuple(given._replace(dtype=given.dtype or name) for given in self.args)
        return DeclaredInputs(
            args, {key: given._replace(dtype=given.dtype or name) for key, given in self.kwargs.items()}
        )


def parse_inputs(texts: Iterable[str]) -> DeclaredInputs:
    """Parse declared inputs; SpecError, with a caret, for an invalid one."""
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
    tokens = Tokens(text[:LONGEST_TEXT])
    name = ""
    if tokens.next.rule == "name" and tokens.after_next.text == "=":
        name = tokens.read().text
        tokens.read()
    dtype = _dtype(tokens)
    if not tokens.accept("["):
        tokens.fail("a shape such as [1,3,224,224]", hint=EXAMPLE)
    shape = _shape(tokens)
    if not tokens.accept("]"):
        tokens.fail("','", "']'", hint=EXAMPLE)
    if tokens.next.rule != "end":
        tokens.fail("the end", hint=EXAMPLE)
    return name, DeclaredTensor(dtype, shape)


def _dtype(tokens: Tokens) -> str:
    if tokens.next.rule != "name":
        return ""
    name, span = tokens.next.text, tokens.next.span
    if name not in DTYPES:
        message = f"no dtype is called {name[:40]}{did_you_mean(name, DTYPES)}"
        hint = "The dtypes are f64 f32 f16 bf16, i64 i32 i16 i8 u8, bool, c64 c128, and torch's own names."
        raise SpecError(message, text=tokens.text, span=span, hint=hint)
    tokens.read()
    return DTYPES[name]


def _shape(tokens: Tokens) -> tuple[Size, ...]:
    """size ("," size)* [","]"""
    sizes: list[Size] = []
    while tokens.next.text != "]":
        if tokens.next.rule not in ("integer", "name") and tokens.next.text not in ("(", "-"):
            tokens.fail("a size", "']'", hint=EXAMPLE)
        if len(sizes) == MOST_DIMENSIONS:
            message = f"more than {MOST_DIMENSIONS} dimensions"
            raise SpecError(message, text=tokens.text, span=tokens.next.span)
        sizes.append(_size(tokens))
        if not tokens.accept(","):
            break
    return tuple(sizes)


def _size(tokens: Tokens) -> Size:
    """size: a sum as in specs: 128, B, 32h, 2T + 1, C/4"""
    start = tokens.start
    expression = sum_expression(tokens)
    span = tokens.span_from(start)
    if isinstance(expression, Name):
        return expression.name
    from convcost.spec.formula_sizes import FormulaSizes  # slow to import; names and numbers don't need it

    value = evaluate(expression, FormulaSizes(names(expression)), tokens.text)
    if not isinstance(value, int):
        return SizeExpression(expression_text(expression, {}))
    if any(names(expression)):
        raise SpecError(f"this size is always {value}", text=tokens.text, span=span, hint=EXAMPLE)
    if value < 0:
        raise SpecError("a size can't be negative", text=tokens.text, span=span)
    if value > MAX_ELEMENTS:
        raise SpecError("this size is too large for torch", text=tokens.text, span=span)
    return value
