"""The document of a torch module: tables and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convcost.analysis.breakdown import ModuleNode, module_tree, operator_totals
from convcost.core.cost import COMPLEX_MACS
from convcost.core.errors import did_you_mean
from convcost.core.report import Report
from convcost.core.trace import CondCall, TensorInfo, Trace, UncountedCall
from convcost.core.units import exact
from convcost.render import estimates
from convcost.render.counters import counter_section
from convcost.render.distributed import distributed_notes, distributed_tables
from convcost.render.document import Document, Fact, Section
from convcost.render.formulas import shape_text, size_text
from convcost.render.generation import generation_facts, generation_notes
from convcost.render.model_tables import RowSelection, module_notes, module_table, select
from convcost.render.notes import (
    NO_COUNTERS,
    assumptions_note,
    convention_note,
    sizes_text,
    with_leading_terms_note,
)
from convcost.render.operator_tables import operator_name, operator_notes, operator_table
from convcost.render.phases import phase_tables
from convcost.render.quantities import totals_table
from convcost.render.style import Style, View
from convcost.render.texts import MixedText

DATA_RUN_NOTE = (
    "The model ran on the data of its inputs, because shapes alone do not decide what runs: other values may "
    "lead to other counts."
)

ZEROS_NOTE = (
    "The model reads values of its inputs, and inputs without data are zeros: other values may lead to other "
    "counts. Give real inputs, by --inputs-from or as tensors."
)

MOST_NAMED = 6
"""The most names in a sentence; further ones are counted."""


def model_document(report: Report, trace: Trace, style: Style) -> Document:
    """The tree of modules, or the operators; the totals; notes."""
    root = module_tree(report)
    selection = select(root, style.view, report.convention)
    is_by_operator = style.view.by == "operator"
    tables = (
        *(() if is_by_operator else (module_table(report, root, selection, style),)),
        operator_table(report, trace, style.view, style.width),
        *phase_tables(report),
        *distributed_tables(report),
        totals_table(report),
    )
    return Document(
        heading=((report.name, "" if report.spec == report.name else report.spec),),
        facts=_facts(report, trace),
        costs=with_leading_terms_note(Section(tables, _notes(report, trace, root, selection, style.view))),
        counters=counter_section((report,)),
        estimates=estimates.sections((report,), style),
    )


def _facts(report: Report, trace: Trace) -> tuple[Fact, ...]:
    texts = (
        ("sizes", sizes_text((report,))),
        ("input", join_first(map(_tensor_text, trace.inputs), "; ")),
        ("output", join_first(map(_tensor_text, trace.outputs), "; ")),
        ("mode", "training" if trace.training else ""),
    )
    facts = (Fact(label, text) for label, text in texts if text)
    return (*generation_facts(trace.generation), *facts)


def _tensor_text(tensor: TensorInfo) -> str:
    """An input or output, with its name if forward has one."""
    name = "" if tensor.name.isdecimal() else tensor.name
    return MixedText.joined(" ", filter(None, (name, tensor.dtype, shape_text(tensor.shape))))


def _notes(
    report: Report, trace: Trace, root: ModuleNode, selection: RowSelection, view: View
) -> tuple[str, ...]:
    """Notes, the most serious first."""
    found = (
        partial_note(trace),
        _partial_rank(report),
        *distributed_notes(report),
        *_unused_formulas(trace),
        *report.notes,
        _conditionals(trace),
        _estimated_operators(report, trace),
        _complex_operators(trace),
        _sparse_operators(trace),
        ZEROS_NOTE if trace.reads_zeros else DATA_RUN_NOTE if trace.ran == "data" else "",
        _unused_parameters(trace),
        *_tied_parameters(trace),
        *generation_notes(report),
        _repeated_modules(root),
        *_part_notes(report, trace, root, selection, view),
        _deeper_modules(root, selection, view),
        assumptions_note((report,)),
        NO_COUNTERS if report.open_names else "",
        convention_note(report.convention),
    )
    return tuple(note for note in found if note)


def partial_note(trace: Trace, name: str = "") -> str:
    """The operators that are not counted; empty if all are."""
    if not trace.uncounted:
        return ""
    texts = list(map(_counted_in_part, (found for found in trace.uncounted if found.reason)))
    missed = [found for found in trace.uncounted if not found.reason]
    if missed:
        verb = "has no formula, so its" if len(missed) == 1 else "have no formula, so their"
        advice = "Supply formulas with --formulas"
        missing = join_first(map(_operator_calls, missed), "; ")
        texts.append(MixedText(missing, f" {verb} cost is missing. {advice}"))
    about = f" of {name}" if name else ""
    return MixedText(f"The count{about} is partial: ", join_first(texts, "; "), ".")


def _partial_rank(report: Report) -> str:
    """The partial note of one rank of a mesh, if the whole module is counted too."""
    run = report.distributed
    if run is None or run.failure or run.per_rank.trace is None:
        return ""
    return partial_note(run.per_rank.trace, f"rank {run.rank}")


def _counted_in_part(found: UncountedCall) -> str:
    return MixedText(_operator_calls(found), f": {found.reason}")


def _operator_calls(found: UncountedCall) -> str:
    shapes = MixedText.joined(" and ", map(shape_text, found.inputs))
    where = f" in {found.path}" if found.path else ""
    calls = f"{operator_name(found.operator)}{where} ({_calls_text(found.calls)} on "
    return MixedText(calls, shapes, ")")


def _unused_formulas(trace: Trace) -> Iterator[str]:
    """Notes on formulas for operators that did not run, with a similar name that did."""
    ran = {missed.operator for missed in trace.uncounted} | {found.operator for found in trace.operations}
    for name in trace.unused_formulas:
        near = did_you_mean(name, ran)
        yield f"The formula for {name} was not used: no operator of that name was seen{near}."


def _conditionals(trace: Trace) -> str:
    """The costs of the branches of each torch.cond, and which branch is counted."""
    return join_first(map(_branches, trace.conditionals), " ")


def _branches(found: CondCall) -> str:
    where = f" in {found.path}" if found.path else ""
    what = f"torch.cond{where} ({_calls_text(found.calls)})"
    counted = "true" if found.counted else "false"
    if found.true is None or found.false is None:
        return f"{what} ran its {counted} branch, which is counted."
    true, false = (MixedText(size_text(cost.macs), " MACs") for cost in (found.true, found.false))
    which = "Which one runs depends on values"
    if true == false and found.true == found.false:
        return MixedText(f"{what} costs ", true, f" on either branch. {which}: one is counted.")
    costs = MixedText(f"{what} costs ", true, " on its true branch and ", false, " on its false one. ")
    return MixedText(costs, f"{which}: the {counted} one is counted, as it costs more.")


def _estimated_operators(report: Report, trace: Trace) -> str:
    names = [
        operator_name(total.operator)
        for total in operator_totals(trace)
        if total.estimated and (total.cost + total.backward).flops(report.convention)
    ]
    return f"Estimated by a common rule, not exact: {join_first(names)}." if names else ""


def _complex_operators(trace: Trace) -> str:
    names = [operator_name(total.operator) for total in operator_totals(trace) if total.complex]
    return f"Each complex MAC is counted as {COMPLEX_MACS} real ones: {join_first(names)}." if names else ""


def _sparse_operators(trace: Trace) -> str:
    names = [operator_name(total.operator) for total in operator_totals(trace) if total.sparse]
    return f"Sparse tensors are counted by their stored entries: {join_first(names)}." if names else ""


def _unused_parameters(trace: Trace) -> str:
    if not trace.unused:
        return ""
    count = "it is" if len(trace.unused) == 1 else "they are"
    names = join_first(trace.unused)
    return f"Unused in this run: {names}; {count} counted in the nearest enclosing module that ran."


def _tied_parameters(trace: Trace) -> Iterator[str]:
    for first, *others in trace.tied[:MOST_NAMED]:
        verb = "is" if len(others) == 1 else "are"
        yield f"{join_first(others)} {verb} the same tensor as {first}: counted once."


def _repeated_modules(root: ModuleNode) -> str:
    repeated = [node.module for node in root.walk() if node.module.calls > 1]
    texts = [f"{module.path} ran {module.calls} times" for module in repeated]
    return f"{join_first(texts)}: every run is counted, parameters only once." if texts else ""


def _part_notes(
    report: Report, trace: Trace, root: ModuleNode, selection: RowSelection, view: View
) -> tuple[str, ...]:
    """Notes on the modules, or operators, that are not shown."""
    if view.by == "operator":
        return operator_notes(report, trace, view)
    return module_notes(root, selection, view, report.convention)


def _deeper_modules(root: ModuleNode, selection: RowSelection, view: View) -> str:
    is_a_tree = view.by != "operator" and not view.filter and view.top is None
    if not is_a_tree or root.depth <= selection.depth:
        return ""
    return f"Rows include their submodules; --depth {root.depth} shows all of them."


def join_first(texts: Iterable[str], separator: str = ", ") -> str:
    """The first few of `texts`, and the number of others."""
    found = list(texts)
    more = len(found) - MOST_NAMED
    rest = [f"and {exact(more)} more"] if more > 0 else []
    return MixedText.joined(separator, (*found[:MOST_NAMED], *rest))


def _calls_text(calls: int) -> str:
    return f"{exact(calls)} call{'s' * (calls != 1)}"
