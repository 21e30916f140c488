"""Timing designs and modules for real, in as little time as can be."""

import convcost
from convcost import parse
from convcost.benchmark.samples import SamplingPlan
from convcost.benchmark.stopwatch import Stopwatch
from convcost.tracing.target.profile import ProfiledModel

QUICK = SamplingPlan(block_seconds=1e-4, total_seconds=1e-3, min_rounds=3, max_rounds=3)


def quick_stopwatch(**options):
    return Stopwatch(plan=QUICK, **options)


def timed_specs(*specs, progress=None, **options):
    designs = [parse(spec) for spec in specs]
    reports = tuple(design.report({}) for design in designs)
    more = {"progress": progress} if progress else {}
    return quick_stopwatch(**options).timed(
        reports, lambda: [design.network({}) for design in designs], **more
    )


def timed_module(module, *inputs, backward=False, **options):
    report = convcost.Profiler(backward=backward).profile(module, *inputs)
    found = ProfiledModel(report, module, inputs)
    [result] = quick_stopwatch(backward=backward, **options).timed((report,), lambda: (found,))
    return result.time
