"""The default input shape of a spec without one: that of its first layer.

Names that layers use for something else are not used for dimensions of the input: `Linear(I, S)` gets
[B, 1, I], `Conv1d(E, E, L)` gets [B*S, E, length], and so does `Conv1d(E, E, 3) -> Conv1d(E, L, 1)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from convcost.core.errors import SpecError
from convcost.spec.argument_grammar import parse_size
from convcost.spec.resolve import Template, TemplateChain
from convcost.spec.syntax import (
    Constant,
    Expression,
    Float,
    Input,
    Name,
    Number,
    Product,
    Sum,
    TupleValue,
    names,
)

WORDS = {"C": "channels", "L": "length", "D": "depth", "H": "height", "W": "width"}
"""Alternative names of dimensions, if the usual ones are taken; batch-like dimensions are then 1."""

SPLITTING = ("Unflatten",)
"""Layers whose sizes are dimensions, which may share names with dimensions of the input."""


def inferred_input(
    templates: tuple[Template, ...], chain: TemplateChain, text: str
) -> tuple[Expression, ...]:
    """The default input of the first layer, such as [B*S, in_channels, L], with its arguments substituted."""
    first = templates[_first_reader(chain) or 0]
    if not first.layer.inferred_input:
        message = f"{first.layer.__name__} takes any shape, so its input must be given"
        name, joins = first.layer.__name__, first.layer.input_counts[0] > 1
        design = f"{name}(x, ReLU)" if joins else _short(text.strip())
        hint = f"Write it in front{' of branches' * joins}: [B, S, E] -> {design}"
        raise SpecError(message, text=text, span=first.span, hint=hint)
    taken = _taken_names(first, templates)
    sizes: list[Expression] = []
    for expression in map(_parse, _default_input(first)):
        sizes += _substitute(expression, first, lambda name: _rename_if_taken(name, taken))
    return tuple(sizes)


def _short(design: str) -> str:
    """The design, or an ellipsis for a long one."""
    return design if len(design) <= LONGEST_IN_HINT else "..."


LONGEST_IN_HINT = 60


def _default_input(first: Template) -> tuple[str, ...]:
    shape = first.layer.inferred_input
    return (shape[1], shape[0], *shape[2:]) if first.ready.get("batch_first") else shape


def _first_reader(chain: TemplateChain) -> int | None:
    """The template index of the first layer that takes the incoming tensor; None if none does."""
    for call in chain:
        if isinstance(call, Input):
            return None
        readers = (_first_reader(branch) for branch in call.branches)
        found = next((place for place in readers if place is not None), None)
        takes_it = not call.branches or () in call.branches
        return call.place if found is None and takes_it else found
    return None


def _taken_names(first: Template, templates: tuple[Template, ...]) -> frozenset[str]:
    """Names that are not dimensions of the input.

    These are all names in the first layer's arguments, and names such as B or S in those of later layers. An
    L in a later layer may be the length of the input, unless it first occurs as a number of output channels.
    """
    others = [template for template in templates if template is not first]
    features = [other for other in others if other.layer.__name__ not in SPLITTING]
    later = {name for template in features for name in _names(template) if name not in WORDS}
    return frozenset({*_names(first), *later, *_new_channels(features)})


def _new_channels(later: list[Template]) -> Iterator[str]:
    """Names that first occur as the number of output channels of a later convolution."""
    seen: set[str] = set()
    for template in later:
        channels = {name.name for name in names(template.sizes.get("out_channels", Number(1)))}
        others = (value for argument, value in template.sizes.items() if argument != "out_channels")
        seen |= {name.name for value in others for name in names(value)}
        yield from channels - seen
        seen |= channels


def _names(template: Template) -> Iterator[str]:
    return (name.name for value in template.sizes.values() for name in names(value))


def _rename_if_taken(name: Name, taken: frozenset[str]) -> Expression:
    """`name`, or an alternative name (or 1) if it is taken."""
    if name.name not in taken:
        return name
    word = WORDS.get(name.name, "")
    while word in taken:
        word += "_in"
    return Name(word, name.span) if word else Number(1)


@cache
def _parse(text: str) -> Expression:
    return parse_size(text)


def _substitute(
    expression: Expression, template: Template, free: Callable[[Name], Expression]
) -> list[Expression]:
    match expression:
        case Name(name=name) if name in template.sizes:
            value = template.sizes[name]
            if not isinstance(value, TupleValue):
                return [value]
            return [item for item in value.items if not isinstance(item, Constant | Float)]
        case Name(name=name):
            default = getattr(template.layer, name, None)
            return [Number(default) if isinstance(default, int) else free(expression)]
        case Sum(terms=terms, span=span):
            put = [(sign, size) for sign, term in terms for size in _substitute(term, template, free)]
            return [Sum(tuple(put), span)]
        case Product(first=first, rest=rest, span=span):
            factors = [(operator, _substitute(factor, template, free)[0]) for operator, factor in rest]
            return [Product(_substitute(first, template, free)[0], tuple(factors), span)]
    return [expression]
