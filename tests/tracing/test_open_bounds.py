"""A size stays open up to where a table that is cut to it ends."""

import random

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from tracing.models import Calls
from tracing.open_profiles import check, texts

from convcost import ConvcostError
from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.profile import profile
from convcost.tracing.symbolic_shapes.profile import profile_open

LENGTH = 64
SEQUENCE = DeclaredTensor("float32", ("B", "T", 8))
MASK = torch.tril(torch.ones(LENGTH, LENGTH))


def scores(module, x):
    return module.linear(x) @ x.transpose(1, 2)


def positions(x, start=0):
    return torch.arange(start, start + x.shape[1], device=x.device)


def distances(x):
    places = positions(x)
    return places[:, None] - places[None, :]


def with_limit(module, x):
    if x.shape[1] > LENGTH:
        raise ValueError("too long")
    return module.linear(x)


def with_assertion(module, x):
    assert x.shape[1] <= LENGTH, "too long"
    return module.linear(x)


def with_torchs_assertion(module, x):
    torch._assert(x.shape[1] <= LENGTH, "too long")
    return module.linear(x)


def with_torchs_check(module, x):
    torch._check(x.shape[1] <= LENGTH)
    return module.linear(x)


def with_start(module, x):
    x = torch.cat((x[:, :1], x), 1)
    size = x.shape[1]
    return scores(module, x) + module.mask[:size, :size]


def rotated(module, x):
    y, size = module.linear(x), x.shape[1]
    turned = torch.cat((-y[..., 4:], y[..., :4]), -1)
    return y * module.table[:size] + turned * module.table[:size]


MODELS = {
    "mask[:T, :T]": (lambda m, x: scores(m, x) + m.mask[: x.shape[1], : x.shape[1]], 64),
    "mask[None, :T, :T]": (lambda m, x: scores(m, x) + m.mask[None][:, : x.shape[1], : x.shape[1]], 64),
    "masked_fill": (
        lambda m, x: scores(m, x).masked_fill(m.mask[: x.shape[1], : x.shape[1]] == 0, -1.0).softmax(-1) @ x,
        64,
    ),
    "sdpa": (
        lambda m, x: F.scaled_dot_product_attention(x, m.linear(x), x, m.mask[: x.shape[1], : x.shape[1]]),
        64,
    ),
    "narrow": (lambda m, x: scores(m, x) + m.mask.narrow(0, 0, x.shape[1]).narrow(1, 0, x.shape[1]), 64),
    "split": (lambda m, x: m.linear(x) + m.table.split([x.shape[1], 64 - x.shape[1]])[0], 64),
    "with T + 1": (with_start, 63),
    "table[:T]": (lambda m, x: m.linear(x) + m.table[: x.shape[1]], 64),
    "table[-T:]": (lambda m, x: m.linear(x) + m.table[-x.shape[1] :], 64),
    "table[3:3 + T]": (lambda m, x: m.linear(x) + m.table[3 : 3 + x.shape[1]], 61),
    "table[64 - T:]": (lambda m, x: m.linear(x) + m.table[64 - x.shape[1] :], 64),
    "table[T - 1:2T - 1]": (lambda m, x: m.linear(x) + m.table[x.shape[1] - 1 : 2 * x.shape[1] - 1], 32),
    "rotary": (rotated, 64),
    "embedding": (lambda m, x: m.linear(x) + m.embedding(positions(x)), 64),
    "embedding, expanded": (
        lambda m, x: m.linear(x) + m.embedding(positions(x).unsqueeze(0).expand(x.shape[0], -1)),
        64,
    ),
    "embedding, moved": (lambda m, x: m.linear(x) + m.embedding(positions(x, 1) + 2), 61),
    "embedding of every second": (lambda m, x: m.linear(x) + m.embedding(2 * positions(x)), 32),
    "embedding, backwards": (
        lambda m, x: m.linear(x) + m.embedding(torch.arange(x.shape[1] - 1, -1, -1)),
        64,
    ),
    "positions kept": (lambda m, x: m.linear(x) + m.embedding(m.places[:, : x.shape[1]]), 64),
    "table[arange(T)]": (lambda m, x: m.linear(x) + m.table[positions(x)], 64),
    "relative positions": (lambda m, x: scores(m, x) + m.table[distances(x) + 31, 0], 33),
    "relative embedding": (
        lambda m, x: scores(m, x) + m.embedding(distances(x) + x.shape[1] - 1).sum(-1),
        32,
    ),
    "relative from the end": (lambda m, x: scores(m, x) + m.table[distances(x), 0], 64),
    "raise": (with_limit, 64),
    "assert": (with_assertion, 64),
    "torch._assert": (with_torchs_assertion, 64),
    "torch._check": (with_torchs_check, 64),
    "zeros": (lambda m, x: m.linear(torch.cat((x, x.new_zeros(x.shape[0], 64 - x.shape[1], 8)), 1)), 64),
    "a small table": (lambda m, x: m.linear(x) + m.table[:5][: x.shape[1]], 5),
    "two tables": (lambda m, x: m.linear(x + m.table[: x.shape[1]]) + m.mask[: x.shape[1], :8], 64),
}


def model(forward):
    held = {
        "linear": nn.Linear(8, 8),
        "embedding": nn.Embedding(LENGTH, 8),
        "mask": nn.Buffer(MASK),
        "table": nn.Parameter(torch.zeros(LENGTH, 8)),
        "places": nn.Buffer(torch.arange(LENGTH)[None]),
    }
    return Calls(forward, **held)


@pytest.mark.parametrize("name", MODELS)
def test_a_size_stays_open_up_to_the_end_of_a_table(name):
    forward, most = MODELS[name]
    points = [{"B": 2, "T": length} for length in {1, 2, most // 2, most - 1, most}]
    report = check(model(forward), (SEQUENCE,), *points)
    assert texts(report) == [f"T ≤ {most}"]


@pytest.mark.parametrize("name", ["mask[:T, :T]", "embedding", "raise"])
def test_a_size_beyond_the_table_is_refused(name):
    report = profile_open(model(MODELS[name][0]), (SEQUENCE,))
    with pytest.raises(UsageError, match=r"^T = 65 violates an assumption: T ≤ 64$"):
        report.subs(B=1, T=65)


@pytest.mark.parametrize("name", MODELS)
def test_a_number_beyond_the_table_is_refused_as_torch_refuses_it(name):
    forward, most = MODELS[name]
    module = model(forward)
    assert profile(module, f"f32[2,{most},8]").cost == profile(module, torch.zeros(2, most, 8)).cost
    is_refused = refuses(lambda: module(torch.zeros(2, most + 1, 8)))
    assert refuses(lambda: profile(module, f"f32[2,{most + 1},8]")) == is_refused
    assert is_refused or name == "table[64 - T:]"  # table[-1:] is one row, for all positions


def refuses(call):
    try:
        call()
    except (RuntimeError, IndexError, ValueError, AssertionError):
        return True
    return False


def cut(x, table, start):
    return table[start : start + x.shape[1]]


def cut_narrow(x, table, start):
    return table.narrow(0, start, x.shape[1])


def cut_from_behind(x, table, start):
    return table[start:][-x.shape[1] :]


def looked_up(x, table, start):
    return F.embedding(positions(x, start), table)


def indexed(x, table, start):
    return table[None][:, positions(x) + start]


def selected(x, table, start):
    return table.index_select(0, positions(x).add(start))


class Tables(nn.Module):
    """Adds to its input what it takes from tables, each in a way of its own."""

    def __init__(self, choose):
        super().__init__()
        ways = (cut, cut_narrow, cut_from_behind, looked_up, indexed, selected)
        self.linear = nn.Linear(8, 8)
        self.parts = [(choose.choice(ways), choose.randrange(5), choose.randrange(8, 400)) for _ in range(3)]
        self.tables = nn.ParameterList(torch.zeros(rows, 8) for _, _, rows in self.parts)
        self.most = min(rows - start for _, start, rows in self.parts)

    def forward(self, x):
        for (way, start, _), table in zip(self.parts, self.tables, strict=True):
            x = self.linear(x) + way(x, table, start)
        return x


@pytest.mark.parametrize("seed", range(8))
def test_of_several_tables_the_shortest_bounds_a_size(seed):
    module = Tables(random.Random(seed))
    points = [{"B": 2, "T": length} for length in (1, module.most // 2, module.most - 1, module.most)]
    report = check(module, (SEQUENCE,), *points)
    assert texts(report) == [f"T ≤ {module.most}"]
    assert str(report.macs) == "192*B*T"


QUERIES = (SEQUENCE, DeclaredTensor("float32", ("B", "S", 8)))


def cached(module, query, keys):
    new, all_ = query.shape[1], keys.shape[1]
    return module.linear(query) @ keys.transpose(1, 2) + module.mask[all_ - new : all_, :all_]


def test_the_rows_of_a_mask_for_what_is_new_bound_both_sizes():
    points = [{"B": 2, "T": new, "S": size} for new, size in ((1, 64), (5, 9), (7, 7), (64, 64))]
    report = check(model(cached), QUERIES, *points)
    assert texts(report) == ["S ≤ 64", "S ≥ T"]
    for new, size in ((1, 65), (9, 5)):
        with pytest.raises(UsageError, match=r"violates? an assumption"):
            report.subs(B=1, T=new, S=size)


def test_two_sizes_together_are_bounded():
    def forward(module, query, past):
        return cached(module, query, torch.cat((past, query), 1))

    report = check(model(forward), QUERIES, {"B": 2, "T": 1, "S": 63}, {"B": 1, "T": 30, "S": 34})
    assert texts(report) == ["S + T ≤ 64"]


@pytest.mark.parametrize("is_learned", [True, False])
def test_the_sides_of_an_image_are_bounded_one_by_one(is_learned):
    def forward(module, x):
        height, width = x.shape[2:]
        if is_learned:
            rows, columns = module.rows(torch.arange(height)), module.columns(torch.arange(width))
        else:
            rows, columns = module.rows.weight[:height], module.columns.weight[:width]
        return module.conv(x + (rows[:, None] + columns[None]).permute(2, 0, 1))

    held = {"rows": nn.Embedding(50, 4), "columns": nn.Embedding(40, 4)}
    image = DeclaredTensor("float32", ("B", 4, "H", "W"))
    points = [{"B": 1, "H": 50, "W": 40}, {"B": 2, "H": 1, "W": 7}]
    report = check(Calls(forward, conv=nn.Conv2d(4, 4, 1), **held), (image,), *points)
    assert texts(report) == ["H ≤ 50", "W ≤ 40"]


def test_a_window_and_a_smaller_number_are_those_of_typical_sizes():
    window = profile_open(model(lambda m, x: m.linear(x[:, -16:])), (SEQUENCE,))
    assert (str(window.macs), texts(window)) == ("1024*B", ["T ≥ 16"])
    smaller = profile_open(model(lambda m, x: m.linear(x[:, : min(x.shape[1], 64)])), (SEQUENCE,))
    assert (str(smaller.macs), texts(smaller)) == ("4096*B", ["T ≥ 65"])


def test_what_no_index_reaches_is_not_assumed():
    def forward(module, x):
        size = x.shape[1]
        shuffled = x[:, torch.arange(size)] + x[:, torch.arange(size - 1, -1, -1)]
        return module.linear(shuffled) + module.embedding((positions(x) > 0).long())

    report = check(model(forward), (SEQUENCE,), {"B": 2, "T": 200})
    assert texts(report) == []


def test_an_index_beyond_a_table_of_every_size_is_said():
    with pytest.raises(ConvcostError) as caught:
        profile_open(model(lambda m, x: m.embedding(positions(x, 64))), (SEQUENCE,))
    assert "IndexError: index T + 63 is out of range for 64 rows" in str(caught.value)
