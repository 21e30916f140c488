"""What a test is about, counted: a spec, a report, or a torch module with its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convcost.api import parsed
from convcost.core.arguments import PARSED, is_module, wrong_type
from convcost.core.cost import Convention, Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.gate.counting import CountedEntry
from convcost.gate.entry import Entry, Model
from convcost.spec import Spec
from convcost.tracing.target.inputs import Declared, Inputs

if TYPE_CHECKING:
    import torch

HOW = 'Give tensors, or texts such as "f32[1,3,224,224]" and "ids=i64[B,128]".'


@dataclass(frozen=True)
class How:
    """How to count: by which convention, in which dtype, and by how much an equality may be off."""

    convention: Convention
    dtype: str
    tolerance: Fraction


def counted(design: Any, inputs: tuple[Any, ...], sizes: Mapping[str, Size], how: How) -> CountedEntry:
    """What `design` costs with `sizes` put in; raises ConvcostError, or what the module's forward raises."""
    if isinstance(design, str | Spec):
        return _of_spec(parsed(design), inputs, sizes, how)
    if isinstance(design, Report):
        _refuse(inputs, "a report")
        return _of_report(design, sizes, how)
    if not is_module(design):
        raise wrong_type("the design", design, f"{PARSED}, or a torch module with its inputs")
    return _of_report(_profiled(design, inputs, sizes), sizes, how)


def _of_spec(spec: Spec, inputs: tuple[Any, ...], sizes: Mapping[str, Size], how: How) -> CountedEntry:
    _refuse(inputs, "a spec")
    own = {name: size for name, size in sizes.items() if name in spec.names}
    report = spec.report(own, how.convention, how.dtype)
    return CountedEntry(_entry(report, spec, own, how), report)


def _entry(report: Report, subject: Spec | Model, sizes: Mapping[str, Size], how: How) -> Entry:
    return Entry(report.name, subject, sizes, (), (), how.tolerance, report.convention, report.dtype)


def _refuse(inputs: tuple[Any, ...], what: str) -> None:
    if inputs:
        raise UsageError(
            f"{what} takes no inputs", hint="Those of a spec stand in it: [B, S, E] -> Linear(E, E)"
        )


def _of_report(report: Report, sizes: Mapping[str, Size], how: How) -> CountedEntry:
    """Its open sizes are those that a limit may be a formula in; `sizes` have numbers for others."""
    report = replace(report, convention=how.convention)
    names = Inputs((Declared("", report.open_names),))
    numbers = {name: size for name, size in report.sizes.items() if isinstance(size, int)}
    model = Model(report.name, names, "", {}, False, "")
    return CountedEntry(_entry(report, model, {**numbers, **sizes}, how), report)


def _profiled(module: torch.nn.Module, inputs: tuple[Any, ...], sizes: Mapping[str, Size]) -> Report:
    from convcost.tracing.profile import profile

    if not inputs:
        raise UsageError(f"{type(module).__name__} has no inputs", hint=HOW)
    if not all(isinstance(each, str) for each in inputs):
        return profile(module, *inputs)
    return _declared(module, inputs, sizes)


def _declared(module: torch.nn.Module, inputs: tuple[str, ...], sizes: Mapping[str, Size]) -> Report:
    """On inputs in words: as formulas where a size in them has no number."""
    from convcost.tracing.profile import profile
    from convcost.tracing.symbolic_shapes.profile import profile_open
    from convcost.tracing.target.construction import declared_arguments, parameter_dtype
    from convcost.tracing.target.inputs import parse_inputs

    dtype, stated = parameter_dtype(module), parse_inputs(inputs)
    given = stated.sized(sizes).typed(dtype)
    if given.names:
        report = profile_open(module, given.args, given.kwargs)
    else:
        args, kwargs = declared_arguments(given, module, "meta")
        report = profile(module, *args, **kwargs)
    own = {name: sizes[name] for name in stated.names if name in sizes}
    return replace(report, sizes={**own, **report.sizes})
