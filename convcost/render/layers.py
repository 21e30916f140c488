"""The list of layers as a table for each family; one layer in full, with formulas and rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.analysis.layer_reference import LayerReference
from convcost.core.report import Report
from convcost.layers import FUNCTIONS
from convcost.layers.unsupported import UnsupportedLayers
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.formulas import LONGEST_ALONE, short_text
from convcost.render.style import Style

LEGEND = (
    "convcost layers NAME shows one in full: arguments, inputs, formulas, the rules behind them.",
    "convcost layers WORD finds those whose name or description has the word.",
)

DESIGN_DTYPE = "the design's dtype"


class LayerList(NamedTuple):
    """Layers, and unsupported classes of torch.nn; `formulas` are those of a single layer."""

    layers: tuple[LayerReference, ...]
    left_out: tuple[UnsupportedLayers, ...] = ()
    in_full: bool = False
    formulas: Report | None = None


def layers_document(result: LayerList, style: Style) -> Document:
    """One layer in full, or a table for each family."""
    if result.in_full and len(result.layers) == 1:
        return _in_full(result.layers[0], result.formulas)
    tables = (*_family_tables(result.layers), *_left_out_tables(result.left_out))
    return Document((), Section(tables, LEGEND))


def _family_tables(layers: tuple[LayerReference, ...]) -> Iterator[Table]:
    for family in dict.fromkeys(layer.family for layer in layers):
        lines = (Line(layer.name, (layer.summary,)) for layer in layers if layer.family == family)
        yield Table((family, ""), tuple(lines), text=True)


def _left_out_tables(left_out: tuple[UnsupportedLayers, ...]) -> Iterator[Table]:
    if left_out:
        lines = (Line(group.cause, (f"{', '.join(group.names)}. {group.reason}",)) for group in left_out)
        yield Table(("torch.nn, not supported", ""), tuple(lines), text=True)


def _in_full(layer: LayerReference, formulas: Report | None) -> Document:
    tables = (*_argument_tables(layer), *_formula_tables(formulas))
    return Document(
        heading=(("layer", layer.signature),),
        costs=Section(tables, tuple(_notes(layer, formulas))),
        facts=tuple(_facts(layer, formulas)),
    )


def _facts(layer: LayerReference, formulas: Report | None) -> Iterator[Fact]:
    yield Fact("family", layer.family)
    yield Fact("summary", layer.summary)
    yield Fact("takes", inputs_text(layer))
    if layer.inferred_input:
        yield Fact("input", f"{shape_text(layer.inferred_input)} if not given")
    if formulas:
        yield Fact("example", f"{shape_text(formulas.input)} to {shape_text(formulas.output)}")


def inputs_text(layer: LayerReference) -> str:
    """The number and dtypes of inputs: 2 inputs of the design's dtype; 1 input: int64."""
    fewest = len(layer.dtypes)
    number = f"{fewest}" if fewest == layer.most_inputs else f"{fewest} to {layer.most_inputs}"
    counted = f"{number} input{'s' * (layer.most_inputs > 1)}"
    dtypes = [dtype or DESIGN_DTYPE for dtype in layer.dtypes]
    return (
        f"{counted} of {DESIGN_DTYPE}" if {*dtypes} == {DESIGN_DTYPE} else f"{counted}: {', '.join(dtypes)}"
    )


def shape_text(shape: tuple[object, ...]) -> str:
    """[B, S, E]."""
    return f"[{', '.join(short_text(size) if not isinstance(size, str) else size for size in shape)}]"


def _argument_tables(layer: LayerReference) -> Iterator[Table]:
    if layer.arguments:
        lines = (
            Line(
                argument.name, ("required" if argument.default is None else argument.default, argument.takes)
            )
            for argument in layer.arguments
        )
        yield Table(("argument", "default", "takes"), tuple(lines), text=True)


def _formula_tables(formulas: Report | None) -> Iterator[Table]:
    if formulas:
        lines = (
            Line(label, (short_text(value, longest=LONGEST_ALONE),)) for label, value in quantities(formulas)
        )
        yield Table(("", "formula with these defaults"), tuple(lines))


def quantities(formulas: Report) -> Iterator[tuple[str, object]]:
    """The quantities of a layer with their labels."""
    yield "parameters", formulas.params
    yield "MACs", formulas.macs
    yield "bias adds", formulas.cost.bias_adds
    yield "elementwise", formulas.elementwise


def _notes(layer: LayerReference, formulas: Report | None) -> Iterator[str]:
    for rule in layer.rules:
        yield f"{rule.subject}: {rule.text}" if rule.subject else rule.text
    if layer.family not in FUNCTIONS:
        needs_inputs = formulas and len(layer.dtypes) > 1
        design = formulas.spec if formulas and needs_inputs else f"{layer.name}(...)"
        shows, tests = f'convcost layer "{design}"', f"convcost verify --kinds {layer.name}"
        yield f"{shows} shows the costs of one; {tests} tests its formulas."
