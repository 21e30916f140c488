"""Generated requests on the edge: a case that fits, with one argument or one dimension changed."""

from dataclasses import replace
from typing import Literal, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from layer_cases import Case, cases

from convcost.layers.interface import argument_fields

SIZES = st.sampled_from((-1, 1, 2, 3, 4, 5, 6, 8, 9, 12))
FRACTIONS = st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0))


@st.composite
def spoiled(draw, kind: str) -> Case:
    """A layer of `kind` and a shape that may or may not fit it, about half of each."""
    layer, shape = draw(cases(kind))
    values = {name: changed(hint) for name, hint in get_type_hints(type(layer)).items() if changed(hint)}
    arguments = [field.name for field in argument_fields(layer) if field.name in values]
    if not arguments or draw(st.booleans()):
        shapes = [shape, *layer.further_inputs]
        place = draw(st.integers(0, len(shapes) - 1))
        shapes[place] = draw(reshaped(shapes[place]))
        further = {"further_inputs": tuple(shapes[1:])} if shapes[1:] else {}
        return Case(replace(layer, **further), shapes[0])
    name = draw(st.sampled_from(arguments))
    return Case(replace(layer, **{name: draw(values[name])}), shape)


def changed(hint: object) -> st.SearchStrategy | None:
    """Other values of an argument's type."""
    options = (hint,) if isinstance(hint, type) or get_origin(hint) in (tuple, Literal) else get_args(hint)
    found = []
    if int in options:
        found.append(SIZES)
    if any(get_origin(option) is tuple for option in options):
        found.append(st.lists(SIZES, min_size=1, max_size=3).map(tuple))
    if float in options:
        found.append(FRACTIONS)
    if bool in options:
        found.append(st.booleans())
    words = [word for option in options if get_origin(option) is Literal for word in get_args(option)]
    found += [st.sampled_from(words)] if words else []
    return st.one_of(found) if found else None


@st.composite
def reshaped(draw, shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape with one dimension more, less, larger or smaller."""
    place = draw(st.integers(0, len(shape) - 1))
    before, size, after = shape[:place], shape[place], shape[place + 1 :]
    grown = draw(st.integers(-3, 3).map(lambda more: max(1, size + more)))
    shorter = (*before, *after) or shape
    return draw(st.sampled_from(((*before, grown, *after), shorter, (*before, 2, size, *after))))
