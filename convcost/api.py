"""The main functions of the library: `cost` and `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from convcost.core.comparison import Comparison
from convcost.core.cost import MATMUL, Convention, Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.type_checks import check_convention, check_type, is_module, merge_sizes, wrong_type_error
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
    convention: Convention | None = None,
    **sizes: Any,
) -> Report:
    """The cost of one design: cost("Linear(10E, E)", E=128).flops.

    A size without a value stays open, and costs are sympy formulas in it.

    Args:
        design: A spec, a report, or a torch module. A text can also name a module with inputs,
            "f32[1,3,32,32] -> net.py:Net(width=2)", or a model with its own inputs, such as "timm:resnet50"
            or "net.onnx".
        inputs: The inputs of a module: tensors, or texts with sizes such as "f32[B,128]". An input can also
            be given by its name in forward, such as mask="bool[B,128]".
        backward: Also count gradients; see report.phases.
        phase: Run a language model as in text generation: "prefill" runs a prompt of `context` tokens,
            "decode" one more token per sequence, with the prompt in the cache. See report.flops_per_token and
            report.kv_cache_bytes.
        context: The number of tokens in the prompt, or a name such as "T" that stays open.
        mesh: A device mesh such as "tp=8": also count one of its ranks, next to the whole module. See
            report.per_rank and report.collectives.
        parallelize: A function of the module and the mesh that parallelizes the module. Without it, the
            module's own plan is used.
        convention: What counts as FLOPs; by default 2 × MACs alone, and for a report its own convention.
        sizes: Values of sizes, by name. They can also be given as a mapping, sizes={"E": 128}.

    Raises:
        SpecError: If the text is invalid, or a layer does not accept its input.
        UsageError: For a size that the design does not have. Exceptions of a module's forward are raised too.

    >>> cost("Linear(10E, E)", E=128).flops
    327680
    >>> cost(torch.nn.Linear(8, 2), "f32[B,8]").macs
    16*B
    """
    given, backward = _split_backward(sizes, backward)
    given, request = _split_phase(given, phase, context)
    given, ranks = _split_mesh(given, mesh, parallelize)
    given, convention = _split_convention(given, convention)
    if request and backward:
        raise UsageError(f"{request.phase} has no backward pass", hint="Omit phase or backward.")
    if request and is_module(design) and not inputs:
        inputs = (prompt_text(request),)
    stated, given = design_and_sizes(design, inputs, given)
    _check_options(given, stated)
    stated = design_in_phase(stated, request) if request else stated
    report = design_report(design_on_mesh(stated, ranks) if ranks else stated, given, backward)
    return replace(report, convention=convention) if convention else report


def _split_backward(sizes: dict[str, Any], backward: bool) -> tuple[dict[str, Any], bool]:
    """The sizes, and whether to count gradients: an int `backward` is a size of that name."""
    given = merge_sizes(sizes)
    if type(backward) is int:
        return {**given, "backward": backward}, False
    return given, check_type("backward", backward, bool, "True or False")


def _split_phase(
    sizes: dict[str, Any], phase: str | None, context: int | str | None
) -> tuple[dict[str, Any], PhaseRequest | None]:
    """The sizes, and the requested phase; without a phase, `context` is a size of that name."""
    if not isinstance(phase, int | None):
        parsed = parse_phase(check_type("phase", phase, str, '"prefill" or "decode"'))
        if type(context) is int:
            check_context(context)
        elif context is not None:
            context = parse_context(check_type("context", context, str, "a number of tokens or a name"))
        return sizes, PhaseRequest(parsed, context)
    return _split_sizes(sizes, phase=phase, context=context)[0], None


def _split_mesh(
    sizes: dict[str, Any], mesh: str | None, parallelize: ParallelizeFunction | None
) -> tuple[dict[str, Any], MeshRequest | None]:
    """The sizes, and the requested mesh."""
    sizes, arguments = _split_sizes(sizes, mesh=mesh, parallelize=parallelize)
    return sizes, mesh_request(**arguments)


def _split_convention(
    sizes: dict[str, Any], convention: Convention | None
) -> tuple[dict[str, Any], Convention | None]:
    """The sizes, and the convention, if one is given."""
    sizes, arguments = _split_sizes(sizes, convention=convention)
    given = arguments["convention"]
    return sizes, None if given is None else check_convention(given)


def _split_sizes(sizes: dict[str, Any], **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The sizes, and the arguments: one that is an int is a size of that name, and None as an argument."""
    own = {name: value for name, value in arguments.items() if type(value) is int}
    return {**sizes, **own}, {**arguments, **dict.fromkeys(own)}


OPTION_TYPES = {
    "backward": "True or False",
    "phase": '"prefill" or "decode"',
    "mesh": 'a string, such as "tp=8"',
    "parallelize": "a function",
}
"""What the options of `cost` must be, which are sizes if they are ints."""


def _check_options(sizes: Mapping[str, Any], design: StatedDesign) -> None:
    """WrongTypeError for an int that is not a size of the design, but has the name of an option."""
    if isinstance(design, Report):
        return
    for name, wanted in OPTION_TYPES.items():
        if name in sizes and name not in design.names:
            raise wrong_type_error(name, sizes[name], wanted)
    if "context" in sizes and "context" not in design.names:
        raise UsageError("context is for a phase", hint='Give phase="prefill" or phase="decode" too.')


def design_report(
    design: StatedDesign, sizes: Mapping[str, Size], backward: bool = False, footprint: str | None = None
) -> Report:
    """The report of a design with values for `sizes`; UsageError for a size that it does not have.

    `footprint` is the dtype in which to measure a module's memory, if requested.
    """
    if isinstance(design, Report):
        return _completed(design, sizes, backward)
    check_names(sizes, (design,))
    given = {name: check_int(name, size) for name, size in sizes.items()}
    if isinstance(design, ModuleDesign):
        return design.report(given, backward, footprint)
    return design.report(given, backward=backward)


def _completed(report: Report, sizes: Mapping[str, Size], backward: bool) -> Report:
    """The report with values for open sizes."""
    if backward and not report.phases:
        hint = "Set backward=True when making the report."
        raise UsageError("this report was counted without its backward pass", hint=hint)
    return report.subs(**sizes) if sizes else report


CountedDesign = Spec | Report
"""A design for a comparison: a spec, or the report of a torch module."""


def compare(
    *designs: GivenDesign, backward: bool = False, convention: Convention = MATMUL, **sizes: Size
) -> Comparison:
    """Two or more designs side by side; without any, the founding pair.

    A design is what `cost` takes; a module stands with its inputs in a tuple, (module, "f32[B,8]"). With
    `backward` by a training step too: comparison.ratio("training_flops", other). A report among the
    designs is compared so if its own backward is counted. `convention` is what counts as FLOPs, in every
    design.

    Each of `sizes` has to occur in one of the designs; raises as `cost` does. The founding pair is also
    varied by `bias=False`, and by `layers=3` for three convolutions: compare(E=128, L=10, K=5, bias=False).

    >>> compared = compare("Linear(E, E)", (torch.nn.Linear(64, 8), "f32[1,64]"), E=64)
    >>> compared.ratio("macs", compared.candidates[1])
    Fraction(1, 8)
    """
    given, backward = _split_backward(sizes, backward)
    given, own = _split_convention(given, convention)
    convention = own or MATMUL
    if designs:
        found = tuple(map(as_design, designs))
        check_sizes(given, found)
        return comparison(counted_designs(found, given, backward), given, convention, backward=backward)
    pair = founding_pair(given.pop("bias", True), given.pop("layers", 2))
    compared = comparison(tuple(map(parse, pair.texts)), pair.sizes(given), convention, backward=backward)
    return replace(compared, notes=pair.notes(given))


def comparison(
    designs: tuple[CountedDesign, ...],
    sizes: Mapping[str, Size],
    convention: Convention = MATMUL,
    dtype: str = "float32",
    backward: bool = False,
) -> Comparison:
    """The comparison of two or more designs, with the arguments of `reports`."""
    if len(designs) < 2:
        raise UsageError(
            "compare needs at least two designs",
            hint="For a single design, use convcost.cost.",
            cli_hint="For a single design, use convcost cost.",
        )
    return Comparison(reports(designs, sizes, convention, dtype, backward))


def reports(
    designs: tuple[CountedDesign, ...],
    sizes: Mapping[str, Size],
    convention: Convention = MATMUL,
    dtype: str = "float32",
    backward: bool = False,
) -> tuple[Report, ...]:
    """The reports of `designs` under one convention. Existing reports keep their sizes and dtype.

    With `backward`, reports of specs include gradients. Equal names are numbered.
    """
    check_sizes(sizes, designs)
    stay_open = any(_is_open(design, sizes) for design in designs)
    results = [_report(design, sizes, convention, dtype, stay_open, backward) for design in designs]
    named = zip(results, number_equal_names([report.name for report in results]), strict=True)
    return tuple(replace(report, name=name) for report, name in named)


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
    """The names, with equal ones numbered: Linear #1, Linear #2."""
    return tuple(
        f"{name} #{names[: index + 1].count(name)}" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    )
