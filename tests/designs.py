"""Generates designs with branches, as texts in a size C with the input [2, C, 6, 4]."""

from hypothesis import strategies as st

INPUT = "[2, C, 6, 4]"

CHANNELS = ("C", "2*C", "3", "C + 2")


@st.composite
def designs(draw, depth: int = 4) -> str:
    """A design on the input, of layers nested to `depth`."""
    chain, _ = draw(chains("C", depth))
    return f"{INPUT} -> {chain}"


@st.composite
def chains(draw, channels: str, depth: int) -> tuple[str, str]:
    """One to three steps, and the channels of their output; other sizes do not change."""
    steps = []
    for _ in range(draw(st.integers(1, 3))):
        step, channels = draw(step_on(channels, depth))
        steps.append(step)
    return " -> ".join(steps), channels


@st.composite
def step_on(draw, channels: str, depth: int) -> tuple[str, str]:
    kinds = [pointwise, convolution]
    nested = [residual, gate, concatenation, product, attention, repetition, further_input, convolution_on]
    nested += [contraction, scaling]
    return draw(draw(st.sampled_from(kinds + nested * (depth > 0)))(channels, depth))


@st.composite
def pointwise(draw, channels: str, depth: int) -> tuple[str, str]:
    kind = draw(st.sampled_from(("ReLU", "GELU", "nn.Sigmoid()", f"BatchNorm2d({channels})", "Softmax(1)")))
    return kind, channels


@st.composite
def convolution(draw, channels: str, depth: int) -> tuple[str, str]:
    out, kernel = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from((1, 3)))
    bias = draw(st.booleans())
    return f"Conv2d({channels}, {out}, {kernel}, padding={kernel // 2}, bias={bias})", out


@st.composite
def branch_with(draw, channels: str, out: str, depth: int) -> str:
    """A chain whose output has `out` channels."""
    chain, found = draw(chains(channels, depth))
    return f"({chain} -> Conv2d({found}, {out}, 1))"


@st.composite
def residual(draw, channels: str, depth: int) -> tuple[str, str]:
    first = draw(st.one_of(st.just("x"), branch_with(channels, channels, depth - 1)))
    others = draw(st.lists(branch_with(channels, channels, depth - 1), min_size=1, max_size=2))
    if draw(st.booleans()):
        return f"add({', '.join((first, *others))})", channels
    return f"{first} + {' + '.join(others)}", channels


@st.composite
def gate(draw, channels: str, depth: int) -> tuple[str, str]:
    inner, out = draw(chains(channels, depth - 1))
    kind = draw(st.sampled_from(("AdaptiveAvgPool2d(1)", "mean((2, 3), keepdim=True)", "ReLU")))
    return f"x * ({inner} -> {kind} -> Conv2d({out}, {channels}, 1) -> Sigmoid)", channels


@st.composite
def concatenation(draw, channels: str, depth: int) -> tuple[str, str]:
    first, out = draw(st.one_of(st.just(("x", channels)), chains(channels, depth - 1)))
    second, other = draw(chains(channels, depth - 1))
    return f"concat({first}, {second}, dim=1)", f"{out} + {other}"


@st.composite
def product(draw, channels: str, depth: int) -> tuple[str, str]:
    inner = draw(branch_with(channels, channels, depth - 1))
    return f"matmul(x, {inner} -> transpose(-1, -2)) -> matmul(x, [2, 1, 6, 4])", channels


@st.composite
def attention(draw, channels: str, depth: int) -> tuple[str, str]:
    queries, keys = (draw(branch_with(channels, channels, depth - 1)) for _ in range(2))
    scores = f'einsum("bchw,bdhw->bcd", {queries}, {keys})'
    values = f"Conv2d({channels}, {channels}, 1) -> reshape(2, {channels}, 24)"
    back = f"reshape(2, {channels}, 6, 4)"
    return f"(matmul({scores} -> Softmax(-1), {values}) -> {back})", channels


@st.composite
def contraction(draw, channels: str, depth: int) -> tuple[str, str]:
    """A sum over channels, which may be a single one."""
    out = draw(st.sampled_from((*CHANNELS, "1")))
    return f'einsum("bchw,co->bohw", x, [{channels}, {out}])', out


@st.composite
def scaling(draw, channels: str, depth: int) -> tuple[str, str]:
    """An elementwise product with a broadcast operand."""
    inner = draw(branch_with(channels, channels, depth - 1))
    return f'einsum("bchw,bc->bchw", {inner}, {inner} -> sum((-1, 2)))', channels


@st.composite
def repetition(draw, channels: str, depth: int) -> tuple[str, str]:
    inner = draw(branch_with(channels, channels, depth - 1))
    return f"{draw(st.integers(1, 3))} x {inner}", channels


@st.composite
def further_input(draw, channels: str, depth: int) -> tuple[str, str]:
    inner, out = draw(chains("5", depth - 1))
    return f"x + ([2, 5, 6, 4] -> {inner} -> Conv2d({out}, {channels}, 1))", channels


@st.composite
def convolution_on(draw, channels: str, depth: int) -> tuple[str, str]:
    """A layer on a branch of its own."""
    inner, out = draw(chains(channels, depth - 1))
    return f"Conv2d({out}, {channels}, 1)({inner})", channels
