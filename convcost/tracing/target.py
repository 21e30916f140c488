"""A model named on a command line: loaded, built without memory, run on its inputs, and counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from convcost.core.errors import ConvcostError, UsageError
from convcost.core.report import Report
from convcost.tracing.data_access import needs_data
from convcost.tracing.importing import importable
from convcost.tracing.isolation import Call
from convcost.tracing.loading import Place, load
from convcost.tracing.model_parts import anatomy
from convcost.tracing.module_construction import WAYS, Way
from convcost.tracing.module_factory import module_of
from convcost.tracing.origin import check_callable
from convcost.tracing.profile import Profiler
from convcost.tracing.run_failure import is_of_user
from convcost.tracing.target_call import Target, check_call, forward_call, own_dtype
from convcost.tracing.tensors import bytes_of, shape_of, tensors
from convcost.tracing.user_error import TargetError, fault

if TYPE_CHECKING:
    import torch


class Profiled(NamedTuple):
    """A model's report, and the model as it was called; with sizes left open it was not called.

    `target` is where it is, if that was named.
    """

    report: Report
    module: torch.nn.Module
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = MappingProxyType({})
    target: Target | None = None


def profiled(target: Target, profiler: Profiler) -> Profiled:
    """What the target costs; TargetError or UsageError where it fails.

    It is tried without memory first, and with its data where it can't be built or run without.
    """
    with importable(target.place.folder, target.place.is_file):
        found = load(target.place)
        maker = maker_at(target.maker) if target.maker else None
        try:
            result = _tried(target, found, maker, profiler)
        except ConvcostError:
            raise
        except BaseException as error:
            raise fault(f"{target} could not be counted", error) from None
    report = replace(
        result.report,
        name=target.place.label or result.report.name,
        spec=str(target),
        sizes={**target.sizes, **result.report.sizes},
    )
    return result._replace(report=report, target=target)


def maker_at(place: Place) -> Callable[[], Any]:
    """The function there that makes a model's inputs; UsageError if it asks for arguments."""
    with importable(place.folder, place.is_file):
        found: Callable[[], Any] = load(place)
    if not callable(found):
        raise UsageError(f"{place} is a {type(found).__name__}; a function that returns the inputs is needed")
    check_callable(str(place), found)
    check_call(str(place), found, hint="It is called without arguments.")
    return found


def _tried(target: Target, found: Any, maker: Callable[[], Any] | None, profiler: Profiler) -> Profiled:
    """Run as it can be built, and with its data if it does not run without."""
    way, module = _built(target, found)
    try:
        result = _run(target, module, maker, way, profiler)
    except TargetError as error:
        if way == "real" or is_of_user(error.origin):
            raise
        failure = error
    else:
        if (
            way == "real"
            or not needs_data(result.report)
            or bytes_of(anatomy(module).tensors) > profiler.memory
        ):
            return result
        return _run(target, module_of(target, found, "real"), maker, "real", profiler)
    needed = bytes_of(anatomy(module).tensors)
    if needed > profiler.memory:
        allowed = f"--max-memory {-(-needed // 2**20)}MiB"
        failure.hint = f"With its data it may run: {allowed} allows that."
        raise failure
    return _run(target, module_of(target, found, "real"), maker, "real", profiler, failure.origin)


def _built(target: Target, found: Any) -> tuple[Way, torch.nn.Module]:
    """The module, built in the first way that succeeds."""
    first, *others = _ways(found)
    for way in (first, *others[:-1]):
        try:
            return way, module_of(target, found, way)
        except TargetError as error:
            if is_of_user(error.origin):
                raise
    return others[-1], module_of(target, found, others[-1])


def _ways(found: Any) -> tuple[Way, ...]:
    """What is a module already is not built: only its inputs come without data or with."""
    import torch

    return ("meta", "real") if isinstance(found, torch.nn.Module) else WAYS


def _run(
    target: Target,
    module: torch.nn.Module,
    maker: Callable[[], Any] | None,
    way: Way,
    profiler: Profiler,
    failure: BaseException | None = None,
) -> Profiled:
    """What a run costs, where one without data ended with `failure`."""
    if target.inputs.names:
        return Profiled(_open_report(target, module, profiler), module)
    args, kwargs = forward_call(target, module, maker, way)
    try:
        report = profiler.profile_call(Call(module, args, kwargs), "cpu", failure)
        return Profiled(report, module, args, kwargs)
    except BaseException as error:
        raise fault(f"{target} could not be run on {_shapes((args, kwargs))}", error) from None


def _open_report(target: Target, module: torch.nn.Module, profiler: Profiler) -> Report:
    """As formulas in the sizes that are names."""
    from convcost.tracing.symbolic_profile import profile_open

    if profiler.backward:
        raise UsageError(f"--backward needs a number for {', '.join(target.inputs.names)}")
    inputs = target.inputs.typed(own_dtype(module))
    try:
        return profile_open(module, inputs.args, inputs.kwargs, profiler.formulas, profiler.footprint)
    except ConvcostError:
        raise
    except BaseException as error:
        raise fault(f"{target} could not be run with open sizes", error) from None


def _shapes(call: Any) -> str:
    return ", ".join(str(shape_of(tensor)) for tensor in tensors(call)) or "no input"
