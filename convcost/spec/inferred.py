"""The input shape of a spec that states none: its first layer's usual one."""

from __future__ import annotations

from functools import cache

from convcost.errors import SpecError
from convcost.spec.grammar import parse_size
from convcost.spec.resolve import Template
from convcost.spec.syntax import Constant, Expression, Name, Several, Sum


def inferred_input(first: Template, text: str) -> tuple[Expression, ...]:
    """`first`'s usual input, such as [B*S, in_channels, L], with its arguments put in by name."""
    if not first.layer.inferred_input:
        message = f"{first.layer.__name__} takes any shape, so the input has to be given"
        hint = f"Write it in front: [B, S, E] -> {text.strip()[:40]}"
        raise SpecError(message, text=text, span=first.span, hint=hint)
    sizes: list[Expression] = []
    for expression in map(_parsed, first.layer.inferred_input):
        sizes += _put_in(expression, first)
    return tuple(sizes)


@cache
def _parsed(text: str) -> Expression:
    return parse_size(text)


def _put_in(expression: Expression, template: Template) -> list[Expression]:
    match expression:
        case Name(name=name) if name in template.sizes:
            value = template.sizes[name]
            if not isinstance(value, Several):
                return [value]
            return [item for item in value.items if not isinstance(item, Constant)]
        case Sum(terms=terms, span=span):
            put = [(sign, size) for sign, term in terms for size in _put_in(term, template)]
            return [Sum(tuple(put), span)]
    return [expression]
