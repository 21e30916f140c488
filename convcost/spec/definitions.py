"""Expands definitions: replaces each call with the chain of its definition, with arguments substituted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NoReturn

from convcost.core.errors import Span, SpecError, did_you_mean, join_words
from convcost.layers import TORCH_NN, find_layer
from convcost.spec.syntax import (
    DEEPEST_NESTING,
    MOST_LAYERS,
    Argument,
    Call,
    Candidate,
    Definition,
    Expression,
    Input,
    Name,
    Number,
    Power,
    Product,
    Repeat,
    Step,
    Sum,
    TupleValue,
    Value,
    check_degree,
    degree,
    parts,
)

MOST_PARTS = 200
"""The most numbers, names and operations in an argument after substitution."""

Values = Mapping[str, Value]
"""The arguments of a definition, by parameter name."""


def expand_definitions(candidate: Candidate) -> tuple[Step, ...]:
    """The candidate's steps with all definitions expanded; SpecError for an invalid definition."""
    expansion = _Expansion(candidate.text, candidate.definitions)
    return expansion.steps(candidate.steps, {}, ()) if candidate.definitions else candidate.steps


def used_definitions(candidate: Candidate) -> tuple[Definition, ...]:
    """The definitions that the candidate calls, directly or indirectly, in their order."""
    by_name = {definition.name: definition for definition in candidate.definitions}
    used: dict[str, None] = {}
    pending = [candidate.steps]
    while pending:
        for kind in _kinds(pending.pop()):
            if kind in by_name and kind not in used:
                used[kind] = None
                pending.append(by_name[kind].steps)
    return tuple(definition for definition in candidate.definitions if definition.name in used)


def _kinds(steps: Iterable[Step]) -> Iterable[str]:
    for step in steps:
        if isinstance(step, Call):
            yield step.kind
            for branch in step.branches:
                yield from _kinds(branch.steps)
        elif isinstance(step, Repeat):
            yield from _kinds(step.steps)


def _is_reserved(name: str) -> bool:
    """Whether `name` is that of a layer, a function, or a keyword."""
    known = ("x", "Sequential", *TORCH_NN)
    return find_layer(name) is not None or name.lower() in map(str.lower, known)


class _Expansion:
    """The definitions of a text by name, and the number of layers expanded so far."""

    def __init__(self, text: str, definitions: Iterable[Definition]) -> None:
        self.text = text
        self.definitions: dict[str, Definition] = {}
        self.layers = 0
        for definition in definitions:
            self._check(definition)
            self.definitions[definition.name] = definition

    def _check(self, definition: Definition) -> None:
        name = definition.name
        if _is_reserved(name):
            self._fail(f"{name} is already a layer or a keyword; choose another name", definition.span)
        if name in self.definitions:
            self._fail(f"{name} is defined twice", definition.span)
        if len({*definition.parameters}) < len(definition.parameters):
            self._fail(f"{name} has two parameters with the same name", definition.span)

    def steps(self, steps: Iterable[Step], values: Values, callers: tuple[str, ...]) -> tuple[Step, ...]:
        """`steps` with `values` substituted; `callers` are the definitions that contain them."""
        return tuple(result for step in steps for result in self._step(step, values, callers))

    def _step(self, step: Step, values: Values, callers: tuple[str, ...]) -> tuple[Step, ...]:
        match step:
            case Repeat(steps=steps):
                return (step._replace(steps=self.steps(steps, values, callers)),)
            case Input(sizes=sizes):
                return (step._replace(sizes=tuple(self._size(size, values) for size in sizes)),)
            case Call():
                return self._call(self._with_values(step, values, callers), callers)

    def _with_values(self, call: Call, values: Values, callers: tuple[str, ...]) -> Call:
        arguments = (self._argument(argument, values) for argument in call.arguments)
        branches = (
            branch._replace(steps=self.steps(branch.steps, values, callers)) for branch in call.branches
        )
        return call._replace(arguments=tuple(arguments), branches=tuple(branches))

    def _call(self, call: Call, callers: tuple[str, ...]) -> tuple[Step, ...]:
        self.layers += 1
        if self.layers > MOST_LAYERS:
            self._fail(f"more than {MOST_LAYERS:,} layers", call.span)
        definition = self.definitions.get(call.kind)
        if definition is None:
            self._check_name(call)
            return (call,)
        if call.kind in callers:
            self._fail(f"{call.kind} is defined in terms of itself", call.span)
        if len(callers) >= DEEPEST_NESTING:
            self._fail(f"definitions nest deeper than {DEEPEST_NESTING}", call.span)
        if len(call.branches) > 1:
            self._fail(f"{call.kind} takes one input, not {len(call.branches)}", call.span)
        steps = self.steps(definition.steps, self._bind(call, definition), (*callers, call.kind))
        return call.branches[0].steps + steps if call.branches else steps

    def _check_name(self, call: Call) -> None:
        near = did_you_mean(call.kind, self.definitions)
        if near and not _is_reserved(call.kind):
            self._fail(f"nothing is called {call.kind}{near}", call.span)

    def _bind(self, call: Call, definition: Definition) -> Values:
        signature = f"{definition.name}({', '.join(definition.parameters)})"
        values: dict[str, Value] = {}
        for number, argument in enumerate(call.arguments):
            name = argument.name or (definition.parameters[number : number + 1] or ("",))[0]
            self._check_argument(argument, name, values, definition, signature)
            values[name] = argument.value
        missing = [name for name in definition.parameters if name not in values]
        if missing:
            self._fail(
                f"{definition.name} needs {join_words(missing)}",
                call.span,
                signature,
            )
        return values

    def _check_argument(
        self, argument: Argument, name: str, values: Values, definition: Definition, signature: str
    ) -> None:
        if not name:
            count = len(definition.parameters)
            self._fail(
                f"{definition.name} takes at most {count} {'argument' if count == 1 else 'arguments'}",
                argument.span,
                signature,
            )
        if name not in definition.parameters:
            self._fail(f"{definition.name} has no parameter {name}", argument.span, signature)
        if name in values:
            self._fail(f"{name} is given twice", argument.span, signature)

    def _argument(self, argument: Argument, values: Values) -> Argument:
        value = self._value(argument.value, values)
        if len([*islice(parts(value), MOST_PARTS + 1)]) > MOST_PARTS:
            self._fail(f"a size with more than {MOST_PARTS} parts", argument.span)
        if isinstance(value, Product | Power | Sum):
            check_degree(degree(value), self.text, argument.span)
        return argument._replace(value=value)

    def _value(self, value: Value, values: Values) -> Value:
        match value:
            case Name(name=name):
                return values.get(name, value)
            case Number() | Sum() | Product() | Power():
                return self._size(value, values)
            case TupleValue(items=items):
                sizes = (
                    self._size(item, values)
                    if isinstance(item, Number | Name | Sum | Product | Power)
                    else item
                    for item in items
                )
                return TupleValue(tuple(sizes))
        return value

    def _size(self, size: Expression, values: Values) -> Expression:
        match size:
            case Name(name=name, span=span):
                value = values.get(name, size)
                if not isinstance(value, Number | Name | Sum | Product | Power):
                    self._fail(f"{name} must be a size here", span)
                return value
            case Sum(terms=terms):
                return size._replace(terms=tuple((sign, self._size(term, values)) for sign, term in terms))
            case Product(first=first, rest=rest):
                factors = tuple((operator, self._size(factor, values)) for operator, factor in rest)
                return size._replace(first=self._size(first, values), rest=factors)
            case Power(base=base):
                return size._replace(base=self._size(base, values))
        return size

    def _fail(self, message: str, span: Span, hint: str = "") -> NoReturn:
        raise SpecError(message, text=self.text, span=span, hint=hint)
