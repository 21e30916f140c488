"""The JSON of layer and compare."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from convcost.core.report import CounterResult
from convcost.schemas.common import Context, Costs, Formula, Quotient
from convcost.schemas.memories import Memory, MemoryRatios
from convcost.schemas.models import Opinion, Traced
from convcost.schemas.rooflines import Roofline
from convcost.schemas.timed import Time


class Row(Costs):
    """A layer, or a submodule with what is its own."""

    path: str
    kind: str
    layer: str
    """Its arguments."""
    input: list[Formula]
    output: list[Formula]
    parameters: dict[str, list[Formula]]
    """The shape of each parameter by its name."""
    params: Formula
    trainable_params: Formula


class Report(Costs):
    """One design."""

    name: str
    spec: str
    input: list[Formula]
    input_inferred: bool
    """Whether the spec states no input."""
    output: list[Formula]
    dtype: str
    """The dtype that bytes are counted in."""
    params: Formula
    """Parameters, each unique tensor once, trainable or not."""
    trainable_params: Formula
    """Those of them that require a gradient; of a spec all."""
    output_elements: Formula
    activations: Formula
    """Output elements of all contractions together."""
    flops_per_output_element: Quotient
    """Null where the output is empty."""
    bytes: Formula
    """Of the input, the parameters and the output, each once."""
    arithmetic_intensity: Quotient
    """FLOPs for each byte; null where there are no bytes."""
    rows: list[Row]
    roofline: NotRequired[Roofline]
    """The least time on a device, where one was named."""
    time: NotRequired[Time]
    """How long it was measured to take, where that was asked for."""
    memory: NotRequired[Memory]
    """What it takes to run and to train, where that was asked for."""


class Ratios(TypedDict):
    """Every quantity over the first candidate's."""

    params: Quotient
    trainable_params: Quotient
    macs: Quotient
    valid_macs: Quotient
    flops: Quotient
    bias_adds: Quotient
    elementwise: Quotient
    output_elements: Quotient
    activations: Quotient
    flops_per_output_element: Quotient
    bytes: Quotient
    arithmetic_intensity: Quotient
    least_seconds: NotRequired[float | int | None]
    """Of least times, where a device was named; null where they are not known, or the first one's is 0."""
    seconds: NotRequired[float | int | None]
    """Of measured times, where they were asked for; null where their spreads overlap."""
    memory: NotRequired[MemoryRatios]
    """Of memory, where that was asked for."""


class Layer(Context, Report):
    """The JSON of `convcost layer`."""

    counters: dict[str, CounterResult]
    """What each counter says, by its name."""


class Design(Report):
    """A candidate that is a spec."""

    counters: dict[str, CounterResult]
    ratios: NotRequired[Ratios]
    """Of the third candidate and those behind it."""


class Module(Report, Traced):
    """A candidate that is a torch module."""

    counters: dict[str, CounterResult | Opinion]
    ratios: NotRequired[Ratios]


class Model(Context, Report, Traced):
    """The JSON of `convcost model`."""

    counters: dict[str, CounterResult | Opinion]
    """What each counter says, by its name."""


class BreakEven(TypedDict):
    """Where two candidates cost the same."""

    size: str | None
    """The one size that decides."""
    crossings: list[Formula | float]
    """Where it is as large as that, they cost the same."""
    about: list[float]
    cheaper: list[str | None]
    """Who is, below the first crossing, between each two, and above the last; null for neither."""
    condition: str | None
    """When the first candidate is cheaper, where no single size decides."""
    equal_where: str | None
    exact: bool


class Part(TypedDict):
    """What a part adds to a difference, in FLOPs; null where a candidate has no such part."""

    part: str
    first: int | None
    other: int | None
    difference: int


class Difference(TypedDict):
    """What a candidate's FLOPs differ by from the first one's."""

    name: str
    parts: list[Part]


class Compared(Context):
    """The JSON of `convcost compare`."""

    candidates: list[Design | Module]
    ratios: Ratios
    """Of the second candidate."""
    break_even: NotRequired[dict[str, BreakEven]]
    """By quantity, where sizes are open."""
    differences: NotRequired[list[Difference]]
    """Where torch modules are compared."""
