"""Why a counter's figure is not the exact one: causes with exact amounts that add up to the difference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from convcost.core.cost import FLOPS_PER_MAC, Cost
from convcost.core.diagnosis import Cause, Kind
from convcost.core.trace import Operation, Trace
from convcost.counters.calls import Entry, exact_calls
from convcost.counters.cause_list import CauseList
from convcost.counters.interface import Counter, CounterEntry, Reading, bare, contracts
from convcost.counters.matching import Matching
from convcost.counters.naming import Naming
from convcost.operators import OPERATORS
from convcost.operators.interface import FREE


def causes(
    trace: Trace, counter: Counter, reading: Reading, places: Mapping[str, int], macs: int | None = None
) -> tuple[Cause, ...]:
    """The causes; what they leave of the difference is one of them, unexplained.

    The difference is that to the trace's forward, or to `macs` where the exact count comes from elsewhere.

    `places` says how often each submodule is met by someone who follows the children of the model.
    """
    search = _Search(trace, counter, reading)
    search.put_apart()
    search.match()
    search.find_names(places)
    exact = trace.total("forward").macs if macs is None else macs
    difference = search.factor * reading.raw - FLOPS_PER_MAC * exact
    search.ledger.add("unexplained", "", "", difference - search.ledger.total)
    return search.ledger.sorted


class _Search:
    """The causes found so far, in `ledger`; `factor` makes FLOPs of the counter's unit."""

    def __init__(self, trace: Trace, counter: Counter, reading: Reading) -> None:
        self.ledger = CauseList()
        self.factor = FLOPS_PER_MAC if counter.unit == "MACs" else 1
        self._operations = [found for found in trace.operations if found.phase == "forward"]
        self._costs = _costs(self._operations)
        self._reading = reading
        self._naming = Naming(trace.modules, reading.missed, counter.watches)

    def put_apart(self) -> None:
        """What is counted beside products: whole entries, and shares of others."""
        for found in self._reading.counted:
            if not self._is_product(found):
                self._add(self._kind(found), found, found.amount if found.rule is None else found.rule)
                continue
            for kind, amount in found.shares:
                self._add(kind, found, amount)

    def _add(self, kind: Kind, found: CounterEntry, amount: int) -> None:
        subject = self._naming.subject(found.operator, found.path)
        self.ledger.add(kind, subject, found.path, self.factor * amount * found.calls, found.calls)

    def _is_product(self, found: CounterEntry) -> bool:
        """An operator by its name; a module by what the trace has in it."""
        if found.operator[:1].isupper() or bare(found.operator) == "einsum":
            return bool(self._costs[found.path].macs)
        return contracts(found.operator)

    def _kind(self, found: CounterEntry) -> Kind:
        cost = self._costs[found.path]
        if bare(found.operator) == "add" and self.factor * found.total == cost.bias_adds:
            return "elementwise" if cost.elementwise else "bias adds"
        if found.operator[:1].isupper():
            return "elementwise" if cost.elementwise else "free"
        return "free" if OPERATORS.get(bare(found.operator)) is FREE else "elementwise"

    def match(self) -> None:
        """Products against the trace; what is left on one side alone is missed."""
        entries = [
            Entry(found, self.factor * found.product, found.calls)
            for found in (*self._reading.counted, *self._reading.supplied)
            if self._is_product(found)
        ]
        exact = exact_calls(self._operations)
        matching = Matching(exact, entries, self.ledger, self._naming.subject, self.factor)
        matching.settle()
        unmatched = {entry.path for entry in entries if entry.total}
        for found in matching.exact:
            if found.calls and found.path not in unmatched:
                kind, subject = self._naming.reason(found, id(found) in matching.once)
                self.ledger.add(kind, subject, found.path, -found.total, found.calls)

    def find_names(self, places: Mapping[str, int]) -> None:
        """What the total has beside all entries: submodules that are added once for each name."""
        counted = self._reading.counted
        left = self._reading.total - sum(found.total for found in counted)
        for entries in (counted, [found for found in counted if found.operator[:1].isupper()]):
            again = [(found, found.amount * (places.get(found.path, 1) - 1)) for found in entries]
            if left and sum(amount * found.calls for found, amount in again) == left:
                for found, amount in again:
                    self._add("names", found, amount)
                return


def _costs(operations: list[Operation]) -> dict[str, Cost]:
    costs: dict[str, Cost] = defaultdict(Cost)
    for operation in operations:
        costs[operation.path] += operation.cost
    return costs
