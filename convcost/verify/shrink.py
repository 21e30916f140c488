"""Reducing a disagreement to the simplest layer that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from typing import Any

from convcost.core.cost import Shape
from convcost.core.errors import ConvcostError
from convcost.layers.interface import Layer
from convcost.spec.resolve import accepted
from convcost.verify.cases import Case, make_case
from convcost.verify.checks import LayerCheck

Design = tuple[Layer, Shape]


def shrink(case: Case, check: LayerCheck) -> Case:
    """`case`, made simpler step by step as long as `check` finds something new in it."""
    while simpler := next(_simpler(case, check), None):
        case = simpler
    return case


def _simpler(case: Case, check: LayerCheck) -> Iterator[Case]:
    """The cases one step simpler that show something new, too."""
    for layer, shape in (*_fewer_arguments(case), *_fewer_dimensions(case), *_smaller_sizes(case)):
        if (layer, shape) == (case.layer, case.report.input):
            continue
        try:
            simpler = make_case(layer, shape)
        except ConvcostError:
            continue
        if check.check(simpler).outcome == "new":
            yield simpler


def _fewer_arguments(case: Case) -> Iterator[Design]:
    """One argument left out, or a tuple as its first size where a single one will do."""
    known = accepted(type(case.layer).__name__)
    for field in fields(case.layer):  # type: ignore[arg-type]
        value = getattr(case.layer, field.name)
        others = [field.default] if field.default not in (MISSING, value) else []
        is_several = isinstance(value, tuple) and int in known[field.name].types
        for other in (*others, *(value[:1] if is_several else ())):
            yield _with(case.layer, {field.name: other}), case.report.input


def _fewer_dimensions(case: Case) -> Iterator[Design]:
    shape = case.report.input
    for place in range(len(shape)) if len(shape) > 1 else ():
        yield case.layer, (*shape[:place], *shape[place + 1 :])


def _smaller_sizes(case: Case) -> Iterator[Design]:
    """Each number smaller wherever it stands, as channels are in the layer and its input; or in one place."""
    arguments, shape = case.layer.arguments(), case.report.input
    numbers = {number for value in (*arguments.values(), shape) for number in _numbers(value)}
    steps = [(number, less) for number in sorted(numbers) for less in sorted({1, 2, number // 2, number - 1})]
    for number, less in [step for step in steps if 0 < step[1] < step[0]]:
        changed = {name: _replace_size(value, number, less) for name, value in arguments.items()}
        yield _with(case.layer, changed), _replace_size(shape, number, less)
        yield from ((_with(case.layer, {name: changed[name]}), shape) for name in arguments)
        yield from ((case.layer, _replace_at(place, less, shape)) for place in range(len(shape)))


def _replace_at(place: int, size: int, shape: Shape) -> Shape:
    """`shape` with a smaller `size` at `place`."""
    return (*shape[:place], min(size, shape[place]), *shape[place + 1 :])


def _numbers(value: Any) -> tuple[int, ...]:
    parts = value if isinstance(value, tuple) else (value,)
    return tuple(part for part in parts if isinstance(part, int) and not isinstance(part, bool))


def _replace_size(value: Any, number: int, less: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_replace_size(part, number, less) for part in value)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return less if is_number and value == number else value


def _with(layer: Layer, arguments: dict[str, Any]) -> Layer:
    return replace(layer, **arguments)  # type: ignore[type-var]
