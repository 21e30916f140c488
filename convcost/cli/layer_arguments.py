"""Reads a layer from its kind, arguments and input sizes, for `layer` and `explain`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import typer

from convcost.cli.designs import SizedSpecs
from convcost.cli.hints import (
    DESIGN_BATCH_HINT,
    INPUT_SIZES,
    MODULE_INPUT,
    design_error,
    is_target,
    model_hint,
    target_noun,
    unknown_option,
)
from convcost.cli.parser_errors import option_names
from convcost.cli.sizes import Option, check_options, read_sizes, split_tokens
from convcost.core.errors import UsageError, nearest
from convcost.layers import find_layer
from convcost.spec import Spec, check_names, parse
from convcost.spec.resolve import Field, layer_fields

LAYER_CALL = re.compile(r"\s*(\[[^]]*\]\s*->\s*)?(\w+)\s*\((.*)\)\s*", re.DOTALL)
"""A layer as a spec, with or without its input: [4, 8] -> Linear(8, 2)."""

BY_SIGN = re.compile(r"[0-9]{1,9}(?:[xX][0-9]{1,9}){1,2}")
"""3x3, for a kernel of 3 by 3."""

FLAG_VALUES = {"true": "True", "yes": "True", "false": "False", "no": "False"}


def layer_name(kind: str) -> str:
    """The name of a layer, without its module: Linear for torch.nn.Linear."""
    return kind.removeprefix("torch.").removeprefix("nn.")


def read_layer(
    context: typer.Context, kind: str, tokens: Iterable[str], shape: str, settings: Iterable[str]
) -> SizedSpecs:
    """Read a layer: torch's arguments by position, by name or as in a spec, and the sizes of its input."""
    if is_target(kind):
        raise UsageError(f"{kind[:80]} is {target_noun(kind)}, not a layer", hint=model_hint(kind))
    if problem := design_error(kind) or _shape_error(shape, option_names(context)):
        raise problem
    call = LAYER_CALL.fullmatch(kind)
    before, kind, inner = call.groups("") if call else ("", kind, "")
    kind = layer_name(kind)
    positional, options = split_tokens(
        _with_flag_values(tokens, kind), option_names(context), takes_numbers=True
    )
    named, others = _split_arguments(options, kind)
    words = [*_argument_options(kind), *INPUT_SIZES]
    _check_arguments(context, options, words, (kind, inner, *positional))
    is_whole = not call and not kind.isidentifier()
    if (is_whole and positional) or (shape and (is_whole or before)):
        hint = "Give either a spec, or the kind, its arguments and --input."
        raise UsageError(
            f"{(positional or [f'--input {shape}'])[0][:40]} can't be combined with a spec", hint=hint
        )
    arguments = [part for part in (inner, *map(_argument_text, positional)) if part.strip()]
    design = _parse_single_layer(kind if is_whole else before + _spec(kind, arguments, named, shape))
    _check_size_words(options, kind, design)
    check_options(others, (design,), context, words, others=_arguments_hint(kind))
    return SizedSpecs((design,), read_sizes(others, settings))


def _shape_error(shape: str, options: Iterable[str]) -> UsageError | None:
    """The error for a shape that has a dtype, as the input of a module; else None."""
    if not (found := MODULE_INPUT.fullmatch(shape)):
        return None
    dtype = shape[: found.start(1)].rpartition("=")[2].strip()
    hint = f"Write it as --input {found[1].strip('[]')}{f' --dtype {dtype}' * ('--dtype' in options)}"
    return UsageError(f"--input {shape[:40]}: the input of a layer has no dtype", hint=hint)


def _check_arguments(
    context: typer.Context, options: list[Option], words: list[str], texts: Iterable[str]
) -> None:
    """UsageError for a misspelt argument. A name that is a size in `texts` is not misspelt."""
    sizes = {name for text in texts for name in re.findall(r"\w+", text)}
    for option in options:
        near = nearest(option.name.replace("_", "-"), words, cutoff=0.8)
        if (
            near
            and near != option.name.replace("_", "-")
            and option.name not in {*sizes, *INPUT_SIZES.values()}
        ):
            raise unknown_option(context, option.name, option.value, words)


def _check_size_words(options: Iterable[Option], kind: str, design: Spec) -> None:
    """UsageError for a size of the input that is given by a word, such as --length, but does not exist."""
    for option in options:
        size = INPUT_SIZES.get(option.name)
        if size and option.name not in _layer_fields(kind):
            try:
                check_names({size: 1}, (design,))
            except UsageError as error:
                message = f"--{option.name}: the input has no size {size}"
                batch = DESIGN_BATCH_HINT if size == "B" else ""
                raise UsageError(message, hint=f"{error.hint} {batch}".strip()) from None


def _parse_single_layer(text: str) -> Spec:
    design = parse(text)
    if len(design.order) != 1:
        message = f"convcost layer takes one layer, not {len(design.order)}"
        raise UsageError(message, hint="convcost cost takes a whole design, convcost compare several.")
    return design


def _layer_fields(kind: str) -> dict[str, Field]:
    found = find_layer(kind)
    return layer_fields(found.__name__) if found else {}


def _argument_options(kind: str) -> Iterator[str]:
    """The names of the options for a layer's arguments: kernel-size, bias, no-bias."""
    for name, field in _layer_fields(kind).items():
        option = name.replace("_", "-")
        yield from (option, f"no-{option}") if bool in field.types else (option,)


def _arguments_hint(kind: str) -> str:
    """The options for a layer's arguments in a sentence; empty without any."""
    options = [f"--{name.replace('_', '-')}" for name in _layer_fields(kind)]
    return f"The layer's arguments are {', '.join(options)}." if options else ""


def _with_flag_values(tokens: Iterable[str], kind: str) -> Iterator[str]:
    """Flags with explicit values: --no-bias becomes --bias=False, and --bias alone --bias=True."""
    options = set(_argument_options(kind))
    flags = {option for option in options if f"no-{option}" in options}
    remaining = list(tokens)
    while remaining:
        token = remaining.pop(0)
        name, _, value = token.removeprefix("--").partition("=")
        name = name.replace("_", "-")
        if token.startswith("--no-") and name.removeprefix("no-") in flags:
            yield f"--{name.removeprefix('no-')}=False"
        elif token.startswith("--") and name in flags:
            follows = not value and remaining and not remaining[0].startswith("-")
            value = remaining.pop(0) if follows else value or "true"
            if value.lower() not in FLAG_VALUES:
                hint = f"Write --{name} true, or --no-{name}."
                raise UsageError(f"--{name} must be true or false, not {value[:40]}", hint=hint)
            yield f"--{name}={FLAG_VALUES[value.lower()]}"
        else:
            yield token


def _split_arguments(options: list[Option], kind: str) -> tuple[list[Option], list[Option]]:
    """The layer's own arguments, and the sizes of its input."""
    fields = _layer_fields(kind)
    named, others = [], []
    for option in options:
        field = option.name.replace("-", "_")
        if field in fields:
            named.append(option._replace(name=field))
        else:
            others.append(option._replace(name=INPUT_SIZES.get(option.name, option.name)))
    return named, others


def _spec(kind: str, arguments: list[str], named: list[Option], shape: str) -> str:
    """The spec of the layer."""
    for option in named:
        if option.value is None:
            raise UsageError(f"--{option.name} has no value")
    by_name = [f"{name}={_argument_text(value or '')}" for name, value in named]
    sizes = shape.strip().strip("[]()").replace("x", ",")
    found = find_layer(kind)
    layer = f"{found.__name__ if found else kind}({', '.join((*arguments, *by_name))})"
    return f"[{sizes}] -> {layer}" if sizes else layer


def _argument_text(text: str) -> str:
    if BY_SIGN.fullmatch(text):
        sizes = re.split("[xX]", text)
        hint = f"Write {' by '.join(sizes)} as {','.join(sizes)}."
        raise UsageError(f"{text[:40]} is not an argument of a layer", hint=hint)
    is_bare_tuple = "," in text and not text.startswith(("(", "["))
    return f"({text})" if is_bare_tuple else text
