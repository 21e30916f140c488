"""The modules that a node was exported from, as torch's exporters record them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import pairwise

SCOPES = "pkg.torch.onnx.name_scopes"
"""The metadata key for the paths of a node's modules, with its own name: ['', 'layer1', 'conv2d']."""

LONGEST_NAME = 1000

DEEPEST = 40


def module_scopes(name: str, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The path of the node's module, in parts: ("layer1", "0", "conv1") for "/layer1/layer1.0/conv1/Conv".

    The dynamo exporter writes full paths into the metadata. The TorchScript exporter writes a name for each
    module into the node's name; in a Sequential it repeats the parent: /layer1/layer1.0 for layer1.0.
    """
    written = metadata.get(SCOPES, "")
    if written:
        return tuple(filter(None, _last_module(written).split(".")))[:DEEPEST]
    parts = name[:LONGEST_NAME].strip("/").split("/")
    whole = [
        part for part, following in pairwise(parts) if not following.startswith(f"{part}.") or part == ""
    ]
    return tuple(piece for part in whole for piece in part.split(".") if piece)[:DEEPEST]


def _last_module(written: str) -> str:
    try:
        scopes = ast.literal_eval(written[:LONGEST_NAME])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    is_known = isinstance(scopes, list) and len(scopes) > 1 and isinstance(scopes[-2], str)
    return scopes[-2] if is_known and not scopes[-2].startswith("_empty_nn_module") else ""
