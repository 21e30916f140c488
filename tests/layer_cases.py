"""Generates layers with valid inputs: a strategy for each kind, with varied arguments and small sizes."""

from dataclasses import replace
from math import prod
from typing import NamedTuple

from hypothesis import strategies as st

from convcost.layers import FAMILIES, layer_class
from convcost.layers.interface import Layer

Shape = tuple[int, ...]


class Case(NamedTuple):
    layer: Layer
    shape: Shape


COUNTS = st.integers(1, 5)
LEADING = st.lists(st.integers(1, 3), max_size=3).map(tuple)
BATCH = st.one_of(st.just(()), st.integers(1, 3).map(lambda batch: (batch,)))


def cases(kind: str) -> st.SearchStrategy[Case]:
    """Layers of `kind`, each with the shape of a valid input."""
    family = next(family for family, kinds in FAMILIES.items() if kind in kinds)
    if family == "activation" and kind not in ACTIVATIONS:
        return plain(kind)
    return BUILDERS.get(kind, BUILDERS.get(family, plain))(kind)


def sizes(draw, spatial: int, low: int, high: int) -> int | Shape:
    """One size for all dimensions, or one for each."""
    one = st.integers(low, high)
    return draw(st.one_of(one, st.tuples(*[one] * spatial)))


def along(value: int | Shape, spatial: int) -> Shape:
    return value if isinstance(value, tuple) else (value,) * spatial


@st.composite
def linear(draw, kind):
    layer = layer_class(kind)(draw(COUNTS), draw(COUNTS), bias=draw(st.booleans()))
    return Case(layer, (*draw(LEADING), layer.in_features))


@st.composite
def bilinear(draw, kind):
    layer = layer_class(kind)(draw(COUNTS), draw(COUNTS), draw(COUNTS), bias=draw(st.booleans()))
    return Case(layer, (*draw(LEADING), layer.in1_features + layer.in2_features))


@st.composite
def embedding(draw, kind):
    rows = draw(COUNTS)
    index = draw(st.one_of(st.none(), st.integers(-rows, rows - 1)))
    layer = layer_class(kind)(rows, draw(COUNTS), index, sparse=draw(st.booleans()))
    return Case(layer, (*draw(LEADING), draw(COUNTS)))


@st.composite
def embedding_bag(draw, kind):
    rows, mode = draw(COUNTS), draw(st.sampled_from(("sum", "mean", "max")))
    index = draw(st.one_of(st.none(), st.integers(-rows, rows - 1)))
    layer = layer_class(kind)(
        rows,
        draw(COUNTS),
        mode=mode,
        sparse=mode != "max" and draw(st.booleans()),
        include_last_offset=draw(st.booleans()),
        padding_idx=index,
    )
    return Case(layer, (draw(COUNTS), draw(COUNTS)))


@st.composite
def convolution(draw, kind):
    spatial, groups = int(kind[-2]), draw(st.integers(1, 4))
    padding = draw(st.one_of(st.sampled_from(("same", "valid")), st.just(sizes(draw, spatial, 0, 4))))
    stride = 1 if padding == "same" else sizes(draw, spatial, 1, 4)
    layer = layer_class(kind)(
        in_channels=groups * draw(st.integers(1, 3)),
        out_channels=groups * draw(st.integers(1, 3)),
        kernel_size=sizes(draw, spatial, 1, 5),
        stride=stride,
        padding=padding,
        dilation=sizes(draw, spatial, 1, 4),
        groups=groups,
        bias=draw(st.booleans()),
        padding_mode=draw(st.sampled_from(("zeros", "reflect", "replicate", "circular"))),
    )
    lengths = (window_length(draw, layer.padding_mode, window) for window in layer.windows)
    return Case(layer, (*draw(BATCH), layer.in_channels, *lengths))


def window_length(draw, padding_mode, window) -> int:
    span = window.dilation * (window.kernel_size - 1) + 1
    filled = {"zeros": 1, "replicate": 1, "circular": window.after, "reflect": window.after + 1}
    shortest = max(1, filled[padding_mode], span - window.before - window.after)
    return shortest + draw(st.integers(0, 6))


@st.composite
def transposed_convolution(draw, kind):
    spatial, groups = int(kind[-2]), draw(st.integers(1, 4))
    stride, dilation = sizes(draw, spatial, 1, 4), sizes(draw, spatial, 1, 4)
    limits = zip(along(stride, spatial), along(dilation, spatial), strict=True)
    layer = layer_class(kind)(
        in_channels=groups * draw(st.integers(1, 3)),
        out_channels=groups * draw(st.integers(1, 3)),
        kernel_size=sizes(draw, spatial, 1, 5),
        stride=stride,
        padding=sizes(draw, spatial, 0, 4),
        output_padding=tuple(draw(st.integers(0, max(limit) - 1)) for limit in limits),
        groups=groups,
        bias=draw(st.booleans()),
        dilation=dilation,
    )
    lengths = (transposed_input_length(draw, window) for window in layer.windows)
    return Case(layer, (*draw(BATCH), layer.in_channels, *lengths))


def transposed_input_length(draw, window) -> int:
    with_one = window.dilation * (window.kernel_size - 1) + 1 + window.output_padding - 2 * window.before
    shortest = 1 + max(0, -((with_one - 1) // window.stride))
    return shortest + draw(st.integers(0, 4))


@st.composite
def pooling(draw, kind):
    if kind.startswith("Adaptive"):
        return draw(adaptive_pooling(kind))
    spatial, accepted = int(kind[-2]), layer_class(kind).__dataclass_fields__
    kernel = draw(COUNTS) if kind == "LPPool1d" else sizes(draw, spatial, 1, 5)
    halves = tuple(size // 2 for size in along(kernel, spatial))
    paddings = st.tuples(*(st.integers(0, half) for half in halves)) | st.integers(0, min(halves))
    drawn = {
        "norm_type": draw(st.sampled_from((1.0, 2.0, 3.0))),
        "kernel_size": kernel,
        "stride": draw(st.none() | st.just(sizes(draw, spatial, 1, 4))),
        "padding": draw(paddings),
        "dilation": sizes(draw, spatial, 1, 3),
        "ceil_mode": draw(st.booleans()),
        "return_indices": draw(st.booleans()),
        "count_include_pad": draw(st.booleans()),
        "divisor_override": draw(st.none() | st.integers(1, 3)),
    }
    layer = layer_class(kind)(**{name: value for name, value in drawn.items() if name in accepted})
    geometry = zip(*map(layer.per_dimension, ("kernel_size", "padding", "dilation")), strict=True)
    spans = [max(1, dilation * (size - 1) + 1 - 2 * padding) for size, padding, dilation in geometry]
    shortest = layer.per_dimension("kernel_size") if kind in ("AvgPool3d", "LPPool3d") else spans
    lengths = [least + draw(st.integers(0, 6)) for least in shortest]
    return Case(layer, (*draw(BATCH), draw(COUNTS), *lengths))


@st.composite
def adaptive_pooling(draw, kind):
    spatial = int(kind[-2])
    one = st.none() | COUNTS if spatial > 1 else COUNTS
    size = draw(COUNTS | st.tuples(*[one] * spatial))
    return Case(layer_class(kind)(size), (*draw(BATCH), *draw(st.tuples(*[COUNTS] * (spatial + 1)))))


@st.composite
def normalization(draw, kind):
    spatial = int(kind[-2])
    layer = layer_class(kind)(
        draw(COUNTS),
        affine=draw(st.booleans()),
        track_running_stats=draw(st.booleans()),
        bias=draw(st.booleans()),
    )
    batch = draw(st.integers(1, 3).map(lambda size: (size,)) if kind.startswith("Batch") else BATCH)
    lengths = draw(st.tuples(*[st.integers(2, 5)] * spatial))
    if kind == "BatchNorm1d" and draw(st.booleans()):
        batch, lengths = (2,), ()
    return Case(layer, (*batch, layer.num_features, *lengths))


@st.composite
def over_last_dimensions(draw, kind):
    normalized = draw(COUNTS | st.lists(COUNTS, min_size=1, max_size=3).map(tuple))
    options = {"bias": draw(st.booleans())} if kind == "LayerNorm" else {}
    layer = layer_class(kind)(normalized, elementwise_affine=draw(st.booleans()), **options)
    return Case(layer, (*draw(LEADING), *along(normalized, 1)))


@st.composite
def group_normalization(draw, kind):
    groups = draw(st.integers(1, 4))
    channels = groups * draw(st.integers(1, 3))
    layer = layer_class(kind)(groups, channels, affine=draw(st.booleans()), bias=draw(st.booleans()))
    return Case(layer, (draw(st.integers(2, 3)), channels, *draw(LEADING)))


@st.composite
def local_response(draw, kind):
    return Case(layer_class(kind)(draw(COUNTS)), draw(st.lists(COUNTS, min_size=3, max_size=5).map(tuple)))


@st.composite
def plain(draw, kind):
    """A layer without sizes; only required numbers are drawn, the rest are torch's defaults."""
    numbers = {"Threshold": (0.1, 20.0)}.get(kind, ())
    at_ends = {"Dropout1d": (2, 3), "Dropout2d": (3, 4), "Dropout3d": (4, 5), "Softmax2d": (3, 4)}
    shortest, longest = at_ends.get(kind, (2 if kind.startswith("FeatureAlpha") else 1, 4))
    shape = draw(st.lists(COUNTS, min_size=shortest, max_size=longest).map(tuple))
    return Case(layer_class(kind)(*numbers), shape)


@st.composite
def over_dimension(draw, kind):
    shape = draw(st.lists(COUNTS, min_size=1, max_size=4))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    if kind == "GLU":
        shape[dim] *= 2
    return Case(layer_class(kind)(dim), tuple(shape))


@st.composite
def prelu(draw, kind):
    shape = draw(st.lists(COUNTS, min_size=1, max_size=4).map(tuple))
    per_channel = len(shape) > 1 and draw(st.booleans())
    return Case(layer_class(kind)(shape[1] if per_channel else 1), shape)


@st.composite
def gelu(draw, kind):
    return Case(layer_class(kind)(draw(st.sampled_from(("none", "tanh")))), (*draw(LEADING), draw(COUNTS)))


@st.composite
def flatten(draw, kind):
    shape = draw(st.lists(COUNTS, min_size=1, max_size=5).map(tuple))
    first = draw(st.integers(0, len(shape) - 1))
    last = draw(st.integers(first, len(shape) - 1))
    negative = draw(st.sampled_from((0, len(shape))))
    return Case(layer_class(kind)(first - negative, last - draw(st.sampled_from((0, len(shape))))), shape)


@st.composite
def unflatten(draw, kind):
    parts = draw(st.lists(COUNTS, min_size=1, max_size=3))
    before, after = draw(LEADING), draw(LEADING)
    dim = draw(st.sampled_from((len(before), -1 - len(after))))
    merged = prod(parts)
    if draw(st.booleans()):
        parts[draw(st.integers(0, len(parts) - 1))] = -1
    return Case(layer_class(kind)(dim, tuple(parts)), (*before, merged, *after))


@st.composite
def padding(draw, kind):
    spatial, mode = int(kind[-2]), kind[:-5]
    lengths = draw(st.tuples(*[st.integers(1, 6)] * spatial))
    most = {"Reflection": min(lengths) - 1, "Circular": min(lengths)}.get(mode, 4)
    cut = (min(lengths) - 1) // 2
    one = st.integers(-cut, most)
    value = (draw(st.sampled_from((0.0, 1.5))),) if mode == "Constant" else ()
    return Case(
        layer_class(kind)(draw(one | st.tuples(*[one] * 2 * spatial)), *value),
        (*draw(BATCH), draw(COUNTS), *lengths),
    )


@st.composite
def shuffle(draw, kind):
    factor, (channels, height, width) = draw(st.integers(1, 3)), draw(st.tuples(COUNTS, COUNTS, COUNTS))
    shapes = {
        "PixelShuffle": (channels * factor * factor, height, width),
        "PixelUnshuffle": (channels, height * factor, width * factor),
        "ChannelShuffle": (draw(COUNTS), channels * factor, height),
    }
    return Case(layer_class(kind)(factor), (*(draw(LEADING) if "Pixel" in kind else ()), *shapes[kind]))


@st.composite
def upsampling(draw, kind):
    modes = {3: ("linear",), 4: ("bilinear", "bicubic"), 5: ("trilinear",)}
    spatial = 2 if kind == "UpsamplingBilinear2d" else draw(st.integers(1, 3))
    lengths = draw(st.tuples(*[st.integers(1, 6)] * spatial))
    given, options = draw(target_size(lengths)), {}
    if kind == "Upsample":
        smooth = modes[spatial + 2]
        mode = draw(st.sampled_from(("nearest", "area", "nearest-exact", *smooth, *smooth)))
        options["mode"] = mode
        options["align_corners"] = draw(st.none() | st.booleans()) if mode in smooth else None
        by_factor = "scale_factor" in given
        options["recompute_scale_factor"] = draw(st.none() | st.booleans()) if by_factor else None
    return Case(layer_class(kind)(**given, **options), (draw(COUNTS), draw(COUNTS), *lengths))


@st.composite
def target_size(draw, lengths):
    """A size, or a factor that leaves at least 1 of each length."""
    if draw(st.booleans()):
        return {"size": sizes(draw, len(lengths), 1, 9)}
    factors = st.sampled_from((0.25, 0.3, 1 / 3, 0.5, 0.7, 0.75, 1.0, 1.1, 1.5, 2.0, 2.3, 3.0))
    factor = draw(factors)
    return {"scale_factor": factor if min(lengths) * factor >= 1 else 2.0}


@st.composite
def fractional_pooling(draw, kind):
    spatial = int(kind[-2])
    kernel, lengths = sizes(draw, spatial, 1, 3), draw(st.tuples(*[st.integers(7, 9)] * spatial))
    target = draw(
        st.one_of(
            st.just({"output_size": sizes(draw, spatial, 1, 4)}),
            st.sampled_from((0.25, 0.3, 0.5, 0.7)).map(lambda ratio: {"output_ratio": ratio}),
        )
    )
    layer = layer_class(kind)(kernel, **target, return_indices=draw(st.booleans()))
    return Case(layer, (*draw(BATCH), draw(COUNTS), *lengths))


@st.composite
def unpooling(draw, kind):
    spatial = int(kind[-2])
    kernel = sizes(draw, spatial, 1, 4)
    padding = draw(st.integers(0, min(along(kernel, spatial)) // 2))
    layer = layer_class(kind)(kernel, draw(st.none() | st.just(sizes(draw, spatial, 1, 4))), padding)
    shape = (*draw(BATCH), draw(COUNTS), *draw(st.tuples(*[st.integers(2, 5)] * spatial)))
    return Case(replace(layer, further_inputs=(shape,)), shape)


@st.composite
def distance(draw, kind):
    shape = draw(st.lists(COUNTS, min_size=1, max_size=4).map(tuple))
    shapes = shape, draw(broadcasting_with(shape))
    if kind == "CosineSimilarity":
        layer = layer_class(kind)(draw(st.integers(-len(shape), len(shape) - 1)))
    else:
        powers = st.sampled_from((1.0, 2.0, 0.0, 0.5, 1.5, 3.0, float("inf")))
        layer = layer_class(kind)(draw(powers), keepdim=draw(st.booleans()))
    first, second = draw(st.permutations(shapes))
    return Case(replace(layer, further_inputs=(second,)), first)


@st.composite
def loss(draw, kind):
    """Inputs of one shape, or of the shapes that the loss takes; all arguments that change its cost."""
    shortest, longest = {"CosineEmbeddingLoss": (2, 2), "MultiMarginLoss": (2, 2)}.get(kind, (1, 4))
    if kind in ("NLLLoss", "CrossEntropyLoss"):
        shortest = 2
    shape = draw(st.lists(COUNTS, min_size=shortest, max_size=longest).map(tuple))
    words = ("mean", "sum", "none", *(("batchmean",) if kind == "KLDivLoss" else ()))
    drawn = {
        "reduction": draw(st.sampled_from(words)),
        "log_target": draw(st.booleans()),
        "log_input": draw(st.booleans()),
        "full": draw(st.booleans()),
        "label_smoothing": draw(st.sampled_from((0.0, 0.1, 1.0))),
        "swap": draw(st.booleans()),
        "margin": draw(st.sampled_from((0.5, 1.0))),
    }
    if "Triplet" in kind:
        drawn["p"] = draw(st.sampled_from((1.0, 2.0, 3.0)))
    fields = layer_class(kind).__dataclass_fields__
    layer = layer_class(kind)(**{name: value for name, value in drawn.items() if name in fields})
    return Case(replace(layer, further_inputs=layer.usual_further_inputs(shape)), shape)


@st.composite
def broadcasting_with(draw, shape):
    """The same shape, without some leading dimensions, with ones for some sizes."""
    start = draw(st.sampled_from((0, 0, draw(st.integers(0, len(shape) - 1)))))
    return tuple(draw(st.sampled_from((size, size, 1))) for size in shape[start:])


@st.composite
def sliding_blocks(draw, kind):
    geometry = {
        "kernel_size": sizes(draw, 2, 1, 3),
        "dilation": sizes(draw, 2, 1, 2),
        "padding": sizes(draw, 2, 0, 2),
        "stride": sizes(draw, 2, 1, 3),
    }
    unfold = layer_class("Unfold")(**geometry)
    spans = zip(*map(unfold.per_dimension, ("kernel_size", "dilation", "padding")), strict=True)
    shortest = [max(1, dilation * (size - 1) + 1 - 2 * padding) for size, dilation, padding in spans]
    lengths = tuple(least + draw(st.integers(0, 5)) for least in shortest)
    image = (*draw(BATCH), draw(COUNTS), *lengths)
    if kind == "Unfold":
        return Case(unfold, image)
    return Case(layer_class("Fold")(output_size=lengths, **geometry), unfold.output(image))


@st.composite
def scaled_dot_product(draw, kind):
    kv_heads, groups, width = draw(st.tuples(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3)))
    heads, leading, queries = groups * kv_heads, draw(LEADING), draw(COUNTS)
    layer = layer_class(kind)(
        heads,
        draw(st.just(kv_heads) if groups > 1 else st.sampled_from((None, kv_heads))),
        is_causal=draw(st.booleans()),
        window=draw(st.none() | COUNTS),
    )
    if draw(st.booleans()):
        return Case(layer, (*leading, queries, (heads + 2 * kv_heads) * width))
    keys, value_width = draw(COUNTS), draw(COUNTS)
    further = ((*leading, keys, kv_heads * width), (*leading, keys, kv_heads * value_width))
    return Case(replace(layer, further_inputs=further), (*leading, queries, heads * width))


@st.composite
def multihead_attention(draw, kind):
    """Of one input, two or three, with a batch or without."""
    heads, width, batch_first = draw(st.integers(1, 3)), draw(st.integers(1, 3)), draw(st.booleans())
    inputs, batch = draw(st.integers(1, 3)), draw(BATCH)
    embed_dim = heads * width
    features = [embed_dim, *(draw(st.sampled_from((embed_dim, draw(COUNTS)))) for _ in range(inputs - 1))]
    kdim, vdim = features[min(1, inputs - 1)], features[-1]
    layer = layer_class(kind)(
        embed_dim,
        heads,
        bias=draw(st.booleans()),
        add_bias_kv=draw(st.booleans()),
        add_zero_attn=draw(st.booleans()),
        kdim=kdim if kdim != embed_dim or draw(st.booleans()) else None,
        vdim=vdim if vdim != embed_dim or draw(st.booleans()) else None,
        batch_first=batch_first,
    )
    queries, keys = draw(COUNTS), draw(COUNTS)
    shapes = [
        sequence(batch, length, size, batch_first)
        for length, size in zip((queries, keys, keys), features, strict=False)
    ]
    return Case(replace(layer, further_inputs=tuple(shapes[1:])), shapes[0])


@st.composite
def transformer(draw, kind):
    """A layer or a whole one, with a batch or without; a decoder's inputs have lengths of their own."""
    heads, batch_first, batch = draw(st.integers(1, 3)), draw(st.booleans()), draw(BATCH)
    layer = layer_class(kind)(
        heads * draw(st.integers(1, 3)),
        heads,
        **({name: draw(st.integers(1, 2)) for name in STACKED} if kind == "Transformer" else {}),
        dim_feedforward=draw(COUNTS),
        activation=draw(st.sampled_from(("relu", "gelu"))),
        batch_first=batch_first,
        norm_first=draw(st.booleans()),
        bias=draw(st.booleans()),
    )
    first, *further = (
        sequence(batch, draw(COUNTS), layer.d_model, batch_first) for _ in range(layer.input_counts[0])
    )
    return Case(replace(layer, further_inputs=tuple(further)), first)


STACKED = ("num_encoder_layers", "num_decoder_layers")


def sequence(batch: Shape, length: int, features: int, batch_first: bool) -> Shape:
    return (*batch, length, features) if batch_first else (length, *batch, features)


@st.composite
def recurrence(draw, kind):
    """A sequence, with a batch or without one, or one step of a cell."""
    fields, layers = layer_class(kind).__dataclass_fields__, draw(st.integers(1, 3))
    hidden = draw(COUNTS)
    drawn = {
        "num_layers": layers,
        "nonlinearity": draw(st.sampled_from(("tanh", "relu"))),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "dropout": draw(st.sampled_from((0.0, 0.5))) if layers > 1 else 0.0,
        "bidirectional": draw(st.booleans()),
        "proj_size": draw(st.integers(0, hidden - 1)),
    }
    arguments = {name: value for name, value in drawn.items() if name in fields}
    layer = layer_class(kind)(draw(COUNTS), hidden, **arguments)
    length = () if kind.endswith("Cell") else (draw(COUNTS),)
    return Case(layer, (*draw(BATCH), *length, layer.input_size))


ACTIVATIONS = {
    "GELU": gelu,
    "PReLU": prelu,
    **dict.fromkeys(("GLU", "Softmax", "Softmin", "LogSoftmax"), over_dimension),
}

BUILDERS = {
    **ACTIVATIONS,
    "Linear": linear,
    "Bilinear": bilinear,
    "Embedding": embedding,
    "ScaledDotProductAttention": scaled_dot_product,
    "MultiheadAttention": multihead_attention,
    "EmbeddingBag": embedding_bag,
    "transformers": transformer,
    "LayerNorm": over_last_dimensions,
    "RMSNorm": over_last_dimensions,
    "GroupNorm": group_normalization,
    "LocalResponseNorm": local_response,
    "Flatten": flatten,
    "Unflatten": unflatten,
    "convolution": convolution,
    "transposed": transposed_convolution,
    "pooling": pooling,
    "normalization": normalization,
    "padding": padding,
    "rearrangement": shuffle,
    "upsampling": upsampling,
    "fractional_pooling": fractional_pooling,
    "unpooling": unpooling,
    "distance": distance,
    "losses": loss,
    "ranking_losses": loss,
    "Unfold": sliding_blocks,
    "Fold": sliding_blocks,
    "recurrent": recurrence,
    "shaping": plain,
}
