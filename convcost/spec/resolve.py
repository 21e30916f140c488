"""Resolves calls to layer classes, and arguments to fields, which are checked by the types of the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from types import NoneType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args, get_origin, get_type_hints

from convcost.core.cost import Size
from convcost.core.dtypes import dtype_named
from convcost.core.errors import Span, SpecError, UsageError, did_you_mean, join_words
from convcost.core.type_checks import MOST_DIGITS
from convcost.core.units import plural
from convcost.layers import find_layer, layer_class, unknown_layer
from convcost.layers.interface import Layer, argument_fields
from convcost.spec.evaluate import evaluate
from convcost.spec.syntax import (
    Argument,
    Call,
    Constant,
    Expression,
    Float,
    Input,
    Name,
    Number,
    Power,
    Product,
    String,
    Sum,
    TupleValue,
    Value,
)

WITHOUT_COST = ("device", "dtype")
"""Constructor arguments that do not affect costs: a device has no effect, a dtype changes bytes."""

PARAMETER_DTYPES = ("float64", "float32", "float16", "bfloat16")
"""The dtypes that torch.nn supports for parameters."""

WITHOUT_PARAMETERS = "{} has no parameters. Set the dtype of the design: --dtype bfloat16."


class Template(NamedTuple):
    """A layer class with its arguments: `ready` has values, `sizes` has expressions."""

    layer: type[Layer]
    ready: Mapping[str, object]
    sizes: Mapping[str, Expression | TupleValue]
    spans: Mapping[str, Span]
    span: Span
    dtype: str = ""

    def build(self, sizes: Mapping[str, Size], text: str) -> Layer:
        """The layer with values for `sizes`."""
        return self.layer(
            **self.ready,
            **{field: _evaluate_argument(value, sizes, text) for field, value in self.sizes.items()},
        )


def _evaluate_argument(value: Value, sizes: Mapping[str, Size], text: str) -> object:
    if isinstance(value, Name):
        return sizes[value.name]
    if isinstance(value, Number):
        return value.value
    if isinstance(value, TupleValue):
        return tuple(_evaluate_argument(item, sizes, text) for item in value.items)
    if isinstance(value, Constant):
        return value.value
    assert isinstance(value, Sum | Product | Power)
    return evaluate(value, sizes, text)


class TemplateCall(NamedTuple):
    """The index of a template, and the branches that are its inputs."""

    place: int
    branches: tuple[TemplateChain, ...]


TemplateChain: TypeAlias = tuple[TemplateCall | Input, ...]


def places(chain: TemplateChain) -> Iterator[int]:
    """The template indices of all layers, in execution order."""
    for call in chain:
        if isinstance(call, TemplateCall):
            for branch in call.branches:
                yield from places(branch)
            yield call.place


def further_inputs(chain: TemplateChain) -> Iterator[Input]:
    """The further inputs at the start of branches."""
    for call in chain:
        if isinstance(call, Input):
            yield call
        else:
            for branch in call.branches:
                yield from further_inputs(branch)


class Field(NamedTuple):
    """The types and words that an argument of a layer accepts."""

    name: str
    required: bool
    keyword_only: bool
    types: frozenset[Any]
    words: tuple[str, ...]
    none_inside: bool
    float_inside: bool


@lru_cache(maxsize=1_000)
def layer_fields(kind: str) -> dict[str, Field]:
    """The arguments of the layer named `kind`, from its annotations; empty for an unknown one."""
    layer = layer_class(kind)
    if layer is None:
        return {}
    hints = get_type_hints(layer)
    return {
        field.name: Field(
            field.name, field.default is MISSING, field.kw_only is True, *_alternatives(hints[field.name])
        )
        for field in argument_fields(layer)
    }


def _alternatives(hint: Any) -> tuple[frozenset[Any], tuple[str, ...], bool, bool]:
    options = (hint,) if isinstance(hint, type) or get_origin(hint) in (tuple, Literal) else get_args(hint)
    words = tuple(word for option in options if get_origin(option) is Literal for word in get_args(option))
    types = frozenset(get_origin(option) or option for option in options) - {Literal}
    inside = [item for option in options if get_origin(option) is tuple for item in get_args(option)]
    none_inside = any(NoneType in get_args(item) for item in inside)
    return types, words, none_inside, float in inside


def resolve(call: Call, text: str) -> Template:
    """The layer class and arguments of a call."""
    layer = find_layer(call.kind)
    if layer is None:
        message, hint = unknown_layer(call.kind)
        raise SpecError(message, text=text, span=call.span, hint=hint)
    ready: dict[str, object] = {}
    sizes: dict[str, Expression | TupleValue] = {}
    placed = _bind_arguments(call, layer, text)
    dtype = _dtype(placed.pop("dtype", None), text)
    placed.pop("device", None)
    for field, argument in placed.items():
        coerced = _coerce(argument, layer_fields(layer.__name__)[field], text)
        if isinstance(coerced, Number | Name | Sum | Product | Power | TupleValue):
            sizes[field] = coerced
        else:
            ready[field] = coerced
    spans = {f"inputs[{number}]": branch.span for number, branch in enumerate(call.branches)}
    spans |= {field: argument.span for field, argument in placed.items()}
    return Template(layer, ready, sizes, spans, call.span, dtype)


def _bind_arguments(call: Call, layer: type[Layer], text: str) -> dict[str, Argument]:
    known = layer_fields(layer.__name__)
    if layer.variadic:
        call = _with_tuple(call, layer.variadic, text)
    order = [field.name for field in known.values() if not field.keyword_only]
    placed: dict[str, Argument] = {}
    for place, argument in enumerate(call.arguments):
        name = argument.name or (order[place] if place < len(order) else "")
        problem = _binding_error(argument, name, placed, layer)
        if problem:
            lacks_dtype = name in WITHOUT_COST and not layer.has_dtype
            hint = WITHOUT_PARAMETERS.format(layer.__name__) if lacks_dtype else ""
            raise SpecError(problem, text=text, span=argument.span, hint=hint)
        placed[name] = argument
    missing = [field.name for field in known.values() if field.required and field.name not in placed]
    if missing:
        message = f"{layer.__name__} needs {join_words(missing)}"
        raise SpecError(message, text=text, span=call.span, hint=signature(layer))
    return placed


def _with_tuple(call: Call, field: str, text: str) -> Call:
    """The call with its positional arguments combined into one tuple."""
    positional = [argument for argument in call.arguments if not argument.name]
    if not positional or isinstance(positional[0].value, TupleValue):
        return call
    items = tuple(_size(argument, field, text) for argument in positional)
    span = Span(positional[0].span.start, positional[-1].span.end)
    combined = Argument(field, TupleValue(items), span)
    named = tuple(argument for argument in call.arguments if argument.name)
    return call._replace(arguments=(combined, *named))


def _size(argument: Argument, field: str, text: str) -> Expression:
    """An argument as a size; SpecError if it is not one."""
    match argument.value:
        case Float(text=digits) if (whole := _parse_integer(digits)) is not None:
            return Number(whole)
        case Number() | Name() | Sum() | Product() | Power() as size:
            return size
    raise SpecError(f"{field} takes a list of sizes", text=text, span=argument.span)


def _dtype(argument: Argument | None, text: str) -> str:
    """The dtype of an argument such as torch.float16, half or 'bf16'; "" for None."""
    match argument:
        case None | Argument(value=Constant(value=None)):
            return ""
        case Argument(value=String(text=name) | Name(name=name), span=span):
            try:
                dtype = dtype_named(name.removeprefix("torch."))
            except UsageError as error:
                raise SpecError(error.message, text=text, span=span, hint=error.hint) from None
            if dtype not in PARAMETER_DTYPES:
                message = f"torch.nn parameters can't have the dtype {dtype}"
                hint = f"Choose from {', '.join(PARAMETER_DTYPES)}."
                raise SpecError(message, text=text, span=span, hint=hint)
            return dtype
    message = "a dtype must be a name, such as torch.float16"
    raise SpecError(message, text=text, span=argument.span)


def _binding_error(argument: Argument, name: str, placed: Mapping[str, Argument], layer: type[Layer]) -> str:
    known = layer_fields(layer.__name__)
    if not name:
        arguments = f"{len(known)} {plural(len(known), 'argument')}"
        return f"{layer.__name__} takes at most {arguments}"
    if name not in known and not (layer.has_dtype and name in WITHOUT_COST):
        return f"{layer.__name__} has no argument {name}{did_you_mean(name, known)}"
    if name in placed:
        return f"{name} is given twice"
    if not argument.name and any(other.name for other in placed.values()):
        return "positional argument follows keyword argument"
    return ""


def signature(layer: type[Layer]) -> str:
    """The layer's arguments as torch.nn writes them: Linear(in_features, out_features, bias=True)."""
    arguments = (
        field.name if field.default is MISSING else f"{field.name}={field.default}"
        for field in argument_fields(layer)
    )
    return f"{layer.__name__}({', '.join(arguments)})"


def _coerce(argument: Argument, field: Field, text: str) -> Value | object:
    match argument.value:
        case Constant(value=constant) if type(constant) in field.types:
            return constant
        case String(text=word) | Name(name=word) if word in field.words:
            return word
        case String(text=word) if str in field.types:
            return word
        case TupleValue(items=items) if field.float_inside and None not in (
            numbers := [_number(item) for item in items]
        ):
            return tuple(numbers)
        case TupleValue(items=items) if tuple in field.types and all(
            _fits_inside(item, field) for item in items
        ):
            return argument.value
        case value if float in field.types and (number := _number(value)) is not None:
            return number
        case Float(text=digits) if int in field.types and (whole := _parse_integer(digits)) is not None:
            return Number(whole)
        case Name(name=word) if _is_misspelt(word, field.words):
            pass
        case Number() | Name() | Sum() | Product() | Power() if int in field.types:
            return argument.value
    message = f"{field.name} takes {expected_values(field)}"
    word = "".join(getattr(argument.value, part, "") for part in ("name", "text"))
    raise SpecError(message + did_you_mean(word, field.words), text=text, span=argument.span)


def _is_misspelt(name: str, words: tuple[str, ...]) -> bool:
    """Whether a name is so similar to one of `words` that it is probably not a size."""
    from difflib import get_close_matches

    return len(name) > 2 and bool(get_close_matches(name.lower(), words, cutoff=0.8))


def _ratio(value: Value) -> Fraction | None:
    """The value of an expression without names, such as -1 or 1/8; None for other values."""
    match value:
        case Number(value=number):
            return Fraction(number)
        case Sum(terms=((sign, term),)):
            ratio = _ratio(term)
            return None if ratio is None else sign * ratio
        case Product(first=first, rest=(("/", divisor),)):
            numerator, denominator = _ratio(first), _ratio(divisor)
            return None if numerator is None or not denominator else numerator / denominator
    return None


def _number(value: Value) -> float | None:
    """A literal or an expression without names as a float; None for other values."""
    if isinstance(value, Float):
        return float(value.text)
    ratio = _ratio(value)
    return None if ratio is None else float(ratio)


def _fits_inside(item: Constant | Float | Expression, field: Field) -> bool:
    if isinstance(item, Constant):
        return item.value is None and field.none_inside
    return not isinstance(item, Float)


def _parse_integer(digits: str) -> int | None:
    """The integer value of a literal such as 1e6; None if it is not an integer, or too long."""
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return None
    if number.adjusted() > MOST_DIGITS or number != number.to_integral_value():
        return None
    return int(number)


def expected_values(field: Field) -> str:
    """The values that an argument accepts, in words: a size or a tuple of sizes."""
    words = {
        int: "a size",
        tuple: "a tuple of numbers" if field.float_inside else "a tuple of sizes",
        float: "a number",
        bool: "True or False",
    }
    kinds = [words[kind] for kind in words if kind in field.types]
    kinds += ["None"] * (NoneType in field.types)
    takes = [*kinds, *field.words]
    return join_words(takes, "or")
