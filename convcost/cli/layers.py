"""`convcost layers`: the layers that designs can use."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer

from convcost.analysis.layer_reference import LayerReference, layer_formulas, layer_reference
from convcost.cli.options import OutputOptions
from convcost.cli.output import print_result
from convcost.core.errors import UsageError, did_you_mean
from convcost.layers import ELSEWHERE, FAMILIES, FUNCTIONS, find_layer, layer_class
from convcost.layers.unsupported import UNSUPPORTED, UnsupportedLayers, reason_unsupported
from convcost.render.layers import LayerList

EVERY_FAMILY = FAMILIES | FUNCTIONS


def layers(
    word: Annotated[
        str,
        typer.Argument(
            metavar="[NAME]", help="A layer to show in full, or a word to search for, such as conv."
        ),
    ] = "",
    family: Annotated[
        str, typer.Option("--family", metavar="NAME", help="Only this family, such as pooling.")
    ] = "",
    *,
    output: OutputOptions,
) -> None:
    """List the layers and functions that designs can use.

    A single layer is shown in full, with its arguments, inputs, formulas and rules. Layers of torch.nn that
    designs do not support are listed with the reason.

    \b
    Examples:
      convcost layers conv
      convcost layers Conv2d
    """
    format_name = output.format_for(LayerList)
    names = _family(family) if family else tuple(chain.from_iterable(EVERY_FAMILY.values()))
    layer = find_layer(word) or layer_class(word)
    if layer is not None and layer.__name__ in names:
        found = (layer_reference(layer.__name__),)
        print_result(LayerList(found, (), True, layer_formulas(layer.__name__)), format_name)
        return
    every = tuple(map(layer_reference, names))
    left_out = () if family else UNSUPPORTED
    print_result(_search(every, left_out, word) if word else LayerList(every, left_out), format_name)


def _family(name: str) -> tuple[str, ...]:
    if name.lower() not in EVERY_FAMILY:
        near = did_you_mean(name.lower(), EVERY_FAMILY)
        raise UsageError(
            f"no family of layers is called {name[:40]}{near}", hint=f"Choose from {', '.join(EVERY_FAMILY)}."
        )
    return EVERY_FAMILY[name.lower()]


def _search(
    every: tuple[LayerReference, ...], left_out: tuple[UnsupportedLayers, ...], word: str
) -> LayerList:
    """The layers with the word in their name or family, or else with it as a synonym or in the summary."""
    text = word.lower()
    exact = reason_unsupported(word)
    if exact in left_out:
        return LayerList((), (exact._replace(names=tuple(n for n in exact.names if n.lower() == text)),))
    classes = tuple(group for group in (_matching_names(group, text) for group in left_out) if group.names)
    found = tuple(layer for layer in every if text in layer.name.lower() or text in layer.family)
    if not found and not classes:
        meant = ELSEWHERE.get(text, "")
        found = tuple(layer for layer in every if layer.name in meant or text in layer.summary.lower())
    if not found and not classes:
        names = (
            *(layer.name for layer in every),
            *EVERY_FAMILY,
            *(name for group in left_out for name in group.names),
        )
        raise UsageError(
            f"no layer has {word[:40]} in its name or description{did_you_mean(word, names)}",
            hint="convcost layers lists all of them. A module of your own: convcost model file.py:Net",
        )
    return LayerList(found, classes)


def _matching_names(group: UnsupportedLayers, text: str) -> UnsupportedLayers:
    return group._replace(names=tuple(name for name in group.names if text in name.lower()))
