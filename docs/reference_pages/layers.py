"""The layers: a page for each family, with arguments, formulas and the rules behind them."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.layer_reference import LayerReference, layer_formulas, layer_reference
from convcost.layers import FAMILIES, FUNCTIONS
from convcost.layers.unsupported import UNSUPPORTED
from convcost.render.formulas import short_text
from convcost.render.layers import inputs_text, quantities, shape_text
from docs.reference_pages.markdown import code, page, table, text


def pages() -> Iterator[tuple[str, str]]:
    """A page for each family, and one for unsupported classes of torch.nn."""
    for family, names in (FAMILIES | FUNCTIONS).items():
        layers = [layer_reference(name) for name in names]
        yield f"layers/{family}", _family_page(family, layers)
    rows = ((code(name), text(group.reason)) for group in UNSUPPORTED for name in group.names)
    yield "layers/unsupported", page("Unsupported classes of torch.nn", table(("class", "reason"), rows))


def _family_page(family: str, layers: list[LayerReference]) -> str:
    rules = [rule.text for rule in layers[0].rules if rule.subject == "family"]
    title = family.replace("_", " ").capitalize()
    return page(title, *map(text, rules), *(part for layer in layers for part in _layer(layer)))


def _layer(layer: LayerReference) -> Iterator[str]:
    yield f"## {layer.name}"
    yield text(layer.summary)
    yield f"```text\n{layer.signature}\n```"
    formulas = layer_formulas(layer.name)
    facts = [f"Takes {inputs_text(layer)}."]
    if layer.inferred_input:
        facts.append(f"Without an input shape: {code(shape_text(layer.inferred_input))}.")
    if formulas:
        facts.append(f"Example: {code(shape_text(formulas.input))} to {code(shape_text(formulas.output))}.")
    yield " ".join(facts)
    yield table(
        ("argument", "default", "takes"),
        (
            (
                code(each.name),
                code(each.default) if each.default is not None else "required",
                text(each.takes),
            )
            for each in layer.arguments
        ),
    )
    if formulas:
        rows = ((label, code(short_text(value))) for label, value in quantities(formulas))
        yield table(("quantity", "formula"), rows)
    yield "\n".join(
        f"- {text(f'{rule.subject}: {rule.text}' if rule.subject else rule.text)}"
        for rule in layer.rules
        if rule.subject != "family"
    )
