"""A requested device mesh, and the function that parallelises a module on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from convcost.core.distributed import MeshDimension, parse_mesh
from convcost.core.errors import UsageError
from convcost.core.type_checks import check_text, wrong_type_error

ParallelizeFunction = Callable[[Any, Any], Any]
"""Takes a module and a mesh. Parallelises the module in place, or returns another module."""


class MeshRequest(NamedTuple):
    """A mesh, and the function that parallelises the module; None for the module's own plan."""

    dimensions: tuple[MeshDimension, ...]
    function: ParallelizeFunction | None = None


def mesh_request(mesh: str | None, parallelize: ParallelizeFunction | None) -> MeshRequest | None:
    """The mesh given in Python, such as "tp=8"; None if there is none; UsageError if it is invalid."""
    if parallelize is not None and not callable(parallelize):
        raise wrong_type_error("parallelize", parallelize, "a function of the module and the mesh")
    if mesh is None:
        if parallelize is not None:
            raise UsageError("parallelize needs a mesh", hint='For example, mesh="tp=8".')
        return None
    dimensions = parse_mesh(check_text("mesh", mesh, "tp=8"), "mesh")
    return MeshRequest(dimensions, parallelize)
