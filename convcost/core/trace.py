"""What ran in a module: operators with their shapes and costs, and those that nothing is known about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.core.distributed import Collective
from convcost.core.generation import ExpertRouting, PhaseRun

Phase = Literal["forward", "gradient by input", "gradient by weight", "recomputation"]
"""When an operator ran, or for what: recomputation is a forward that checkpointing repeats."""

PHASES: tuple[Phase, ...] = get_args(Phase)

RanOn = Literal["shapes", "data"]
"""What a model ran on: shapes alone, or real data."""


class ElementType(NamedTuple):
    """What an element of a tensor takes, in bytes, and whether it is a float."""

    itemsize: int
    is_float: bool


class Operation(NamedTuple):
    """An operator as `path` called it, `calls` times on the same shapes; `cost` is that of all calls.

    On `complex` operands a complex MAC counts as four real ones; on `sparse` ones stored entries count.
    `elements` are those of `inputs`, and of the output.
    """

    path: str
    operator: str
    inputs: tuple[Shape, ...]
    output: Shape
    cost: Cost
    activations: Size = 0
    calls: int = 1
    phase: Phase = "forward"
    estimated: bool = False
    complex: bool = False
    sparse: bool = False
    elements: tuple[ElementType, ...] = ()

    def bytes(self, itemsize: int, in_own_dtypes: bool = True) -> Size:
        """What all calls read and write: each operand and the output once, in their dtypes.

        Floats take `itemsize` bytes if they are to be of another dtype, and so does what is not known.
        """
        shapes = (*self.inputs, self.output)
        known = self.elements or (ElementType(itemsize, True),) * len(shapes)
        each = (found.itemsize if in_own_dtypes or not found.is_float else itemsize for found in known)
        moved = (arithmetic.elements(shape) * size for shape, size in zip(shapes, each, strict=True))
        return self.calls * sum(moved)


class TensorInfo(NamedTuple):
    """A tensor that goes into a model or comes out of it."""

    name: str
    dtype: str
    shape: Shape
    itemsize: int

    @property
    def bytes(self) -> Size:
        """What its elements take."""
        return arithmetic.elements(self.shape) * self.itemsize


class UncountedCall(NamedTuple):
    """An operator that is not counted, or only in part: what it was called on, where, and how often.

    `reason` says why; it is empty where there is no formula.
    """

    path: str
    operator: str
    inputs: tuple[Shape, ...]
    calls: int = 1
    reason: str = ""


class CondCall(NamedTuple):
    """A `torch.cond` as `path` called it, `calls` times on the same shapes, and what a call costs by branch.

    The branch `counted` is in the totals: the costlier one where the predicate has no value, or else the
    one that runs; the other, which did not run, is None.
    """

    path: str
    inputs: tuple[Shape, ...]
    true: Cost | None
    false: Cost | None
    counted: bool
    calls: int = 1


class MemoryUse(NamedTuple):
    """What a model holds in memory, in bytes of `dtype`, as it ran; `reason` says why a figure is not known.

    `kept` is what forward leaves for backward. `forward` and `training` are the most that was in use at once,
    without gradients and with them, beside what is stored: parameters and their gradients, buffers, inputs.
    `trainable` are the elements that have a gradient, by the bytes of one. `ran` says on what, if it did.
    """

    dtype: str
    parameters: Size
    buffers: Size
    inputs: Size
    trainable: Mapping[int, Size]
    kept: Size | None = None
    forward: Size | None = None
    training: Size | None = None
    reason: str = ""
    ran: RanOn | None = None


class SubmoduleRun(NamedTuple):
    """A submodule that ran: where it is, its class, its first input and output, and how often it ran.

    `bytes` are those of all tensors that go into it and come out of it, in all calls; None if not known.
    """

    path: str
    kind: str
    input: Shape | None
    output: Shape | None
    calls: int
    bytes: Size | None = None


class Trace(NamedTuple):
    """How a model ran: what went in, what came out, and every operator between.

    `ran` says on what: "shapes" alone or real "data". `unused` are parameters that nothing was computed
    with, and `tied` the names that share one parameter. `conditionals` are calls of `torch.cond`. `held` is
    there where it was asked for. `unused_formulas` are the user's for operators that did not run.
    `has_backward` says whether the backward ran too. `collectives` are those that this process called, as one
    rank of others. `routings` are the experts that tokens are routed to,
    `embedding_params` those of tables that are only looked up, and `generation` is there where a language
    model ran its prompt or a next token.
    """

    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    operations: tuple[Operation, ...]
    uncounted: tuple[UncountedCall, ...] = ()
    modules: tuple[SubmoduleRun, ...] = ()
    ran: RanOn = "shapes"
    unused: tuple[str, ...] = ()
    tied: tuple[tuple[str, ...], ...] = ()
    held: MemoryUse | None = None
    conditionals: tuple[CondCall, ...] = ()
    unused_formulas: tuple[str, ...] = ()
    has_backward: bool = False
    collectives: tuple[Collective, ...] = ()
    routings: tuple[ExpertRouting, ...] = ()
    embedding_params: int = 0
    generation: PhaseRun | None = None

    @property
    def is_partial(self) -> bool:
        """Whether something ran that is not counted, so that the cost is more than what is counted."""
        return bool(self.uncounted)

    def total(self, phase: Phase) -> Cost:
        """What all operations of `phase` cost."""
        return sum((found.cost for found in self.operations if found.phase == phase), Cost())

    @property
    def phases(self) -> dict[Phase, Cost]:
        """What each phase costs; nothing where the backward did not run, or had no work to count."""
        return with_work({phase: self.total(phase) for phase in PHASES})


def with_work(phases: Mapping[Phase, Cost]) -> dict[Phase, Cost]:
    """The forward, and those of the others that cost something; nothing if there is none."""
    found = {phase: cost for phase, cost in phases.items() if phase == "forward" or cost != Cost()}
    return found if len(found) > 1 else {}
