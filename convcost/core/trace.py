"""The record of a module's run: operators with shapes and costs, and calls that could not be counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.core.distributed import Collective
from convcost.core.generation import ExpertRouting, PhaseRun
from convcost.core.tensor_bytes import ElementType, TensorBytes

Phase = Literal["forward", "gradient by input", "gradient by weight", "recomputation"]
"""The phase of an operator. Recomputation is forward work that checkpointing repeats."""

PHASES: tuple[Phase, ...] = get_args(Phase)

RanOn = Literal["shapes", "data"]
"""Whether a model ran on shapes only, or on real data."""


class Operation(NamedTuple):
    """Calls of an operator in the submodule at `path`, on the same shapes; `cost` is that of all `calls`.

    With `complex` operands, a complex MAC counts as four real ones; with `sparse` ones, only stored entries
    count. `elements` are the element types of `inputs` and of the output.
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

    def bytes(self, itemsize: int) -> Size:
        """Bytes that all calls read and write: each operand and the output once.

        Unknown elements take `itemsize` bytes.
        """
        shapes = (*self.inputs, self.output)
        types = self.elements or (ElementType(itemsize, True),) * len(shapes)
        moved = (
            arithmetic.elements(shape) * element.itemsize
            for shape, element in zip(shapes, types, strict=True)
        )
        return self.calls * sum(moved)


class TensorInfo(NamedTuple):
    """An input or output tensor of a model."""

    name: str
    dtype: str
    shape: Shape
    itemsize: int

    @property
    def bytes(self) -> Size:
        """Bytes of the tensor."""
        return arithmetic.elements(self.shape) * self.itemsize


class UncountedCall(NamedTuple):
    """Calls of an operator that could not be counted, or only in part.

    `reason` is empty if there is no formula.
    """

    path: str
    operator: str
    inputs: tuple[Shape, ...]
    calls: int = 1
    reason: str = ""


class CondCall(NamedTuple):
    """Calls of `torch.cond` in the submodule at `path`, on the same shapes, with the cost of each branch.

    The totals include the branch `counted`: the one that ran, and the other is None; or, if the predicate has
    no value, the more expensive one.
    """

    path: str
    inputs: tuple[Shape, ...]
    true: Cost | None
    false: Cost | None
    counted: bool
    calls: int = 1


class MemoryUse(NamedTuple):
    """The memory use of a model's run, in bytes, with floats in `dtype`. A None is explained in `reason`.

    `kept` is saved tensors. `forward` and `training` are peaks without and with gradients, in addition to
    parameters, their gradients, buffers and inputs. `trainable` is the number of elements with a gradient, by
    element size. `ran` is what the model ran on, or None if it did not run.
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
    """A submodule that ran: its path, class, first input and output, and number of calls.

    `bytes` are those of all its inputs and outputs, in all calls; None if not known.
    """

    path: str
    kind: str
    input: Shape | None
    output: Shape | None
    calls: int
    bytes: TensorBytes | None = None


class Trace(NamedTuple):
    """The run of a model: its inputs, outputs, and all operators.

    Attributes:
        inputs: The input tensors.
        outputs: The output tensors.
        operations: The operators that were counted.
        uncounted: Calls that could not be counted.
        modules: The submodules that ran.
        ran: Whether the model ran on shapes or on data.
        unused: Parameters that were not used.
        tied: Groups of names that share one parameter.
        held: Memory use, if requested.
        conditionals: Calls of `torch.cond`.
        unused_formulas: The user's formulas for operators that did not run.
        has_backward: Whether the backward pass ran.
        collectives: The collectives that this process called as one rank.
        routings: The experts that tokens are routed to.
        embedding_params: Parameters in tables that are only looked up.
        generation: The generation phase, if a language model ran one.
        training: Whether the model was in training mode.
        reads_zeros: Whether what ran depends on values of inputs without data, which are zeros.
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
    training: bool = False
    reads_zeros: bool = False

    @property
    def is_partial(self) -> bool:
        """Whether some work could not be counted, so the true cost is higher."""
        return bool(self.uncounted)

    def total(self, phase: Phase) -> Cost:
        """The cost of all operations of `phase`."""
        return sum((each.cost for each in self.operations if each.phase == phase), Cost())

    @property
    def phases(self) -> dict[Phase, Cost]:
        """The cost of each phase; empty if the backward did not run, or had no work."""
        return with_work({phase: self.total(phase) for phase in PHASES})


def with_work(phases: Mapping[Phase, Cost]) -> dict[Phase, Cost]:
    """The forward phase and other phases with a nonzero cost; empty if there are no others."""
    nonzero = {phase: cost for phase, cost in phases.items() if phase == "forward" or cost != Cost()}
    return nonzero if len(nonzero) > 1 else {}
