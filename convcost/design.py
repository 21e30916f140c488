"""Recognizes designs that are given in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from convcost.core.cost import Size
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.report import Report, ReportSum
from convcost.core.type_checks import is_module, is_module_class, wrong_type_error
from convcost.spec import Spec, check_names, parse
from convcost.spec.spec import check_int
from convcost.tracing.given_inputs import forward_names
from convcost.tracing.module_design import ModuleDesign, module_design
from convcost.tracing.target.module_text import is_module_text

if TYPE_CHECKING:
    import torch

StatedDesign: TypeAlias = Spec | Report | ModuleDesign

GivenDesign: TypeAlias = "str | Spec | Report | ModuleDesign | torch.nn.Module | tuple[Any, ...]"
"""Accepted designs: a text, a Spec, a Report, or a module with its inputs, (module, x)."""

ACCEPTED = (
    'a string such as "Linear(3, 4)" or "net.py:Net", a Spec, a Report, '
    'or a torch module with its inputs, (module, "f32[1,3,224,224]")'
)

NO_NAMES: Mapping[str, Any] = MappingProxyType({})


def as_design(
    given: Any, inputs: tuple[Any, ...] = (), keywords: Mapping[str, Any] = NO_NAMES
) -> StatedDesign:
    """The given design, on `inputs` if it is a module without its own.

    Raises:
        SpecError: For an invalid text. UsageError: For an object that is not a design, inputs of a spec or
        report, or a module without inputs.
    """
    if type(given) is tuple and given:
        if inputs or keywords:
            raise UsageError("a module's inputs are given twice", hint="Omit those outside of the tuple.")
        given, *others = given
        inputs = tuple(others)
    if is_module(given) or (isinstance(given, str) and is_module_text(given)):
        return module_design(given, inputs, keywords)
    if not isinstance(given, str | Spec | Report | ModuleDesign):
        is_class = isinstance(given, type) and is_module_class(given)
        hint = f"Create an instance: {given.__name__}(...)" if is_class else ""
        raise wrong_type_error("the design", given, ACCEPTED, hint)
    if inputs or keywords:
        hint = "Put the input of a spec in its text: [B, S, E] -> Linear(E, E)"
        raise UsageError("inputs are for torch modules", hint=hint)
    return parse(given) if isinstance(given, str) else given


def design_and_sizes(
    given: Any, inputs: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[StatedDesign, dict[str, Any]]:
    """The design, and the sizes in `named`; for a module, other names are inputs of its forward.

    A name is a size if it occurs in the texts of inputs, or if its value is an int and forward has no such
    argument.
    """
    texts = {name: value for name, value in named.items() if isinstance(value, str) and "[" in value}
    keywords: Mapping[str, Any] = {}
    if is_module(given):
        own = forward_names(given)
        known = module_design(given, inputs, texts).names if inputs or texts else ()
        keywords = {
            name: value
            for name, value in named.items()
            if name not in known and (name in own or not _is_size(value))
        }
    elif isinstance(given, str) and is_module_text(given):
        keywords = texts
    sizes = {name: value for name, value in named.items() if name not in keywords}
    return as_design(given, inputs, keywords), sizes


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def counted_designs(
    designs: Sequence[StatedDesign], sizes: Mapping[str, Size], backward: bool = False
) -> tuple[Spec | Report, ...]:
    """Each design as a spec or a report; a module is counted, with formulas in sizes without a value."""
    given = {name: check_int(name, size) for name, size in sizes.items()}
    return tuple(each.report(given, backward) if isinstance(each, ModuleDesign) else each for each in designs)


def check_sizes(sizes: Mapping[str, Size], designs: tuple[StatedDesign, ...]) -> None:
    """Raise UsageError for a size that none of `designs` has. Sizes with values in a report are allowed."""
    known = {name for design in designs if isinstance(design, Report) for name in design.sizes}
    named = tuple(design for design in designs if not isinstance(design, Report))
    check_names({name: size for name, size in sizes.items() if name not in known}, named)


class SizedSpec(NamedTuple):
    """A spec, and values for its sizes."""

    spec: Spec
    sizes: Mapping[str, Size]


def sized_spec(design: StatedDesign, sizes: Mapping[str, Size], what: str, hint: str) -> SizedSpec:
    """The spec of a design, or of its report, with its own values for sizes and those in `sizes`.

    UsageError with the `hint` if it has no spec; `what` names the purpose.
    """
    if isinstance(design, Spec):
        return SizedSpec(design, {name: size for name, size in sizes.items() if name in design.names})
    spec = _spec_of(design) if isinstance(design, Report) else None
    if spec is None or not isinstance(design, Report):
        raise UsageError(f"{what} needs a spec, but {design.name} is {_kind_of(design)}", hint=hint)
    own = {name: size for name, size in design.sizes.items() if isinstance(size, int)}
    given = {name: size for name, size in own.items() if name not in design.assumed}
    more = {name: check_int(name, sizes[name]) for name in spec.names if name in sizes and name not in given}
    return SizedSpec(spec, {**given, **more})


def _kind_of(design: Report | ModuleDesign) -> str:
    """The kind of a design without a spec, in words."""
    if isinstance(design, ModuleDesign):
        return "a torch module"
    return "a sum of reports" if isinstance(design.source, ReportSum) else "the report of a torch module"


def _spec_of(report: Report) -> Spec | None:
    """The spec of a report, with the report's name; None for a module or a sum."""
    if isinstance(report.source, Spec):
        spec = report.source
    elif report.trace or isinstance(report.source, ReportSum):
        return None
    else:
        try:
            spec = parse(report.full_spec)
        except ConvcostError:
            return None
    return replace(spec, name=report.name)
