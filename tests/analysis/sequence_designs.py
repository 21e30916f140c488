"""Generated designs on [2, 6, 4] of layers, views and joins, whose tensors lie in memory in many orders."""

from hypothesis import strategies as st

Sizes = tuple[int, ...]

INPUT = (2, 6, 4)

ANY_RANK = (
    "ReLU",
    "GELU",
    "Softmax(-1)",
    "Dropout",
    "x + Tanh",
    "x * Sigmoid",
    "add(x, GELU, Tanh)",
    "Identity",
)


@st.composite
def sequence_designs(draw, most: int = 6) -> str:
    """A design of one to `most` steps."""
    steps, shape = [], INPUT
    for _ in range(draw(st.integers(1, most))):
        step, shape = draw(st.sampled_from(_steps(shape)))
        steps.append(step)
    return " -> ".join((f"[{', '.join(map(str, INPUT))}]", *steps))


def _steps(shape: Sizes) -> list[tuple[str, Sizes]]:
    """What may come on a tensor of `shape`, and the shape of its output."""
    last, rank = shape[-1], len(shape)
    found = [(step, shape) for step in ANY_RANK]
    found += [
        (f"Linear({last}, 5)", (*shape[:-1], 5)),
        (f"concat(Linear({last}, 3), Linear({last}, 2), dim=-1)", (*shape[:-1], 5)),
        ("concat(x, GELU, dim=0)", (2 * shape[0], *shape[1:])),
        ("concat(ReLU, ReLU -> Tanh, dim=-1)", (*shape[:-1], 2 * last)),
        (f"LayerNorm({last})", shape),
        (f"x + [{last}]", shape),
        (f"mul(x, [{last}], Linear({last}, {last}))", shape),
        ("unsqueeze(0)", (1, *shape)),
        ("x * mean(-1, keepdim=True)", shape),
        ("x + sum(0, keepdim=True)", shape),
        ("Flatten(0)", (_elements(shape),)) if rank > 1 else ("Identity", shape),
    ]
    if rank > 1:
        found += [
            (f"reshape({shape[0]}, -1)", (shape[0], _elements(shape[1:]))),
            ("transpose(-1, -2)", (*shape[:-2], last, shape[-2])),
            ("mean(0)", shape[1:]),
            ("sum(-1)", shape[:-1]),
            ("select(0, 0)", shape[1:]),
            ("select(-1, 0)", shape[:-1]),
            (f"matmul(x, [{last}, 3])", (*shape[:-1], 3)),
            (f"matmul(x, Linear({last}, {last}) -> transpose(-1, -2))", (*shape[:-1], shape[-2])),
        ]
    if rank == 3:
        places = (1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0)
        found += [(f"permute{order}", tuple(shape[place] for place in order)) for order in places]
        found += [
            (f"Conv1d({shape[1]}, 3, 1)", (shape[0], 3, last)),
            (f"BatchNorm1d({shape[1]})", shape),
            (f"GroupNorm(1, {shape[1]})", shape),
            ("MaxPool1d(1)", shape),
            ("unsqueeze(1)", (shape[0], 1, *shape[1:])),
            ('einsum("bqd,bkd->bqk", x, GELU)', (*shape[:-1], shape[-2])),
            (f'einsum("bqd,hde->bhqe", x, [2, {last}, 3])', (shape[0], 2, shape[1], 3)),
        ]
    return found


def _elements(shape: Sizes) -> int:
    total = 1
    for size in shape:
        total *= size
    return total
