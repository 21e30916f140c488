"""How many tokens a model has positions for, by its configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcost.tracing.declared_inputs import DeclaredInputs

FIELDS = {
    "input_ids": ("max_position_embeddings",),
    "decoder_input_ids": ("max_target_positions", "max_position_embeddings"),
}
"""The fields that limit each input of tokens: the first one that the class of the configuration has."""

ROTARY = ("rope_parameters", "rope_scaling", "rotary_dim")
"""Fields of models that compute their positions, and so run beyond those that they were trained on."""


def position_notes(config: Any, inputs: DeclaredInputs, new_tokens: int) -> Iterator[str]:
    """A sentence for each input of more tokens than the model has positions for.

    `new_tokens` run after those of the prompt. With an open number of tokens, the note states the limit of
    a model that has a table of positions.
    """
    text_config = config.get_text_config(decoder=True)
    has_table = not any(getattr(text_config, field, None) for field in ROTARY)
    for name, fields in FIELDS.items():
        declared = inputs.kwargs.get(name)
        known = [
            (field, getattr(text_config, field, None))
            for field in fields
            if _declares(type(text_config), field)
        ]
        limits = [(field, value) for field, value in known if isinstance(value, int) and value > 0]
        if declared is None or not declared.shape or not limits:
            continue
        field, positions = limits[0]
        tokens = declared.shape[-1]
        limit = f"The model has {positions:,} positions ({field})"
        if not isinstance(tokens, int):
            if has_table:
                yield f"{limit}: the formulas are for no more tokens than that."
        elif has_table and tokens + new_tokens > positions:
            yield f"{limit}, and {tokens + new_tokens:,} tokens need more."
        elif tokens > positions:
            yield f"{limit}: {tokens:,} tokens are more than it was trained on."


def _declares(config_class: Any, field: str) -> bool:
    """Whether a class of configurations has a field; a file may add others to its instances."""
    return hasattr(config_class, field) or field in config_class.attribute_map
