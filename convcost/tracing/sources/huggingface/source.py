"""hf:FOLDER, hf:FILE, hf:ORGANISATION/NAME: transformers models, by the place of their configuration."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from convcost.tracing.sources.huggingface.config_file import read_config
from convcost.tracing.sources.huggingface.configuration import make_config
from convcost.tracing.sources.huggingface.default_inputs import (
    complete_inputs,
    default_inputs,
    forward_names,
    has_multimodal_tokens,
)
from convcost.tracing.sources.huggingface.model_class import build, find_model_class
from convcost.tracing.sources.huggingface.positions import position_notes
from convcost.tracing.sources.interface import INPUTS, BuildableModel
from convcost.tracing.sources.libraries import import_library


def load(name: str, arguments: Mapping[str, Any]) -> BuildableModel:
    """The model whose configuration is at `name`, with the fields in `arguments` replaced.

    Code that comes with the model is never run.

    Raises:
        UsageError: There is no such configuration, transformers is missing, or has no such model.
    """
    _import_quietly(f"hf:{name}")
    fields = read_config(name)
    config = make_config(fields, arguments)
    model_class, why = find_model_class(config)
    inputs = default_inputs(config, model_class)
    notes = [*([why] if why else ()), *_file_notes(fields)]
    if has_multimodal_tokens(config):
        notes.append("The input is text only: image and audio tokens are not counted.")
    return BuildableModel(
        make=partial(build, model_class, config),
        inputs=inputs,
        notes=tuple(notes),
        input_note=f"The input {INPUTS} is assumed, from the configuration.",
        input_names=forward_names(model_class),
        complete=partial(complete_inputs, inputs, model_class),
        limits=partial(position_notes, config),
    )


def _import_quietly(wanted: str) -> None:
    """Import transformers, and silence its advice, such as to pass a mask, unless the user asked for it."""
    is_first = "transformers" not in sys.modules
    logging = import_library("transformers", wanted, "'convcost[hf]'").logging
    if is_first and logging.get_verbosity() == logging.WARNING:  # the default
        logging.set_verbosity_error()


def _file_notes(fields: Mapping[str, Any]) -> Iterator[str]:
    """Notes on fields of the configuration that are ignored."""
    if fields.get("auto_map"):
        yield "The model's own code (auto_map) is not run: the class in transformers is counted."
    quantization = fields.get("quantization_config")
    if isinstance(quantization, Mapping):
        method = str(quantization.get("quant_method", "quantized"))[:40]
        yield f"Weights are counted unquantized (the file says {method})."
