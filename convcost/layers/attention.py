"""Attention: scores of queries and keys, and their product with the values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from convcost.core import arithmetic
from convcost.core.constraints import Divides, Equals, Rank, Requirement
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.layers.composite import CompositeLayer, Part, prefixed
from convcost.layers.dense import Linear
from convcost.layers.interface import Layer, MultipleInputLayer, SavedTensors, at_least, probability
from convcost.layers.operation_counts import SOFTMAX, SOFTMAX_GRADIENT

SCALE = 1
"""Per score: a product with the scale."""

MASK = 1
"""Per score: the addition of a mask tensor."""

SCORE_GRADIENT = SOFTMAX_GRADIENT + SCALE
"""Per score: the gradient of the softmax, and its product with the scale."""

SEVERAL_INPUTS = "no rule for the saved tensors of {} with several inputs"

BATCH_NAMES = ("B", "N")
"""Usual names of an open batch size."""


def causal_pairs(queries: Size, keys: Size) -> Size:
    """Σ min(i, keys) over queries i = 1, 2, …: the lower triangle, aligned at the first query and key."""
    corner = arithmetic.smaller(queries, keys)
    return corner * (corner + 1) // 2 + (queries - corner) * keys


def visible_pairs(queries: Size, keys: Size, is_causal: bool, window: Size | None) -> Size:
    """The pairs of query i and key j with j ≤ i if `is_causal`, and |i − j| < `window` unless that is None.

    All pairs except two triangles: j ≤ i − window and i ≤ j − window.
    """
    before = 0 if window is None else causal_pairs(arithmetic.positive_part(queries - window), keys)
    if is_causal:
        return causal_pairs(queries, keys) - before
    after = 0 if window is None else causal_pairs(arithmetic.positive_part(keys - window), queries)
    return queries * keys - before - after


class _Operands(NamedTuple):
    """Sizes of attention: samples, queries and keys, and the widths of a head's keys and values."""

    samples: Size
    queries: Size
    keys: Size
    width: Size
    value_width: Size


@dataclass(frozen=True, repr=False)
class ScaledDotProductAttention(MultipleInputLayer):
    """softmax(q kᵀ / √d) v for each head: [*, T, (num_heads + 2·kv_heads)·d] → [*, T, num_heads·d].

    The input is query, key and value concatenated along the last dimension. As three inputs they are
    [*, T, num_heads·d], [*, S, kv_heads·d] and [*, S, kv_heads·e], and the output is [*, T, num_heads·e].
    Several query heads may share a head of keys and values. With `is_causal`, query i attends to keys up to
    i; with `window`, only to keys less than `window` positions away. All pairs count as MACs, as torch
    computes them; the pairs that attend count as valid MACs. Each score counts 5 operations for the softmax,
    1 for the scale, and 1 for the mask of a window.
    """

    contracts = True
    input_counts = range(1, 4, 2)

    num_heads: Size
    kv_heads: Size | None = None
    is_causal: bool = False
    window: Size | None = None

    @property
    def _kv_heads(self) -> Size:
        return self.num_heads if self.kv_heads is None else self.kv_heads

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        optional = {"kv_heads": self.kv_heads, "window": self.window}
        given = {name: size for name, size in optional.items() if size is not None}
        yield at_least(1, num_heads=self.num_heads, **given)
        yield Divides(self._kv_heads, self.num_heads, "kv_heads", "num_heads", argument="kv_heads")
        yield Rank(shape, tuple(range(2, len(shape) + 1)), "[*, positions, features]")
        yield from self._joined(shape) if not self.further_inputs else self._separate(shape)

    def _joined(self, shape: Shape) -> Iterator[Requirement]:
        heads = self.num_heads + 2 * self._kv_heads
        hint = "Concatenate query, key and value: (num_heads + 2·kv_heads) · the width of a head."
        what = "the input's last dimension"
        yield Divides(heads, shape[-1], "num_heads + 2·kv_heads", what, "num_heads", hint)

    def _separate(self, shape: Shape) -> Iterator[Requirement]:
        key, value = self.further_inputs
        yield Divides(self.num_heads, shape[-1], "num_heads", "the query's last dimension", "num_heads")
        yield from equal_leading(key, shape, len(shape) - 2, "the key", "the query", 1)
        what, expected = "the key's last dimension", "kv_heads · the width of a query's head"
        width = shape[-1] // self.num_heads
        yield Equals(key[-1], self._kv_heads * width, what, expected, "inputs[1]")
        yield from equal_leading(value, key, len(key) - 1, "the value", "the key", 2)
        yield Divides(self._kv_heads, value[-1], "kv_heads", "the value's last dimension", "inputs[2]")

    def _operands(self, shape: Shape) -> _Operands:
        samples, queries = arithmetic.elements(shape[:-2]), shape[-2]
        if not self.further_inputs:
            width = shape[-1] // (self.num_heads + 2 * self._kv_heads)
            return _Operands(samples, queries, queries, width, width)
        key, value = self.further_inputs
        width, value_width = shape[-1] // self.num_heads, value[-1] // self._kv_heads
        return _Operands(samples, queries, key[-2], width, value_width)

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.num_heads * self._operands(shape).value_width)

    def cost(self, shape: Shape) -> Cost:
        samples, queries, keys, width, value_width = self._operands(shape)
        macs_per_pair = samples * self.num_heads * (width + value_width)
        visible = visible_pairs(queries, keys, self.is_causal, self.window)
        operations = SOFTMAX + SCALE + (0 if self.window is None else MASK)
        scores = self._scores(shape)
        return Cost(macs_per_pair * queries * keys, macs_per_pair * visible, elementwise=operations * scores)

    def gradients(self, shape: Shape, forward: Cost, needed: tuple[bool, ...]) -> Gradients:
        """One product each by values, queries and keys, and one for the gradient of the scores.

        By queries or keys, each score also counts 4 operations for the softmax and 1 for the scale. Work that
        a fused kernel repeats to save memory is not counted. Source: Dao et al., FlashAttention, B.2.
        """
        *_, width, value_width = self._operands(shape)
        by_query, by_key, by_value = needed if self.further_inputs else needed * 3
        features = width * (by_query + by_key) + value_width * ((by_query or by_key) + by_value)
        macs, valid_macs = (
            None if products is None else products // (width + value_width) * features
            for products in (forward.macs, forward.valid_macs)
        )
        operations = SCORE_GRADIENT if by_query or by_key else 0
        return Gradients(by_input=Cost(macs or 0, valid_macs, elementwise=operations * self._scores(shape)))

    def _scores(self, shape: Shape) -> Size:
        samples, queries, keys, *_ = self._operands(shape)
        return samples * self.num_heads * queries * keys

    def activations(self, shape: Shape, output: Shape) -> Size:
        """The scores and the output, as if the two products were separate layers."""
        return self._scores(shape) + arithmetic.elements(output)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """For each pair, a query times the features of a key, then a weight times those of a value."""
        samples, queries, keys, width, value_width = self._operands(shape)
        return (
            *(("sample", samples), ("head", self.num_heads), ("query", queries)),
            *(("key_then_value_feature", width + value_width), ("key", keys)),
        )

    @property
    def unknown_memory(self) -> str:  # type: ignore[override]
        """Empty for a single input, which has a rule."""
        return SEVERAL_INPUTS if self.further_inputs else ""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """As in flash attention: the operands, the output, and the logarithm of each row's sum."""
        samples, queries, keys, *_ = self._operands(shape)
        masks = 0 if self.window is None else queries * keys
        return SavedTensors(True, True, statistics=samples * self.num_heads * queries, masks=masks)


def equal_leading(
    shape: Shape, expected: Shape, number: int, name: str, other: str, place: int
) -> Iterator[Requirement]:
    """Requires input `place` to have the rank of `expected`, and the same first `number` sizes."""
    argument = f"inputs[{place}]"
    yield Rank(shape, (len(expected),), f"{len(expected)}, like {other}", argument=argument)
    for dim, (size, wanted) in enumerate(zip(shape[:number], expected[:number], strict=True)):
        yield Equals(size, wanted, f"dimension {dim} of {name}", f"that of {other}", argument)


@dataclass(frozen=True, repr=False)
class MultiheadAttention(CompositeLayer):
    """Projections of query, key and value, attention in each head, and a projection of its output.

    [T, B, embed_dim], [B, T, embed_dim] if `batch_first`, or [T, embed_dim] → the same shape. A single input
    is query, key and value; with two inputs, the second is key and value, [S, B, kdim]. The cost is that of
    the four projections (key and value at S positions) and of attention; `add_bias_kv` and `add_zero_attn`
    add a key each. Attention weights are not returned, as in forward(…, need_weights=False).
    """

    has_dtype = True
    inferred_input = ("L", "embed_dim")
    input_counts = range(1, 4)
    returns_tuple = True
    forward_arguments: ClassVar = {"need_weights": False}

    embed_dim: Size
    num_heads: Size
    dropout: float = 0.0
    bias: bool = True
    add_bias_kv: bool = False
    add_zero_attn: bool = False
    kdim: Size | None = None
    vdim: Size | None = None
    batch_first: bool = False

    def forward_inputs(self, count: int) -> tuple[int, ...]:
        return (0, min(1, count - 1), count - 1)

    @property
    def _kdim(self) -> Size:
        return self.embed_dim if self.kdim is None else self.kdim

    @property
    def _vdim(self) -> Size:
        return self.embed_dim if self.vdim is None else self.vdim

    def _key_and_value(self, shape: Shape) -> tuple[Shape, Shape]:
        key, *value = self.further_inputs or (shape,)
        return key, value[0] if value else key

    def _positions(self, shape: Shape) -> tuple[Size, Size]:
        """The number of samples, and of positions per sample."""
        if len(shape) == 2:
            return 1, shape[0]
        return (shape[0], shape[1]) if self.batch_first else (shape[1], shape[0])

    @property
    def _appended_keys(self) -> int:
        """The number of keys appended to those of the input."""
        return int(self.add_bias_kv) + int(self.add_zero_attn)

    def parameters(self) -> dict[str, Shape]:
        embed_dim = self.embed_dim
        if self._kdim == embed_dim and self._vdim == embed_dim:
            shapes: dict[str, Shape] = {"in_proj_weight": (3 * embed_dim, embed_dim)}
        else:
            sizes = {"q": embed_dim, "k": self._kdim, "v": self._vdim}
            shapes = {f"{name}_proj_weight": (embed_dim, size) for name, size in sizes.items()}
        shapes |= {"in_proj_bias": (3 * embed_dim,)} if self.bias else {}
        shapes |= dict.fromkeys(("bias_k", "bias_v"), (1, 1, embed_dim)) if self.add_bias_kv else {}
        return shapes | prefixed("out_proj", self._projection(embed_dim).parameters())

    def _projection(self, features: Size) -> Linear:
        return Linear(features, self.embed_dim, self.bias)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        optional = {"kdim": self.kdim, "vdim": self.vdim}
        given = {name: size for name, size in optional.items() if size is not None}
        yield at_least(1, embed_dim=self.embed_dim, num_heads=self.num_heads, **given)
        yield Divides(self.num_heads, self.embed_dim, "num_heads", "embed_dim", argument="num_heads")
        yield probability(self.dropout, "dropout")
        order = "batch, positions" if self.batch_first else "positions, batch"
        yield Rank(shape, (2, 3), f"[{order}, embed_dim] or the same without batch")
        yield Equals(shape[-1], self.embed_dim, "the input's last dimension", "embed_dim", "embed_dim")
        yield from self._key_requirements(shape)

    def _key_requirements(self, shape: Shape) -> Iterator[Requirement]:
        key, value = self._key_and_value(shape)
        last = len(self.further_inputs)
        yield from equal_leading(key, shape, 0, "the key", "the query", min(last, 1))
        yield Equals(
            self._positions(key)[0], self._positions(shape)[0], "the key's batch", "the query's", "inputs[1]"
        )
        yield Equals(key[-1], self._kdim, "the key's last dimension", "kdim", "kdim")
        yield from equal_leading(value, key, len(key) - 1, "the value", "the key", last)
        yield Equals(value[-1], self._vdim, "the value's last dimension", "vdim", "vdim")

    def warnings(self, shape: Shape) -> Iterator[str]:
        yield from batch_first_warning(self, shape, self.batch_first)

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        key, value = self._key_and_value(shape)
        samples, queries = self._positions(shape)
        keys = self._positions(key)[1] + self._appended_keys
        attended = (samples, keys, self.embed_dim)
        _, *others = self.forward_inputs(1 + len(self.further_inputs))
        return (
            Part("query", self._projection(self.embed_dim), shape, (0,)),
            Part("key", self._projection(self._kdim), key, (others[0],)),
            Part("value", self._projection(self._vdim), value, (others[1],)),
            Part(
                "attention",
                ScaledDotProductAttention(self.num_heads, further_inputs=(attended, attended)),
                (samples, queries, self.embed_dim),
                (None, None, None),
            ),
            Part("output", self._projection(self.embed_dim), shape),
        )

    @property
    def unknown_memory(self) -> str:  # type: ignore[override]
        """Empty for self-attention on a single input, which has a rule."""
        return SEVERAL_INPUTS if self.further_inputs else ""

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """For self-attention, as torch runs it on CUDA with flash attention.

        Query, key and value; copies of key and value if keys are appended; the output of attention, and
        its copy in the order of the input (not for a single sample or position); the logarithm of each row's
        sum.
        """
        samples, queries = self._positions(shape)
        appended_keys = self._appended_keys
        appended = 2 * samples * (queries + appended_keys) * self.embed_dim if appended_keys else 0
        projections = 1 if appended_keys and len(shape) == 2 else 3
        outputs = 1 if samples == 1 or queries == 1 else 2
        return SavedTensors(
            input=True,
            elements=(projections + outputs) * arithmetic.elements(shape) + appended,
            statistics=samples * self.num_heads * queries,
        )


def batch_first_warning(layer: Layer, shape: Shape, batch_first: bool) -> Iterator[str]:
    """A warning if the first of three dimensions looks like the batch, but torch takes the second."""
    if len(shape) == 3 and not batch_first and _looks_like_batch(*shape[:2]):
        yield (
            f"{type(layer).__name__} takes the first dimension ({shape[0]}) as the sequence and the "
            f"second ({shape[1]}) as the batch; use batch_first=True if the batch comes first"
        )


def _looks_like_batch(first: Size, second: Size) -> bool:
    """Whether the sizes, or the name of an open one, suggest that the batch comes first."""
    if isinstance(first, int):
        return first < second if isinstance(second, int) else str(second) not in BATCH_NAMES
    return str(first) in BATCH_NAMES
