"""Reduces a disagreement to the simplest layer that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, replace
from typing import Any

from convcost.core.cost import Shape
from convcost.core.errors import ConvcostError
from convcost.layers.interface import Layer, argument_fields
from convcost.spec.resolve import layer_fields
from convcost.verify.cases import Case, make_case
from convcost.verify.checks import LayerCheck, check_result

Design = tuple[Layer, Shape]


def shrink(case: Case, check: LayerCheck) -> Case:
    """Simplify `case` step by step while `check` still finds a new disagreement."""
    while simpler := next(_simpler(case, check), None):
        case = simpler
    return case


def _simpler(case: Case, check: LayerCheck) -> Iterator[Case]:
    """Yield cases that are one step simpler, and still show a new disagreement."""
    for layer, shape in (*_fewer_arguments(case), *_fewer_dimensions(case), *_smaller_sizes(case)):
        if (layer, shape) == (case.layer, case.report.input):
            continue
        try:
            simpler = make_case(layer, shape)
        except ConvcostError:
            continue
        if check_result(check, simpler).outcome == "new":
            yield simpler


def _fewer_arguments(case: Case) -> Iterator[Design]:
    """Yield designs with one argument omitted, or a tuple replaced by its first size."""
    known = layer_fields(type(case.layer).__name__)
    for field in argument_fields(case.layer):
        value = getattr(case.layer, field.name)
        others = [field.default] if field.default not in (MISSING, value) else []
        is_several = isinstance(value, tuple) and int in known[field.name].types
        for other in (*others, *(value[:1] if is_several else ())):
            yield _with_arguments(case.layer, {field.name: other}), case.report.input


def _fewer_dimensions(case: Case) -> Iterator[Design]:
    shape = case.report.input
    for index in range(len(shape)) if len(shape) > 1 else ():
        yield case.layer, (*shape[:index], *shape[index + 1 :])


def _smaller_sizes(case: Case) -> Iterator[Design]:
    """Yield designs with a number made smaller, everywhere or in one place."""
    arguments, shape = case.layer.arguments(), case.report.input
    numbers = {number for value in (*arguments.values(), shape) for number in _numbers(value)}
    steps = [
        (number, smaller_size)
        for number in sorted(numbers)
        for smaller_size in sorted({1, 2, number // 2, number - 1})
    ]
    for number, smaller_size in [step for step in steps if 0 < step[1] < step[0]]:
        changed = {name: _replace_size(value, number, smaller_size) for name, value in arguments.items()}
        yield _with_arguments(case.layer, changed), _replace_size(shape, number, smaller_size)
        yield from ((_with_arguments(case.layer, {name: changed[name]}), shape) for name in arguments)
        yield from ((case.layer, _replace_at(index, smaller_size, shape)) for index in range(len(shape)))


def _replace_at(index: int, size: int, shape: Shape) -> Shape:
    """`shape` with `size` at `index`, if it is smaller."""
    return (*shape[:index], min(size, shape[index]), *shape[index + 1 :])


def _numbers(value: Any) -> tuple[int, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(part for part in parts if isinstance(part, int) and not isinstance(part, bool))


def _replace_size(value: Any, number: int, smaller_size: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_replace_size(part, number, smaller_size) for part in value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return smaller_size if is_number and value == number else value


def _with_arguments(layer: Layer, arguments: dict[str, Any]) -> Layer:
    return replace(layer, **arguments)  # type: ignore[type-var]
