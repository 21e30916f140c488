"""Sources of models: the libraries and files that a model is named by, such as timm:resnet50 or net.onnx.

A source is a module with a function `load` (see interface.py), and an entry here.
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
"""The module of each source that is named by a prefix: timm:resnet50, hf:./llama."""

SUFFIXES = {
    ".onnx": "convcost.tracing.sources.onnx_files",
    ".pt2": "convcost.tracing.sources.exported.source",
    ".safetensors": "convcost.tracing.sources.weights.safetensors",
    ".safetensors.index.json": "convcost.tracing.sources.weights.safetensors",
    ".gguf": "convcost.tracing.sources.weights.gguf",
}
"""The module of each source that is a file, by how its name ends, in lower case: net.onnx."""


def load_model(reference: SourceReference, arguments: Mapping[str, Any]) -> SourceModel:
    """The model that is named; UsageError where there is none, or its library is missing."""
    home = PREFIXES.get(reference.prefix) or SUFFIXES[reference.suffix]
    load = cast("ModelLoader", import_module(home).load)
    return load(reference.name, arguments)
