"""Chains with open sizes: numbers put in later answer as the spec with numbers does, or both refuse."""

import os
import subprocess
import sys
from random import Random

import pytest
from random_chains import SIZES, chain, points

import convcost
from convcost.core.errors import ConvcostError, UsageError
from convcost.symbolic.sizes import fulfills
from convcost.symbolic.sympy_expressions import evaluate

METRICS = ("params", "macs", "valid_macs", "flops", "bias_adds", "elementwise", "bytes", "activations")


def report(spec, sizes):
    """None where it is refused."""
    try:
        return spec.report(sizes)
    except ConvcostError:
        return None


def substituted(opened, sizes):
    try:
        return opened.subs(**sizes)
    except ConvcostError:
        return None


def costs(found):
    return found and tuple(getattr(found, metric) for metric in METRICS)


def check_chain(random, substitutions):
    """Every promise that the open report makes, at so many points."""
    text = chain(random)
    spec = convcost.parse(text)
    opened = report(spec, {})
    for sizes in points(random, spec.names, substitutions):
        numbers = report(spec, sizes)
        if opened is None:
            assert numbers is None, f"{text} is refused, but not with {sizes}"
            continue
        assert costs(substituted(opened, sizes)) == costs(numbers), (text, sizes)
        if fulfills(opened, sizes):
            assert numbers is not None, f"{text} assumes too little: {sizes}"
            formulas = [getattr(opened, metric) for metric in METRICS]
            assert all(
                formula is None or evaluate(formula, sizes) == number
                for formula, number in zip(formulas, costs(numbers), strict=True)
            ), (text, sizes)


@pytest.mark.parametrize("seed", range(8))
def test_putting_sizes_in_later_answers_as_the_spec_with_numbers(seed):
    random = Random(seed)
    for _ in range(25):
        check_chain(random, substitutions=12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_putting_sizes_in_later_answers_as_the_spec_with_numbers_for_thousands(seed):
    random = Random(seed)
    for _ in range(125):
        check_chain(random, substitutions=30)


@pytest.mark.parametrize("seed", range(200, 204))
def test_some_sizes_fulfil_all_assumptions_of_a_chain_that_numbers_answer(seed):
    """A chosen sign does not contradict what is needed: of many points, one that is fulfilled is found."""
    from convcost.symbolic.constraints import Constraint
    from convcost.symbolic.feasibility import is_fulfillable
    from convcost.symbolic.sympy_bridge import from_sympy

    random = Random(seed)
    for _ in range(25):
        text = chain(random)
        spec = convcost.parse(text)
        opened = report(spec, {})
        answered = opened and any(report(spec, sizes) for sizes in points(random, spec.names, 12))
        if answered:
            needs = [Constraint(found.relation, from_sympy(found.formula)) for found in opened.assumptions]
            assert not needs or is_fulfillable(needs), text


def texts(opened):
    return [found.text for found in opened.assumptions]


def test_an_inequality_entered_later_deletes_no_equality():
    opened = convcost.cost("[1, C, C] -> Conv1d(D, 4, D)")
    assert texts(opened) == ["C = D"]
    with pytest.raises(UsageError, match="C = 9, D = 2 violate an assumption: C = D"):
        opened.subs(C=9, D=2)


def test_an_inequality_entered_later_deletes_no_divisibility():
    opened = convcost.cost("[1, E, 1] -> Conv1d(E, E, W, groups=4)")
    assert texts(opened) == ["4 divides E", "W ≤ 1"]
    with pytest.raises(UsageError, match="E = 6 violates an assumption: 4 divides E"):
        opened.subs(E=6, W=1)


@pytest.mark.parametrize(
    ("text", "assumption"),
    [
        ("[1, E, 9] -> Conv1d(E, 2E, 3, groups=G)", "G divides E"),
        ("[1, 2E, 9] -> Conv1d(2E, E, 3, groups=G)", "G divides E"),
        ("[1, E, 9] -> Conv1d(E, E*F, 3, groups=G)", "G divides E"),
        ("[1, E, 9] -> Conv1d(E, E, 3, groups=2) -> Conv1d(E, E, 3, groups=4)", "4 divides E"),
    ],
)
def test_a_divisibility_that_follows_from_another_is_not_assumed_too(text, assumption):
    opened = convcost.cost(text)
    assert texts(opened) == [assumption]
    assert "floor" not in str(opened.macs)
    numbers = {"E": 12, "F": 5, "G": 4}
    sizes = {name: numbers[name] for name in opened.open_names}
    assert opened.subs(**sizes).macs == evaluate(opened.macs, sizes) == convcost.cost(text, **sizes).macs


def test_no_sign_is_chosen_that_contradicts_what_is_needed():
    """K ≥ L + 2 for an output, and L ≥ K for a shorter formula: no sizes fulfil both."""
    opened = convcost.cost("[1, 4, L] -> ConvTranspose1d(4, 4, K, padding=L)")
    assert texts(opened) == ["K ≥ L + 2"]
    assert opened.subs(L=16, K=30).flops == 15_360


def test_a_chosen_sign_refuses_no_design():
    text = (
        "[1, H, C] -> Conv1d(H, C, C, padding=1) -> Conv1d(C, C, C, stride=2, padding=3) -> MaxPool1d(C-1)"
        " -> ConvTranspose1d(C, C, C-2, stride=C)"
    )
    assert convcost.cost(text).subs(H=4, C=3).flops == convcost.cost(text, H=4, C=3).flops == 468


def test_sizes_beyond_a_chosen_sign_have_their_own_number():
    """The formula for MACs on real data assumes L ≥ K; the numbers do not."""
    opened = convcost.cost("[1, 4, L] -> Conv1d(4, 4, K, padding=4)")
    assert (
        opened.subs(L=1, K=9).valid_macs
        == convcost.cost("[1, 4, 1] -> Conv1d(4, 4, 9, padding=4)").valid_macs
    )
    valid = opened.lambdify("L", "K", metric="valid_macs")
    assert valid(1, 9) == opened.subs(L=1, K=9).valid_macs


def test_a_function_of_arrays_asks_the_spec_where_an_assumption_is_broken():
    import numpy as np

    opened = convcost.cost("[1, 4, L] -> Conv1d(4, 4, K, padding=4)")
    found = opened.lambdify("L", "K", metric="valid_macs")(np.array([1, 64]), np.array([9, 3]))
    expected = [convcost.cost(f"[1, 4, {a}] -> Conv1d(4, 4, {b}, padding=4)") for a, b in ((1, 9), (64, 3))]
    assert found.tolist() == [each.valid_macs for each in expected]


def test_a_sum_of_reports_is_asked_again_part_by_part():
    both = convcost.cost("[1, C, C] -> Conv1d(D, 4, D)") + convcost.cost("Linear(E, D)")
    assert both.subs(C=3, D=3, E=2, B=1, S=1).macs == 3 * 4 * 3 + 2 * 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 1, 1] -> MaxPool1d(G) -> Linear(1, G-1)", "out_features is G - 1; it must be at least 1"),
        (
            "[1, 2G, 9] -> Conv1d(2G, D, 2, groups=D-2) -> Conv1d(D, C, D, stride=F-F)",
            "stride is 0; it must be at least 1",
        ),
        ("[1, D, E] -> Conv1d(D, D, 1, stride=1//(E-E))", "a division by zero"),
        ("[B, 4E] -> GLU(D)", "GLU: dim must be a plain number"),
        ("[B, E] -> Softmax(dim=D)", "Softmax: dim must be a plain number"),
        ("[B, E, 3] -> Flatten(D, 2)", "Flatten: start_dim must be a plain number"),
        ("[B, E] -> Unflatten(D, (2, -1))", "Unflatten: dim must be a plain number"),
        ("[1, 2, 1] -> Conv1d(2, 2, K+1)", r"The kernel spans K \+ 1\."),
        ("[1, 8, P] -> 500 x Conv1d(8, 8, K, stride=T)", "the formulas in open sizes are too long"),
    ],
)
def test_sizes_that_no_numbers_fit_are_refused_in_words(text, message):
    with pytest.raises(ConvcostError, match=message):
        convcost.cost(text)


def test_a_quotient_by_a_rounding_is_not_taken_for_a_whole_number():
    text = "[1,1,L] -> AvgPool1d(K//3, ceil_mode=True) -> Conv1d(1,1,2, padding=1, stride=3, dilation=2K)"
    sizes = {"L": 50, "K": 3}
    assert convcost.cost(text).subs(**sizes).flops == convcost.cost(text, **sizes).flops


PRINT_FORMULAS = """
import sys, convcost
from convcost.symbolic.sympy_text import program
for text in sys.argv[1:]:
    report = convcost.cost(text)
    print([assumption.text for assumption in report.assumptions], program(report.valid_macs))
"""


def test_a_formula_has_the_same_text_in_every_process():
    """Its terms are sets, whose order depends on the process: no decision may depend on that order."""
    texts = [
        "[1, E/3, H] -> Conv1d(E/3, 3W, L//2, stride=F+2, padding=1)",
        "[B, F-C, C] -> Conv1d(E*E, F-C, 1, stride=C//3, padding=3, dilation=W*F)",
    ]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PRINT_FORMULAS, *texts],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


def test_sizes_are_generated_from_all_kinds():
    random = Random(0)
    found = {make(random) for make in SIZES for _ in range(20)}
    assert len(found) > 60
