"""Where a node comes from: the modules around it, as the exporters of torch write them down."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import pairwise

SCOPES = "pkg.torch.onnx.name_scopes"
"""The paths of the modules around a node, and its own name: ['', 'layer1', 'layer1.0', 'conv2d']."""

LONGEST_NAME = 1000

DEEPEST = 40


def module_scopes(name: str, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of the path of the module around a node: ("layer1", "0") of "/layer1/layer1.0/conv1/Conv".

    torch.export writes whole paths into the metadata; torch.jit writes a part for each module, which has the
    names of both where one is called by a sequence: /layer1/layer1.0 for layer1.0.
    """
    written = metadata.get(SCOPES, "")
    if written:
        return tuple(filter(None, _last_module(written).split(".")))[:DEEPEST]
    parts = name[:LONGEST_NAME].strip("/").split("/")
    whole = [part for part, behind in pairwise(parts) if not behind.startswith(f"{part}.") or part == ""]
    return tuple(piece for part in whole for piece in part.split(".") if piece)[:DEEPEST]


def _last_module(written: str) -> str:
    try:
        scopes = ast.literal_eval(written[:LONGEST_NAME])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ""
    is_known = isinstance(scopes, list) and len(scopes) > 1 and isinstance(scopes[-2], str)
    return scopes[-2] if is_known and not scopes[-2].startswith("_empty_nn_module") else ""
