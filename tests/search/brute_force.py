"""What designs cost with every size in a range, tried one by one, and designs to try it on."""

from collections.abc import Mapping
from itertools import product
from typing import Any

from hypothesis import strategies as st

import convcost
from convcost.core.errors import ConvcostError

Sizes = tuple[int, ...]

LIMITS = ("minimum", "maximum", "multiple_of")


def costs_of(text: str, metric: str, limits: Mapping[str, Any], fixed: Mapping[str, int]) -> dict[Sizes, int]:
    """The cost by the sizes varied, where they are possible; `limits` are by name, as `match` takes them."""
    spec = convcost.parse(text)
    names = tuple(limits["maximum"])
    ranges = (
        [
            size
            for size in range(limits["minimum"][name], limits["maximum"][name] + 1)
            if size % limits["multiple_of"][name] == 0
        ]
        for name in names
    )
    tried = {
        sizes: cost_of(spec, metric, {**fixed, **dict(zip(names, sizes, strict=True))})
        for sizes in product(*ranges)
    }
    return {sizes: cost for sizes, cost in tried.items() if cost is not None}


def cost_of(spec: Any, metric: str, sizes: Mapping[str, int]) -> int | None:
    """The cost at plain sizes, or None where they are not possible."""
    try:
        return getattr(spec.report(sizes), metric)
    except ConvcostError:
        return None


def near(costs: Mapping[Sizes, int], place: int, off: int) -> int:
    """A target of 1 at least that is `off` from one of the costs, or from 100 if there is none."""
    known = sorted(costs.values()) or [100]
    return max(1, known[place % len(known)] + off)


def target_of(target: int, budget: bool) -> tuple[tuple[str, ...], dict[str, int]]:
    """Designs in front, and options, that ask for a cost of `target` in MACs or parameters."""
    return ((), {"budget": target}) if budget else ((f"Linear({target}, 1, bias=False)",), {})


def undone(costs: Mapping[Sizes, int], target: int) -> list[tuple[Sizes, int]]:
    """The pairs within the target that no other one with a size of theirs comes nearer than."""
    ranks = {sizes: (-cost, sizes) for sizes, cost in costs.items() if cost <= target}
    return [
        (sizes, costs[sizes])
        for sizes in sorted(ranks)
        if not any(
            ranks[other] < ranks[sizes] and (other[0] == sizes[0] or other[1] == sizes[1]) for other in ranks
        )
    ]


SMALL = st.sampled_from(("1", "1", "2", "3", "4", "X", "Y", "X//2 + 1", "Y//3", "X + Y", "Y/2"))
CHANNELS = st.sampled_from(("4", "12", "X", "Y", "2X", "X*Y", "24/X"))
EXTRAS = ("stride", "padding", "dilation", "groups")


@st.composite
def convolutions(draw: st.DrawFn) -> str:
    """A convolution or a pooling in which X and Y stand anywhere."""
    kind = draw(st.sampled_from(("Conv1d", "Conv1d", "Conv2d", "ConvTranspose1d", "MaxPool1d")))
    extras = draw(st.lists(st.sampled_from(EXTRAS), unique=True, max_size=3))
    options = "".join(f", {name}={draw(SMALL)}" for name in extras)
    if kind == "MaxPool1d":
        window = f"MaxPool1d({draw(SMALL)}, {draw(SMALL)}, {draw(SMALL)}, ceil_mode={draw(st.booleans())})"
        return f"[2, 6, {draw(CHANNELS)}] -> {window} -> Conv1d(6, {draw(CHANNELS)}, {draw(SMALL)}{options})"
    channels = draw(CHANNELS)
    return f"{kind}({channels}, {draw(st.sampled_from((channels, 'X', '12')))}, {draw(SMALL)}{options})"
