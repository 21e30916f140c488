"""Timing designs and modules for real, as little as can be."""

import convcost
from convcost import parse
from convcost.benchmark.samples import Plan
from convcost.benchmark.stopwatch import Stopwatch
from convcost.tracing.target.profile import ProfiledModel

QUICK = Plan(block=1e-4, total=1e-3, fewest=3, most=3)


def stopwatch(**options):
    return Stopwatch(plan=QUICK, **options)


def timed_specs(*specs, watch=None, **options):
    designs = [parse(spec) for spec in specs]
    reports = tuple(design.report({}) for design in designs)
    more = {"watch": watch} if watch else {}
    return stopwatch(**options).timed(reports, lambda: [design.network({}) for design in designs], **more)


def timed_module(module, *inputs, backward=False, **options):
    report = convcost.Profiler(backward=backward).profile(module, *inputs)
    found = ProfiledModel(report, module, inputs)
    [result] = stopwatch(backward=backward, **options).timed((report,), lambda: (found,))
    return result.time
