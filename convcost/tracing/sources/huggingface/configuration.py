"""Make a configuration of transformers from the fields of a config.json and the user's changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from convcost.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

COUNT = re.compile(r"(layers?|depths?|blocks?|stages?|attention_types|groups|(?P<labels>labels))$")
"""Fields that state a number of parts to build. Building takes time, so these numbers are limited."""

MOST_REPEATED = 4096

MOST_LABELS = 2**20

UNUSED_FIELDS = (
    *("auto_map", "quantization_config", "transformers_version", "torchscript"),
    *("attn_implementation", "_attn_implementation", "_name_or_path"),
)
"""Fields without effect on costs: the model's own code (never run), how weights are stored, and which
kernel computes attention."""

LAYER_COUNTS = ("num_hidden_layers", "n_layer", "num_layers", "n_layers", "encoder_layers", "decoder_layers")


def make_config(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> PreTrainedConfig:
    """The configuration with `fields`, updated by `changes`.

    Raises:
        UsageError: transformers does not have this model type, or rejects a field.
    """
    config_class = _config_class({**fields, **changes})
    _check_names(config_class, fields, changes)
    merged = _merge(fields, changes)
    for name in {*UNUSED_FIELDS}.difference(changes) | {"model_type"}:
        merged.pop(name, None)
    _check_counts(merged)
    try:
        config: PreTrainedConfig = config_class(**merged)
    except Exception as error:  # the class and its checks may raise anything
        raise UsageError(f"transformers rejects the configuration: {_first_lines(error)}") from None
    return config


def _config_class(fields: Mapping[str, Any]) -> type[PreTrainedConfig]:
    import transformers
    from transformers import CONFIG_MAPPING

    model_type = fields.get("model_type")
    if not isinstance(model_type, str):
        raise UsageError("the configuration has no model_type", hint=_way_out_without_type(fields))
    if model_type == "mistral" and "layer_types" in fields:
        model_type = "ministral"  # as AutoConfig reads it
    if model_type not in CONFIG_MAPPING:
        near = did_you_mean(model_type, CONFIG_MAPPING.keys())
        own_code = "convcost never runs the model's own code (auto_map). " if fields.get("auto_map") else ""
        raise UsageError(
            f"transformers {transformers.__version__} has no model type {model_type[:80]}{near}",
            hint=f"{own_code}A newer transformers may have it.",
        )
    found: type[PreTrainedConfig] = CONFIG_MAPPING[model_type]
    return found


def _way_out_without_type(fields: Mapping[str, Any]) -> str:
    if isinstance(fields.get("architecture"), str):
        return f"It is a configuration of timm: timm:{fields['architecture'][:80]}."
    return 'Give it as an argument: hf:./folder(model_type="llama").'


def _check_names(
    config_class: type[PreTrainedConfig], fields: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    """UsageError for an unknown field, which the configuration would accept and ignore."""
    known = {*fields, *dir(config_class), *config_class.attribute_map, *UNUSED_FIELDS, "model_type"}
    known |= set(getattr(config_class, "__dataclass_fields__", ()))
    for name in changes:
        if name not in known:
            near = did_you_mean(name, (field for field in known if not field.startswith("_")))
            raise UsageError(f"{config_class.__name__} has no field {name[:80]}{near}")


def _merge(fields: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`fields` with `changes`, also within a part such as text_config.

    Lists with an entry for each layer are cut to a smaller number of layers.
    """
    merged = dict(fields)
    for name, value in changes.items():
        own = fields.get(name)
        merged[name] = _merge(own, value) if isinstance(own, dict) and isinstance(value, dict) else value
    for name in LAYER_COUNTS:
        before, after = fields.get(name), merged.get(name)
        if isinstance(before, int) and isinstance(after, int) and 0 < after < before and name in changes:
            shortened = {
                key: value[:after] for key, value in fields.items() if _is_by_layer(key, value, before)
            }
            merged |= {key: value for key, value in shortened.items() if key not in changes}
    return merged


def _is_by_layer(name: str, value: Any, layers: int) -> bool:
    return isinstance(value, list) and len(value) == layers and "layer" in name


def _check_counts(value: Any, name: str = "") -> None:
    """UsageError if a field, or one of a nested part, asks for too many layers, blocks or labels."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _check_counts(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            _check_counts(inner, name)
    elif isinstance(value, int) and (found := COUNT.search(name)):
        most = MOST_LABELS if found["labels"] else MOST_REPEATED
        if value > most:
            raise UsageError(f"{name[:80]}={value} is too large: convcost builds at most {most}")


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:300] or type(error).__name__
