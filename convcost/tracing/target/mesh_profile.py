"""Profile a target on a mesh: it is counted as a whole, then parallelised and counted on a fake rank."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from convcost.core.errors import ConvcostError, UsageError, open_sizes_error
from convcost.core.type_checks import describe_value
from convcost.tracing.mesh_request import MeshRequest, ParallelizeFunction
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.profile import Profiler
from convcost.tracing.signatures import check_arguments
from convcost.tracing.target.loading import check_callable, importable, load
from convcost.tracing.target.profile import ProfiledModel, profile_target
from convcost.tracing.target.target import MeshTarget, Place, Target
from convcost.tracing.user_error import target_error


def profile_target_on_mesh(
    target: Target, profiler: Profiler, mesh: MeshRequest | MeshTarget
) -> ProfiledModel:
    """The target's costs, as a whole and on one rank of the mesh.

    Raises:
        UsageError: The target can't be parallelised.
        TargetError: The user's code failed.
    """
    if isinstance(mesh, MeshTarget):
        mesh = MeshRequest(mesh.dimensions, _load_function(mesh.place) if mesh.place else None)
    profiled = profile_target(target, profiler)
    report, module = profiled.report, profiled.module
    if report.open_names:
        raise open_sizes_error("a mesh", report.open_names)
    if module is None:
        raise UsageError(f"a mesh needs a torch module that runs; {target} is a file of weights")
    call = ModuleCall(module, profiled.args, profiled.kwargs)
    profiler = replace(profiler, phase=target.request and target.request.phase)
    try:
        with _importable(target):
            report = profiler.add_rank(call, report, mesh)
    except ConvcostError:
        raise
    except BaseException as error:
        raise target_error(f"{target} could not be run on the mesh", error) from None
    return profiled._replace(report=report)


def _importable(target: Target) -> AbstractContextManager[None]:
    """Make the target's folder importable for the module's own plan."""
    place = target.place
    return importable(place.folder, place.is_file) if isinstance(place, Place) else importable(Path.cwd())


def _load_function(place: Place) -> ParallelizeFunction:
    with importable(place.folder, place.is_file):
        found: Any = load(place)
    if not callable(found):
        raise UsageError(
            f"{place} is {describe_value(found)}; expected a function of the module and the mesh"
        )
    check_callable(str(place), found)
    check_arguments(str(place), found, (None, None), hint="It is called with the module and the mesh.")
    return found  # type: ignore[no-any-return]
