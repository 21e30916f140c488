"""Sources of models: libraries and model files, as in timm:resnet50 or net.onnx.

A source is a module with a `load` function (see interface.py) and an entry in PREFIXES or SUFFIXES.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from convcost.tracing.sources.interface import ModelLoader, SourceModel, SourceReference

PREFIXES = {
    "hf": "convcost.tracing.sources.huggingface.source",
    "timm": "convcost.tracing.sources.timm_models",
    "torchvision": "convcost.tracing.sources.torchvision_models",
}
"""The module for each prefix: timm:resnet50, hf:./llama."""

SUFFIXES = {
    ".onnx": "convcost.tracing.sources.onnx_files",
    ".pt2": "convcost.tracing.sources.exported.source",
    ".safetensors": "convcost.tracing.sources.weights.safetensors",
    ".safetensors.index.json": "convcost.tracing.sources.weights.safetensors",
    ".gguf": "convcost.tracing.sources.weights.gguf",
}
"""The module for each file suffix, in lower case: net.onnx."""


def load_model(reference: SourceReference, arguments: Mapping[str, Any]) -> SourceModel:
    """Load the model that `reference` names.

    Raises:
        UsageError: There is no such model, or its library is missing.
    """
    home = PREFIXES.get(reference.prefix) or SUFFIXES[reference.suffix]
    load = cast("ModelLoader", import_module(home).load)
    return load(reference.name, arguments)
