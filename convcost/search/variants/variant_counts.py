"""Counts a module with many combinations of arguments, in worker processes or in this one."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.report import Report
from convcost.core.type_checks import is_module, wrong_type_error
from convcost.counters.subprocess_runner import use_one_thread
from convcost.search.design import CountedQuantities
from convcost.search.formulas import formulas_of
from convcost.search.variants.arguments import Arguments, argument_axes
from convcost.search.variants.variants import ModuleVariants, VariantCount, open_input_names, sizes_of
from convcost.system.worker_pool import WorkerPool, close_stdin
from convcost.system.workers import Sender, can_fork
from convcost.tracing.given_inputs import given_inputs
from convcost.tracing.module_design import module_design
from convcost.tracing.profile import Profiler
from convcost.tracing.target.construction import construct_module
from convcost.tracing.target.profile import ProfiledModel, loaded_target
from convcost.tracing.target.target import Target
from convcost.tracing.user_error import TargetError, short_text

if TYPE_CHECKING:
    import torch


def count_targets(
    target: Target,
    profiler: Profiler,
    seconds: float,
    jobs: int,
    arguments: Sequence[Arguments],
    sizes: Mapping[str, Size],
    counted: CountedQuantities,
) -> Iterator[VariantCount]:
    """Count the target with each of `arguments` in `jobs` worker processes, each within `seconds`."""
    targets = [
        replace(target, arguments={**target.arguments, **given}).sized({**sizes, **sizes_of(given)})
        for given in arguments
    ]
    if not can_fork():
        yield from _count_each(targets, profiler, counted)
        return
    serve = partial(_serve, profiler=profiler, counted=counted)
    for _, answer in WorkerPool(targets, serve, lambda _: seconds, jobs).answers():
        is_counted = isinstance(answer, VariantCount)
        yield answer if is_counted else VariantCount(failure=f"not counted: {answer}")


def _serve(
    targets: Sequence[Target], send: Sender, *, profiler: Profiler, counted: CountedQuantities
) -> None:
    """The task of a worker process; models' output goes to stderr."""
    use_one_thread()
    close_stdin()
    os.dup2(2, 1)
    here = Path.cwd()
    for found in _count_each(targets, profiler, counted):
        send(pickle.dumps(found))
        os.chdir(here)


def _count_each(
    targets: Sequence[Target], profiler: Profiler, counted: CountedQuantities
) -> Iterator[VariantCount]:
    try:
        with loaded_target(targets[0], profiler) as profile:
            for target in targets:
                yield _count(partial(_profile_report, profile, target), counted)
    except ConvcostError as error:
        yield VariantCount(common_failure=str(error))


def _profile_report(profile: Callable[[Target], ProfiledModel], target: Target) -> Report:
    return profile(target).report


def class_variants(
    designs: Sequence[Any], over_args: Mapping[str, Any], inputs: tuple[Any, ...]
) -> ModuleVariants:
    """The variants of a class or function in this process, on `inputs`."""
    make = designs[0] if designs else None
    if not callable(make) or is_module(make):
        wanted = "a class of torch modules, or a function that makes one"
        raise wrong_type_error("what over_args is for", make, wanted, "It comes last among the designs.")
    if not inputs:
        raise UsageError("inputs are missing", hint='For example, inputs="f32[B,3,H,W]".')
    name = str(getattr(make, "__name__", type(make).__name__))

    axes = argument_axes(over_args)
    names = open_input_names(given_inputs(inputs, {}).names, axes)
    return ModuleVariants(name, name, axes, names, partial(_count_classes, make, inputs))


def _count_classes(
    make: Callable[..., torch.nn.Module],
    inputs: tuple[Any, ...],
    arguments: Sequence[Arguments],
    sizes: Mapping[str, Size],
    counted: CountedQuantities,
) -> Iterator[VariantCount]:
    """Count the modules that `make` returns for each of `arguments`, in this process."""
    for given in arguments:
        own = {**sizes, **sizes_of(given)}
        yield _count(partial(_profile_class, make, given, inputs, own), counted)


def _profile_class(
    make: Callable[..., torch.nn.Module],
    arguments: Arguments,
    inputs: tuple[Any, ...],
    sizes: Mapping[str, Size],
) -> Report:
    return module_design(construct_module(make, arguments), inputs, {}).report(sizes)


def _count(profile: Callable[[], Report], counted: CountedQuantities) -> VariantCount:
    """The formulas of the profiled report, or its failure."""
    try:
        report = counted.convert(profile())
        return VariantCount(formulas_of(report, counted.metrics, counted.bounds))
    except UsageError as error:
        return VariantCount(common_failure=str(error))
    except TargetError as error:
        return VariantCount(failure=_first_line(short_text(error.origin)))
    except ConvcostError as error:
        return VariantCount(failure=_first_line(error.message))
    except Exception as error:  # from the constructor or forward
        return VariantCount(failure=_first_line(short_text(error)))


def _first_line(text: str) -> str:
    return text.partition("\n")[0]
