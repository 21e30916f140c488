"""The library's front door: a line of text in, a report or a comparison out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from convcost.core.comparison import Comparison
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.type_checks import PARSED, check_type, is_module, merge_sizes
from convcost.spec import Spec, check_names, parse
from convcost.spec.founding_pair import FoundingPair, founding_pair
from convcost.spec.spec import check_int
from convcost.tracing.given_inputs import declared_inputs, profile_on_inputs, profile_reference
from convcost.tracing.sources.reference import is_reference

if TYPE_CHECKING:
    import torch

FOUNDING_PAIR = FoundingPair().texts


def cost(
    design: str | Spec | Report | torch.nn.Module, /, *inputs: Any, backward: bool = False, **sizes: Size
) -> Report:
    """What one design costs with `sizes` put in: cost("Linear(10E, E)", E=128).flops.

    A design is a spec, a report, a torch module with its `inputs`: tensors, or texts with sizes in them,
    cost(model, "f32[B,128]", B=4); or the name of a model, such as "timm:resnet50" or "net.onnx", which has
    inputs of its own. `convcost.profile` also takes forward's keywords. With `backward` its gradients are
    counted too: report.phases.

    Sizes may also come in a mapping, here as wherever they are taken: sizes={"E": 128}. One without a value
    stays open, and the costs are sympy formulas in it. Raises SpecError where the text is wrong or a layer
    does not fit its input, UsageError for a size that the design does not have, and what a module's forward
    raises.
    """
    given, backward = _split_backward(sizes, backward)
    if is_module(design):
        return _module_cost(cast("torch.nn.Module", design), inputs, given, backward)
    if isinstance(design, str) and is_reference(design):
        found = profile_reference(design, inputs, given, backward)
        check_sizes(given, (found,))
        return found
    if inputs:
        hint = "Those of a spec stand in it: [B, S, E] -> Linear(E, E)"
        raise UsageError("inputs are for torch modules", hint=hint)
    if isinstance(design, Report):
        return _completed(design, given, backward)
    spec = as_spec(cast("str | Spec", design))
    check_names(given, (spec,))
    return spec.report(given, backward=backward)


def _split_backward(sizes: dict[str, Size], backward: bool) -> tuple[dict[str, Size], bool]:
    """The sizes, and whether gradients are counted: a size may have any name, backward among them."""
    given = merge_sizes(sizes)
    if type(backward) is int:
        return {**given, "backward": backward}, False
    return given, check_type("backward", backward, bool, "True or False")


def _module_cost(
    module: torch.nn.Module, inputs: tuple[Any, ...], sizes: Mapping[str, Size], backward: bool
) -> Report:
    given = {name: check_int(name, size) for name, size in sizes.items()}
    check_names(given, (declared_inputs(inputs),))
    return profile_on_inputs(module, inputs, given, backward)


def _completed(report: Report, sizes: Mapping[str, Size], backward: bool) -> Report:
    """The report with numbers for open sizes."""
    if backward and not report.phases:
        hint = "Give it where the report is made."
        raise UsageError("a report is counted already, without its backward", hint=hint)
    return report.subs(**sizes) if sizes else report


Design = Spec | Report
"""What can be compared: a spec with the sizes to be put in, or what a torch module was found to cost."""


def compare(*designs: str | Design, backward: bool = False, **sizes: Size) -> Comparison:
    """Two or more designs side by side; without any, the founding pair.

    With `backward` by a training step too: comparison.ratio("training_flops", other). A report among the
    designs is compared so if its own backward is counted.

    Each of `sizes` has to occur in one of the designs; raises as `cost` does. The founding pair is also
    varied by `bias=False`, and by `layers=3` for three convolutions: compare(E=128, L=10, K=5, bias=False).
    """
    given, backward = _split_backward(sizes, backward)
    if designs:
        found = tuple(as_design(design, given, backward=backward) for design in designs)
        return comparison(found, given, backward=backward)
    pair = founding_pair(given.pop("bias", True), given.pop("layers", 2))
    founding = comparison(tuple(map(parse, pair.texts)), pair.sizes(given), backward=backward)
    return replace(founding, notes=pair.notes(given))


def comparison(
    designs: tuple[Design, ...],
    sizes: Mapping[str, Size],
    convention: Convention = MATMUL,
    dtype: str = "float32",
    backward: bool = False,
) -> Comparison:
    """The reports of two designs or more side by side, as `reports` makes them."""
    if len(designs) < 2:
        raise UsageError("a comparison needs two designs or more", hint=_single_design_hint(designs))
    return Comparison(reports(designs, sizes, convention, dtype, backward))


def reports(
    designs: tuple[Design, ...],
    sizes: Mapping[str, Size],
    convention: Convention = MATMUL,
    dtype: str = "float32",
    backward: bool = False,
) -> tuple[Report, ...]:
    """The reports of `designs` under one convention; what is a report already keeps its sizes and dtype.

    With `backward` those of specs have their gradients. Equal names are numbered.
    """
    check_sizes(sizes, designs)
    stay_open = any(_is_open(design, sizes) for design in designs)
    found = [_report(design, sizes, convention, dtype, stay_open, backward) for design in designs]
    named = zip(found, number_equal_names([report.name for report in found]), strict=True)
    return tuple(replace(report, name=name) for report, name in named)


def _single_design_hint(designs: tuple[Design, ...]) -> str:
    """What shows a single design."""
    single = designs[0] if designs else None
    if isinstance(single, Report):
        return "For a single module there is convcost cost; its report is what it costs."
    return "For a single one there is convcost cost."


def _is_open(design: Design, sizes: Mapping[str, Size]) -> bool:
    if isinstance(design, Report):
        return not sizes.keys() >= {*design.open_names}
    return design.leaves_open(sizes)


def check_sizes(sizes: Mapping[str, Size], designs: tuple[Design, ...]) -> None:
    """Refuse a size that none of `designs` has; what a report has a number for may be given again."""
    specs = tuple(design for design in designs if isinstance(design, Spec))
    known = {name for design in designs if isinstance(design, Report) for name in design.sizes}
    check_names({name: size for name, size in sizes.items() if name not in known}, specs)


def _report(
    design: Design,
    sizes: Mapping[str, Size],
    convention: Convention,
    dtype: str,
    stay_open: bool,
    backward: bool,
) -> Report:
    if isinstance(design, Report):
        own = {name: sizes[name] for name in design.open_names if name in sizes}
        return replace(design.subs(**own) if own else design, convention=convention)
    own = {name: sizes[name] for name in design.names if name in sizes}
    return design.report(own, convention, dtype, stay_open, backward)


def as_spec(spec: str | Spec) -> Spec:
    """`spec`, parsed if it is still a text; WrongTypeError for what is none."""
    return spec if isinstance(spec, Spec) else parse(spec)


def as_design(
    design: str | Design,
    sizes: Mapping[str, Size] = MappingProxyType({}),
    inputs: tuple[Any, ...] = (),
    backward: bool = False,
) -> Design:
    """`design`, parsed if it is still a text; WrongTypeError for what is none.

    A model that is named, such as timm:resnet50, is counted with those of `sizes` that it has.
    """
    if isinstance(design, Spec | Report):
        return design
    if isinstance(design, str) and is_reference(design):
        return profile_reference(design, inputs, sizes, backward)
    return parse(check_type("a design", design, str, PARSED))


def number_equal_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names, numbered where several are equal: Linear #1, Linear #2."""
    return tuple(
        f"{name} #{names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    )
