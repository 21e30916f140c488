"""Reads and counts the designs of `compare` and `report`, with the requested estimates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import typer

from convcost import api
from convcost.cli.designs import DEFAULT_PAIR, Candidates, read_candidates
from convcost.cli.estimates import Reports, read_estimator
from convcost.cli.modules import read_mesh
from convcost.cli.options import (
    ConventionOptions,
    CounterOptions,
    DesignDtypeOption,
    DeviceOption,
    MemoryOptions,
    MeshOptions,
    ModuleOptions,
    TimingOptions,
)
from convcost.cli.output import check_backward
from convcost.cli.phases import check_phases
from convcost.spec.founding_pair import FoundingPair


@dataclass(frozen=True, kw_only=True)
class ComparisonOptions:
    """The shared options of `compare` and `report`."""

    flops: ConventionOptions
    dtype: DesignDtypeOption = ""
    device: DeviceOption = ""
    timing: TimingOptions
    memory: MemoryOptions
    counters: CounterOptions
    modules: ModuleOptions
    mesh: MeshOptions


class CountedDesigns(NamedTuple):
    """Designs, and their reports."""

    candidates: Candidates
    reports: Reports


def count_designs(
    context: typer.Context,
    tokens: Iterable[str],
    settings: Iterable[str],
    options: ComparisonOptions,
    pair: FoundingPair = DEFAULT_PAIR,
    *,
    allow_single: bool = False,
) -> CountedDesigns:
    """Count the designs in `tokens`, or without any the founding `pair`, and add estimates.

    Raises UsageError for a single design unless `allow_single`, and for options that don't apply.
    """
    convention, timing = options.flops.convention, options.timing
    timing.check()
    check_phases(options.modules, timing, options.memory)
    estimator = read_estimator(timing, options.memory, options.device, options.dtype)
    candidates = read_candidates(
        context,
        tokens,
        settings,
        options.modules,
        options.counters.max_bytes,
        pair=pair,
        memory_dtype=estimator.memory_dtype,
        backward=timing.backward,
        mesh=read_mesh(options.mesh, options.memory),
    )
    dtype = options.dtype or "float32"
    request = (candidates.designs, candidates.sizes, convention, dtype, timing.backward)
    counted = api.reports(*request) if allow_single else api.comparison(*request).candidates
    factories = candidates.report_factories(convention, dtype, timing.backward)
    reports = estimator.add(counted, factories, candidates.countables)
    if timing.backward:
        check_backward(*reports)
    return CountedDesigns(candidates, reports)
