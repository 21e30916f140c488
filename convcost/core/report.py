"""Reports: the costs of a design as rows. All sources produce them, and all outputs read them. Pure data."""

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
    """A counter's result: its figure in its own unit (`raw`) and as FLOPs, and the verdict."""

    verdict: Verdict
    flops: int | None
    raw: int | None
    raw_unit: str
    reason: str


class Assumption(NamedTuple):
    """A condition on open sizes under which formulas hold: `formula` is ≥ 0, zero, or a whole number."""

    text: str
    relation: Literal["nonnegative", "zero", "whole"]
    formula: Any


class ReportSource(Protocol):
    """The source of a report, which can make it again with values for more sizes."""

    def report(
        self,
        sizes: Mapping[str, Size],
        convention: Convention,
        dtype: str,
        stay_open: bool,
        backward: bool = False,
    ) -> Report:
        """The report with values for `sizes`; ConvcostError if they are invalid."""


def with_definitions(definitions: Iterable[tuple[str, str]], text: str) -> str:
    """`text` preceded by definitions, on one line."""
    return "; ".join((*map(" = ".join, definitions), text))


def warning_sentences(warnings: Iterable[str]) -> tuple[str, ...]:
    """The warnings as sentences, without duplicates."""
    return tuple(f"Warning: {warning}." for warning in dict.fromkeys(warnings))


@dataclass(frozen=True, repr=False)
class Report(RenderMethods, SubstitutionMethods):
    """The cost of one design, as rows in order from `inputs` to `output`.

    Two reports are equal if all their data is equal: name, rows, sizes, convention and estimates. `+` and
    sum() add costs, parameters and activations of all parts; bytes are those of the first input, the last
    output and all parameters.

    >>> sum([cost("a = [2, 8] -> Linear(8, 4)"), cost("b = [2, 4] -> Linear(4, 1)")]).macs
    72

    `definitions` are those that `spec` uses: the name with its parameters, and the text that it stands for.

    A report with open sizes has a `source` if it can be made again; modules do not run again. `rooflines` has
    one per device if there are several. A module on a mesh is counted as a whole, and the share of one rank
    is in `distributed`. `notes` describe what was guessed.
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
        """The spec preceded by its definitions; it can be parsed again."""
        return with_definitions(self.definitions, self.spec)

    @property
    def open_names(self) -> tuple[str, ...]:
        """The sizes without a value; costs are formulas in them."""
        return tuple(name for name, size in self.sizes.items() if not isinstance(size, int))

    @property
    def input(self) -> Shape:
        """The shape of the input, or of the first one."""
        return self.trace.inputs[0].shape if self.trace and self.trace.inputs else self._inputs[0].shape

    @property
    def _inputs(self) -> tuple[InputShape, ...]:
        """The inputs of the design, or that of the first row."""
        return self.inputs or (InputShape(self.rows[0].input),)

    @property
    def output(self) -> Shape:
        """The shape of the output, or of the first one."""
        return self.trace.outputs[0].shape if self.trace and self.trace.outputs else self.rows[-1].output

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about parts of the design that are probably not intended, without duplicates."""
        return tuple(dict.fromkeys(warning for row in self.rows for warning in row.warnings))

    @property
    def per_rank(self) -> Report | None:
        """The report of one rank of a module on a mesh; None without a mesh."""
        return replace(self.distributed.per_rank, convention=self.convention) if self.distributed else None

    @property
    def collectives(self) -> tuple[Collective, ...]:
        """The collectives of one rank, in the order of first calls."""
        return self.distributed.collectives if self.distributed else ()

    @cached_property
    def cost(self) -> Cost:
        """The sum of the costs of all rows."""
        return arithmetic.total([row.cost for row in self.rows], Cost())

    @property
    def has_gradients(self) -> bool:
        """Whether the backward pass is counted; for a design, that of every layer."""
        if isinstance(self.source, ReportSum):
            return all(part.has_gradients for part in self.source)
        if self.trace:
            return self.trace.has_backward
        return all(row.gradients is not None for row in self.rows)

    @cached_property
    def phases(self) -> dict[Phase, Cost]:
        """The costs of forward and gradients; empty if no backward is counted, or it has no work."""
        if isinstance(self.source, ReportSum):
            return self.source.phases
        if self.trace:
            return self.trace.phases
        if not self.has_gradients:
            return {}
        gradients = [row.gradients for row in self.rows if row.gradients]
        by_input = arithmetic.total([each.by_input for each in gradients], Cost())
        by_weight = arithmetic.total([each.by_weight for each in gradients], Cost())
        return with_work(
            {"forward": self.cost, "gradient by input": by_input, "gradient by weight": by_weight}
        )

    @property
    def training_flops(self) -> Size | None:
        """FLOPs of a training step, forward and backward; None if no backward is counted."""
        if not self.phases:
            return self.flops if self.has_gradients else None
        return arithmetic.total([*self.phases.values()], Cost()).flops(self.convention)

    @property
    def macs(self) -> Size:
        """Multiply–accumulates, including those on padding."""
        return self.cost.macs

    @property
    def valid_macs(self) -> Size | None:
        """Multiply–accumulates on real data; None without a formula."""
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
        """Elementwise operations: activations, normalization, pooling."""
        return self.cost.elementwise

    @cached_property
    def params(self) -> Size:
        """The number of parameters, trainable or not."""
        return arithmetic.total([row.params for row in self.rows], 0)

    @cached_property
    def trainable_params(self) -> Size:
        """The number of parameters that require a gradient; for a spec, all."""
        return arithmetic.total([row.trainable_params for row in self.rows], 0)

    @property
    def active_params(self) -> Size:
        """The parameters that a token uses: only the experts it is routed to, but all embedding rows."""
        routings = self.trace.routings if self.trace else ()
        return self.params - sum(routing.idle_params for routing in routings)

    @property
    def active_params_without_embeddings(self) -> Size:
        """The active parameters without tables that are only looked up."""
        return self.active_params - (self.trace.embedding_params if self.trace else 0)

    def has_detail(self, metric: str) -> bool:
        """Whether the report has `metric`, one of the quantities in DETAILS of core/metrics.py."""
        if metric == "active_params":
            return bool(self.trace and self.trace.routings)
        if metric == "active_params_without_embeddings":
            return bool(self.trace and self.trace.routings and self.trace.embedding_params)
        return self.generation is not None

    @property
    def generation(self) -> PhaseRun | None:
        """The run of the generation phase, with its cache; None if no phase was requested."""
        return self.trace.generation if self.trace else None

    @property
    def tokens(self) -> Size | None:
        """The tokens of the generation phase; in decode, one per sequence. None without a phase."""
        return self.generation and self.generation.tokens

    @property
    def flops_per_token(self) -> Fraction | None:
        """FLOPs / tokens, exact; None without a generation phase."""
        return ratio_of(self.flops, self.generation.tokens) if self.generation else None

    @property
    def kv_cache_bytes(self) -> Size | None:
        """Bytes of the cache after the prompt; None without a generation phase."""
        return self.generation and self.generation.cache_bytes

    @property
    def output_elements(self) -> Size:
        """Elements of the last output."""
        return arithmetic.elements(self.output)

    @property
    def activations(self) -> Size:
        """Output elements of all contraction layers."""
        return arithmetic.total([row.activations for row in self.rows], 0)

    @property
    def bytes(self) -> Size:
        """Bytes of input, parameters and output, each once; for a module, in their own dtypes.

        Includes the cache, which prefill writes and decode reads.
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
        """Whether some floating-point tensors have an element size other than that of `dtype`."""
        ends = (*self.trace.inputs, *self.trace.outputs) if self.trace else ()
        itemsize = ITEMSIZES[self.dtype]
        stored = any(row.stored and row.stored.total != row.params * itemsize for row in self.rows)
        numbers = (tensor for tensor in ends if tensor.dtype.startswith(("float", "bfloat", "complex")))
        return stored or any(tensor.itemsize != itemsize for tensor in numbers)

    @property
    def flops_per_output_element(self) -> Fraction | None:
        """FLOPs / output elements, exact; None if the output is empty."""
        return ratio_of(self.flops, self.output_elements)

    @property
    def arithmetic_intensity(self) -> Fraction | None:
        """FLOPs / bytes, exact; None if there are no bytes."""
        return ratio_of(self.flops, self.bytes)

    def __hash__(self) -> int:
        """A hash of the hashable fields that distinguish most reports."""
        return hash((self.name, self.spec, tuple(self.sizes), self.convention, self.dtype, len(self.rows)))

    def __radd__(self, other: object) -> Report:
        """Supports sum([first, second]), which starts with 0."""
        return self if type(other) is int and other == 0 else NotImplemented

    def __add__(self, other: Report) -> Report:
        """The two designs in sequence; paths of rows are prefixed with the design's name."""
        if not isinstance(other, Report):
            return NotImplemented
        rows = tuple(row._replace(path=f"{self.name}.{row.path}") for row in self.rows)
        rows += tuple(_row_after(self, other.name, row) for row in other.rows)
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


def _row_after(first: Report, name: str, row: Row) -> Row:
    """A row of a report called `name`, renumbered to follow the report `first`."""

    def renumbered(source: int) -> int:
        is_input = source < -1
        return source - len(first.inputs) + 1 if is_input else source + len(first.rows)

    return row._replace(
        path=f"{name}.{row.path}",
        sources=tuple(map(renumbered, row.sources)),
        branch_source=None if row.branch_source is None else renumbered(row.branch_source),
    )


class ReportSum(NamedTuple):
    """Two reports in sequence, the source of their sum."""

    first: Report
    second: Report

    @property
    def phases(self) -> dict[Phase, Cost]:
        """The costs of both by phase; empty if one has no backward."""
        if not all(part.has_gradients for part in self):
            return {}
        phases = [part.phases or {"forward": part.cost} for part in self]
        costs = {phase: [part[phase] for part in phases if phase in part] for phase in PHASES}
        return with_work({phase: arithmetic.total(parts, Cost()) for phase, parts in costs.items()})

    def report(
        self,
        sizes: Mapping[str, Size],
        convention: Convention,
        dtype: str,
        stay_open: bool,
        backward: bool = False,
    ) -> Report:
        """The sum of both, with values for the `sizes` that are open in each."""
        first, second = (
            part.subs(**{name: sizes[name] for name in part.open_names if name in sizes}) for part in self
        )
        return replace(first + second, convention=convention)
