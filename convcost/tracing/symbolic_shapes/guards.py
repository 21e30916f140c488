"""Guards: conditions on open sizes under which a model runs as it did on the examples.

Torch itself also asks about sizes, mostly for strides. To find out whether such a question decides a shape,
as in x[:, :100], the function that asked is run again on other sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

import torch

from convcost.core.cost import Shape
from convcost.symbolic.formula import Formula
from convcost.symbolic.substitution import names_in, value_at
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes
from convcost.tracing.tensors import tensors

Point = Mapping[str, int]
"""A number for each open size."""

Replays = list[tuple[Point, bool | None]]

NEARBY = ((1, -1), (1, 1), (2, 0), (3, 0))

NEGATED = {
    "Equality": "Unequality",
    "Unequality": "Equality",
    "StrictGreaterThan": "LessThan",
    "GreaterThan": "StrictLessThan",
    "StrictLessThan": "GreaterThan",
    "LessThan": "StrictGreaterThan",
}
"""Relations by sympy's names."""

BOUNDS = frozenset(name for name in NEGATED if name.endswith("Than"))

FARTHEST = 64
"""A bound is searched up to this multiple of the example."""

MOST_AT_BOUND = 32
"""The most sizes at a bound that are tested."""


class TensorSpec(NamedTuple):
    """The shape and dtype of a tensor."""

    shape: Shape
    dtype: torch.dtype


class TorchCall(NamedTuple):
    """A call of torch by the model that asked about sizes.

    Attributes:
        function: The function.
        args: Its arguments, with TensorSpecs for tensors.
        kwargs: Its keyword arguments, likewise.
        shapes: The shapes of its results.
        expressions: What it asked.
    """

    function: Callable[..., Any]
    args: Any
    kwargs: Any
    shapes: tuple[Shape, ...]
    expressions: tuple[Any, ...]


def to_specs(value: Any, formula: Callable[[Any], Any]) -> Any:
    """`value` with TensorSpecs for tensors, and the `formula` for each of torch's sizes."""
    if isinstance(value, torch.Tensor):
        return TensorSpec(tuple(map(formula, value.shape)), value.dtype)
    if isinstance(value, torch.SymInt):
        return formula(value)
    if isinstance(value, torch.SymFloat | torch.SymBool):
        return value.node.hint
    return _map_parts(value, lambda part: to_specs(part, formula))


def to_tensors(value: Any, point: Point) -> Any:
    """The inverse of `to_specs` at `point`: meta tensors for specs, and numbers for formulas."""
    if isinstance(value, TensorSpec):
        return torch.empty(
            [cast("int", value_at(size, point)) for size in value.shape], dtype=value.dtype, device="meta"
        )
    if isinstance(value, Formula):
        return value_at(value, point)
    if isinstance(value, torch.device):
        return torch.device("meta")
    return _map_parts(value, lambda part: to_tensors(part, point))


def _map_parts(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, slice):
        return slice(change(value.start), change(value.stop), change(value.step))
    if isinstance(value, list | tuple):
        return [*map(change, value)] if isinstance(value, list) else tuple(map(change, value))
    return {name: change(part) for name, part in value.items()} if type(value) is dict else value


def replays_at(call: TorchCall, points: Iterable[Point]) -> Replays:
    """For each point, whether the call's shapes agree with their formulas; None if torch raises an error."""
    return [(point, _agrees(call, point)) for point in points]


def _agrees(call: TorchCall, point: Point) -> bool | None:
    try:
        expected = [tuple(value_at(size, point) for size in shape) for shape in call.shapes]
        with torch.device("meta"):
            output = call.function(*to_tensors(call.args, point), **to_tensors(call.kwargs, point))
    except Exception:
        return None
    return [tuple(tensor.shape) for tensor in tensors((output,))] == expected


def distinct_calls(calls: Iterable[TorchCall]) -> list[TorchCall]:
    """The calls without those that repeat a function on equal arguments."""
    found: dict[Any, TorchCall] = {}
    for call in calls:
        found.setdefault((call.function, _hashable(call.args), _hashable(call.kwargs)), call)
    return list(found.values())


def _hashable(value: Any) -> Any:
    if isinstance(value, slice):
        return slice, _hashable(value.start), _hashable(value.stop), _hashable(value.step)
    if isinstance(value, dict):
        return tuple((name, _hashable(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else id(value)


class Guard(NamedTuple):
    """The condition that `difference` is zero, or nonnegative."""

    difference: Formula
    relation: Literal["zero", "nonnegative"]

    def holds(self, point: Point) -> bool:
        """Whether it holds at `point`; not if it would divide by 0."""
        try:
            value = value_at(self.difference, point)
        except ZeroDivisionError:
            return False
        return bool(value == 0 if self.relation == "zero" else value >= 0)

    def forces(self, point: Point) -> bool:
        """Whether it fixes its sizes to those at `point`, judged by nearby points."""
        sizes = {name: point[name] for name in names_in(self.difference)}
        nearby = ({name: factor * size + step for name, size in sizes.items()} for factor, step in NEARBY)
        return self.relation == "zero" and not any(map(self.holds, nearby))


def guards_in(expression: Any, sizes: SymbolicSizes, kinds: Collection[str] = NEGATED) -> Iterator[Guard]:
    """The guards that follow from the answer to a question, for relations of these `kinds`."""
    for relation, left, right in relations(expression, sizes.guard_log.answer_to(expression), sizes):
        difference = sizes.formula_of(left) - sizes.formula_of(right)
        if isinstance(difference, Formula) and relation in kinds:
            is_equal = relation == "Equality"
            yield Guard(difference, "zero") if is_equal else _nonnegative(relation, difference, sizes)


def relations(expression: Any, answer: bool, sizes: SymbolicSizes) -> Iterator[tuple[str, Any, Any]]:
    """The simple relations that the answer to a question implies; for a true `or`, one of its parts."""
    kind = type(expression).__name__
    if kind == "Not":
        yield from relations(expression.args[0], not answer, sizes)
    elif kind in {"And", "Or"}:
        deciding = [part for part in expression.args if sizes.example_of(part) == answer]
        for part in deciding if answer == (kind == "And") else deciding[:1]:
            yield from relations(part, answer, sizes)
    elif kind in NEGATED:
        left, right = expression.args
        yield (kind if answer else NEGATED[kind]), left, right


def _nonnegative(relation: str, difference: Formula, sizes: SymbolicSizes) -> Guard:
    """The guard that `difference` is in this relation to 0, for relations other than equality."""
    if relation == "Unequality":
        relation = "StrictGreaterThan" if sizes.example(difference) > 0 else "StrictLessThan"
    upward = -difference if "Less" in relation else difference
    return Guard(Formula(upward.terms - 1) if "Strict" in relation else upward, "nonnegative")


def decisive_guards(
    sizes: SymbolicSizes, calls: Iterable[TorchCall], points: Iterable[Point]
) -> tuple[Guard, ...]:
    """The guards of the model's questions, and those of torch's that change a result at one of `points`."""
    questions = (question for question in sizes.guard_log.answers if question.by_model)
    found = dict.fromkeys(guard for question in questions for guard in guards_in(question.expression, sizes))
    fitting = [point for point in points if all(guard.holds(point) for guard in found)]
    for call in distinct_calls(calls):
        torch_guards = dict.fromkeys(
            guard for expression in call.expressions for guard in guards_in(expression, sizes)
        )
        if torch_guards.keys() - found.keys():
            answers = replays_at(call, fitting)
            deciding = _shape_guards(torch_guards, answers)
            found.update(dict.fromkeys(_loosen(guard, call, found, sizes) for guard in deciding))
            for guard in sorted(torch_guards, key=lambda guard: guard.difference.parts):
                if guard not in found and _is_limiting(guard, call, answers, found, sizes):
                    found[guard] = None
    return tuple(found)


def _shape_guards(torch_guards: Iterable[Guard], answers: Replays) -> list[Guard]:
    """The `torch_guards` that decide a shape or are required; all of them if every replay failed."""
    if all(answer is None for _, answer in answers):
        return list(torch_guards)
    equal = [guard for guard in torch_guards if guard.relation == "zero" and _is_required(guard, answers)]
    left = [(point, answer) for point, answer in answers if all(guard.holds(point) for guard in equal)]
    return equal + _explaining_guards(torch_guards, left)


def _is_required(guard: Guard, answers: Replays) -> bool:
    """Whether the result differs, or is an error, wherever the guard does not hold."""
    elsewhere = [answer for point, answer in answers if not guard.holds(point)]
    return not elsewhere or not all(elsewhere)


def _explaining_guards(torch_guards: Iterable[Guard], answers: Replays) -> list[Guard]:
    """Guards such that one fails wherever a shape differs; preferably guards that hold where none differs."""
    same = [point for point, answer in answers if answer]
    different = [point for point, answer in answers if answer is False]
    found = []
    for guard in sorted(torch_guards, key=lambda guard: sum(not guard.holds(point) for point in same)):
        unexplained = [point for point in different if guard.holds(point)]
        if len(unexplained) < len(different):
            found.append(guard)
            different = unexplained
    return found


def _is_limiting(
    guard: Guard, call: TorchCall, answers: Replays, known: Collection[Guard], sizes: SymbolicSizes
) -> bool:
    """Whether torch accepts sizes up to the bound, and raises an error beyond."""
    if guard.relation == "zero" or any(
        answer is not None for point, answer in answers if not guard.holds(point)
    ):
        return False
    edges = (_boundary_points(guard, name, known, sizes) for name in sorted(names_in(guard.difference)))
    return any([answer for _, answer in replays_at(call, edge)] == [True, None] for edge in edges)


def _loosen(guard: Guard, call: TorchCall, known: Collection[Guard], sizes: SymbolicSizes) -> Guard:
    """`guard`, or the guard that also allows the next size if torch does the same there.

    For x[:, :100] torch may ask whether a size is larger than 100, but at 100 the result is the same.
    """
    looser = Guard(Formula(guard.difference.terms + 1), "nonnegative")
    if guard.relation == "zero":
        return guard
    edges = [_boundary_points(guard, name, known, sizes) for name in sorted(names_in(guard.difference))]
    is_same = all(
        [answer for _, answer in replays_at(call, edge)] == [True, True] and looser.holds(edge[1])
        for edge in edges
    )
    return looser if edges and is_same else guard


def _boundary_points(guard: Guard, name: str, known: Collection[Guard], sizes: SymbolicSizes) -> list[Point]:
    """The examples with `name` at the last size for which a bound holds, and at the next size, if any.

    Sizes for which a guard in `known` does not hold are skipped.
    """
    examples = sizes.examples

    def point_at(size: int) -> Point:
        return {**examples, name: size}

    within = examples[name]
    beyond = next((size for size in (1, FARTHEST * within) if not guard.holds(point_at(size))), within)
    step = 1 if beyond > within else -1
    while abs(beyond - within) > 1:
        middle = (within + beyond) // 2
        within, beyond = (middle, beyond) if guard.holds(point_at(middle)) else (within, middle)
    sides = (
        range(within, within - step * MOST_AT_BOUND, -step),
        range(beyond, beyond + step * MOST_AT_BOUND, step),
    )
    fitting = ([point_at(size) for size in side if size > 0] for side in sides if beyond != within)

    def is_known(point: Point) -> bool:
        return sizes.are_possible(point) and all(guard.holds(point) for guard in known)

    found = (next(filter(is_known, side), None) for side in fitting)
    return [point for point in found if point]
