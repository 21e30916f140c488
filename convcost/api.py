"""The library's front door: a line of text in, a report or a comparison out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from convcost.core.comparison import Comparison
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.type_checks import check_type, is_module, merge_sizes
from convcost.design import (
    GivenDesign,
    StatedDesign,
    as_design,
    check_sizes,
    counted_designs,
    design_and_sizes,
)
from convcost.spec import Spec, check_names, parse
from convcost.spec.founding_pair import FoundingPair, founding_pair
from convcost.spec.spec import check_int
from convcost.tracing.mesh_request import MeshRequest, ParallelizeFunction, mesh_request
from convcost.tracing.module_design import ModuleDesign, design_in_phase, design_on_mesh
from convcost.tracing.prompt_inputs import (
    PhaseRequest,
    check_context,
    parse_context,
    parse_phase,
    prompt_text,
)

FOUNDING_PAIR = FoundingPair().texts


def cost(
    design: GivenDesign,
    /,
    *inputs: Any,
    backward: bool = False,
    phase: str | None = None,
    context: int | str | None = None,
    mesh: str | None = None,
    parallelize: ParallelizeFunction | None = None,
    **sizes: Any,
) -> Report:
    """What one design costs with `sizes` put in: cost("Linear(10E, E)", E=128).flops.

    A design is a spec, a report, or a torch module with its `inputs`: tensors, or texts with sizes in them,
    cost(model, "f32[B,128]", B=4). An input may be given by its name in forward, as mask="bool[B,128]". A
    text may name a module too, "f32[1,3,32,32] -> net.py:Net(width=2)", or a model with inputs of its own,
    such as "timm:resnet50" or "net.onnx". With `backward` gradients are counted too: report.phases.

    A language model runs as generating text does: with `phase="prefill"` on a prompt of `context` tokens,
    with "decode" on one more token for each sequence, with the prompt in its cache; a context such as "T"
    stays open. report.flops_per_token, report.kv_cache_bytes.

    With `mesh="tp=8"` one rank of that device mesh is counted beside the whole module: report.per_rank,
    report.collectives. The module is parallelised by the plan that it brings, or by `parallelize`, a
    function of the module and the mesh.

    Sizes may also come in a mapping, here as wherever they are taken: sizes={"E": 128}. One without a value
    stays open, and the costs are sympy formulas in it. Raises SpecError where the text is wrong or a layer
    does not fit its input, UsageError for a size that the design does not have, and what a module's forward
    raises.

    >>> cost("Linear(10E, E)", E=128).flops
    327680
    >>> cost(torch.nn.Linear(8, 2), "f32[B,8]").macs
    16*B
    """
    given, backward = _split_backward(sizes, backward)
    given, request = _split_phase(given, phase, context)
    given, ranks = _split_mesh(given, mesh, parallelize)
    if request and backward:
        raise UsageError(f"{request.phase} has no backward pass", hint="Leave out one of them.")
    if request and is_module(design) and not inputs:
        inputs = (prompt_text(request),)
    found, given = design_and_sizes(design, inputs, given)
    found = design_in_phase(found, request) if request else found
    return design_report(design_on_mesh(found, ranks) if ranks else found, given, backward)


def _split_backward(sizes: dict[str, Any], backward: bool) -> tuple[dict[str, Any], bool]:
    """The sizes, and whether gradients are counted: a size may have any name, backward among them."""
    given = merge_sizes(sizes)
    if type(backward) is int:
        return {**given, "backward": backward}, False
    return given, check_type("backward", backward, bool, "True or False")


def _split_phase(
    sizes: dict[str, Any], phase: str | None, context: int | str | None
) -> tuple[dict[str, Any], PhaseRequest | None]:
    """The sizes, and the phase that is asked for: without one, `context` is a size as any other name is."""
    if not isinstance(phase, int | None):
        found = parse_phase(check_type("phase", phase, str, '"prefill" or "decode"'))
        if type(context) is int:
            check_context(context)
        elif context is not None:
            context = parse_context(check_type("context", context, str, "a number of tokens or a name"))
        return sizes, PhaseRequest(found, context)
    named = {"phase": phase, "context": context}
    return {**sizes, **{name: size for name, size in named.items() if size is not None}}, None


def _split_mesh(
    sizes: dict[str, Any], mesh: str | None, parallelize: ParallelizeFunction | None
) -> tuple[dict[str, Any], MeshRequest | None]:
    """The sizes, and the mesh that is asked for: a number is that of a size called so."""
    named: dict[str, Any] = {"mesh": mesh, "parallelize": parallelize}
    are_sizes = {name: value for name, value in named.items() if type(value) is int}
    asked = {name: None if name in are_sizes else value for name, value in named.items()}
    return {**sizes, **are_sizes}, mesh_request(**asked)


def design_report(
    design: StatedDesign, sizes: Mapping[str, Size], backward: bool = False, footprint: str | None = None
) -> Report:
    """What a single design costs with `sizes` put in, each of which it has to have.

    `footprint` is the dtype to measure a module's memory in, if that is wanted.
    """
    if isinstance(design, Report):
        return _completed(design, sizes, backward)
    check_names(sizes, (design,))
    given = {name: check_int(name, size) for name, size in sizes.items()}
    if isinstance(design, ModuleDesign):
        return design.report(given, backward, footprint)
    return design.report(given, backward=backward)


def _completed(report: Report, sizes: Mapping[str, Size], backward: bool) -> Report:
    """The report with numbers for open sizes."""
    if backward and not report.phases:
        hint = "Give it where the report is made."
        raise UsageError("this report was counted without its backward pass", hint=hint)
    return report.subs(**sizes) if sizes else report


CountedDesign = Spec | Report
"""What can be compared: a spec with the sizes to be put in, or what a torch module was found to cost."""


def compare(*designs: GivenDesign, backward: bool = False, **sizes: Size) -> Comparison:
    """Two or more designs side by side; without any, the founding pair.

    A design is what `cost` takes; a module stands with its inputs in a tuple, (module, "f32[B,8]"). With
    `backward` by a training step too: comparison.ratio("training_flops", other). A report among the
    designs is compared so if its own backward is counted.

    Each of `sizes` has to occur in one of the designs; raises as `cost` does. The founding pair is also
    varied by `bias=False`, and by `layers=3` for three convolutions: compare(E=128, L=10, K=5, bias=False).

    >>> compared = compare("Linear(E, E)", (torch.nn.Linear(64, 8), "f32[1,64]"), E=64)
    >>> compared.ratio("macs", compared.candidates[1])
    Fraction(1, 8)
    """
    given, backward = _split_backward(sizes, backward)
    if designs:
        found = tuple(map(as_design, designs))
        check_sizes(given, found)
        return comparison(counted_designs(found, given, backward), given, backward=backward)
    pair = founding_pair(given.pop("bias", True), given.pop("layers", 2))
    compared = comparison(tuple(map(parse, pair.texts)), pair.sizes(given), backward=backward)
    return replace(compared, notes=pair.notes(given))


def comparison(
    designs: tuple[CountedDesign, ...],
    sizes: Mapping[str, Size],
    convention: Convention = MATMUL,
    dtype: str = "float32",
    backward: bool = False,
) -> Comparison:
    """The reports of two designs or more side by side, as `reports` makes them."""
    if len(designs) < 2:
        raise UsageError("compare needs at least two designs", hint=_single_design_hint(designs))
    return Comparison(reports(designs, sizes, convention, dtype, backward))


def reports(
    designs: tuple[CountedDesign, ...],
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


def _single_design_hint(designs: tuple[CountedDesign, ...]) -> str:
    """What shows a single design."""
    single = designs[0] if designs else None
    if isinstance(single, Report):
        return "For a single module there is convcost cost; its report is what it costs."
    return "For a single one, use convcost cost."


def _is_open(design: CountedDesign, sizes: Mapping[str, Size]) -> bool:
    if isinstance(design, Report):
        return not sizes.keys() >= {*design.open_names}
    return design.leaves_open(sizes)


def _report(
    design: CountedDesign,
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


def number_equal_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names, numbered where several are equal: Linear #1, Linear #2."""
    return tuple(
        f"{name} #{names[: place + 1].count(name)}" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    )
