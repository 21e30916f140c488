"""What a total is made of: by module, by operator, and what the difference of two totals is made of."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import groupby
from typing import Any, NamedTuple

from convcost.core.cost import Cost, Size
from convcost.core.report import Report, Row
from convcost.core.trace import Operation, Phase, SubmoduleRun, Trace


class Share(NamedTuple):
    """What a part of a model owns and costs; `backward` is all gradients, and recomputation."""

    params: Size = 0
    trainable_params: Size = 0
    cost: Cost = Cost()
    activations: Size = 0
    backward: Cost = Cost()

    def and_(self, other: Share) -> Share:
        """Both together."""
        return Share(
            self.params + other.params,
            self.trainable_params + other.trainable_params,
            self.cost + other.cost,
            self.activations + other.activations,
            self.backward + other.backward,
        )


@dataclass(frozen=True)
class Node:
    """A submodule that ran: its own share, apart from that of its children, which are in order of running.

    `label` is its path from its parent; `copies` is how many neighbours of the same cost it stands for.
    """

    module: SubmoduleRun
    label: str
    own: Share
    children: tuple[Node, ...] = ()
    copies: int = 1

    @cached_property
    def total(self) -> Share:
        """Its own share and its children's."""
        total = self.own
        for child in self.children:
            total = total.and_(child.total)
        return total

    @property
    def depth(self) -> int:
        """How many levels there are below it."""
        return 1 + max((child.depth for child in self.children), default=-1)

    def walk(self) -> Iterator[Node]:
        """Everything below it, in order of running."""
        for child in self.children:
            yield child
            yield from child.walk()


def tree(report: Report) -> Node:
    """The model itself as a node; a module that did not run, as a list, is no parent of what is in it."""
    trace = report.trace
    assert trace
    modules = {module.path: module for module in trace.modules}
    within: dict[str, list[str]] = defaultdict(list)
    for path in modules:
        if path:
            within[next((outer for outer in around(path) if outer in modules), "")].append(path)
    shares = _shares(report, trace)

    def node(path: str, parent: str) -> Node:
        label = path.removeprefix(f"{parent}.") if parent else path
        children = tuple(node(child, path) for child in within[path])
        return Node(modules[path], label, shares.get(path, Share()), children)

    return node("", "")


def around(path: str) -> Iterator[str]:
    """The paths of what `path` is within, the innermost first, but for the model itself."""
    while path := path.rpartition(".")[0]:
        yield path


def _shares(report: Report, trace: Trace) -> dict[str, Share]:
    """Each module's own share, by path."""
    backward: dict[str, Cost] = defaultdict(Cost)
    for operation in trace.operations:
        if operation.phase != "forward":
            backward[operation.path] += operation.cost
    shares = {
        row.path: Share(
            row.params, row.trainable_params, row.cost, row.activations, backward.pop(row.path, Cost())
        )
        for row in report.rows
    }
    return {**shares, **{path: Share(backward=cost) for path, cost in backward.items()}}


NUMBERED = re.compile(r"(.*?)(\d+)")
"""A label that ends in a number: `0`, `layers.11`, `encoder_layer_3`."""


def folded(node: Node) -> Node:
    """`node` with each run of alike children as one child, and so on below."""
    children = tuple(map(folded, node.children))
    runs = (tuple(run) for _, run in groupby(children, key=_kept_apart_by))
    return replace(node, children=tuple(map(_as_one, runs)))


def _kept_apart_by(node: Node) -> Any:
    """What neighbours have to have in common: all but the number that their labels end in."""
    numbered = NUMBERED.fullmatch(node.label)
    return numbered[1] if numbered else (node.label,), _likeness(node)


def _likeness(node: Node) -> Any:
    module = node.module._replace(path="")
    return module, node.own, node.copies, tuple((child.label, _likeness(child)) for child in node.children)


def _as_one(run: tuple[Node, ...]) -> Node:
    """Alike neighbours as one node; what is inside them is summed up child by child."""
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first
    children = zip(*(node.children for node in run), strict=True)
    return Node(
        first.module,
        f"{first.label}–{last.label.removeprefix(_stem(first.label))}",
        _together(node.own for node in run),
        tuple(replace(_as_one(alike), label=alike[0].label) for alike in children),
        first.copies * len(run),
    )


def _stem(label: str) -> str:
    numbered = NUMBERED.fullmatch(label)
    return numbered[1] if numbered else ""


def _together(shares: Iterable[Share]) -> Share:
    return reduce(Share.and_, shares)


PHASES: tuple[Phase, ...] = ("forward", "gradient by input", "gradient by weight", "recomputation")


class OperatorTotal(NamedTuple):
    """All calls of one operator: in the forward, and what the gradients by them cost."""

    operator: str
    calls: int
    cost: Cost
    activations: Size
    backward: Cost
    estimated: bool
    complex: bool
    sparse: bool


def by_operator(trace: Trace) -> tuple[OperatorTotal, ...]:
    """Every operator that cost something; most MACs first, then most elementwise work."""
    calls: dict[str, list[Operation]] = defaultdict(list)
    for operation in trace.operations:
        calls[operation.operator].append(operation)
    totals = [_total(operator, found) for operator, found in calls.items()]
    if all(isinstance(total.cost.macs, int) for total in totals):
        totals.sort(key=lambda total: (-total.cost.macs, -total.cost.elementwise))
    return tuple(totals)


def _total(operator: str, found: list[Operation]) -> OperatorTotal:
    forward = [operation for operation in found if operation.phase == "forward"]
    backward = [operation for operation in found if operation.phase != "forward"]
    return OperatorTotal(
        operator,
        sum(operation.calls for operation in forward),
        sum((operation.cost for operation in forward), Cost()),
        sum(operation.activations for operation in forward),
        sum((operation.cost for operation in backward), Cost()),
        any(operation.estimated for operation in found),
        any(operation.complex for operation in found),
        any(operation.sparse for operation in found),
    )


def phases(trace: Trace) -> dict[Phase, Cost]:
    """The cost of each phase that ran; nothing where only the forward did."""
    ran = {operation.phase for operation in trace.operations}
    return {phase: trace.total(phase) for phase in PHASES if phase in ran} if len(ran) > 1 else {}


NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.)")
"""A number in a path that more follows on: a block's place among others."""


class Part(NamedTuple):
    """Rows of a report that have one place in it: `blocks.*.fc` for the `fc` of every block."""

    path: str
    kind: str
    rows: tuple[Row, ...]

    @property
    def cost(self) -> Cost:
        """All rows' costs together."""
        return sum((row.cost for row in self.rows), Cost())


class Pair(NamedTuple):
    """A part of the first report and its counterpart in the other; None where there is none."""

    first: Part | None
    other: Part | None

    @property
    def costs(self) -> tuple[Cost, Cost]:
        """What both cost; nothing where there is none."""
        return self.first.cost if self.first else Cost(), self.other.cost if self.other else Cost()


def paired(first: Report, other: Report) -> tuple[Pair, ...]:
    """Every part of both once: those of one path together, those of one kind in order, then the rest."""
    left, right = _parts(first), _parts(other)
    pairs = [Pair(left.pop(path), right.pop(path)) for path in [*left] if path in right]
    for path, part in [*left.items()]:
        alike = next((match for match in right.values() if match.kind == part.kind), None)
        if alike:
            pairs.append(Pair(left.pop(path), right.pop(alike.path)))
    return (
        *pairs,
        *(Pair(part, None) for part in left.values()),
        *(Pair(None, part) for part in right.values()),
    )


def _parts(report: Report) -> dict[str, Part]:
    blocks = {block for row in report.rows for block in around(row.path)}
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in report.rows:
        end = "." if row.path in blocks else ""
        rows[NUMBER.sub("*", row.path + end).removesuffix(".")].append(row)
    return {path: Part(path, found[0].kind, tuple(found)) for path, found in rows.items()}
