"""What a counter leaves behind on a model or in torch is named."""

import pytest
import torch
from torch import nn

from convcost.counters.side_effects import Change, capture_state, changes_between, side_effects


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.norm = nn.BatchNorm1d(2)


def on_parameter(change):
    def altered(module):
        with torch.no_grad():
            change(module.linear.weight)

    return altered


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (lambda module: None, ()),
        (lambda module: module.eval(), ("leaves the model in eval mode",)),
        (lambda module: module.norm.eval(), ("leaves norm in eval mode",)),
        (lambda module: module.norm.register_forward_hook(print), ("leaves hooks on the model",)),
        (
            lambda module: setattr(module.linear, "__flops__", 0),
            ("adds attributes of its modules: __flops__",),
        ),
        (
            lambda module: setattr(module, "forward", print),
            ("adds attributes of its modules: forward",),
        ),
        (lambda module: delattr(module.norm, "eps"), ("removes attributes of its modules: eps",)),
        (
            lambda module: module.linear.register_buffer("total_ops", torch.zeros(1)),
            ("renames the model's parameters and buffers: linear.total_ops",),
        ),
        (on_parameter(lambda weight: weight.add_(1)), ("changes the data of linear.weight",)),
        (lambda module: module.linear.weight.data.zero_(), ("changes the data of linear.weight",)),
        (lambda module: module.norm.running_mean.add_(1), ("changes the data of norm.running_mean",)),
        (lambda module: module.requires_grad_(False), ("changes requires_grad of linear.weight, linear.bias, "
                                                       "norm.weight and 1 more",)),
    ],
)  # fmt: skip
def test_an_alteration_of_the_model_is_named(alter, said):
    module = Net()
    before = capture_state(module)
    alter(module)
    assert side_effects(changes_between(before, capture_state(module))) == said


@pytest.mark.parametrize(
    ("place", "name", "said"),
    [
        (nn.functional, "linear", "leaves torch.nn.functional.linear patched"),
        (torch.Tensor, "matmul", "leaves torch.Tensor.matmul patched"),
        (torch, "einsum", "leaves torch.einsum patched"),
    ],
)
def test_a_function_of_torch_that_is_left_patched_is_named(monkeypatch, place, name, said):
    module = Net()
    before = capture_state(module)
    monkeypatch.setattr(place, name, lambda *_: None)
    assert side_effects(changes_between(before, capture_state(module))) == (said,)


def test_nothing_is_said_of_data_that_is_no_number_at_all():
    module = Net()
    module.norm.running_mean.fill_(float("nan"))
    assert changes_between(capture_state(module), capture_state(module)) == ()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64, torch.complex64])
def test_data_of_every_dtype_is_compared(dtype):
    module = nn.ParameterDict({"weight": nn.Parameter(torch.zeros(3, dtype=dtype))})
    before = capture_state(module)
    module["weight"].data[1] = 1
    assert side_effects(changes_between(before, capture_state(module))) == ("changes the data of weight",)


def test_a_model_without_data_is_compared_too():
    with torch.device("meta"):
        module = Net()
    before = capture_state(module)
    module.linear.weight = nn.Parameter(torch.empty(2, 2, device="meta"))
    assert side_effects(changes_between(before, capture_state(module))) == (
        "changes the data of linear.weight",
    )


def test_what_the_model_changes_itself_is_no_side_effect():
    changes = (
        Change("changes the data of {}", ("norm.running_mean", "linear.weight")),
        Change("leaves hooks"),
    )
    own = (Change("changes the data of {}", ("norm.running_mean", "norm.running_var")),)
    assert side_effects(changes, own) == ("changes the data of linear.weight", "leaves hooks")
    assert side_effects(changes[:1], changes) == ()
