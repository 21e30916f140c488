"""Pieces where numbers, devices or errors decide what runs: what counts is what the given data lead to."""

import torch
from torch import nn
from tracing.random_models import ANY_NAME, calls, kinds

SMALL, LARGE = 3, 11
"""Widths of the two branches."""


def branched(decide, *, is_large=True, **known):
    """`decide` takes the module and its input, and chooses the branch; on data it is always `is_large`."""

    def forward(module, x):
        return module.large(x) if decide(module, x) else module.small(x)

    def make(draw):
        held = {
            "large": nn.Linear(draw.width, LARGE),
            "small": nn.Linear(draw.width, SMALL),
            "flag": torch.ones((), dtype=torch.bool),
        }
        return calls(forward, draw.rows * draw.width * (LARGE if is_large else SMALL), held=held, **known)

    return make


def item_or_else(_, x):
    """Falls back where a number can't be had."""
    try:
        return x.square().sum().item() >= 0
    except Exception:
        return False


def number_or_else(_, x):
    try:
        return float(x[0, 0]) < 1e30
    except (RuntimeError, NotImplementedError):
        return False


def listed_or_else(_, x):
    try:
        return len(x.tolist()) > 0
    except Exception:
        return False


kinds(
    {
        "if sum >= 0": branched(lambda _, x: x.square().sum() >= 0),
        "if sum < 0": branched(lambda _, x: x.square().sum() < 0, is_large=False),
        "if not any": branched(lambda _, x: not (x == 1e30).any()),
        "if bool of a flag": branched(lambda module, _: bool(module.flag)),
        "if all finite": branched(lambda _, x: torch.isfinite(x).all()),
        "if equal": branched(lambda _, x: torch.equal(x, x + 1), is_large=False),
        "if allclose": branched(lambda _, x: torch.allclose(x, x)),
        "item in try": branched(item_or_else),
        "float in try": branched(number_or_else),
        "tolist in try": branched(listed_or_else, extra_names=(ANY_NAME,)),
        "device.type == 'cpu'": branched(lambda _, x: x.device.type == "cpu"),
        "device == torch.device('cpu')": branched(lambda _, x: x.device == torch.device("cpu")),
        "str(device)": branched(lambda _, x: str(x.device) == "cpu"),
        "device of a weight": branched(lambda module, _: module.large.weight.device.type == "cpu"),
        "is_cpu": branched(lambda _, x: x.is_cpu),
        "is_cuda": branched(lambda _, x: x.is_cuda, is_large=False),
        "is_meta": branched(lambda _, x: x.is_meta, is_large=False),
        "get_device": branched(lambda _, x: x.get_device() == -1),
        "type of tensor": branched(lambda _, x: type(x) is torch.Tensor),
        "type()": branched(lambda _, x: x.type() == "torch.FloatTensor"),
        "data_ptr": branched(lambda _, x: x.data_ptr() != 0, extra_names=(ANY_NAME,)),
    }
)


def looped(times):
    """`times` says from the module and its input how often; it is three."""

    def forward(module, x):
        for _ in range(times(module, x)):
            x = torch.tanh(module.inner(x))
        return x

    def make(draw):
        held = {
            "inner": nn.Linear(draw.width, draw.width),
            "steps": torch.tensor(3),
            "lengths": torch.tensor([1, 3]),
        }
        return calls(forward, 3 * draw.rows * draw.width**2, held=held)

    return make


kinds(
    {
        "loop by an int tensor": looped(lambda module, _: int(module.steps)),
        "loop by a tensor as range's": looped(lambda module, _: module.steps),
        "loop by max().item()": looped(lambda module, _: module.lengths.max().item()),
        "loop by argmax of the input": looped(lambda _, x: 3 + 0 * int(x.argmax())),
        "loop by nonzero": looped(lambda _, x: min(3, len(torch.isfinite(x).nonzero()))),
    }
)


def converging(module, x):
    """Until the change is small, and no more than three times; it never is small enough."""
    for _ in range(3):
        new = torch.tanh(module.inner(x))
        if (new - x).abs().max() < -1:
            break
        x = new
    return x


def model_that_selects(choose):
    """`choose` takes all rows in a way whose number torch can't know without data."""

    def make(draw):
        layer = nn.Linear(draw.width, 6)
        return calls(
            lambda module, x: module.inner(choose(x)), draw.rows * draw.width * 6, held={"inner": layer}
        )

    return make


def routed(module, x):
    """Each row goes to one of two experts by a score, so that all rows together cost the same."""
    best = module.score(x).argmax(-1)
    output = torch.zeros(x.shape[0], 6)
    for number, expert in enumerate(module.experts):
        rows = (best == number).nonzero()[:, 0]
        if len(rows):
            output[rows] = expert(x[rows])
    return output


def mixture(draw):
    held = {
        "score": nn.Linear(draw.width, 2),
        "experts": nn.ModuleList([nn.Linear(draw.width, 6), nn.Linear(draw.width, 6)]),
    }
    return calls(routed, draw.rows * draw.width * 8, held=held)


def convergence(draw):
    return calls(converging, 3 * draw.rows * draw.width**2, held={"inner": nn.Linear(draw.width, draw.width)})


kinds(
    {
        "loop until it converges": convergence,
        "rows by a mask": model_that_selects(lambda x: x[x[:, 0] < 1e30]),
        "rows by nonzero": model_that_selects(lambda x: x[(x[:, 0] < 1e30).nonzero()[:, 0]]),
        "rows by torch.where": model_that_selects(lambda x: x[torch.where(x[:, 0] < 1e30)[0]]),
        "masked_select": model_that_selects(lambda x: torch.masked_select(x, x < 1e30).view(-1, x.shape[1])),
        "repeat_interleave": model_that_selects(
            lambda x: x.repeat_interleave(torch.ones(x.shape[0], dtype=torch.long), 0)
        ),
        "unique": model_that_selects(lambda x: torch.unique(x.detach(), dim=0)),
        "mixture of experts": mixture,
    }
)
