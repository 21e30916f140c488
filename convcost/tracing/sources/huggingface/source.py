"""hf:FOLDER, hf:FILE, hf:ORGANISATION/NAME: models of transformers by where their configuration is."""

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
    is_text_with_others,
)
from convcost.tracing.sources.huggingface.model_class import build, find_model_class
from convcost.tracing.sources.interface import INPUTS, BuildableModel
from convcost.tracing.sources.libraries import import_library


def load(name: str, arguments: Mapping[str, Any]) -> BuildableModel:
    """The model whose configuration is at `name`, with fields of it replaced by `arguments`.

    Raises UsageError where there is no such configuration, transformers is missing or makes no model of it.
    Code that comes with a model is never run.
    """
    _import_quietly(f"hf:{name}")
    fields = read_config(name)
    config = make_config(fields, arguments)
    model_class, why = find_model_class(config)
    inputs = default_inputs(config, model_class)
    notes = [*([why] if why else ()), *_file_notes(fields)]
    if is_text_with_others(config):
        notes.append("Images and sounds among its tokens are not counted: the input is a text alone.")
    return BuildableModel(
        make=partial(build, model_class, config),
        inputs=inputs,
        notes=tuple(notes),
        input_note=f"The input {INPUTS} is assumed, from the configuration.",
        input_names=forward_names(model_class),
        complete=partial(complete_inputs, inputs, model_class),
    )


def _import_quietly(wanted: str) -> None:
    """Import transformers; its advice, such as to pass a mask, is not printed unless the user asks for it."""
    is_first = "transformers" not in sys.modules
    logging = import_library("transformers", wanted, "'convcost[hf]'").logging
    if is_first and logging.get_verbosity() == logging.WARNING:  # the default
        logging.set_verbosity_error()


def _file_notes(fields: Mapping[str, Any]) -> Iterator[str]:
    """What a configuration asks for and does not get."""
    if fields.get("auto_map"):
        yield "The model's own code (auto_map) is never run: the class of transformers is counted."
    quantization = fields.get("quantization_config")
    if isinstance(quantization, Mapping):
        method = str(quantization.get("quant_method", "quantized"))[:40]
        yield f"Weights are counted as they are before quantization ({method})."
