"""The text of a design with values for its sizes, as a format that is made once for many values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from convcost.core.cost import Size
from convcost.core.errors import Span
from convcost.spec.definitions import used_definitions
from convcost.spec.grammar import parse_candidate
from convcost.spec.resolve import further_inputs
from convcost.spec.spec import Spec
from convcost.spec.syntax import Expression, Name, Number, Power, Product, Sum, Value, names

Piece = str | Name
"""A text, or a size to substitute."""


class SpecFormat(NamedTuple):
    """Texts and the sizes between them: "[", ", ", "] -> Linear(", ", ", ")" and B, E, E, E."""

    texts: tuple[str, ...]
    names: tuple[str, ...]

    def format(self, sizes: Mapping[str, Size]) -> str:
        """The text with values for all names."""
        numbers = [str(sizes[name]) for name in self.names]
        return "".join(chain.from_iterable(zip(self.texts, [*numbers, ""], strict=True)))

    def substitute(self, sizes: Mapping[str, Size | str]) -> SpecFormat:
        """The format with values for some of the names."""
        pieces: list[tuple[str, str]] = []
        before = ""
        for text, name in zip(self.texts, self.names, strict=False):
            before += text
            if name in sizes:
                before += str(sizes[name])
            else:
                pieces.append((before, name))
                before = ""
        return SpecFormat(
            (*(text for text, _ in pieces), before + self.texts[-1]), tuple(n for _, n in pieces)
        )


def spec_format(spec: Spec) -> SpecFormat:
    """The format of a design preceded by its definitions, on one line, without its name.

    An inferred input is written explicitly, as it may have sizes that the layers do not have.
    """
    candidate = parse_candidate(spec.source)
    definitions = [definition.extent for definition in used_definitions(candidate)]
    places = sorted(_size_names(spec), key=lambda name: name.span.start)
    pieces: list[Piece] = []
    for extent in definitions:
        pieces += [*_source_pieces(spec.source, extent, places), "; "]
    if spec.input_is_inferred:
        pieces += ["[", *_joined(spec.input), "] -> "]
    pieces += _source_pieces(spec.source, Span(candidate.body, len(spec.source.rstrip())), places)
    return _format_of(pieces)


def _size_names(spec: Spec) -> set[Name]:
    """The sizes in the source, without words such as `same` and parameters of definitions."""
    further = (size for step in further_inputs(spec.chain) for size in step.sizes)
    arguments = (value for template in spec.templates for value in template.sizes.values())
    own: tuple[Expression, ...] = () if spec.input_is_inferred else spec.input
    values: Iterator[Value] = chain(own, further, arguments)
    return {name for value in values for name in names(value)}


def _source_pieces(source: str, extent: Span, places: list[Name]) -> Iterator[Piece]:
    """The pieces of the source within `extent`; a size after a number, as in 10E, becomes a factor."""
    start = extent.start
    for name in places:
        if extent.start <= name.span.start < extent.end:
            text = _on_one_line(source[start : name.span.start])
            yield f"{text.rstrip()}*" if text.rstrip()[-1:].isdigit() else text
            yield name
            start = name.span.end
    yield _on_one_line(source[start : extent.end])


def _on_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _joined(shape: tuple[Expression, ...]) -> Iterator[Piece]:
    for place, size in enumerate(shape):
        yield from (", " if place else "",)
        yield from _expression_pieces(size)


def _expression_pieces(expression: Expression) -> Iterator[Piece]:
    """The expression in pieces, with brackets around operands that are not factors."""
    match expression:
        case Number(value=value):
            yield str(value)
        case Name():
            yield expression
        case Sum(terms=terms):
            for place, (sign, term) in enumerate(terms):
                yield "-" if sign < 0 else "+" if place else ""
                yield from _factor_pieces(term)
        case Product(first=first, rest=rest):
            yield from _factor_pieces(first)
            for operator, factor in rest:
                yield operator
                yield from _factor_pieces(factor)
        case Power(base=base, exponent=exponent):
            yield from _factor_pieces(base)
            yield f"**{exponent}"


def expression_text(expression: Expression, sizes: Mapping[str, Size]) -> str:
    """The expression as text, with values for the names in `sizes`: 32*h, 2*T+1."""
    pieces = _expression_pieces(expression)
    return "".join(
        str(sizes.get(each.name, each.name)) if isinstance(each, Name) else each for each in pieces
    )


def _factor_pieces(expression: Expression) -> Iterator[Piece]:
    if isinstance(expression, Number | Name):
        yield from _expression_pieces(expression)
    else:
        yield from ("(", *_expression_pieces(expression), ")")


def _format_of(pieces: list[Piece]) -> SpecFormat:
    texts, size_names = [""], []
    for piece in pieces:
        if isinstance(piece, Name):
            size_names.append(piece.name)
            texts.append("")
        else:
            texts[-1] += piece
    return SpecFormat(tuple(texts), tuple(size_names))
