"""`assert_cost`: what holds passes, what does not is shown by layer, what is wrong is said."""

from decimal import Decimal

import pytest
import torch
from torch import nn

import convcost
from convcost import assert_cost, parse
from convcost.core.errors import ConvcostError, SpecError, UnboundSizeError, UsageError

CONV = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)"
DENSE = "[B, S, L*E] -> Linear(L*E, E)"
BOUND = {"E": 128, "L": 10}


def net(hidden=16):
    return nn.Sequential(nn.Linear(8, hidden), nn.ReLU(), nn.Linear(hidden, 4))


def failure(*arguments, **asked) -> str:
    with pytest.raises(AssertionError) as raised:
        assert_cost(*arguments, **asked)
    return str(raised.value)


@pytest.mark.parametrize(
    "asked",
    [
        {"flops": "12*B*S*L*E**2"},
        {"flops": "12*L*S*B*E*E", "params": "2*(3*E**2 + E)"},
        {"flops": "120*B*S*E**2", **BOUND},
        {"flops": 120 * 128**2, **BOUND},
        {"flops": "1,966,080", **BOUND},
        {"flops": Decimal("1966080"), "macs": 983_040.0, "max_bytes": 10**400, **BOUND},
        {"max_flops": "2 MFLOPs", **BOUND},
        {"min_flops": "1.9 MFLOPs", "max_params": 100_000, **BOUND},
        {"flops": "120*B*S*E**2", "B": 3, "S": 2, **BOUND},
        {"flops": "2 MFLOPs", "tolerance": "2%", **BOUND},
        {"flops": 1_968_640, "count": "bias", **BOUND},
        {"flops": 2 * 28 * 2 * 128**2, "taps": "valid", **BOUND},
        {"bytes": "202 K", "tolerance": "1%", "dtype": "bfloat16", **BOUND},
        {"max_macs": "7*B*S*L*E**2"},
        {"like": "[B*S, E, L] -> Conv1d(E, E, 3, padding=same) -> Conv1d(E, E, 3, padding=same)"},
    ],
    ids=str,
)
def test_what_holds_passes(asked):
    assert_cost(CONV, **asked)


def test_the_report_is_returned():
    assert assert_cost(CONV, flops="120*B*S*E**2", **BOUND).params == 98_560


@pytest.mark.parametrize(
    "design", [CONV, parse(CONV), convcost.cost(CONV, **BOUND)], ids=lambda x: type(x).__name__
)
def test_a_design_is_a_text_a_spec_or_a_report(design):
    sizes = {} if isinstance(design, convcost.Report) else BOUND
    assert_cost(design, macs=983_040, **sizes)


@pytest.mark.parametrize(
    ("inputs", "asked"),
    [
        ((torch.zeros(2, 8),), {"flops": 768, "params": 212}),
        ((torch.zeros(2, 8),), {"flops": "2*B*(8*H + H*4)", "B": 2, "H": 16}),
        (("f32[2,8]",), {"flops": 768}),
        (("f32[B,8]",), {"flops": 768, "B": 2}),
        (("f32[B,8]",), {"flops": "384*B"}),
        (("f32[B,8]",), {"max_flops": "400*B"}),
        (("input=f32[2,8]",), {"flops": 768}),
        (("f32[2,8]",), {"like": net()}),
        (("f32[2,8]",), {"like": "[2, 8] -> Linear(8, 16) -> ReLU -> Linear(16, 4)"}),
    ],
    ids=str,
)
def test_what_holds_of_a_module_passes(inputs, asked):
    assert_cost(net(), *inputs, **asked)


def test_several_inputs_and_embeddings_are_given_in_words():
    assert_cost(nn.Bilinear(3, 4, 5), "f32[2,3]", "f32[2,4]", macs=2 * 5 * 4 * (3 + 1))
    assert_cost(nn.Embedding(10, 4), "i64[B,6]", params=40, flops=0)


def test_a_failure_of_a_design_is_by_layer():
    assert failure(CONV, max_params="50 K", **BOUND) == (
        "2 x Conv1d: parameters = 98,560, more than 50,000 (max_params)\n"
        "sizes: E = 128, L = 10; B and S default to 1\n"
        "\n"
        " by layer                            parameters   share\n"
        "────────────────────────────────────────────────────────\n"
        " 0: Conv1d(128, 128, 3, padding=1)       49,280   50.0%\n"
        " 1: Conv1d(128, 128, 3, padding=1)       49,280   50.0%\n"
        " total                                   98,560    100%\n"
        " asserted                              ≤ 50,000\n"
        " difference                             +48,560"
    )


def test_a_failure_of_a_formula_is_by_layer_in_formulas_and_says_what_is_wanted_instead():
    assert failure(CONV, flops="6*B*S*L*E**2") == (
        "2 x Conv1d: FLOPs = 12·B·S·E²·L, not 6·B·S·L·E² (flops)\n"
        "sizes: B, S, E, L open\n"
        "\n"
        " by layer                               FLOPs\n"
        "──────────────────────────────────────────────\n"
        " 0: Conv1d(E, E, 3, padding=1)     6·B·S·E²·L\n"
        " 1: Conv1d(E, E, 3, padding=1)     6·B·S·E²·L\n"
        " total                            12·B·S·E²·L\n"
        " asserted                        = 6·B·S·E²·L\n"
        " difference                        6·B·S·E²·L\n"
        "\n"
        " The asserted value equals the MACs.\n"
        " 0: Conv1d accounts for the difference."
    )


def test_a_failure_of_a_module_is_by_module():
    assert failure(net(), torch.zeros(2, 8), flops=512, params=224) == (
        "Sequential: FLOPs = 768, not 512 (flops)\n"
        "Sequential: parameters = 212, not 224 (params)\n"
        "\n"
        " by module    FLOPs   share   parameters   share\n"
        "─────────────────────────────────────────────────\n"
        " 0: Linear      512   66.7%          144   67.9%\n"
        " 2: Linear      256   33.3%           68   32.1%\n"
        " total          768    100%          212    100%\n"
        " asserted     = 512                = 224\n"
        " difference    +256                  −12\n"
        "\n"
        " 2: Linear accounts for the difference."
    )


@pytest.mark.parametrize(
    ("like", "message"),
    [
        ("Linear(10, 6)", "Linear(10, 5) does not cost the same as Linear(10, 6)\n"),
        ("wide = Linear(10, 6)", "Linear does not cost the same as wide\n"),
    ],
)
def test_designs_of_one_name_are_told_apart_by_their_specs(like, message):
    assert failure("Linear(10, 5)", like=like).startswith(message)


def test_what_is_not_like_another_design_is_shown_in_both_by_layer():
    assert failure(net(), "f32[2,8]", like=net(32)) == (
        "Sequential does not cost the same as the other Sequential\n"
        "\n"
        " Sequential          Sequential   here   difference   relative\n"
        "───────────────────────────────────────────────────────────────\n"
        " parameters                 420    212         −208     −49.5%\n"
        " MACs                       768    384         −384     −50.0%\n"
        " MACs on real data          768    384         −384     −50.0%\n"
        " bias adds                   72     40          −32     −44.4%\n"
        " elementwise work            64     32          −32     −50.0%\n"
        " activations                 72     40          −32     −44.4%\n"
        "\n"
        " Sequential, by module   change   parameters   MACs   elementwise work\n"
        "───────────────────────────────────────────────────────────────────────\n"
        " 0: Linear               shrunk         −144   −256\n"
        " 2: Linear               shrunk          −64   −128\n"
        " 1: ReLU                 shrunk                                    −32"
    )


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ({"flops": 983_040}, "The asserted value equals the MACs."),
        ({"macs": 1_966_080}, "The asserted value equals the FLOPs."),
        ({"flops": 1_968_640}, "The asserted value equals the FLOPs with count='bias'."),
        ({"flops": 4 * 28 * 128**2}, "The asserted value equals the FLOPs with taps='valid'."),
        ({"flops": 1_966_080, "count": "bias"}, "The asserted value equals the FLOPs with count='matmul'."),
        ({"params": 49_280}, "0: Conv1d accounts for the difference."),
        ({"params": 3 * 49_280}, "One more like 0: Conv1d would account for the difference."),
    ],
    ids=str,
)
def test_what_explains_a_difference_exactly_is_said(asked, hint):
    assert f" {hint}" in failure(CONV, **asked, **BOUND).splitlines()


def test_nothing_is_said_to_explain_what_nothing_does():
    assert failure(CONV, flops=1_966_081, **BOUND).rstrip().endswith("−1")


def test_many_layers_are_the_largest_and_the_others_together():
    text = failure(
        f"[1, 4] -> {' -> '.join(f'Linear(4, 4) -> Linear(4, {4})' for _ in range(15))}", max_macs=1
    )
    lines = text.splitlines()
    assert sum("Linear(4, 4)" in line for line in lines) == 19
    assert any(line.startswith(" 11 others ") for line in lines)
    assert any(line.startswith(" total ") and " 480 " in line for line in lines)


def test_what_has_no_parts_is_said_in_a_sentence():
    assert failure(CONV, max_bytes=10, **BOUND) == (
        "2 x Conv1d: bytes = 404,480, more than 10 (max_bytes)\nsizes: E = 128, L = 10; B and S default to 1"
    )


def test_an_operator_without_a_formula_fails_whatever_is_asserted():
    class Partial(nn.Module):
        def forward(self, x):
            return torch._foreach_exp([x])[0]

    assert failure(Partial(), "f32[3,3]", max_flops="1 G").startswith(
        "Partial: the count is partial: there is no formula for "
    )


def test_a_limit_that_holds_for_some_sizes_only_does_not_hold():
    assert "can exceed 7·B·S·E²" in failure(CONV, max_macs="7*B*S*E**2")


@pytest.mark.parametrize(
    ("design", "inputs", "asked", "kind", "message"),
    [
        (CONV, (), {}, UsageError, "there is no limit to assert"),
        (
            CONV,
            (),
            {"max_flop": 1},
            UsageError,
            "no size or limit is called max_flop (did you mean max_flops?)",
        ),
        (CONV, (), {"X": 3, "flops": 1}, UsageError, "no size or limit is called X"),
        (CONV, (), {"E": 1.5, "flops": 1}, UsageError, "E is 1.5; a size must be a whole number"),
        (
            *(CONV, (), {"max_flops": 10}, UnboundSizeError),
            "E, L have no value in 2 x Conv1d\nGive numbers, such as E=128, or write the limit as a formula.",
        ),
        (
            CONV,
            (),
            {"flops": "2 parsecs", **BOUND},
            UsageError,
            "flops: '2 parsecs' is not an amount of FLOPs",
        ),
        (CONV, (), {"flops": "__import__('os')", **BOUND}, SpecError, "found '('"),
        (CONV, (), {"flops": "B*Q"}, SpecError, "no size is called Q"),
        (CONV, (), {"flops": "9" * 5_000}, ConvcostError, ""),
        (CONV, (), {"flops": "(" * 500}, ConvcostError, ""),
        (CONV, (), {"flops": 1.5, **BOUND}, UsageError, "flops is 1.5; it must be a whole number"),
        (CONV, (), {"flops": 1, "count": "most", **BOUND}, UsageError, "count must be matmul, bias or all"),
        (CONV, (), {"flops": 1, "tolerance": "1", **BOUND}, UsageError, "is not a percentage"),
        (CONV, (torch.zeros(1),), {"flops": 1}, UsageError, "inputs are for torch modules"),
        (
            CONV,
            (),
            {"flops": 1, "tolerance": 0.02, **BOUND},
            UsageError,
            "tolerance must be a string, not 0.02",
        ),
        (
            CONV,
            (),
            {"flops": 1, "dtype": torch.int8, **BOUND},
            UsageError,
            "dtype must be a string, not torch",
        ),
        (CONV, (), {"flops": 1, "count": 3, **BOUND}, UsageError, "count must be a string, not 3"),
        (
            CONV,
            (),
            {"flops": None, **BOUND},
            UsageError,
            "flops must be a number, an amount or a formula, not None",
        ),
        (
            CONV,
            (),
            {"flops": True, **BOUND},
            UsageError,
            "flops must be a number, an amount or a formula, not True",
        ),
        (
            CONV,
            (),
            {"flops": float("nan"), **BOUND},
            UsageError,
            "flops must be a number, an amount or a",
        ),
        (
            CONV,
            (),
            {"flops": 1e400, **BOUND},
            UsageError,
            "flops must be a number, an amount or a",
        ),
        (
            nn.Linear,
            ("f32[2,3]",),
            {"flops": 1},
            UsageError,
            "the design must be a string such as",
        ),
        ("Conv1d(", (), {"flops": 1}, SpecError, ""),
        (7, (), {"flops": 1}, UsageError, "the design must be a string such as"),
        (net(), (), {"flops": 1}, UsageError, "Sequential.forward needs its input"),
        (net(), ("f32[B,8",), {"flops": 1}, SpecError, ""),
        (net(), (torch.zeros(2, 8),), {"flops": 768, "B": 3}, UsageError, "no size or limit is called B"),
    ],
    ids=str,
)
def test_what_cannot_be_asserted_is_an_error_and_no_failure(design, inputs, asked, kind, message):
    with pytest.raises(kind) as raised:
        assert_cost(design, *inputs, **asked)
    assert str(raised.value).startswith(message) or message in str(raised.value)


def test_an_error_says_nothing_of_the_way_to_it():
    with pytest.raises(UsageError) as raised:
        assert_cost(CONV)
    assert [entry.name for entry in raised.traceback[1:]] == ["assert_cost"]


def test_what_a_modules_forward_raises_is_raised():
    with pytest.raises(RuntimeError):
        assert_cost(net(), torch.zeros(2, 9), flops=1)


def test_the_module_is_left_as_it_was():
    module = net().train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    assert_cost(module, torch.zeros(2, 8), flops=768)
    assert module.training
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
