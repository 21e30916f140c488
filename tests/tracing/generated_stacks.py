"""Stacks of layers that hypothesis makes up, for images and for sequences."""

from hypothesis import strategies as st
from torch import nn

CHANNELS = 4

kernels = st.integers(1, 5)
paddings = st.integers(0, 2)
strides = st.integers(1, 3)


@st.composite
def convolutions(draw):
    return nn.Conv2d(
        CHANNELS,
        CHANNELS,
        draw(kernels),
        stride=draw(strides),
        padding=draw(paddings),
        dilation=draw(st.integers(1, 2)),
        groups=draw(st.sampled_from([1, 2, 4])),
        bias=draw(st.booleans()),
    )


@st.composite
def transposed(draw):
    return nn.ConvTranspose2d(
        CHANNELS,
        CHANNELS,
        draw(st.integers(2, 4)),
        stride=draw(st.integers(1, 2)),
        padding=draw(st.integers(0, 1)),
    )


@st.composite
def poolings(draw):
    """Rounding up is left to windows without padding or gaps: else their number has no single formula."""
    kernel, kind = draw(st.integers(2, 3)), draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
    padding, stride = draw(st.integers(0, kernel // 2)), draw(strides)
    is_plain = padding == 0 and stride <= kernel
    return kind(kernel, stride=stride, padding=padding, ceil_mode=is_plain and draw(st.booleans()))


pointwise = st.sampled_from([nn.BatchNorm2d(CHANNELS), nn.ReLU(), nn.GroupNorm(2, CHANNELS), nn.GELU()])
resized = st.sampled_from([nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=1.5, mode="bilinear")])

images = st.lists(
    st.one_of(convolutions(), transposed(), poolings(), pointwise, resized), min_size=1, max_size=4
).map(lambda layers: nn.Sequential(*layers).eval())


class First(nn.Module):
    """A recurrent layer whose output is its sequence alone."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x)[0]


class Attention(nn.Module):
    """Self-attention, causal or not."""

    def __init__(self, is_causal: bool) -> None:
        super().__init__()
        self.is_causal = is_causal
        self.project = nn.Linear(8, 24)

    def forward(self, x):
        query, key, value = self.project(x).unflatten(-1, (3, 2, 4)).permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=self.is_causal)
        return attended.transpose(1, 2).flatten(2)


sequences = st.lists(
    st.sampled_from(
        [
            lambda: nn.Linear(8, 8),
            lambda: nn.LayerNorm(8),
            lambda: nn.Sequential(nn.Linear(8, 16), nn.SiLU(), nn.Linear(16, 8, bias=False)),
            lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
            lambda: First(nn.LSTM(8, 4, bidirectional=True, batch_first=True)),
            lambda: First(nn.GRU(8, 8, 2, batch_first=True)),
            lambda: Attention(is_causal=True),
            lambda: Attention(is_causal=False),
        ]
    ),
    min_size=1,
    max_size=3,
).map(lambda makers: nn.Sequential(*(make() for make in makers)).eval())
