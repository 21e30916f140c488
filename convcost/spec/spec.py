"""Parsed specs, which make networks and reports from values for sizes."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any, NoReturn, Protocol

from convcost.core.cost import BATCH_LIKE, MATMUL, Convention, Shape, Size
from convcost.core.errors import RequirementError, Span, SpecError, UsageError, WrongTypeError, did_you_mean
from convcost.core.report import Report, with_definitions
from convcost.core.type_checks import DESIGN, MOST_DIGITS, check_digits, check_type, describe_value
from convcost.layers.network import Chain, InputTensor, LayerCall, Network
from convcost.spec.definitions import expand_definitions, used_definitions
from convcost.spec.evaluate import OpenSizes, evaluate
from convcost.spec.grammar import parse_candidate
from convcost.spec.inferred_input import inferred_input
from convcost.spec.resolve import Template, TemplateCall, TemplateChain, further_inputs, places, resolve
from convcost.spec.syntax import MOST_LAYERS, Call, Candidate, Expression, Input, Repeat, Step, names

LONGEST_SUMMARY = 40
"""The longest summary of a design; longer ones omit the contents of branches."""


@dataclass(frozen=True)
class Spec:
    """A parsed spec: a name, an input shape, and layers with sizes that have no values yet.

    `text` is the design without its name and its `definitions`, which are pairs of signature and chain. A
    repeated layer is one template.
    """

    name: str
    text: str
    source: str
    input: tuple[Expression, ...]
    input_is_inferred: bool
    definitions: tuple[tuple[str, str], ...]
    templates: tuple[Template, ...]
    chain: TemplateChain
    names: tuple[str, ...]

    def __hash__(self) -> int:
        """A hash of the name and source; templates contain dicts."""
        return hash((self.name, self.source))

    @property
    def full_text(self) -> str:
        """The design preceded by its definitions, on one line that can be parsed again."""
        return with_definitions(self.definitions, self.text)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The index in `templates` of each layer, in execution order."""
        return tuple(places(self.chain))

    def leaves_open(self, sizes: Mapping[str, Size]) -> bool:
        """Whether a size other than `B`, `S` and `N` has no value; these default to 1 otherwise."""
        return any(name not in sizes and name not in BATCH_LIKE for name in self.names)

    def bind(self, sizes: Mapping[str, Size], stay_open: bool = False) -> dict[str, Size]:
        """All sizes of this spec by name; a size without a value is a symbol."""
        if stay_open or self.leaves_open(sizes):
            from convcost.symbolic.sympy_bridge import symbol

            given = {name: check_int(name, sizes[name]) for name in self.names if name in sizes}
            return OpenSizes({name: given.get(name, symbol(name)) for name in self.names})
        return {name: check_int(name, sizes[name]) if name in sizes else 1 for name in self.names}

    def network(self, sizes: Mapping[str, Size], stay_open: bool = False) -> Network:
        """The network with values for `sizes`. Its layers have not been checked on their inputs.

        `stay_open` keeps `B`, `S` and `N` open, as needed for comparing with an open design.
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
            definitions=self.definitions,
        )

    def build_network(self, bound: Mapping[str, Size]) -> Network:
        """The layers and the input, with any kind of number for each name."""
        layers = [template.build(bound, self.source) for template in self.templates]

        def shape(sizes: tuple[Expression, ...]) -> Shape:
            return tuple(evaluate(size, bound, self.source) for size in sizes)

        def chain(calls: TemplateChain) -> Chain:
            return tuple(
                InputTensor(shape(call.sizes))
                if isinstance(call, Input)
                else LayerCall(
                    layers[call.place],
                    tuple(map(chain, call.branches)),
                    self.templates[call.place].dtype,
                )
                for call in calls
            )

        return Network(chain=chain(self.chain), input=shape(self.input))

    def report(
        self,
        sizes: Mapping[str, Size],
        convention: Convention = MATMUL,
        dtype: str = "float32",
        stay_open: bool = False,
        backward: bool = False,
    ) -> Report:
        """The costs with values for `sizes`, as formulas in open sizes.

        Args:
            sizes: Values by name.
            convention: What counts as FLOPs.
            dtype: The dtype of the design, by name.
            stay_open: Keep `B`, `S` and `N` open, instead of 1 by default.
            backward: Also count gradients.

        Raises:
            SpecError: If a layer does not accept its input or arguments.
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
    """Parse a spec. Raises SpecError, with carets under the error.

    >>> parse("[B, E] -> Linear(E, 4E)").names
    ('B', 'E')
    """
    check_type("the spec", text, str, DESIGN)
    candidate = parse_candidate(text)
    builder = _ChainBuilder(text)
    chain = builder.chain(expand_definitions(candidate))
    if not builder.templates:
        end = Span(len(text.rstrip()), len(text.rstrip()) + 1)
        raise SpecError("the design has no layers", text=text, span=end, hint="Add -> and a layer.")
    templates = tuple(builder.templates.values())
    shape = candidate.input or inferred_input(templates, chain, text)
    return Spec(
        name=candidate.name or _summary(candidate.steps),
        text=_on_one_line(text[candidate.body :]),
        definitions=tuple(_definition_texts(candidate)),
        source=text,
        input=shape,
        input_is_inferred=not candidate.input,
        templates=templates,
        chain=chain,
        names=_names(shape, templates, chain),
    )


def _definition_texts(candidate: Candidate) -> Iterator[tuple[str, str]]:
    """The definitions that the candidate uses: signature and chain."""
    for definition in used_definitions(candidate):
        signature, _, chain = candidate.text[slice(*definition.extent)].partition("=")
        yield _on_one_line(signature), _on_one_line(chain)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


class _ChainBuilder:
    """Makes templates of calls, without duplicates, and chains of their indices."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.templates: dict[Call, Template] = {}
        self._places: dict[Call, int] = {}
        self._layers = 0

    def chain(self, steps: tuple[Step, ...], is_branch: bool = False) -> TemplateChain:
        """The chain of template indices for `steps`, with repetitions unrolled."""
        calls: TemplateChain = ()
        for number, step in enumerate(steps):
            if isinstance(step, Repeat):
                calls += self._repeated(step)
            elif isinstance(step, Call):
                calls += (self._call(step),)
            elif number or not is_branch:
                hint = "Put it at the start of a branch, or of the whole design."
                self._fail("an input in the middle of a chain", step.span, hint)
            else:
                calls += (step,)
        return calls

    def _call(self, call: Call) -> TemplateCall:
        branches = tuple(self.chain(branch.steps, is_branch=True) for branch in call.branches)
        if call not in self.templates:
            self._places[call] = len(self.templates)
            self.templates[call] = resolve(call, self.text)
        self._count(1, call.span)
        return TemplateCall(self._places[call], branches)

    def _repeated(self, repeat: Repeat) -> TemplateChain:
        if repeat.times < 1:
            self._fail(f"the repeat count is {repeat.times}; it must be at least 1", repeat.span)
        before = self._layers
        chain = self.chain(repeat.steps)
        self._count((self._layers - before) * (repeat.times - 1), repeat.span)
        return chain * repeat.times

    def _count(self, layers: int, span: Span) -> None:
        self._layers += layers
        if self._layers > MOST_LAYERS:
            self._fail(f"more than {MOST_LAYERS:,} layers", span)

    def _fail(self, message: str, span: Span, hint: str = "") -> NoReturn:
        raise SpecError(message, text=self.text, span=span, hint=hint)


def _summary(steps: tuple[Step, ...]) -> str:
    """A short name for a chain: `2 x Conv1d`, `Conv1d -> ... -> Linear`, `x + (Conv2d -> ReLU)`."""
    summary = _joined([_step_summary(step) for step in steps])
    return summary if len(summary) <= LONGEST_SUMMARY else _joined([_step_kind(step) for step in steps])


def _joined(steps: list[str]) -> str:
    return " -> ".join(steps if len(steps) < 4 else [steps[0], "...", steps[-1]]) or "x"


def _step_kind(step: Step) -> str:
    match step:
        case Call(kind=kind, branches=branches):
            return f"{kind}(...)" if branches else kind
        case Repeat(times=times, steps=steps):
            return f"{times} x {_bracketed(steps)}"
    return "[...]"


def _step_summary(step: Step) -> str:
    match step:
        case Call(kind="add" | "mul" as kind, branches=branches):
            operator = " + " if kind == "add" else " * "
            return operator.join(_bracketed(branch.steps) for branch in branches)
        case Call(kind=kind, branches=branches) if branches:
            return f"{kind}({', '.join(_summary(branch.steps) for branch in branches)})"
    return _step_kind(step)


def _bracketed(steps: tuple[Step, ...]) -> str:
    is_single = len(steps) < 2 and not (steps and isinstance(steps[0], Call) and steps[0].kind == "add")
    return _summary(steps) if is_single else f"({_summary(steps)})"


def _names(
    shape: tuple[Expression, ...], templates: tuple[Template, ...], chain: TemplateChain
) -> tuple[str, ...]:
    inputs = (size for step in further_inputs(chain) for size in step.sizes)
    values = [*shape, *inputs, *(value for template in templates for value in template.sizes.values())]
    return tuple(dict.fromkeys(name.name for value in values for name in names(value)))


def _open_report(network: Network, convention: Convention, dtype: str, backward: bool) -> Report:
    from convcost.symbolic.report import open_report

    return open_report(network, convention, dtype, backward)


ARGUMENT_HINTS = {
    **dict.fromkeys(
        ("count", "taps", "padding"),
        'cost, compare, explain and sweep take convention=convcost.Convention("all", "valid").',
    ),
    "device": 'convcost.roofline(design, "h100") gives times on a device.',
    "memory": "convcost.memory(design) estimates the memory.",
    "dtype": 'A layer takes one: "Linear(E, E, dtype=torch.bfloat16)".',
    "convention": 'cost, compare, explain and sweep take one; assert_cost takes count="all", taps="valid".',
}
"""For arguments of Python that a function does not have, where they would be sizes."""

EXACT_FLOATS = 2**53
"""Below this, floats represent every whole number."""


def check_int(name: str, size: Any, most_digits: int = MOST_DIGITS) -> Size:
    """`size` as an int, including integers of other libraries; WrongTypeError if it is not an integer."""
    try:
        if isinstance(size, bool):
            raise TypeError
        number = operator.index(size)
    except Exception:  # numbers of other libraries may raise anything
        if type(size) is float and size.is_integer() and abs(size) < EXACT_FLOATS:
            hint = f"Write it as {int(size)}."
            raise WrongTypeError(f"{name} is the float {size!r}; it must be an int", hint=hint) from None
        description = describe_value(size) if type(size) is not Fraction else str(size)[:40]
        hint = ARGUMENT_HINTS.get(name, "")
        if isinstance(size, list | tuple | range):
            hint = f'For several values: convcost.sweep(design, over={{"{name}": [1, 2]}}).'
        raise WrongTypeError(f"{name} is {description}; a size must be a whole number", hint=hint) from None
    check_digits(name, number, most_digits)
    return number


class HasSizeNames(Protocol):
    """An object with named sizes: a spec, or the inputs of a model."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its sizes, without duplicates."""


def check_names(sizes: Mapping[str, Size], specs: tuple[HasSizeNames, ...]) -> None:
    """Raise UsageError for a size that none of `specs` has."""
    known = tuple(dict.fromkeys(name for spec in specs for name in spec.names))
    for name in sizes:
        if name not in known:
            listed = f"The sizes here are {', '.join(known)}." if known else "There are no open sizes here."
            hint = ARGUMENT_HINTS.get(name, listed)
            raise UsageError(f"no size is called {name[:64]}{did_you_mean(name, known)}", hint=hint)
