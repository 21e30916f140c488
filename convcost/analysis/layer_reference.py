"""Reference data of layers: arguments, inputs, rules, and formulas.

Rules are docstrings of the layer's class and of the methods with formulas. Formulas are the costs of the
layer with sizes named like its required arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from inspect import cleandoc
from typing import NamedTuple

from convcost.core.cost import MATMUL, Shape
from convcost.core.errors import ConvcostError
from convcost.core.report import Report
from convcost.layers import FAMILIES, FUNCTIONS, layer_class
from convcost.layers.interface import INFERRED_INPUT, Layer, argument_fields
from convcost.spec import parse
from convcost.spec.resolve import Field, expected_values, layer_fields
from convcost.symbolic.report import open_report

RULES = {"output": "output", "parameters": "parameters", "cost": "operations", "valid_taps": "on real data"}
"""Methods whose docstrings are rules, with the subjects of these rules."""

ANY_SHAPE = (("B", "S", "E"), *INFERRED_INPUT.values())
"""Candidate inputs for the formulas of a layer without a default input; the first valid one is used."""

ANY_NUMBER = 2.0


class ArgumentReference(NamedTuple):
    """A constructor argument: accepted values in words, and the default (None if it is required)."""

    name: str
    takes: str
    default: str | None


class Rule(NamedTuple):
    """A rule about a layer's output or cost."""

    subject: str
    text: str


class LayerReference(NamedTuple):
    """The reference of a layer; `dtypes` has the dtype of each required input, or "" for the design's."""

    name: str
    family: str
    summary: str
    arguments: tuple[ArgumentReference, ...]
    dtypes: tuple[str, ...]
    most_inputs: int
    inferred_input: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def signature(self) -> str:
        """Its arguments as torch.nn writes them: Linear(in_features, out_features, bias=True)."""
        arguments = (
            argument.name if argument.default is None else f"{argument.name}={argument.default}"
            for argument in self.arguments
        )
        return f"{self.name}({', '.join(arguments)})"


@lru_cache(maxsize=1_000)
def layer_reference(kind: str) -> LayerReference:
    """The reference of the layer `kind`."""
    layer = layer_class(kind)
    assert layer is not None
    paragraphs = _paragraphs(layer)
    return LayerReference(
        name=kind,
        family=family_of(kind),
        summary=paragraphs[0] if paragraphs else "",
        arguments=tuple(_arguments(layer)),
        dtypes=tuple(
            layer.input_dtypes[number] if number < len(layer.input_dtypes) else ""
            for number in range(layer.input_counts[0])
        ),
        most_inputs=layer.input_counts[-1],
        inferred_input=layer.inferred_input if layer.input_counts[0] == 1 else (),
        rules=tuple(_rules(layer, paragraphs[1:])),
    )


def family_of(kind: str) -> str:
    """The family of layer `kind`, or the module of a function."""
    return next(family for family, kinds in (FAMILIES | FUNCTIONS).items() if kind in kinds)


def _arguments(layer: type[Layer]) -> Iterator[ArgumentReference]:
    known = layer_fields(layer.__name__)
    for field in argument_fields(layer):
        required = known[field.name].required
        yield ArgumentReference(
            field.name, expected_values(known[field.name]), None if required else str(field.default)
        )


def _rules(layer: type[Layer], further: list[str]) -> Iterator[Rule]:
    """The rules of the class, its methods and its family."""
    for text in further:
        yield Rule("", text)
    for method, subject in RULES.items():
        for text in _method_paragraphs(layer, method):
            yield Rule(subject, text)
    yield Rule("family", " ".join(_paragraphs(import_module(layer.__module__))))


def _method_paragraphs(layer: type[Layer], method: str) -> list[str]:
    """The docstring of the layer's `method`; empty if it is inherited from Layer itself."""
    own = next((cls for cls in layer.__mro__ if method in vars(cls)), Layer)
    return [] if own is Layer else _paragraphs(vars(own)[method])


def _paragraphs(source: object) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    text = cleandoc(source.__doc__ or "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph]


def layer_formulas(kind: str) -> Report | None:
    """The costs of layer `kind` in sizes named like its arguments; None if it needs numbers."""
    layer = layer_class(kind)
    assert layer is not None
    sizes = (_placeholder(field) for field in layer_fields(kind).values() if field.required)
    text = f"{kind}({layer.example_arguments or ', '.join(sizes)})"
    inputs = [""] if layer.inferred_input else [f"[{', '.join(names)}] -> " for names in ANY_SHAPE]
    for shape in inputs:
        try:
            return _open_report(_with_all_inputs(shape + text))
        except ConvcostError:
            continue
    return None


def _placeholder(field: Field) -> str:
    """The placeholder of an argument in formulas: its name if it is a size, otherwise a number."""
    return field.name if int in field.types else str(ANY_NUMBER)


def _with_all_inputs(text: str) -> str:
    """The design of a layer, with the usual shapes of all its inputs if it has several."""
    network = parse(text).network({})
    [layer] = network.layers
    further = layer.usual_further_inputs(network.input)
    return layer_spec(replace(layer, further_inputs=further), network.input) if further else text  # type: ignore[type-var]


def layer_spec(layer: Layer, shape: Shape) -> str:
    """The spec of `layer` on an input of `shape`, and on its further inputs."""
    first, *others = (f"[{', '.join(map(str, each))}]" for each in (shape, *layer.further_inputs))
    return f"{first} -> {layer}({', '.join(('x', *others))})" if others else f"{first} -> {layer}"


def _open_report(text: str) -> Report:
    return open_report(parse(text).network({}), MATMUL, "float32")
