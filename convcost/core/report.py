"""What every source of costs yields and every output reads: reports of rows. Pure data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from convcost.core import arithmetic
from convcost.core.cost import MATMUL, Convention, Cost, Shape, Size, ratio_of
from convcost.core.distributed import Collective, DistributedRun
from convcost.core.dtypes import ITEMSIZES
from convcost.core.generation import PhaseRun
from convcost.core.late_binding import RenderMethods, SubstitutionMethods
from convcost.core.row import InputShape, Row
from convcost.core.trace import PHASES, Phase, Trace, with_work

if TYPE_CHECKING:
    from convcost.analysis.memory import Memory
    from convcost.analysis.roofline import Roofline
    from convcost.benchmark.timing import Timing

Verdict = Literal["agrees", "differs", "blind", "skipped", "unavailable"]


class CounterResult(NamedTuple):
    """What a counter said of a candidate, as it said it, as FLOPs, and what to think of it."""

    verdict: Verdict
    flops: int | None
    raw: int | None
    raw_unit: str
    reason: str


class Assumption(NamedTuple):
    """What a formula takes for granted of the sizes left open: that `formula` is ≥ 0, zero, or whole."""

    text: str
    relation: Literal["nonnegative", "zero", "whole"]
    formula: Any


class ReportSource(Protocol):
    """What a report was made from, and can be made from again with more sizes known."""

    def report(
        self,
        sizes: Mapping[str, Size],
        convention: Convention,
        dtype: str,
        stay_open: bool,
        backward: bool = False,
    ) -> Report:
        """The report with `sizes` put in; raises ConvcostError where they don't fit."""


def with_definitions(definitions: Iterable[tuple[str, str]], text: str) -> str:
    """`text` with definitions in front, on one line."""
    return "; ".join((*map(" = ".join, definitions), text))


@dataclass(frozen=True, repr=False)
class Report(RenderMethods, SubstitutionMethods):
    """The cost of one design: its rows in order, from `inputs` to `output`.

    Two are equal if all their data is: the name, the rows, the sizes, the convention and the estimates.
    Reports add up, by + and by sum: costs, parameters and activations of all parts, the bytes of the first
    input, the last output and all parameters.

    >>> sum([cost("a = [2, 8] -> Linear(8, 4)"), cost("b = [2, 4] -> Linear(4, 1)")]).macs
    72

    `definitions` are those that `spec` uses: what each is called with its parameters, and what it stands for.

    A report with open sizes has its `source` where that can be asked again; modules are not run again.
    `rooflines` are those on several devices, where more than one is asked for. A module on a mesh of ranks is
    counted whole, with what one of them has in `distributed`. `notes` say what was guessed.
    """

    name: str
    spec: str
    rows: tuple[Row, ...]
    sizes: Mapping[str, Size] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    input_is_inferred: bool = False
    definitions: tuple[tuple[str, str], ...] = ()
    convention: Convention = MATMUL
    dtype: str = "float32"
    inputs: tuple[InputShape, ...] = ()
    counters: Mapping[str, CounterResult | None] = field(default_factory=dict)
    trace: Trace | None = None
    roofline: Roofline | None = None
    rooflines: tuple[Roofline, ...] = ()
    memory: Memory | None = None
    time: Timing | None = None
    distributed: DistributedRun | None = None
    source: ReportSource | None = field(default=None, compare=False, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def full_spec(self) -> str:
        """The spec with the definitions that it uses in front, which can be parsed again."""
        return with_definitions(self.definitions, self.spec)

    @property
    def open_names(self) -> tuple[str, ...]:
        """The sizes that have no number; costs are formulas in them."""
        return tuple(name for name, size in self.sizes.items() if not isinstance(size, int))

    @property
    def input(self) -> Shape:
        """The shape of the input; of a model's first one."""
        return self.trace.inputs[0].shape if self.trace and self.trace.inputs else self._inputs[0].shape

    @property
    def _inputs(self) -> tuple[InputShape, ...]:
        """Those of a design, or else what goes into the first row."""
        return self.inputs or (InputShape(self.rows[0].input),)

    @property
    def output(self) -> Shape:
        """The shape of the output; of a model's first one."""
        return self.trace.outputs[0].shape if self.trace and self.trace.outputs else self.rows[-1].output

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may not be meant in the design, and the way out; each once."""
        return tuple(dict.fromkeys(warning for row in self.rows for warning in row.warnings))

    @property
    def per_rank(self) -> Report | None:
        """What one rank computes and holds of a module on a mesh; None where there is no mesh."""
        return replace(self.distributed.per_rank, convention=self.convention) if self.distributed else None

    @property
    def collectives(self) -> tuple[Collective, ...]:
        """What one rank sends to others, in the order of first calls."""
        return self.distributed.collectives if self.distributed else ()

    @cached_property
    def cost(self) -> Cost:
        """All rows' costs together."""
        return arithmetic.total([row.cost for row in self.rows], Cost())

    @property
    def has_gradients(self) -> bool:
        """Whether the backward is counted beside the forward: of a design that of every layer."""
        if isinstance(self.source, ReportSum):
            return all(part.has_gradients for part in self.source)
        if self.trace:
            return self.trace.has_backward
        return all(row.gradients is not None for row in self.rows)

    @cached_property
    def phases(self) -> dict[Phase, Cost]:
        """What forward and gradients cost; nothing where no backward is counted, or it has no work."""
        if isinstance(self.source, ReportSum):
            return self.source.phases
        if self.trace:
            return self.trace.phases
        if not self.has_gradients:
            return {}
        gradients = [row.gradients for row in self.rows if row.gradients]
        by_input = arithmetic.total([found.by_input for found in gradients], Cost())
        by_weight = arithmetic.total([found.by_weight for found in gradients], Cost())
        return with_work(
            {"forward": self.cost, "gradient by input": by_input, "gradient by weight": by_weight}
        )

    @property
    def training_flops(self) -> Size | None:
        """FLOPs of a training step, forward and backward; None where no backward is counted."""
        if not self.phases:
            return self.flops if self.has_gradients else None
        return arithmetic.total([*self.phases.values()], Cost()).flops(self.convention)

    @property
    def macs(self) -> Size:
        """Multiply–accumulates, those on padding included."""
        return self.cost.macs

    @property
    def valid_macs(self) -> Size | None:
        """Multiply–accumulates on real data."""
        return self.cost.valid_macs

    @property
    def flops(self) -> Size:
        """Floating-point operations under `convention`."""
        return self.cost.flops(self.convention)

    @property
    def bias_adds(self) -> Size:
        """Additions of a bias."""
        return self.cost.bias_adds

    @property
    def elementwise(self) -> Size:
        """Elementwise operations: activation, normalisation, pooling."""
        return self.cost.elementwise

    @cached_property
    def params(self) -> Size:
        """The number of parameters, trainable or not."""
        return arithmetic.total([row.params for row in self.rows], 0)

    @cached_property
    def trainable_params(self) -> Size:
        """The number of parameters that are trained; of a spec all."""
        return arithmetic.total([row.trainable_params for row in self.rows], 0)

    @property
    def active_params(self) -> Size:
        """The parameters that a token uses: of experts those that it is routed to, of tables all rows."""
        routings = self.trace.routings if self.trace else ()
        return self.params - sum(routing.idle_params for routing in routings)

    @property
    def active_params_without_embeddings(self) -> Size:
        """The parameters that a token computes with: none of a table of which it reads a row."""
        return self.active_params - (self.trace.embedding_params if self.trace else 0)

    def has_detail(self, metric: str) -> bool:
        """Whether it has a quantity that only some modules have: DETAILS of core/metrics.py."""
        if metric == "active_params":
            return bool(self.trace and self.trace.routings)
        if metric == "active_params_without_embeddings":
            return bool(self.trace and self.trace.routings and self.trace.embedding_params)
        return self.generation is not None

    @property
    def generation(self) -> PhaseRun | None:
        """The phase of generating text that ran, with its cache; None where none was asked for."""
        return self.trace.generation if self.trace else None

    @property
    def tokens(self) -> Size | None:
        """The tokens that a phase of generating text ran on: of decode one for each sequence."""
        return self.generation and self.generation.tokens

    @property
    def flops_per_token(self) -> Fraction | None:
        """FLOPs / tokens, exactly; None where no phase ran."""
        return ratio_of(self.flops, self.generation.tokens) if self.generation else None

    @property
    def kv_cache_bytes(self) -> Size | None:
        """What the cache of the prompt takes; None where no phase ran."""
        return self.generation and self.generation.cache_bytes

    @property
    def output_elements(self) -> Size:
        """Elements of the last output."""
        return arithmetic.elements(self.output)

    @property
    def activations(self) -> Size:
        """Output elements of all contraction layers together."""
        return arithmetic.total([row.activations for row in self.rows], 0)

    @property
    def bytes(self) -> Size:
        """The input, every parameter and the output, each once: of a module in their own dtypes.

        With them the cache, which prefill writes and decode reads.
        """
        itemsize = ITEMSIZES[self.dtype]
        stored = arithmetic.total([row.parameter_bytes(itemsize) for row in self.rows], 0)
        if self.trace:
            ends = (*self.trace.inputs, *self.trace.outputs)
            return stored + (self.kv_cache_bytes or 0) + sum(tensor.bytes for tensor in ends)
        inputs = arithmetic.total([tensor.bytes(itemsize) for tensor in self._inputs], 0)
        return inputs + stored + self.rows[-1].output_bytes(itemsize)

    @property
    def has_own_dtypes(self) -> bool:
        """Whether its numbers are not all of one size, as those of a module may be: indices are none."""
        ends = (*self.trace.inputs, *self.trace.outputs) if self.trace else ()
        itemsize = ITEMSIZES[self.dtype]
        stored = any(row.stored not in (None, row.params * itemsize) for row in self.rows)
        numbers = (tensor for tensor in ends if tensor.dtype.startswith(("float", "bfloat", "complex")))
        return stored or any(tensor.itemsize != itemsize for tensor in numbers)

    @property
    def flops_per_output_element(self) -> Fraction | None:
        """FLOPs / output elements, exactly; None where the output is empty."""
        return ratio_of(self.flops, self.output_elements)

    @property
    def arithmetic_intensity(self) -> Fraction | None:
        """FLOPs / bytes, exactly; None where there are no bytes."""
        return ratio_of(self.flops, self.bytes)

    def __hash__(self) -> int:
        """Of what tells most reports apart: the rest may be in dicts."""
        return hash((self.name, self.spec, tuple(self.sizes), self.convention, self.dtype, len(self.rows)))

    def __radd__(self, other: object) -> Report:
        """sum([first, second]): a sum starts from 0."""
        return self if type(other) is int and other == 0 else NotImplemented

    def __add__(self, other: Report) -> Report:
        """The two one after the other, their rows' paths prefixed by their names."""
        if not isinstance(other, Report):
            return NotImplemented
        rows = tuple(row._replace(path=f"{self.name}.{row.path}") for row in self.rows)
        rows += tuple(_row_behind(self, other.name, row) for row in other.rows)
        return replace(
            self,
            name=f"{self.name} + {other.name}",
            spec=f"{self.spec} + {other.spec}",
            rows=rows,
            inputs=(*self.inputs, *other.inputs[1:]),
            definitions=tuple(dict.fromkeys(self.definitions + other.definitions)),
            sizes={**self.sizes, **other.sizes},
            assumed=tuple(dict.fromkeys(self.assumed + other.assumed)),
            assumptions=tuple(dict.fromkeys(self.assumptions + other.assumptions)),
            counters={},
            trace=None,
            roofline=None,
            rooflines=(),
            memory=None,
            time=None,
            distributed=None,
            source=ReportSum(self, other),
        )


def _row_behind(first: Report, name: str, row: Row) -> Row:
    """A row of another report, called `name`, whose first input is the output of the `first` one."""

    def renumbered(source: int) -> int:
        is_input = source < -1
        return source - len(first.inputs) + 1 if is_input else source + len(first.rows)

    return row._replace(
        path=f"{name}.{row.path}",
        sources=tuple(map(renumbered, row.sources)),
        branch_source=None if row.branch_source is None else renumbered(row.branch_source),
    )


class ReportSum(NamedTuple):
    """Two reports one after the other, as the source of their sum."""

    first: Report
    second: Report

    @property
    def phases(self) -> dict[Phase, Cost]:
        """What both cost by phase; nothing where one has no backward that is counted."""
        if not all(part.has_gradients for part in self):
            return {}
        parts = [part.phases or {"forward": part.cost} for part in self]
        costs = {phase: [part[phase] for part in parts if phase in part] for phase in PHASES}
        return with_work({phase: arithmetic.total(found, Cost()) for phase, found in costs.items()})

    def report(
        self,
        sizes: Mapping[str, Size],
        convention: Convention,
        dtype: str,
        stay_open: bool,
        backward: bool = False,
    ) -> Report:
        """The sum of both, each with those of `sizes` that it has open."""
        first, second = (
            part.subs(**{name: sizes[name] for name in part.open_names if name in sizes}) for part in self
        )
        return replace(first + second, convention=convention)
