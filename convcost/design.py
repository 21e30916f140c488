"""What a design given in Python is: the one place that recognises it."""

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
"""What is taken for a design: a text, a Spec, a Report, or a module with its inputs, as (module, x)."""

ACCEPTED = (
    'a string such as "Linear(3, 4)" or "net.py:Net", a Spec, a Report, '
    'or a torch module with its inputs, (module, "f32[1,3,224,224]")'
)

NO_NAMES: Mapping[str, Any] = MappingProxyType({})


def as_design(
    given: Any, inputs: tuple[Any, ...] = (), keywords: Mapping[str, Any] = NO_NAMES
) -> StatedDesign:
    """The design that is given, on `inputs` if it is a module without its own.

    Raises SpecError for a text that is no design, and UsageError for what is no design, for inputs of what
    takes none, and for a module without any.
    """
    if type(given) is tuple and given:
        if inputs or keywords:
            raise UsageError("a module's inputs are given twice", hint="Leave those outside the tuple out.")
        given, *others = given
        inputs = tuple(others)
    if is_module(given) or (isinstance(given, str) and is_module_text(given)):
        return module_design(given, inputs, keywords)
    if not isinstance(given, str | Spec | Report | ModuleDesign):
        is_class = isinstance(given, type) and is_module_class(given)
        hint = f"Make one of that class: {given.__name__}(...)" if is_class else ""
        raise wrong_type_error("the design", given, ACCEPTED, hint)
    if inputs or keywords:
        hint = "A spec states its input: [B, S, E] -> Linear(E, E)"
        raise UsageError("inputs are for torch modules", hint=hint)
    return parse(given) if isinstance(given, str) else given


def design_and_sizes(
    given: Any, inputs: tuple[Any, ...], named: Mapping[str, Any]
) -> tuple[StatedDesign, dict[str, Any]]:
    """The design, and those of `named` that are sizes: of a module the others are inputs of its forward.

    A name is a size if it is one in the texts of inputs, or else if it has a whole number and forward has no
    such argument.
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
    """Each design as a spec or a report: what a module costs, as formulas in the names without a number."""
    given = {name: check_int(name, size) for name, size in sizes.items()}
    return tuple(each.report(given, backward) if isinstance(each, ModuleDesign) else each for each in designs)


def check_sizes(sizes: Mapping[str, Size], designs: tuple[StatedDesign, ...]) -> None:
    """Refuse a size that none of `designs` has; what a report has a number for may be given again."""
    known = {name for design in designs if isinstance(design, Report) for name in design.sizes}
    named = tuple(design for design in designs if not isinstance(design, Report))
    check_names({name: size for name, size in sizes.items() if name not in known}, named)


class SizedSpec(NamedTuple):
    """A spec, and numbers for its sizes."""

    spec: Spec
    sizes: Mapping[str, Size]


def sized_spec(design: StatedDesign, sizes: Mapping[str, Size], what: str, hint: str) -> SizedSpec:
    """The spec that a design is or was made from, with its own sizes and those of `sizes` that it has.

    UsageError, which says `what` needs it and has the `hint`, where it is no spec's.
    """
    if isinstance(design, Spec):
        return SizedSpec(design, {name: size for name, size in sizes.items() if name in design.names})
    found = _spec_of(design) if isinstance(design, Report) else None
    if found is None or not isinstance(design, Report):
        raise UsageError(f"{what} needs a spec, and {design.name} is {_kind_of(design)}", hint=hint)
    own = {name: size for name, size in design.sizes.items() if isinstance(size, int)}
    given = {name: size for name, size in own.items() if name not in design.assumed}
    more = {name: check_int(name, sizes[name]) for name in found.names if name in sizes and name not in given}
    return SizedSpec(found, {**given, **more})


def _kind_of(design: Report | ModuleDesign) -> str:
    """What a design is that is no spec's."""
    if isinstance(design, ModuleDesign):
        return "a torch module"
    return "a sum of reports" if isinstance(design.source, ReportSum) else "the report of a torch module"


def _spec_of(report: Report) -> Spec | None:
    """The spec that the report was made from, by the report's name; None of a module, and of a sum."""
    if isinstance(report.source, Spec):
        found = report.source
    elif report.trace or isinstance(report.source, ReportSum):
        return None
    else:
        try:
            found = parse(report.full_spec)
        except ConvcostError:
            return None
    return replace(found, name=report.name)
