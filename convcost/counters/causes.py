"""The causes of a counter's difference from the exact count, with amounts that add up to it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from convcost.core.cost import FLOPS_PER_MAC, Cost
from convcost.core.diagnosis import MISSED, Cause, CauseKind, CounterDiagnosis, verdict_of
from convcost.core.report import CounterResult
from convcost.core.trace import SubmoduleRun, Trace
from convcost.counters.call_matching import (
    CallMatcher,
    CauseList,
    EntryCalls,
    OperationCalls,
    operation_calls,
)
from convcost.counters.interface import (
    FUSED_OPERATORS,
    Counter,
    CounterEntry,
    CounterReading,
    HookLevel,
    MissedOperator,
    base_name,
    is_contraction,
    is_module_kind,
)
from convcost.counters.known_formulas import operator_family
from convcost.operators import OPERATORS
from convcost.operators.interface import FREE

COMPOSITE_MODULES = (
    *("MultiheadAttention", "LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "Bilinear"),
)
"""Modules that compute without submodules, so a counter of modules needs a rule for them."""


def diagnose(
    trace: Trace,
    counter: Counter,
    reading: CounterReading,
    occurrences: Mapping[str, int],
    macs: int | None = None,
) -> CounterDiagnosis:
    """Compare a reading with 2 × MACs, including those on padding, as counters count.

    The exact count is `macs`, or that of the `trace` if it is None. `occurrences` is how often a counter that
    walks the children of the model visits each submodule.
    """
    causes = find_causes(trace, counter, reading, occurrences, macs)
    flops = reading.raw * (FLOPS_PER_MAC if counter.unit == "MACs" else 1)
    result = CounterResult(verdict_of(causes), flops, reading.raw, counter.unit.removesuffix("s"), "")
    return CounterDiagnosis(counter.title, result, causes, (reading.note,) if reading.note else ())


def find_causes(
    trace: Trace,
    counter: Counter,
    reading: CounterReading,
    occurrences: Mapping[str, int],
    macs: int | None = None,
) -> tuple[Cause, ...]:
    """The causes, with the arguments of `diagnose`; the rest of the difference is unexplained."""
    search = _CauseSearch(trace, counter, reading)
    search.add_non_products()
    search.match_products()
    search.add_several_names(occurrences)
    exact = trace.total("forward").macs if macs is None else macs
    difference = search.flops_per_unit * reading.raw - FLOPS_PER_MAC * exact
    search.causes.add(CauseKind.UNEXPLAINED, "", "", difference - search.causes.total)
    return search.causes.sorted


class _CauseSearch:
    """A search for causes; `flops_per_unit` is the number of FLOPs per unit of the counter."""

    def __init__(self, trace: Trace, counter: Counter, reading: CounterReading) -> None:
        self.causes = CauseList()
        self.flops_per_unit = FLOPS_PER_MAC if counter.unit == "MACs" else 1
        self._operations = [operation for operation in trace.operations if operation.phase == "forward"]
        self._costs: dict[str, Cost] = defaultdict(Cost)
        for operation in self._operations:
            self._costs[operation.path] += operation.cost
        self._reading = reading
        self._subjects = _Subjects(trace.modules, reading.missed, counter.hook_level)

    def add_non_products(self) -> None:
        """Add causes for work other than products: entire entries, and adjustments of others."""
        for entry in self._reading.entries:
            if self._is_product(entry):
                for kind, amount in entry.adjustments:
                    self._add(kind, entry, amount)
            else:
                documented = entry.documented_amount
                self._add(self._kind(entry), entry, entry.amount if documented is None else documented)

    def _add(self, kind: CauseKind, entry: CounterEntry, amount: int) -> None:
        subject = self._subjects.subject(entry.operator, entry.path)
        self.causes.add(kind, subject, entry.path, self.flops_per_unit * amount * entry.calls, entry.calls)

    def _is_product(self, entry: CounterEntry) -> bool:
        """Whether an entry contracts: an operator by its name, a module by its trace."""
        if is_module_kind(entry.operator) or base_name(entry.operator) == "einsum":
            return bool(self._costs[entry.path].macs)
        return is_contraction(entry.operator)

    def _kind(self, entry: CounterEntry) -> CauseKind:
        """The cause for an entry without products."""
        operator, cost = base_name(entry.operator), self._costs[entry.path]
        if operator == "add" and self.flops_per_unit * entry.total == cost.bias_adds and not cost.elementwise:
            return CauseKind.BIAS_ADDS
        if is_module_kind(entry.operator):
            computes = bool(cost.elementwise)
        else:
            computes = OPERATORS.get(operator) is not FREE
        return CauseKind.ELEMENTWISE if computes else CauseKind.NO_COMPUTATION

    def match_products(self) -> None:
        """Match products with the trace; remaining operations of the trace were missed."""
        entries = [
            EntryCalls(entry, self.flops_per_unit * entry.products, entry.calls)
            for entry in (*self._reading.entries, *self._reading.supplied)
            if self._is_product(entry)
        ]
        matcher = CallMatcher(
            operation_calls(self._operations),
            entries,
            self.causes,
            self._subjects.subject,
            self.flops_per_unit,
        )
        matcher.match()
        unmatched = {entry.path for entry in entries if entry.total}
        for calls in matcher.operations:
            if calls.calls and calls.path not in unmatched:
                kind, subject = self._subjects.missed_as(calls, matcher.was_matched(calls))
                self.causes.add(kind, subject, calls.path, -calls.total, calls.calls)
        self._count_missed_calls()

    def _count_missed_calls(self) -> None:
        """Count the calls of a missed operator as its own: a fused one stands for several of the trace."""
        calls: dict[str, int] = defaultdict(int)
        for missed in self._reading.missed:
            calls[missed.operator] += missed.calls
        for (kind, subject), cause in self.causes.causes.items():
            if kind in MISSED and subject in calls:
                self.causes.causes[kind, subject] = cause._replace(calls=calls[subject])

    def add_several_names(self, occurrences: Mapping[str, int]) -> None:
        """Add a cause for submodules that the total includes once per name."""
        entries = self._reading.entries
        remaining = self._reading.total - sum(entry.total for entry in entries)
        for subset in (entries, [entry for entry in entries if is_module_kind(entry.operator)]):
            extra = [(entry, entry.amount * (occurrences.get(entry.path, 1) - 1)) for entry in subset]
            if remaining and sum(amount * entry.calls for entry, amount in extra) == remaining:
                for entry, amount in extra:
                    self._add(CauseKind.SEVERAL_NAMES, entry, amount)
                return


class _Subjects:
    """Finds the subjects of causes: kinds of submodules, or operators."""

    def __init__(
        self, modules: Iterable[SubmoduleRun], missed: Iterable[MissedOperator], hook_level: HookLevel
    ) -> None:
        self._kinds = {module.path: module.kind for module in modules}
        self._hook_level = hook_level
        self._missed: dict[str, list[str]] = defaultdict(list)
        for each in missed:
            self._missed[each.path].append(each.operator)

    def subject(self, operator: str, path: str) -> str:
        """The kind of the submodule if it stands for `operator`; otherwise the operator."""
        kind = self._kinds.get(path, "")
        return kind if _comparable(kind) == _comparable(base_name(operator)) else operator

    def missed_as(self, calls: OperationCalls, was_counted: bool) -> tuple[CauseKind, str]:
        """The cause and subject for missed calls of an operation; `was_counted` if others were counted."""
        operator = calls.source.operator
        if missing := self._without_formula(calls.path, operator):
            return CauseKind.ATTENTION if "attention" in missing else CauseKind.NO_FORMULA, missing
        if was_counted:
            return CauseKind.REPEATED_CALL, self.subject(operator, calls.path)
        kind = self._kinds.get(calls.path, "")
        if self._hook_level != "operators" and kind in COMPOSITE_MODULES:
            return CauseKind.ATTENTION if "Attention" in kind else CauseKind.NO_MODULE_RULE, kind
        if operator_family(operator) == "attention":
            return CauseKind.ATTENTION, operator
        return CauseKind.UNSEEN if self._hook_level == "operators" else CauseKind.FUNCTION, operator

    def _without_formula(self, path: str, operator: str) -> str:
        """The operators without a formula at `path`, or a fused one in a module around it."""
        missed = self._missed[path]
        same_family = [name for name in missed if operator_family(name) == operator_family(operator)]
        if names := same_family or missed:
            return ", ".join(dict.fromkeys(names))
        while path:
            path = path.rpartition(".")[0]
            for name in self._missed[path]:
                if base_name(name) in FUSED_OPERATORS or operator_family(name) == operator_family(operator):
                    return name
        return ""


def _comparable(name: str) -> str:
    """A normalized name: `batchnorm` for `BatchNorm2d` and `batch_norm`."""
    return re.sub(r"\dd$", "", name.replace("_", "").lower())
