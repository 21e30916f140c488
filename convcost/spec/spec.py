"""A parsed spec, which makes a network and its report from values for its sizes."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Protocol

from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import RequirementError, SpecError, UsageError, WrongTypeError, did_you_mean
from convcost.core.report import Report
from convcost.core.type_checks import DESIGN, MOST_DIGITS, check_digits, check_type, describe_value
from convcost.layers.network import LayerCall, Network
from convcost.spec.evaluate import OpenSizes, evaluate
from convcost.spec.grammar import parse_candidate
from convcost.spec.inferred_input import inferred_input
from convcost.spec.resolve import Template, resolve
from convcost.spec.syntax import MOST_LAYERS, Call, Expression, Repeat, Step, names

BATCH_LIKE = ("B", "S", "N")
"""The sizes taken as 1 once every other one is bound."""


@dataclass(frozen=True)
class Spec:
    """A parsed spec: a name, an input shape, and layers, in sizes that have no values yet.

    `order` has the index in `templates` of each layer of the chain: a repeated layer is one template.
    """

    name: str
    text: str
    source: str
    input: tuple[Expression, ...]
    input_is_inferred: bool
    templates: tuple[Template, ...]
    order: tuple[int, ...]
    names: tuple[str, ...]

    def leaves_open(self, sizes: Mapping[str, Size]) -> bool:
        """Whether a size has no value but `B`, `S` and `N`, which are 1 if nothing else is left open."""
        return any(name not in sizes and name not in BATCH_LIKE for name in self.names)

    def bind(self, sizes: Mapping[str, Size], stay_open: bool = False) -> dict[str, Size]:
        """Every size of this spec by name; a size without a value is a symbol."""
        if stay_open or self.leaves_open(sizes):
            from convcost.symbolic.sympy_bridge import symbol

            given = {name: check_int(name, sizes[name]) for name in self.names if name in sizes}
            return OpenSizes({name: given.get(name, symbol(name)) for name in self.names})
        return {name: check_int(name, sizes[name]) if name in sizes else 1 for name in self.names}

    def network(self, sizes: Mapping[str, Size], stay_open: bool = False) -> Network:
        """The network at `sizes`; its layers are not yet checked on their inputs.

        `stay_open` keeps `B`, `S` and `N` open, as where another design compared with it is open.
        """
        bound = self.bind(sizes, stay_open)
        return replace(
            self.build_network(bound),
            name=self.name,
            text=self.text,
            sizes=bound,
            assumed=tuple(name for name in self.names if name not in sizes and bound[name] == 1),
            divisions=tuple(bound.divisions) if isinstance(bound, OpenSizes) else (),
            input_is_inferred=self.input_is_inferred,
        )

    def build_network(self, bound: Mapping[str, Size]) -> Network:
        """The layers and the input, with a number of any kind for every name."""
        layers = [template.build(bound, self.source) for template in self.templates]
        return Network(
            chain=tuple(LayerCall(layers[place]) for place in self.order),
            input=tuple(evaluate(size, bound, self.source) for size in self.input),
        )

    def report(
        self,
        sizes: Mapping[str, Size],
        convention: Convention = MATMUL,
        dtype: str = "float32",
        stay_open: bool = False,
        backward: bool = False,
    ) -> Report:
        """The costs at `sizes`, as formulas in those without a value; SpecError if a layer does not fit.

        With `backward` those of its gradients too.
        """
        network = self.network(sizes, stay_open)
        try:
            return (
                replace(_open_report(network, convention, dtype, backward), source=self)
                if network.is_open
                else network.report(convention, dtype, backward=backward)
            )
        except RequirementError as error:
            raise self._located(error) from None

    def _located(self, error: RequirementError) -> SpecError:
        template = self.templates[self.order[error.step]]
        span = template.spans.get(error.argument, template.span)
        message = f"{template.layer.__name__}: {error.message}"
        return SpecError(message, text=self.source, span=span, hint=error.hint)


def parse(text: str) -> Spec:
    """The spec that `text` states; raises SpecError with a caret under what is wrong."""
    check_type("the spec", text, str, DESIGN)
    candidate = parse_candidate(text)
    calls = _unroll(candidate.steps, text)
    places = {call: place for place, call in enumerate(dict.fromkeys(calls))}
    templates = tuple(resolve(call, text) for call in places)
    shape = candidate.input or inferred_input(templates, text)
    return Spec(
        name=candidate.name or _summary(candidate.steps),
        text=text[candidate.body :].strip(),
        source=text,
        input=shape,
        input_is_inferred=not candidate.input,
        templates=templates,
        order=tuple(map(places.__getitem__, calls)),
        names=_names(shape, templates),
    )


def _unroll(steps: tuple[Step, ...], text: str) -> list[Call]:
    """Every layer in order, with repetitions unrolled."""
    calls: list[Call] = []
    for step in steps:
        if isinstance(step, Call):
            calls.append(step)
        else:
            inner = _unroll(step.steps, text)
            _check_repetition(step, len(calls) + len(inner) * step.times, text)
            calls += inner * step.times
    return calls


def _check_repetition(repeat: Repeat, layers: int, text: str) -> None:
    if repeat.times < 1:
        raise SpecError("a repetition is 1 or more", text=text, span=repeat.span)
    if layers > MOST_LAYERS:
        raise SpecError(f"more than {MOST_LAYERS:,} layers", text=text, span=repeat.span)


def _summary(steps: tuple[Step, ...]) -> str:
    """A short name for a chain: `2 x Conv1d`, `Conv1d -> ... -> Linear`."""
    shown = [
        step.kind if isinstance(step, Call) else f"{step.times} x {_bracketed(step.steps)}" for step in steps
    ]
    return " -> ".join(shown if len(shown) < 4 else [shown[0], "...", shown[-1]])


def _bracketed(steps: tuple[Step, ...]) -> str:
    return _summary(steps) if len(steps) == 1 else f"({_summary(steps)})"


def _names(shape: tuple[Expression, ...], templates: tuple[Template, ...]) -> tuple[str, ...]:
    values = [*shape, *(value for template in templates for value in template.sizes.values())]
    return tuple(dict.fromkeys(name.name for value in values for name in names(value)))


def _open_report(network: Network, convention: Convention, dtype: str, backward: bool) -> Report:
    from convcost.symbolic.report import open_report

    return open_report(network, convention, dtype, backward)


def check_int(name: str, size: Any, most_digits: int = MOST_DIGITS) -> Size:
    """`size` as an int, also if it is an integer of another library; UsageError if it is not an integer."""
    try:
        if isinstance(size, bool):
            raise TypeError
        found = operator.index(size)
    except Exception:  # whatever another's number raises
        shown = describe_value(size) if type(size) is not Fraction else str(size)[:40]
        raise WrongTypeError(f"{name} is {shown}; a size is a whole number") from None
    check_digits(name, found, most_digits)
    return found


class HasSizeNames(Protocol):
    """What has sizes by name: a spec, or a model's inputs."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its sizes, each once."""


def check_names(sizes: Mapping[str, Size], specs: tuple[HasSizeNames, ...]) -> None:
    """Refuse a size that none of `specs` has."""
    known = tuple(dict.fromkeys(name for spec in specs for name in spec.names))
    for name in sizes:
        if name not in known:
            has = f"The sizes here are {', '.join(known)}." if known else "No size is open here."
            raise UsageError(f"no size is called {name[:64]}{did_you_mean(name, known)}", hint=has)
