"""Formulas with numbers put in, beside what a profile on these numbers says."""

import torch
from tracing.generated_stacks import CHANNELS

from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.profile import profile
from convcost.tracing.symbolic_shapes.profile import profile_open

IMAGE = DeclaredTensor("float32", ("B", CHANNELS, "H", "W"))
SEQUENCE = DeclaredTensor("float32", ("B", "S", 8))


def meta(declared, **numbers):
    return declared.sized(numbers).tensor(torch.get_default_dtype(), "meta")


def report_contents(report):
    """All that a report says in numbers."""
    rows = [(*row[:2], *row[3:]) for row in report.rows]
    return rows, report.cost, report.bytes, report.input, report.output, report.trace


def on_numbers(module, declared, **numbers):
    """What a profile says, or None where the model does not run."""
    try:
        return report_contents(profile(module, *(meta(each, **numbers) for each in declared)))
    except Exception:
        return None


def with_numbers(report, **numbers):
    """What the formulas say, or None where they don't hold."""
    try:
        return report_contents(report.subs(**numbers))
    except UsageError:
        return None


def check(module, declared, *points):
    report = profile_open(module, declared)
    for numbers in points:
        assert with_numbers(report, **numbers) == on_numbers(module, declared, **numbers)
    return report


def texts(report):
    return [assumption.text for assumption in report.assumptions]
