"""The base class of layers: torch.nn's arguments as fields, and formulas over sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from math import isinf
from typing import Any, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar

from convcost.core import arithmetic
from convcost.core.constraints import AllAtLeast, ArgumentCheck, AtMost, NumberNeeded, Rank, Requirement
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.core.errors import RequirementError

STATISTIC_BYTES = 4
"""A mean or a deviation: float32, even of data in 16 bits."""

INDEX_BYTES = 8

INDEX_DTYPE = "int64"

DERIVATIVE_AND_PRODUCT = 2
"""What the gradient of elementwise work counts for each element of the input, whatever the formula."""


class SavedTensors(NamedTuple):
    """What autograd saves in a forward for its backward: the inputs or the output, and further tensors.

    `elements` are of the dtype, `statistics` of at least four bytes each, `masks` of one byte, `indices` of
    eight. Parameters are not included. The rules are those of torch on a CUDA device.
    """

    input: bool = False
    output: bool = False
    elements: Size = 0
    statistics: Size = 0
    masks: Size = 0
    indices: Size = 0

    def own_bytes(self, itemsize: int) -> Size:
        """Bytes beside the input and the output, at `itemsize` bytes an element."""
        wide = max(itemsize, STATISTIC_BYTES)
        return self.elements * itemsize + self.statistics * wide + self.masks + self.indices * INDEX_BYTES


LARGEST_SIZE = 10**30
"""Beyond any size that means something; it keeps a long chain of growing layers from filling memory."""

MOST_DIMENSIONS = 64
"""torch's own limit for most operations."""

SPATIAL_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""What the last dimensions are called, by how many of them a layer works along."""

EXPECTED_INPUT = {
    spatial: f"[batch, channels, {', '.join(names)}] or the same without batch"
    for spatial, names in SPATIAL_NAMES.items()
}

INFERRED_INPUT = {1: ("B*S", "C", "L"), 2: ("B", "C", "H", "W"), 3: ("B", "C", "D", "H", "W")}
"""The input taken for a layer that works along so many dimensions, and states no number of channels."""

Sizes: TypeAlias = int | tuple[int, ...]
"""One size for all spatial dimensions, or one for each."""

Item = TypeVar("Item", int, int | None)

SameOrSizes: TypeAlias = Literal["valid", "same"] | int | tuple[int, ...]


class Layer:
    """A torch.nn layer: a frozen dataclass, with this class's repr, whose fields are torch's arguments.

    A subclass is named as the torch class, states its formulas in `parameters`, `output` and `cost`, and
    what it takes in `requirements`. Nothing else has to be edited for a new layer but its family's line in
    the registry: the parser and the torch module are made from the fields.
    """

    inferred_input: ClassVar[tuple[str, ...]] = ()
    """The input assumed when a spec gives none: sizes by name, a field's name standing for its value.

    With batch_first=True the first two change places.
    """

    example_arguments: ClassVar[str] = ""
    """What an example of it is written with, where a size for each argument without a default won't do."""

    contracts: ClassVar[bool] = False
    """Whether it multiplies and accumulates, so that its output counts as activations."""

    tuple_length: ClassVar[int] = 0
    """How many sizes a tuple argument has, where it is not one for each of `spatial` dimensions."""

    input_dtypes: ClassVar[tuple[str, ...]] = ()
    """The dtype of each input, int64 for token indices; "" or nothing is the design's dtype."""

    gradient_operations: ClassVar[int] = 0
    """Elementwise operations of its backward for each element of its input."""

    forward_arguments: ClassVar[Mapping[str, object]] = {}
    """What torch's forward is given by name beside its inputs."""

    unknown_memory: ClassVar[str] = ""
    """Why it is not known what {} keeps for backward; "" where `saved_tensors` states it."""

    has_dtype: ClassVar[bool] = False
    """Whether torch's constructor takes a device and a dtype, as that of layers with parameters does."""

    variadic: ClassVar[str] = ""
    """The argument that is a tuple, or several arguments: permute(0, 2, 1)."""

    input_counts: ClassVar[range] = range(1, 2)
    """How many inputs it takes."""

    further_inputs_hint: ClassVar[str] = ""
    """The way out where it is given more of them."""

    further_inputs: tuple[Shape, ...] = ()
    """The shapes of its inputs but for the first: a field of layers that take several."""

    def parameters(self) -> dict[str, Shape]:
        """The shape of each parameter, by torch's name for it."""
        return {}

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        """What has to hold for this layer on an input of `shape`, in the order it is checked."""
        yield from ()

    def output(self, shape: Shape) -> Shape:
        """The output's shape for an input of `shape`."""
        return shape

    def macs(self, shape: Shape) -> Size:
        """The multiply–accumulates of one forward on an input of `shape`."""
        return self.cost(shape).macs

    def cost(self, shape: Shape) -> Cost:
        """What one forward on an input of `shape` costs."""
        return Cost()

    def activations(self, shape: Shape, output: Shape) -> Size:
        """Output elements of all its contractions, on an input of `shape` with an `output` of its own."""
        return arithmetic.elements(output) if self.contracts else 0

    def warnings(self, shape: Shape) -> Iterator[str]:
        """What may not be meant on an input of `shape`, though it is possible, and the way out."""
        yield from ()

    def gradients(self, shape: Shape, forward: Cost, needed: tuple[bool, ...]) -> Gradients:
        """What its backward costs, where its forward on an input of `shape` costs `forward`.

        `needed` says for each input whether the gradient by it is; those by all parameters are. Each gradient
        of a contraction is a product over the same loops; one by a bias sums up the output's.
        """
        product = Cost(forward.macs, forward.valid_macs)
        elementwise = Cost(elementwise=self.elementwise_gradient(shape, needed))
        return Gradients(
            by_input=sum([product] * sum(needed), elementwise),
            by_weight=product + Cost(bias_adds=forward.bias_adds) if self.parameters() else Cost(),
        )

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """The elementwise operations of its backward."""
        return self.gradient_operations * arithmetic.elements(shape)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """What autograd saves for backward in a forward from an input of `shape` to an `output`.

        A layer with `unknown_memory` does not state it.
        """
        raise NotImplementedError

    def shares_memory(self, training: bool) -> bool:
        """Whether the output shares the input's memory: as a view, or in place."""
        return getattr(self, "inplace", False)

    @property
    def is_view(self) -> bool:
        """Whether the output is a view of the input."""
        return self.shares_memory(training=True) and not getattr(self, "inplace", False)

    @property
    def returns_tuple(self) -> bool:
        """Whether torch's forward returns more than the output, which comes first."""
        return getattr(self, "return_indices", False)

    def forward_inputs(self, count: int) -> tuple[int, ...]:
        """Which of its `count` inputs torch's forward takes, in order: (0, 0, 0) is the first three times."""
        return tuple(range(count))

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        """The shapes of its further inputs where they are not given, for a first one of `shape`."""
        return ()

    def input_dtype(self, number: int) -> str:
        """The dtype of an input, "" for the design's."""
        return self.input_dtypes[number] if number < len(self.input_dtypes) else ""

    def input_elements(self, shape: Shape) -> Size:
        """Elements of the input, or of its padded copy if the layer makes one."""
        return arithmetic.elements(shape)

    def elements_looked_up(self, shape: Shape) -> Size | None:
        """Elements of its parameters that it reads, where these are not all of them."""
        return None

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """The loops around its multiply–accumulate, outermost first; their extents multiply to the MACs."""
        return ()

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        """For each spatial dimension of the output its name, a formula, and the sizes for its {}."""
        return ()

    def arguments(self) -> dict[str, object]:
        """The arguments that differ from torch's defaults, and those without one."""
        return {
            field.name: value
            for field in argument_fields(self)
            if (value := getattr(self, field.name)) != field.default or field.default is MISSING
        }

    def __repr__(self) -> str:
        """All of its arguments. Making one for each subclass would take 0.1 ms each at start-up."""
        shown = (f"{field.name}={getattr(self, field.name)!r}" for field in argument_fields(self))
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __str__(self) -> str:
        required = {field.name for field in argument_fields(self) if field.default is MISSING}
        shown = (
            _text(value) if name in required else f"{name}={_text(value)}"
            for name, value in self.arguments().items()
        )
        return f"{type(self).__name__}({', '.join(shown)})"


def _text(value: object) -> str:
    """As a spec has it: a word with quotes where it is more than a name, and infinity as a number beyond."""
    if isinstance(value, float) and isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return repr(value) if isinstance(value, str) and not value.isidentifier() else str(value)


def argument_fields(layer: Layer | type[Layer]) -> tuple[Field[Any], ...]:
    """The fields of a layer that are torch's arguments: all but the shapes of its further inputs."""
    return tuple(field for field in fields(layer) if field.name != "further_inputs")  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class MultipleInputLayer(Layer):
    """A layer that takes several inputs, such as query, key and value.

    Its formulas are functions of the first input's shape as any layer's are; those of the others are in
    `further_inputs`, which a network puts in where the layer is called.
    """

    further_inputs: tuple[Shape, ...] = field(default=(), kw_only=True)


class ViewLayer(Layer):
    """Its output is the input seen in another way."""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()

    def shares_memory(self, training: bool) -> bool:
        return True


class SpatialLayer(Layer):
    """A layer that works along the last `spatial` dimensions of [batch, channels, ...]."""

    spatial: ClassVar[int]

    def per_dimension(self, argument: str) -> Shape:
        """The named argument for each spatial dimension."""
        return per_dimension(getattr(self, argument), self.spatial, argument)

    def rank(self, shape: Shape, hint: str = "") -> Requirement:
        """That the input has the spatial dimensions, channels, and perhaps a batch."""
        return Rank(shape, (self.spatial + 1, self.spatial + 2), EXPECTED_INPUT[self.spatial], hint)


class PoolingWindow(SpatialLayer):
    """A layer whose windows lie side by side unless it has a stride."""

    kernel_size: Sizes
    stride: Sizes | None

    def per_dimension(self, argument: str) -> Shape:
        """The named argument for each spatial dimension; the stride is the kernel size if not given."""
        value = getattr(self, argument)
        return per_dimension(self.kernel_size if value is None else value, self.spatial, argument)


def per_dimension(value: int | tuple[Item, ...], dimensions: int, argument: str) -> tuple[Item | int, ...]:
    """`value` for each of `dimensions` spatial dimensions."""
    if not isinstance(value, tuple):
        return (value,) * dimensions
    if len(value) != dimensions:
        message = f"{argument} has {len(value)} values; {dimensions} or a single one is needed"
        raise RequirementError(message, argument=argument)
    return value


def without_dimension(shape: Shape, dim: int) -> Shape:
    """`shape` without its dimension `dim`, which may be negative."""
    place = dim % len(shape)
    return (*shape[:place], *shape[place + 1 :])


def tensor_limits(shape: Shape) -> Iterator[Requirement]:
    """That an output of `shape` has no more and no larger dimensions than a tensor can."""
    message = f"the output has {len(shape)} dimensions; at most {MOST_DIMENSIONS} are possible"
    yield ArgumentCheck(len(shape) <= MOST_DIMENSIONS, message)
    for size in shape:
        yield AtMost(size, LARGEST_SIZE, "a dimension of the output")


def at_least(minimum: int, **arguments: Sizes) -> Requirement:
    """That every one of the named sizes is `minimum` or more."""
    return AllAtLeast(minimum, arguments)


def probability(value: float, argument: str) -> Requirement:
    """That `value` is from 0 to 1."""
    message = f"{argument} is {value}; a probability is from 0 to 1"
    return ArgumentCheck(0 <= value <= 1, message, argument)


def has_dimension(shape: Shape, dim: int, argument: str) -> Requirement:
    """That an input of `shape` has the dimension `dim`, which `argument` names."""
    if not isinstance(dim, int):
        return NumberNeeded(dim, "a dimension's place", argument)
    needed = dim + 1 if dim >= 0 else -dim
    wanted = f"one with a dimension {dim}"
    return Rank(shape, tuple(range(needed, len(shape) + 1)), wanted, argument=argument)
