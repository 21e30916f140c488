"""Pieces that are layers of torch.nn, called as usual or in unusual ways."""

from math import prod

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from tracing.random_models import Piece, calls, kind, matrix


@kind("Linear")
def dense(draw):
    hidden, bias = draw.hidden, draw.choice(True, False)
    layers = (
        nn.Linear(draw.width, hidden, bias),
        draw.choice(nn.ReLU(), nn.GELU(), nn.Tanh()),
        nn.Linear(hidden, 5),
    )
    return Piece(nn.Sequential(*layers), draw.rows * hidden * (draw.width + 5))


def convolved(draw, dims, shape, is_transposed=False, **options):
    """A convolution of [rows, *shape] as [rows, channels, *sizes]."""
    channels, *sizes = shape
    groups, kernel = draw.choice(1, 2), draw.choice(1, 2, 3) if min(sizes) > 2 else draw.choice(1, 2)
    out = 2 * draw.choice(1, 2, 3)
    named = f"Conv{'Transpose' if is_transposed else ''}{dims}d"
    layer = getattr(nn, named)(channels, out, kernel, groups=groups, bias=draw.choice(True, False), **options)
    if is_transposed or options.get("padding") == "same":
        places = prod(sizes)
    else:
        stride, padding, dilation = (options.get(name, default) for name, default in OPTIONS)
        places = prod((size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 for size in sizes)
    macs = draw.rows * places * channels * out // groups * kernel**dims
    return calls(lambda module, x: module.inner(x.view(-1, *shape)), macs, held={"inner": layer})


OPTIONS = (("stride", 1), ("padding", 0), ("dilation", 1))


def options(draw):
    return {"stride": draw.choice(1, 2), "padding": draw.choice(0, 1), "dilation": draw.choice(1, 1)}


@kind("Conv1d")
def conv1d(draw):
    return convolved(draw, 1, (2, draw.width // 2), **options(draw))


@kind("Conv1d, padding='same'")
def conv1d_same(draw):
    return convolved(draw, 1, (2, draw.width // 2), padding="same", dilation=draw.choice(1, 2))


@kind("Conv1d, circular")
def conv1d_circular(draw):
    return convolved(draw, 1, (2, draw.width // 2), padding=1, padding_mode="circular")


@kind("Conv2d")
def conv2d(draw):
    return convolved(draw, 2, (2, 4, draw.width // 8), **options(draw))


@kind("Conv2d, padding='same'")
def conv2d_same(draw):
    return convolved(draw, 2, (2, 4, draw.width // 8), padding="same")


@kind("Conv3d")
def conv3d(draw):
    return convolved(draw, 3, (2, 2, 2, draw.width // 8), padding=1)


@kind("ConvTranspose1d")
def transposed1d(draw):
    return convolved(draw, 1, (2, draw.width // 2), True, stride=draw.choice(1, 2))


@kind("ConvTranspose2d")
def transposed2d(draw):
    return convolved(draw, 2, (2, 4, draw.width // 8), True, stride=draw.choice(1, 2))


@kind("MultiheadAttention")
def attention(draw):
    length, needs_weights = draw.width // 8, draw.choice(True, False)
    layer = nn.MultiheadAttention(8, draw.choice(1, 2, 4), batch_first=True, bias=draw.choice(True, False))

    def forward(module, x):
        x = x.view(-1, length, 8)
        return module.inner(x, x, x, need_weights=needs_weights)

    return calls(forward, draw.rows * length * (4 * 64 + 2 * 8 * length), held={"inner": layer})


@kind("TransformerEncoderLayer")
def encoder(draw):
    length = draw.width // 8
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, norm_first=draw.choice(True, False))
    macs = draw.rows * length * (4 * 64 + 2 * 8 * length + 2 * 8 * 12)
    return calls(lambda module, x: module.inner(x.view(-1, length, 8)), macs, held={"inner": layer})


@kind("TransformerEncoder")
def stacked_encoder(draw):
    length = draw.width // 8
    layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    macs = 2 * draw.rows * length * (4 * 64 + 2 * 8 * length + 2 * 8 * 12)
    return calls(lambda module, x: module.inner(x.view(-1, length, 8)), macs, held={"inner": model})


def recurrent(cls, gates):
    def make(draw):
        length, units, layers, both = draw.width // 8, draw.choice(3, 5), draw.choice(1, 2), draw.choice(1, 2)
        layer = cls(8, units, layers, batch_first=True, bidirectional=both == 2)
        inputs = [8] + [both * units] * (layers - 1)
        macs = draw.rows * length * both * sum(gates * units * (size + units) for size in inputs)
        return calls(lambda module, x: module.inner(x.view(-1, length, 8)), macs, held={"inner": layer})

    return make


def cell(cls, gates):
    def make(draw):
        units = draw.choice(3, 5)
        macs = draw.rows * gates * units * (draw.width + units)
        return Piece(cls(draw.width, units), macs)

    return make


for name, number in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
    kind(name)(recurrent(getattr(nn, name), number))
    kind(f"{name}Cell")(cell(getattr(nn, f"{name}Cell"), number))


@kind("LSTM of a packed sequence")
def packed(draw):
    """Only real steps are computed."""
    layer, length = nn.LSTM(8, 5, batch_first=True), draw.width // 8
    lengths = [length] + [draw.random.randint(1, length)] * (draw.rows - 1)

    def forward(module, x):
        return module.inner(pack_padded_sequence(x.view(-1, length, 8), lengths, batch_first=True))[1]

    return calls(forward, sum(lengths) * 20 * 13, held={"inner": layer})


@kind("Embedding")
def embedding(draw):
    def forward(module, x):
        return module.second(module.first((x > 0).long()))

    held = {"first": nn.Embedding(2, 8), "second": nn.Linear(8, 3)}
    return calls(forward, draw.rows * draw.width * 24, held=held)


@kind("Bilinear")
def bilinear(draw):
    out = draw.choice(2, 3)
    macs = draw.rows * out * draw.width * (draw.width + 1)
    return calls(
        lambda module, x: module.inner(x, x), macs, held={"inner": nn.Bilinear(draw.width, draw.width, out)}
    )


@kind("no products")
def elementwise(draw):
    norm = draw.choice(nn.LayerNorm, nn.BatchNorm1d, nn.RMSNorm)(draw.width)
    return Piece(nn.Sequential(norm, draw.choice(nn.Dropout(0.1), nn.SiLU(), nn.Softmax(-1))))


@kind("lazy Linear")
def lazy_linear(draw):
    return Piece(
        nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(3)), draw.rows * 6 * (draw.width + 3)
    )


@kind("lazy Conv1d")
def lazy_convolution(draw):
    layer = nn.LazyConv1d(4, 3, padding=1)
    macs = draw.rows * draw.width // 2 * 4 * 2 * 3
    return calls(lambda module, x: module.inner(x.view(-1, 2, draw.width // 2)), macs, held={"inner": layer})


@kind("ParameterList")
def parameter_list(draw):
    weights = nn.ParameterList(matrix(draw.width, 3) for _ in range(draw.choice(1, 2, 3)))
    macs = draw.rows * draw.width * 3 * len(weights)
    return calls(
        lambda module, x: sum(x @ weight for weight in module.weights), macs, held={"weights": weights}
    )


@kind("ParameterDict")
def parameter_dict(draw):
    weights = nn.ParameterDict({"up": matrix(draw.width, 6), "down": matrix(6, 4)})
    macs = draw.rows * 6 * (draw.width + 4)
    return calls(
        lambda module, x: x @ module.weights["up"] @ module.weights["down"], macs, held={"weights": weights}
    )


@kind("called several times")
def repeated(draw):
    times = draw.choice(2, 3, 5)

    def forward(module, x):
        for _ in range(times):
            x = torch.tanh(module.inner(x))
        return x

    macs = times * draw.rows * draw.width**2
    return calls(forward, macs, held={"inner": nn.Linear(draw.width, draw.width)})


@kind("tied weights")
def tied(draw):
    hidden = draw.hidden
    first = nn.Linear(draw.width, hidden, bias=False)
    held = {"first": first, "second": nn.Linear(hidden, draw.width, bias=False), "same": first}

    def forward(module, x):
        return nn.functional.linear(
            module.same(torch.tanh(module.first(x))[:, :1].expand_as(x)), module.first.weight.mT
        )

    return calls(forward, 3 * draw.rows * draw.width * hidden, held=held)


@kind("frozen")
def frozen(draw):
    layers = nn.Sequential(nn.Linear(draw.width, 6).requires_grad_(False), nn.ReLU(), nn.Linear(6, 3))
    return Piece(layers, draw.rows * 6 * (draw.width + 3))


@kind("built in forward")
def built_in_forward(draw):
    hidden = draw.hidden

    def forward(_, x):
        return nn.Sequential(nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Linear(hidden, 3))(x)

    return calls(forward, draw.rows * hidden * (draw.width + 3))
