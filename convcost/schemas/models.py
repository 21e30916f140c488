"""The JSON of model: what a torch module's report has beside what every report has."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from convcost.core.diagnosis import Cause
from convcost.core.report import Verdict
from convcost.core.trace import Phase
from convcost.schemas.common import Costs, Formula


class Tensor(TypedDict):
    """What goes into a module or comes out."""

    name: str
    dtype: str
    shape: list[Formula]


class Uncounted(TypedDict):
    """An operator that is not counted, so that the cost is more than what is counted."""

    path: str
    operator: str
    inputs: list[list[Formula]]
    calls: int
    reason: NotRequired[str]
    """Why it is counted only in part; absent where it has no formula."""


class Conditional(TypedDict):
    """A call of torch.cond, and what a call costs by branch."""

    path: str
    inputs: list[list[Formula]]
    true: Costs | None
    """Null for a branch that is known not to run."""
    false: Costs | None
    counted: bool
    """The branch that is in the totals: the one that runs, or the costlier where that depends on values."""
    calls: int


class Run(Costs):
    """What a part costs; with its gradients, if the backward ran."""

    activations: Formula
    backward_macs: NotRequired[Formula]
    backward_valid_macs: NotRequired[Formula | None]
    backward_flops: NotRequired[Formula | None]
    backward_bias_adds: NotRequired[Formula]
    backward_elementwise: NotRequired[Formula]


class Submodule(Run):
    """A submodule with all that is in it."""

    path: str
    kind: str
    """Its class."""
    calls: int
    input: list[Formula] | None
    output: list[Formula] | None
    params: Formula
    trainable_params: Formula


class Operator(Run):
    """All calls of an operator."""

    operator: str
    calls: int
    estimated: bool
    """Whether its formula is an estimate."""
    complex: bool
    """Whether it ran on complex numbers: each complex MAC is counted as 4 real ones."""
    sparse: bool
    """Whether it ran on sparse tensors: their stored entries are counted."""


class Traced(TypedDict):
    """How a module ran."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    ran_on: Literal["shapes", "data"]
    partial: bool
    """Whether something ran that is not counted."""
    uncounted: list[Uncounted]
    conditionals: NotRequired[list[Conditional]]
    """The calls of torch.cond, if there are any."""
    modules: list[Submodule]
    operators: list[Operator]
    phases: NotRequired[dict[Phase, Costs]]
    """The cost of each phase, if the backward ran."""
    unused_parameters: list[str]
    tied_parameters: list[list[str]]
    unused_formulas: NotRequired[list[str]]
    """The user's formulas for operators that did not run, if there are any."""


class Opinion(TypedDict):
    """What a counter says of a module, and why it is not the exact count."""

    verdict: Verdict
    flops: int | None
    raw: int | None
    """Its own figure."""
    raw_unit: str
    reason: str
    macs: int | str | None
    """Its figure as MACs, such as 7/2."""
    difference: int | None
    """What it counts more than the exact count, in FLOPs: what the causes add up to."""
    causes: list[Cause]
    remarks: list[str]
