"""What a total is made of: parts that add up to it, whatever is folded, whatever is compared."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from convcost import cost, profile
from convcost.analysis.breakdown import fold_repeated, module_tree, operator_totals, pair_rows
from convcost.tracing.profile import Profiler

WIDTH = 4


class Block(nn.Module):
    """Some layers one after the other, and a product of its own."""

    def __init__(self, *layers):
        super().__init__()
        self.parts = nn.ModuleList(layers)
        self.scale = nn.Parameter(torch.ones(WIDTH, WIDTH))

    def forward(self, x):
        for part in self.parts:
            x = part(x)
        return x @ self.scale


LEAVES = st.sampled_from([lambda: nn.Linear(WIDTH, WIDTH), nn.ReLU, lambda: nn.LayerNorm(WIDTH)])
MODELS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, min_size=1, max_size=4).map(
        lambda makers: lambda: Block(*(make() for make in makers))
    ),
    max_leaves=12,
)


def counted(make):
    return profile(make(), torch.empty(3, WIDTH, device="meta"))


@given(MODELS)
def test_the_tree_adds_up_to_the_report(make):
    report = counted(make)
    total = module_tree(report).total
    assert (total.params, total.cost, total.activations) == (report.params, report.cost, report.activations)


@given(MODELS)
def test_folding_keeps_the_total_and_never_has_more_lines(make):
    whole = module_tree(counted(make))
    less = fold_repeated(whole)
    assert less.total == whole.total
    assert sum(1 for _ in less.walk()) <= sum(1 for _ in whole.walk())


@given(MODELS)
def test_every_module_that_ran_stands_in_the_tree_once(make):
    report = counted(make)
    root = module_tree(report)
    paths = [node.module.path for node in (root, *root.walk())]
    assert sorted(paths) == sorted(module.path for module in report.trace.modules)


@given(MODELS)
def test_operators_add_up_to_the_report(make):
    report = counted(make)
    totals = operator_totals(report.trace)
    assert sum(total.cost.macs for total in totals) == report.macs
    assert sum(total.cost.elementwise for total in totals) == report.elementwise
    assert sum(total.calls for total in totals) == sum(found.calls for found in report.trace.operations)


@given(MODELS, MODELS)
def test_a_difference_is_the_sum_of_its_parts(make, make_other):
    first, other = counted(make), counted(make_other)
    pairs = pair_rows(first, other)
    both = [pair.costs for pair in pairs]
    assert sum(right.macs - left.macs for left, right in both) == other.macs - first.macs
    assert sorted(row.path for pair in pairs if pair.first for row in pair.first.rows) == sorted(
        row.path for row in first.rows
    )
    assert sorted(row.path for pair in pairs if pair.other for row in pair.other.rows) == sorted(
        row.path for row in other.rows
    )


def test_equal_neighbours_are_one_with_their_sum():
    model = nn.Sequential(*(nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 4)) for _ in range(5)))
    root = fold_repeated(module_tree(profile(model, torch.empty(1, 4))))
    [blocks] = root.children
    assert (blocks.label, blocks.copies, blocks.total.cost.macs) == ("0–4", 5, 5 * 64)
    assert [(child.label, child.copies, child.total.cost.macs) for child in blocks.children] == [
        ("0", 5, 160),
        ("1", 5, 160),
    ]


def test_neighbours_of_another_cost_or_class_stay_apart():
    model = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4, bias=False), nn.ReLU(), nn.ReLU())
    labels = [node.label for node in fold_repeated(module_tree(profile(model, torch.empty(1, 4)))).children]
    assert labels == ["0–1", "2", "3–4"]


def test_a_list_of_modules_gives_its_name_to_what_is_in_it():
    root = module_tree(profile(Block(nn.Linear(4, 4), nn.Linear(4, 4)), torch.empty(1, 4)))
    assert [child.label for child in root.children] == ["parts.0", "parts.1"]
    assert fold_repeated(root).children[0].label == "parts.0–1"


def test_phases_are_those_of_the_backward():
    report = Profiler(backward=True).profile(nn.Linear(3, 5), torch.empty(2, 3))
    assert {phase: cost.macs for phase, cost in report.trace.phases.items()} == {
        "forward": 30,
        "gradient by weight": 30,
    }
    assert profile(nn.Linear(3, 5), torch.empty(2, 3)).trace.phases == {}


def test_parts_are_matched_by_path_then_by_kind():
    first = nn.Sequential()
    first.add_module("stem", nn.Linear(4, 4))
    first.add_module("head", nn.Linear(4, 2))
    other = nn.Sequential()
    other.add_module("stem", nn.Linear(4, 4))
    other.add_module("norm", nn.LayerNorm(4))
    other.add_module("fc", nn.Linear(4, 3))
    pairs = pair_rows(profile(first, torch.empty(1, 4)), profile(other, torch.empty(1, 4)))
    assert [(pair.first and pair.first.path, pair.other and pair.other.path) for pair in pairs] == [
        ("stem", "stem"),
        ("head", "fc"),
        (None, "norm"),
    ]


def test_equal_places_of_repeated_blocks_are_one_part():
    model = nn.ModuleDict({"blocks": nn.ModuleList(Block(nn.Linear(4, 4)) for _ in range(3))})
    model.forward = lambda x: [x := block(x) for block in model["blocks"]][-1]
    [*pairs] = pair_rows(profile(model, torch.empty(1, 4)), cost("[1, 4] -> Linear(4, 4)"))
    assert {pair.first.path: len(pair.first.rows) for pair in pairs if pair.first} == {
        "blocks.*": 3,
        "blocks.*.parts.0": 3,
    }


@pytest.mark.parametrize("flag", [True, False])
def test_own_cost_is_apart_from_the_childrens(flag):
    root = module_tree(profile(Block(*[nn.Linear(4, 4)] * flag), torch.empty(1, 4)))
    assert root.own.cost.macs == 16
    assert root.total.cost.macs == 16 * (1 + flag)
