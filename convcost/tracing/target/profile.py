"""Load a model named on the command line, build it without memory, run it on its inputs, and count it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import torch

from convcost.core.dtypes import ITEMSIZES, is_float_dtype
from convcost.core.errors import ConvcostError, UsageError, open_sizes_error
from convcost.core.report import Report
from convcost.core.type_checks import describe_value
from convcost.tracing.module_call import ModuleCall, parameter_dtype
from convcost.tracing.module_tree import module_tree
from convcost.tracing.profile import Profiler
from convcost.tracing.recording.data_access import needs_data
from convcost.tracing.signatures import check_arguments
from convcost.tracing.sources.interface import ReportedModel, SourceReference
from convcost.tracing.target.construction import (
    BUILD_MODES,
    BuildMode,
    build_module,
    forward_arguments,
)
from convcost.tracing.target.loading import check_callable, importable, load
from convcost.tracing.target.source_models import source_notes, with_source_model
from convcost.tracing.target.target import Place, Target
from convcost.tracing.tensors import bytes_of, shape_of, tensors
from convcost.tracing.user_error import (
    TargetError,
    error_text,
    is_raised_by_user,
    may_lack_data,
    target_error,
)

Value = TypeVar("Value")

ZEROS_HINT = "Inputs given by shape are zeros. For real values: --inputs-from FILE.py:NAME"


class ProfiledModel(NamedTuple):
    """A model's report, and the model as it was called. With open sizes, it has no arguments.

    `target` is the target that was named. A file of weights has no module.
    """

    report: Report
    module: torch.nn.Module | None
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = MappingProxyType({})
    target: Target | None = None


def profile_target(target: Target, profiler: Profiler) -> ProfiledModel:
    """Profile the target, first without memory, then with its data if it can't be built or run without.

    Raises:
        UsageError: The target or its inputs are wrong.
        TargetError: The user's code failed.
    """
    with loaded_target(target, replace(profiler, phase=target.request and target.request.phase)) as profile:
        return profile(target)


@contextmanager
def loaded_target(target: Target, profiler: Profiler) -> Iterator[Callable[[Target], ProfiledModel]]:
    """Read the target's file once, for a function that profiles it with other arguments and sizes."""
    if isinstance(target.place, SourceReference):
        with importable(Path.cwd()):
            maker = load_maker(target.maker) if target.maker else None
            yield lambda variant: _profile_source_model(variant, maker, profiler)
        return
    with importable(target.place.folder, target.place.is_file):
        found = load(target.place)
        maker = load_maker(target.maker) if target.maker else None
        yield lambda variant: _profile_loaded(variant, found, maker, profiler)


def _profile_source_model(
    target: Target, maker: Callable[[], Any] | None, profiler: Profiler
) -> ProfiledModel:
    """Profile a model of a source; the source's assumptions become notes."""
    target = with_source_model(target)
    model = target.model
    if isinstance(model, ReportedModel):
        result = ProfiledModel(_read_report(target, model, profiler), None, target=target)
    else:
        result = _profile_loaded(target, model, maker, profiler)
    report = result.report
    return result._replace(report=replace(report, notes=(*report.notes, *source_notes(target))))


def _read_report(target: Target, model: ReportedModel, profiler: Profiler) -> Report:
    """The report of a file of weights; UsageError for options that need a run."""
    needs_run = {
        "--backward": profiler.backward,
        "--memory": profiler.footprint is not None,
        "--formulas": bool(profiler.formulas),
        "--inputs-from": bool(target.maker),
        "--train": target.train,
        "--phase": bool(target.request),
    }
    if option := next((option for option, is_set in needs_run.items() if is_set), ""):
        raise UsageError(f"{option} needs a torch module that runs; {target} is a file of weights")
    report = model.report(target.inputs)
    return replace(
        report,
        name=target.place.label or target.place.title,
        spec=str(target),
        sizes={**target.sizes, **report.sizes},
    )


def _profile_loaded(
    target: Target, found: Any, maker: Callable[[], Any] | None, profiler: Profiler
) -> ProfiledModel:
    try:
        result = _profile(target, found, maker, profiler)
    except ConvcostError:
        raise
    except BaseException as error:
        raise target_error(f"{target} could not be counted", error) from None
    report = replace(
        result.report,
        name=target.place.label
        or _with_phase((target.model and target.place.title) or result.report.name, target),
        spec=str(target),
        sizes={**target.sizes, **result.report.sizes},
    )
    return result._replace(report=report, target=target)


def _with_phase(name: str, target: Target) -> str:
    return f"{name} {target.request.phase}" if target.request else name


def load_maker(place: Place) -> Callable[[], Any]:
    """Load the function that makes a model's inputs; UsageError if it requires arguments."""
    with importable(place.folder, place.is_file):
        found: Callable[[], Any] = load(place)
    if not callable(found):
        raise UsageError(f"{place} is {describe_value(found)}; expected a function that returns the inputs")
    check_callable(str(place), found)
    check_arguments(str(place), found, hint="It is called without arguments.")
    return found


def _profile(
    target: Target, found: Any, maker: Callable[[], Any] | None, profiler: Profiler
) -> ProfiledModel:
    """Build and run the model, and run it again on data if it does not run without."""
    build_mode, module = _build(target, found)
    result, failure = None, None
    try:
        result = _run(target, module, maker, build_mode, profiler)
        if build_mode == "real" or not needs_data(result.report):
            return result
    except TargetError as error:
        if build_mode == "real" or is_raised_by_user(error.origin):
            raise
        failure = error
    needed = bytes_of(module_tree(module).tensors)
    if needed <= profiler.memory:
        module = build_module(target, found, "real")
        return _run(target, module, maker, "real", profiler, failure and failure.origin)
    if result is None:
        assert failure
        failure.hint = f"To run it on data, raise the limit: --max-memory {-(-needed // 2**20)}MiB"
        raise failure
    return result


def _build(target: Target, found: Any) -> tuple[BuildMode, torch.nn.Module]:
    """The module, built in the first mode that succeeds."""
    if isinstance(found, torch.nn.Module):  # nothing to build; "meta" is for the inputs
        return "meta", build_module(target, found, "meta")
    for build_mode in BUILD_MODES[:-1]:
        try:
            return build_mode, build_module(target, found, build_mode)
        except TargetError as error:
            if is_raised_by_user(error.origin):
                raise
    return "real", build_module(target, found, "real")


def _run(
    target: Target,
    module: torch.nn.Module,
    maker: Callable[[], Any] | None,
    build_mode: BuildMode,
    profiler: Profiler,
    failure: BaseException | None = None,
) -> ProfiledModel:
    """Run the module and count it; `failure` is the error of an earlier run without data."""
    if target.inputs.names:
        return ProfiledModel(_symbolic_report(target, module, profiler), module)
    args, kwargs = forward_arguments(target, module, maker, build_mode)
    try:
        report = profiler.profile_call(ModuleCall(module, args, kwargs), "cpu", failure)
        if report.trace and report.trace.ran == "data" and maker is None:
            report = replace(report, trace=report.trace._replace(reads_zeros=True))
        return ProfiledModel(report, module, args, kwargs)
    except BaseException as error:
        ran_on_zeros = failure is not None and maker is None and may_lack_data(failure)
        what = f"{target} could not be run on {_shape_list((args, kwargs))}"
        dtypes = (str(tensor.dtype).removeprefix("torch.") for tensor in tensors((args, kwargs)))
        hint = ZEROS_HINT if ran_on_zeros else _dtype_hint(module, dtypes, error)
        raise target_error(what, error, hint) from None


def _symbolic_report(target: Target, module: torch.nn.Module, profiler: Profiler) -> Report:
    """The report as formulas in the open sizes."""
    from convcost.tracing.symbolic_shapes.profile import profile_open

    if profiler.backward:
        raise open_sizes_error("--backward", target.inputs.names)
    inputs = target.inputs.typed(parameter_dtype(module))
    try:
        return profile_open(
            module, inputs.args, inputs.kwargs, profiler.formulas, profiler.footprint, profiler.phase
        )
    except ConvcostError:
        raise
    except BaseException as error:
        declared = (*inputs.args, *inputs.kwargs.values())
        hint = _dtype_hint(module, (each.dtype for each in declared), error)
        raise target_error(f"{target} could not be run with open sizes", error, hint) from None


def _dtype_hint(module: torch.nn.Module, dtypes: Iterable[str], error: BaseException) -> str:
    """What to do if one of the inputs' dtypes is floating point, but not that of the parameters."""
    if not any(word in error_text(error) for word in DTYPE_WORDS):
        return ""
    own = str(parameter_dtype(module)).removeprefix("torch.")
    other = next((dtype for dtype in dtypes if is_float_dtype(dtype) and dtype != own), "")
    if not other:
        return ""
    hint = f"The parameters are {own}, and an input is {other}. Give the input in {own}"
    return f"{hint}; --dtype {other} counts all floats in {other}." if other in ITEMSIZES else f"{hint}."


DTYPE_WORDS = ("dtype", "Input type")
"""Words in torch's messages about operands of different dtypes."""


def _shape_list(call: Any) -> str:
    return ", ".join(str(shape_of(tensor)) for tensor in tensors(call)) or "no input"


def deep_copy(value: Value) -> Value:
    """A deep copy; TargetError if the user's code fails in it."""
    try:
        return deepcopy(value)
    except Exception as error:  # a user's __deepcopy__ may raise anything
        raise target_error("the module can't be copied, but only a copy runs on data", error) from None


@contextmanager
def _loaded_object(target: Target) -> Iterator[Any]:
    """Load the object at a target's place; its folder is importable in the block."""
    place = target.place
    if isinstance(place, SourceReference):
        with importable(Path.cwd()):
            yield with_source_model(target).model
    else:
        with importable(place.folder, place.is_file):
            yield load(place)


def build_with_data(target: Target) -> tuple[torch.nn.Module, tuple[Any, ...], Mapping[str, Any]]:
    """A new module and its arguments, with data.

    Raises as `profile_target` does.
    """
    with _loaded_object(target) as found:
        is_module = isinstance(found, torch.nn.Module)
        module = build_module(target, deep_copy(found) if is_module else found, "real")
        maker = load_maker(target.maker) if target.maker else None
        return module, *forward_arguments(target, module, maker, "real")
