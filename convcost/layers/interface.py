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
"""Size of a saved mean or deviation: float32, even for 16-bit data."""

INDEX_BYTES = 8

INDEX_DTYPE = "int64"

DERIVATIVE_AND_PRODUCT = 2
"""Operations counted per input element for the gradient of elementwise work, whatever the formula."""


class SavedTensors(NamedTuple):
    """The tensors that autograd saves for the backward pass: the inputs or the output, and further tensors.

    `elements` have the data's dtype; `statistics` take at least four bytes each, `masks` one byte and
    `indices` eight. Parameters are not included. The rules follow torch on a CUDA device.
    """

    input: bool = False
    output: bool = False
    elements: Size = 0
    statistics: Size = 0
    masks: Size = 0
    indices: Size = 0

    def own_bytes(self, itemsize: int) -> Size:
        """Bytes besides the input and the output, at `itemsize` bytes per element."""
        wide = max(itemsize, STATISTIC_BYTES)
        return self.elements * itemsize + self.statistics * wide + self.masks + self.indices * INDEX_BYTES


LARGEST_SIZE = 10**30
"""Larger than any meaningful size; keeps a long chain of growing layers from filling memory."""

MOST_DIMENSIONS = 64
"""torch's own limit for most operations."""

SPATIAL_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}
"""Names of the spatial dimensions, by their number."""

EXPECTED_INPUT = {
    spatial: f"[batch, channels, {', '.join(names)}] or the same without batch"
    for spatial, names in SPATIAL_NAMES.items()
}

INFERRED_INPUT = {1: ("B*S", "C", "L"), 2: ("B", "C", "H", "W"), 3: ("B", "C", "D", "H", "W")}
"""The default input of a layer without a channel argument, by its number of spatial dimensions."""

Sizes: TypeAlias = int | tuple[int, ...]
"""One size for all spatial dimensions, or one per dimension."""

Item = TypeVar("Item", int, int | None)

SameOrSizes: TypeAlias = Literal["valid", "same"] | int | tuple[int, ...]


class Layer:
    """A torch.nn layer: a frozen dataclass whose fields are the constructor arguments of torch's class.

    A subclass has the name of torch's class. It states its formulas in `parameters`, `output` and `cost`, and
    its constraints in `requirements`. A new layer also needs its name in the registry, and nothing else: the
    parser and the torch module are derived from the fields.
    """

    inferred_input: ClassVar[tuple[str, ...]] = ()
    """The input assumed when a spec gives none. A field's name stands for its value.

    batch_first=True swaps the first two sizes.
    """

    example_arguments: ClassVar[str] = ""
    """The arguments of an example, if a size for each required argument is not enough."""

    contracts: ClassVar[bool] = False
    """Whether the layer multiplies and accumulates. If so, its output counts as activations."""

    tuple_length: ClassVar[int] = 0
    """The length of a tuple argument, if that is not the number of spatial dimensions."""

    input_dtypes: ClassVar[tuple[str, ...]] = ()
    """The dtype of each input: int64 for token indices; "" or a missing entry for the design's dtype."""

    gradient_operations: ClassVar[int] = 0
    """Elementwise operations of the backward pass per input element."""

    forward_arguments: ClassVar[Mapping[str, object]] = {}
    """Keyword arguments that torch's forward is called with, besides the inputs."""

    unknown_memory: ClassVar[str] = ""
    """Why the saved tensors of {} are not known; "" if `saved_tensors` states them."""

    has_dtype: ClassVar[bool] = False
    """Whether torch's constructor takes `device` and `dtype`, as it does for layers with parameters."""

    variadic: ClassVar[str] = ""
    """The argument given as a tuple or as several arguments: permute(0, 2, 1)."""

    input_counts: ClassVar[range] = range(1, 2)
    """The numbers of inputs that the layer takes."""

    further_inputs_hint: ClassVar[str] = ""
    """The hint for too many inputs."""

    further_inputs: tuple[Shape, ...] = ()
    """The shapes of all inputs after the first; a field of layers with several inputs."""

    def parameters(self) -> dict[str, Shape]:
        """The shape of each parameter, by torch's name."""
        return {}

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        """What must hold for an input of `shape`, in the order of checking."""
        yield from ()

    def output(self, shape: Shape) -> Shape:
        """The output shape for an input of `shape`."""
        return shape

    def macs(self, shape: Shape) -> Size:
        """The MACs of one forward pass on an input of `shape`."""
        return self.cost(shape).macs

    def cost(self, shape: Shape) -> Cost:
        """The cost of one forward pass on an input of `shape`."""
        return Cost()

    def activations(self, shape: Shape, output: Shape) -> Size:
        """Output elements of all contractions in the layer; `output` is the shape of its output."""
        return arithmetic.elements(output) if self.contracts else 0

    def warnings(self, shape: Shape) -> Iterator[str]:
        """Warnings about an input of `shape` that is valid but probably not intended."""
        yield from ()

    def gradients(self, shape: Shape, forward: Cost, needed: tuple[bool, ...]) -> Gradients:
        """The cost of the backward pass, if the forward pass on an input of `shape` costs `forward`.

        `needed` says which inputs need a gradient; all parameters do. Each gradient of a contraction costs
        as many MACs as the forward pass. The gradient by a bias sums the gradient of the output.
        """
        product = Cost(forward.macs, forward.valid_macs)
        elementwise = Cost(elementwise=self.elementwise_gradient(shape, needed))
        return Gradients(
            by_input=sum([product] * sum(needed), elementwise),
            by_weight=product + Cost(bias_adds=forward.bias_adds) if self.parameters() else Cost(),
        )

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """The elementwise operations of the backward pass."""
        return self.gradient_operations * arithmetic.elements(shape)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The tensors that autograd saves for the backward pass, for an input of `shape` and its `output`.

        Not implemented by a layer with `unknown_memory`.
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
        """Whether torch's forward returns a tuple that starts with the output."""
        return getattr(self, "return_indices", False)

    def forward_inputs(self, count: int) -> tuple[int, ...]:
        """The numbers of the inputs passed to torch's forward: (0, 0, 0) passes the first three times."""
        return tuple(range(count))

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        """Default shapes of the further inputs, for a first input of `shape`."""
        return ()

    def input_dtype(self, number: int) -> str:
        """The dtype of input `number`; "" is the design's dtype."""
        return self.input_dtypes[number] if number < len(self.input_dtypes) else ""

    def input_elements(self, shape: Shape) -> Size:
        """Elements of the input, or of its padded copy if torch makes one."""
        return arithmetic.elements(shape)

    def elements_looked_up(self, shape: Shape) -> Size | None:
        """Parameter elements that the layer reads; None if it reads all of them."""
        return None

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """The loops around the multiply–accumulate, outermost first; their extents multiply to the MACs."""
        return ()

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        """For each spatial dimension of the output: its name, a formula, and the sizes to fill in for {}."""
        return ()

    def arguments(self) -> dict[str, object]:
        """Required arguments, and those that differ from torch's defaults."""
        return {
            field.name: value
            for field in argument_fields(self)
            if (value := getattr(self, field.name)) != field.default or field.default is MISSING
        }

    def __repr__(self) -> str:
        """All arguments. Generated reprs would add 0.1 ms per subclass to the start-up time."""
        arguments = (f"{field.name}={getattr(self, field.name)!r}" for field in argument_fields(self))
        return f"{type(self).__qualname__}({', '.join(arguments)})"

    def __str__(self) -> str:
        required = {field.name for field in argument_fields(self) if field.default is MISSING}
        arguments = (
            _text(value) if name in required else f"{name}={_text(value)}"
            for name, value in self.arguments().items()
        )
        return f"{type(self).__name__}({', '.join(arguments)})"


def _text(value: object) -> str:
    """`value` as spec text: quoted unless it is an identifier; infinity as a number that overflows."""
    if isinstance(value, float) and isinf(value):
        return "1e999" if value > 0 else "-1e999"
    return repr(value) if isinstance(value, str) and not value.isidentifier() else str(value)


def argument_fields(layer: Layer | type[Layer]) -> tuple[Field[Any], ...]:
    """The fields of a layer that are constructor arguments: all but `further_inputs`."""
    return tuple(field for field in fields(layer) if field.name != "further_inputs")  # type: ignore[arg-type]


@dataclass(frozen=True, repr=False)
class MultipleInputLayer(Layer):
    """A layer with several inputs, such as query, key and value.

    Its formulas take the shape of the first input, like those of any layer. The other shapes are in
    `further_inputs`, which a network sets when it calls the layer.
    """

    further_inputs: tuple[Shape, ...] = field(default=(), kw_only=True)


class ViewLayer(Layer):
    """A layer whose output is a view of its input."""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors()

    def shares_memory(self, training: bool) -> bool:
        return True


class SpatialLayer(Layer):
    """A layer that works along the last `spatial` dimensions of [batch, channels, ...]."""

    spatial: ClassVar[int]

    def per_dimension(self, argument: str) -> Shape:
        """The value of the named argument for each spatial dimension."""
        return per_dimension(getattr(self, argument), self.spatial, argument)

    def rank(self, shape: Shape, hint: str = "") -> Requirement:
        """Requires the spatial dimensions, channels, and optionally a batch."""
        return Rank(shape, (self.spatial + 1, self.spatial + 2), EXPECTED_INPUT[self.spatial], hint)


class PoolingWindow(SpatialLayer):
    """A layer of windows that do not overlap unless a stride is given."""

    kernel_size: Sizes
    stride: Sizes | None

    def per_dimension(self, argument: str) -> Shape:
        """The named argument for each spatial dimension; the stride defaults to the kernel size."""
        value = getattr(self, argument)
        return per_dimension(self.kernel_size if value is None else value, self.spatial, argument)


def per_dimension(value: int | tuple[Item, ...], dimensions: int, argument: str) -> tuple[Item | int, ...]:
    """`value` for each of `dimensions` spatial dimensions; RequirementError for a tuple of another length."""
    if not isinstance(value, tuple):
        return (value,) * dimensions
    if len(value) != dimensions:
        message = f"{argument} has {len(value)} values; give {dimensions} or a single one"
        raise RequirementError(message, argument=argument)
    return value


def without_dimension(shape: Shape, dim: int) -> Shape:
    """`shape` without dimension `dim`, which may be negative."""
    place = dim % len(shape)
    return (*shape[:place], *shape[place + 1 :])


def tensor_limits(shape: Shape) -> Iterator[Requirement]:
    """Requires an output of `shape` to be within the limits of a tensor."""
    message = f"the output has {len(shape)} dimensions; torch allows at most {MOST_DIMENSIONS}"
    yield ArgumentCheck(len(shape) <= MOST_DIMENSIONS, message)
    for size in shape:
        yield AtMost(size, LARGEST_SIZE, "a dimension of the output")


def at_least(minimum: int, **arguments: Sizes) -> Requirement:
    """Requires each of the named sizes to be at least `minimum`."""
    return AllAtLeast(minimum, arguments)


def probability(value: float, argument: str) -> Requirement:
    """Requires `value` to be from 0 to 1."""
    message = f"{argument} is {value}; a probability must be from 0 to 1"
    return ArgumentCheck(0 <= value <= 1, message, argument)


def has_dimension(shape: Shape, dim: int, argument: str) -> Requirement:
    """Requires an input of `shape` to have dimension `dim`, the value of `argument`."""
    if not isinstance(dim, int):
        return NumberNeeded(dim, argument)
    needed = dim + 1 if dim >= 0 else -dim
    wanted = f"an input with a dimension {dim}"
    return Rank(shape, tuple(range(needed, len(shape) + 1)), wanted, argument=argument)
