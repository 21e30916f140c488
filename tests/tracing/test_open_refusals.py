"""Where a size can't stay open, the message says why, and what can be asked instead."""

import linecache

import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost import ConvcostError
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.symbolic_shapes.profile import profile_open

SEQUENCE = DeclaredTensor("float32", ("B", "S", 8))


def refusal(forward, declared=SEQUENCE, **held):
    with pytest.raises(ConvcostError) as caught:
        profile_open(Calls(forward, linear=nn.Linear(8, 8), **held), (declared,))
    return str(caught.value).splitlines()


def test_a_loop_over_a_size_needs_its_number_and_is_shown():
    def forward(module, x):
        for step in range(x.shape[1]):
            module.linear(x[:, step])

    message, place, code, hint = refusal(forward)
    assert message == "S can't stay open: the model needs a number there"
    assert place.endswith(f"{__file__.rpartition('/')[2]}:{forward.__code__.co_firstlineno + 1}, in forward")
    assert code.strip() == "for step in range(x.shape[1]):"
    assert hint == 'Give a number for S: in --input "f32[B,S,8]", or by --set.'


def test_a_size_that_has_to_be_a_number_is_named_with_what_works():
    table = nn.Parameter(torch.zeros(1, 7, 8))
    assert refusal(lambda module, x: module.linear(x + module.table), table=table) == [
        "S can't stay open: the model runs only with S = 7",
        'This works: --input "f32[B,7,8]".',
    ]


def test_what_works_is_the_rest_open():
    head = nn.Sequential(nn.Conv2d(3, 6, 5), nn.Flatten(), nn.Linear(6 * 28 * 28, 10))
    image = DeclaredTensor("float32", ("B", 3, "H", "H"))
    assert refusal(lambda module, x: module.head(x), image, head=head) == [
        "H can't stay open: the model runs only with H = 32",
        'This works: --input "f32[B,3,32,32]".',
    ]
    assert str(profile_open(head, (DeclaredTensor("float32", ("B", 3, 32, 32)),)).macs) == "399840*B"


def test_sizes_that_are_tied_by_an_equation_are_refused_together():
    image = DeclaredTensor("float32", ("B", 2, "H", "W"))
    assert refusal(lambda module, x: module.head(x.flatten(1)), image, head=nn.Linear(32, 8)) == [
        "H and W can't stay open: the model runs only with H·W = 16",
        'This works: --input "f32[B,2,4,4]".',
    ]


@pytest.mark.parametrize(
    "forward",
    [
        lambda module, x: module.linear(x) if x.sum() > 0 else x,
        lambda module, x: module.linear(x[:, : int(x.max())]),
        lambda module, x: module.linear(x[x > 0].view(-1, 8)),
    ],
)
def test_what_depends_on_data_is_said_to(forward):
    message, _, code, hint = refusal(forward)
    assert (
        message
        == "no size can stay open, because the model's control flow or output shape depends on tensor values"
    )
    assert code.strip() == linecache.getline(__file__, forward.__code__.co_firstlineno).strip()
    assert hint == 'Give a number for B, S: in --input "f32[B,S,8]", or by --set.'


def test_what_the_model_raises_is_shown_in_the_users_letters():
    said = refusal(lambda module, x: module.linear(x.flatten(1)), DeclaredTensor("", ("B", 3, "S")))
    assert said[0].startswith(
        "the model ran with none of the sizes tried, first B = 211, S = 199: RuntimeError: "
    )
    assert "[B, 3*S]" in said[0]
    assert "  in submodule linear (Linear)" in said


def test_a_size_that_is_divided_by_is_no_trouble_where_the_model_fails():
    def forward(module, x):
        raise ValueError(f"no way: {x.reshape(-1, 7, 8).shape}")

    assert refusal(forward)[0].startswith(
        "the model ran with none of the sizes tried, first B = 211, S = 199: RuntimeError: shape"
    )


def test_an_error_of_the_model_itself_is_shown_at_its_place():
    def forward(module, x):
        raise ValueError("no way")

    message, _, code, hint = refusal(forward)
    assert message == "the model ran with none of the sizes tried, first B = 211, S = 199: ValueError: no way"
    assert code.strip() == 'raise ValueError("no way")'
    assert hint.startswith("Check the sizes that are numbers.")


def test_a_cost_without_a_formula_is_named():
    message = refusal(lambda module, x: torch.fft.rfft(x, dim=1))[0]
    assert message == "the cost of aten::_fft_r2c has no formula while one of its sizes is open"


def test_a_size_by_a_rounded_float_has_no_formula():
    image = DeclaredTensor("float32", ("B", 3, "H", "W"))
    message = refusal(lambda _, x: nn.functional.interpolate(x, scale_factor=0.7), image)[0]
    assert message == "a size is multiplied by 0.7, which is not exact in floating point"


def test_what_is_decided_by_a_rounded_float_has_no_formula():
    message = refusal(lambda module, x: module.linear(x) if 0.7 * x.shape[1] > 50 else x)[0]
    assert message == "a size is multiplied by 0.7, which is not exact in floating point"


def test_a_rounded_number_of_a_size_needs_its_number():
    message = refusal(lambda module, x: module.linear(x[:, : int(0.7 * x.shape[1])]))[0]
    assert message == "S can't stay open: the model needs a number there"
