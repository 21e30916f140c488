"""ONNX files, run by torch's operators: net.onnx.

`file.py` reads a file without its weights (`wire_format.py`), and `graph_reader.py` makes a checked graph
(`graph.py`). `module.py` builds a module with a submodule for each node (`layout.py`), which calls torch's
operators (`operators/`). `known_values.py` evaluates what the graph computes of shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from convcost.core.errors import UsageError
from convcost.tracing.sources.interface import BuildableModel
from convcost.tracing.sources.onnx_files.declared import default_inputs
from convcost.tracing.sources.onnx_files.file import read_onnx
from convcost.tracing.sources.onnx_files.module import onnx_module

INPUT_NOTE = "The inputs are from the file."


def load(name: str, arguments: Mapping[str, Any]) -> BuildableModel:
    """The model in the file at the path `name`; UsageError if it is not an ONNX model."""
    if arguments:
        raise UsageError(f"{Path(name).name} is an ONNX file, so it takes no arguments")
    graph = read_onnx(Path(name))
    return BuildableModel(partial(onnx_module, graph), default_inputs(graph), input_note=INPUT_NOTE)
