"""Whatever a model computes is counted exactly or named: random models whose costs are known beforehand."""

from collections import Counter
from random import Random

import pytest
import torch
from tracing.case_verdicts import BACKWARD, FORWARD, GOOD, OUTCOMES, judge, smallest, worst
from tracing.dispatch_counter import dispatched_macs
from tracing.random_models import KINDS, Case, Draw, Model, Recipe, build, random_recipes, single
from tracing.random_transforms import forking

from convcost import Profiler

pytestmark = pytest.mark.filterwarnings("ignore")

COMPOSED = 24

OTHER_GRADIENTS = frozenset(
    (
        *("dot", "mv", "addmv", "spectral_norm"),  # torch takes these by elementwise products
        *("Bilinear", "F.bilinear", "RNN", "GRU", "LSTM", "LSTM of a packed sequence"),  # within a kernel
    )
)
"""Kinds whose gradients a run on data does not show as products."""


def check(recipes, seed, settings=FORWARD):
    if worst(recipes, seed, settings).outcome in GOOD:
        return
    fewest = smallest(recipes, seed, settings)
    outcome, reason = worst(fewest, seed, settings)
    made = ", ".join(f"Recipe({recipe.kind!r}, {recipe.seed})" for recipe in fewest)
    pytest.fail(f"{outcome}: build(({made},), {seed}): {reason}", pytrace=False)


def check_truth(name, seed, modes=(True,)):
    for is_training in modes:
        case = single(name, seed)
        case.model.train(is_training)
        with torch.set_grad_enabled(is_training):
            found = dispatched_macs(case.model, case.x)
        is_whole = all(piece.is_dispatched for piece in case.pieces)
        assert found == case.expected(is_training) if is_whole else found <= case.expected(is_training)


@pytest.mark.parametrize("name", KINDS)
def test_what_a_piece_is_known_to_cost_is_what_a_run_on_data_multiplies(name):
    """Without convcost: the closed forms equal what torch dispatches, or no less where it shows less."""
    check_truth(name, 1)


@pytest.mark.parametrize("name", KINDS)
def test_a_piece_whose_gradients_are_asked_for_is_counted_or_named(name):
    """And all together is what a run on data multiplies, where that is shown."""
    check((Recipe(name, 1),), 1, (BACKWARD,))
    case, again = single(name, 1), single(name, 1)
    is_shown = all(piece.is_dispatched and not piece.names for piece in case.pieces)
    if is_shown and name not in OTHER_GRADIENTS:
        report = Profiler(backward=True).profile(case.model, case.x)
        found = sum(operation.cost.macs for operation in report.trace.operations)
        assert found == dispatched_macs(again.model, again.x, backward=True)


@pytest.mark.parametrize("name", KINDS)
def test_a_piece_of_each_kind_is_counted_or_named(name):
    check((Recipe(name, 1),), 1)


@pytest.mark.parametrize("seed", range(COMPOSED))
def test_a_model_of_random_pieces_is_counted_or_named(seed):
    check(random_recipes(seed), seed)


def test_what_a_script_forks_is_counted_or_named_every_time():
    """Torch runs it in a thread beside the model's own."""
    piece = forking(Draw(Random(0), 4, 16))
    case = Case((), (piece,), Model([piece]), torch.randn(4, 16))
    outcomes = Counter(judge(case, FORWARD[0]).outcome for _ in range(60))
    assert outcomes.keys() <= set(GOOD), outcomes


@pytest.mark.slow
def test_a_table_says_what_becomes_of_each_kind(capsys):
    """For `-s`: that no kind fails is what the tests above say."""
    rows = {name: worst((Recipe(name, 1),), 1, FORWARD).outcome for name in sorted(KINDS)}
    total, width = Counter(rows.values()), max(map(len, rows))
    lines = [f"{'kind':{width}} " + " ".join(f"{outcome:>6}" for outcome in OUTCOMES)]
    for name, counts in {**{name: {outcome: 1} for name, outcome in rows.items()}, "total": total}.items():
        lines.append(f"{name:{width}} " + " ".join(f"{counts.get(each, ''):>6}" for each in OUTCOMES))
    with capsys.disabled():
        print("\n" + "\n".join(lines))  # noqa: T201
    assert total.total() == len(KINDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_many_pieces_of_each_kind_are_counted_or_named(name):
    for seed in range(2, 10):
        check_truth(name, seed, (True, False))
        check((Recipe(name, seed),), seed, (*FORWARD, BACKWARD))


@pytest.mark.slow
@pytest.mark.parametrize("batch", range(50))
def test_many_models_of_random_pieces_are_counted_or_named(batch):
    for seed in range(1000 + 40 * batch, 1040 + 40 * batch):
        recipes = random_recipes(seed)
        case = build(recipes, seed)
        if all(piece.is_dispatched for piece in case.pieces):
            assert dispatched_macs(case.model, case.x) == case.expected(is_training=True)
        check(recipes, seed)
