"""Why a counter's figure is not the exact one: causes with exact amounts that add up to the difference."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from convcost.core.cost import FLOPS_PER_MAC, Cost
from convcost.core.diagnosis import Cause, CauseKind, CounterDiagnosis, verdict_of
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
"""Modules without submodules that compute what they are called for: a counter of modules needs a rule."""


def diagnose(
    trace: Trace,
    counter: Counter,
    reading: CounterReading,
    occurrences: Mapping[str, int],
    macs: int | None = None,
) -> CounterDiagnosis:
    """`reading` against 2 × MACs with the taps on padding, which is what counters count.

    The exact count is that of the `trace`, or `macs` where a formula for the whole design gives it.
    `occurrences` says how often each submodule is met by a counter that follows the children of the model.
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
    """The causes, as for `diagnose`; what they leave of the difference is one of them, unexplained."""
    search = _CauseSearch(trace, counter, reading)
    search.add_non_products()
    search.match_products()
    search.add_several_names(occurrences)
    exact = trace.total("forward").macs if macs is None else macs
    difference = search.flops_per_unit * reading.raw - FLOPS_PER_MAC * exact
    search.causes.add(CauseKind.UNEXPLAINED, "", "", difference - search.causes.total)
    return search.causes.sorted


class _CauseSearch:
    """The causes found so far; `flops_per_unit` are the FLOPs of one of what the counter counts."""

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
        """Add what is counted beside products: whole entries, and adjustments of others."""
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
        """An operator by its name; a module by what the trace has in it."""
        if is_module_kind(entry.operator) or base_name(entry.operator) == "einsum":
            return bool(self._costs[entry.path].macs)
        return is_contraction(entry.operator)

    def _kind(self, entry: CounterEntry) -> CauseKind:
        """Of an entry without products."""
        operator, cost = base_name(entry.operator), self._costs[entry.path]
        if operator == "add" and self.flops_per_unit * entry.total == cost.bias_adds and not cost.elementwise:
            return CauseKind.BIAS_ADDS
        if is_module_kind(entry.operator):
            computes = bool(cost.elementwise)
        else:
            computes = OPERATORS.get(operator) is not FREE
        return CauseKind.ELEMENTWISE if computes else CauseKind.NO_COMPUTATION

    def match_products(self) -> None:
        """Match products with the trace; what is left of the trace alone is missed."""
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

    def add_several_names(self, occurrences: Mapping[str, int]) -> None:
        """Add what the total has beside all entries: submodules that are added once for each name."""
        entries = self._reading.entries
        left = self._reading.total - sum(entry.total for entry in entries)
        for some in (entries, [entry for entry in entries if is_module_kind(entry.operator)]):
            extra = [(entry, entry.amount * (occurrences.get(entry.path, 1) - 1)) for entry in some]
            if left and sum(amount * entry.calls for entry, amount in extra) == left:
                for entry, amount in extra:
                    self._add(CauseKind.SEVERAL_NAMES, entry, amount)
                return


class _Subjects:
    """The subjects of causes: kinds of submodules and operators, those without a formula among them."""

    def __init__(
        self, modules: Iterable[SubmoduleRun], missed: Iterable[MissedOperator], hook_level: HookLevel
    ) -> None:
        self._kinds = {module.path: module.kind for module in modules}
        self._hook_level = hook_level
        self._missed: dict[str, list[str]] = defaultdict(list)
        for each in missed:
            self._missed[each.path].append(each.operator)

    def subject(self, operator: str, path: str) -> str:
        """The kind of the submodule if it is there to do `operator`; else the operator."""
        kind = self._kinds.get(path, "")
        return kind if _comparable(kind) == _comparable(base_name(operator)) else operator

    def missed_as(self, calls: OperationCalls, was_counted: bool) -> tuple[CauseKind, str]:
        """Why calls of an operation are missed, of which others may have been counted; and the subject."""
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
        """The operators without a formula that the counter met at `path`, or fused in a module around it."""
        here = self._missed[path]
        alike = [name for name in here if operator_family(name) == operator_family(operator)]
        if names := alike or here:
            return ", ".join(dict.fromkeys(names))
        while path:
            path = path.rpartition(".")[0]
            for name in self._missed[path]:
                if base_name(name) in FUSED_OPERATORS or operator_family(name) == operator_family(operator):
                    return name
        return ""


def _comparable(name: str) -> str:
    """`batchnorm` of `BatchNorm2d` and of `batch_norm`."""
    return re.sub(r"\dd$", "", name.replace("_", "").lower())
