"""What an entry costs: a design by its formulas, a model by running it on its shapes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

from convcost.core.report import Report
from convcost.gate.entry import Entry, Model
from convcost.spec import Spec

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel
    from convcost.tracing.target.target import Place


@dataclass(frozen=True)
class CountedEntry:
    """An entry, its report, and, of a model, the module as it was called."""

    entry: Entry
    report: Report
    profiled: ProfiledModel | None = None

    @cached_property
    def open_report(self) -> Report:
        """The report with every free size open, those that are otherwise taken as 1 among them."""
        subject, entry = self.entry.subject, self.entry
        if isinstance(subject, Spec) and entry.free and not self.report.open_names:
            return subject.report(entry.sizes, entry.convention, entry.dtype, stay_open=True)
        return self.report

    @cached_property
    def quick(self) -> Report:
        """The same of a design, without sympy: right, but not in the one form that tells formulas apart."""
        from convcost.gate.open_formulas import opened

        assert isinstance(self.entry.subject, Spec)
        return opened(self.entry.subject, self.entry.sizes, self.entry.convention, self.entry.dtype)


def counted(entry: Entry, folder: Path) -> CountedEntry:
    """What `entry` costs; paths in it start from `folder`. Raises ConvcostError as the commands do."""
    if isinstance(entry.subject, Spec):
        return CountedEntry(entry, entry.subject.report(entry.sizes, entry.convention, entry.dtype))
    return _run(entry, entry.subject, folder)


def _run(entry: Entry, model: Model, folder: Path) -> CountedEntry:
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.loading import importable, load_formulas
    from convcost.tracing.target.profile import profile_target
    from convcost.tracing.target.target import Target

    target = Target(
        _place(model.text, folder),
        model.arguments,
        model.inputs.sized(entry.sizes),
        entry.sizes,
        _place(model.maker, folder) if model.maker else None,
        model.train,
    )
    with importable(folder):
        formulas = load_formulas(_place(model.formulas, folder)) if model.formulas else {}
        result = profile_target(target, Profiler(formulas=formulas))
    return CountedEntry(entry, replace(result.report, name=entry.name, convention=entry.convention), result)


def _place(text: str, folder: Path) -> Place:
    """Where an object is, a file's path from the current folder."""
    from convcost.tracing.target.target import parse_place

    place = parse_place(text)
    return place._replace(source=relpath(folder / place.source)) if place.is_file else place
