"""Counts an entry: a spec by its formulas, a model by running it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from convcost.core.constraints import Requirement
from convcost.core.report import Report
from convcost.gate.entry import ConfiguredModel, Entry
from convcost.layers.network import NumericEvaluator
from convcost.spec import Spec
from convcost.spec.formula_sizes import FormulaSizes
from convcost.tracing.sources.interface import SourceReference
from convcost.tracing.sources.reference import match_reference
from convcost.tracing.target.target import Place, Target, parse_place, with_prompt

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel


@dataclass(frozen=True)
class CountedEntry:
    """An entry with its report, and for a model the module as called."""

    entry: Entry
    report: Report
    profiled: ProfiledModel | None = None

    @cached_property
    def open_report(self) -> Report:
        """The report with every size open that the entry does not set, including those that default to 1."""
        subject, entry = self.entry.subject, self.entry
        if isinstance(subject, Spec) and entry.open_names and not self.report.open_names:
            return subject.report(entry.sizes, entry.convention, entry.dtype, stay_open=True)
        return self.report

    @cached_property
    def formula_report(self) -> Report:
        """The open report of a spec without sympy, whose import takes as long as the rest of a check.

        Its formulas are right, but equal ones may differ in form: only sympy can tell.
        """
        entry = self.entry
        assert isinstance(entry.subject, Spec)
        network = entry.subject.build_network(FormulaSizes(entry.subject.names, entry.sizes))
        return network.report(entry.convention, entry.dtype, UncheckedConstraints())


class UncheckedConstraints(NumericEvaluator):
    """Checks the requirements on numbers, and assumes those on open sizes."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if all sizes are numbers and the requirement does not hold."""
        if all(isinstance(size, int) for size in requirement.sizes):
            super().require(requirement, step)


def count_entry(entry: Entry, folder: Path) -> CountedEntry:
    """Count `entry`; its paths are relative to `folder`. Raises ConvcostError as the commands do."""
    if isinstance(entry.subject, Spec):
        return CountedEntry(entry, entry.subject.report(entry.sizes, entry.convention, entry.dtype))
    return _run_model(entry, entry.subject, folder)


def _run_model(entry: Entry, model: ConfiguredModel, folder: Path) -> CountedEntry:
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.loading import importable, load_formulas
    from convcost.tracing.target.profile import profile_target
    from convcost.tracing.target.source_models import with_source_model

    place = _model_place(model.text, folder)
    is_source = isinstance(place, SourceReference)
    target = Target(
        place,
        model.arguments,
        model.inputs.sized(entry.sizes),
        entry.sizes,
        _place(model.inputs_from, folder, "a function") if model.inputs_from else None,
        model.train,
        model.request,
    )
    with importable(folder):
        formulas = load_formulas(_place(model.formulas, folder, "a dict")) if model.formulas else {}
        complete = with_source_model(target) if is_source else with_prompt(target)
        result = profile_target(complete.sized(entry.sizes), Profiler(formulas=formulas))
    return CountedEntry(entry, replace(result.report, name=entry.name, convention=entry.convention), result)


def _model_place(text: str, folder: Path) -> Place | SourceReference:
    """A model's place, or its reference to a source; paths are made relative to the current folder."""
    found = match_reference(text)
    if not found:
        return _place(text, folder)
    reference = found.reference
    is_path = not reference.prefix or (folder / reference.name).exists()
    return reference._replace(name=relpath(folder / reference.name)) if is_path else reference


def _place(text: str, folder: Path, what: str = "") -> Place:
    """The place of an object; a file's path is made relative to the current folder."""
    place = parse_place(text, what)
    return place._replace(source=relpath(folder / place.source)) if place.is_file else place
