"""What optimisers keep, against those of torch."""

import pytest
import torch

from convcost import ConvcostError, cost, memory
from convcost.analysis.memory import MOMENTS

OF_TORCH = {
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
    "amsgrad": lambda parameters: torch.optim.AdamW(parameters, amsgrad=True),
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "adamax": torch.optim.Adamax,
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "momentum": lambda parameters: torch.optim.SGD(parameters, momentum=0.9),
    "sgd": torch.optim.SGD,
}


@pytest.mark.parametrize("name", OF_TORCH)
def test_an_optimizer_remembers_what_torch_does_of_each_parameter(name):
    parameter = torch.nn.Parameter(torch.rand(50))
    optimizer = OF_TORCH[name]([parameter])
    parameter.sum().backward()
    optimizer.step()
    remembered = sum(value.numel() for value in optimizer.state[parameter].values() if value.numel() == 50)
    assert remembered == 50 * MOMENTS[name]


def test_only_lion_and_no_optimizer_are_not_torchs():
    assert MOMENTS.keys() - OF_TORCH.keys() == {"lion", "none"}


SPEC = "[B, E] -> Linear(E, 10, bias=False)"


@pytest.mark.parametrize(
    ("dtype", "optimizer", "each"),
    [
        ("float32", "adamw", (4, 4, 8, 0)),
        ("bf16", "adamw", (2, 2, 8, 4)),
        ("fp16", "momentum", (2, 2, 4, 4)),
        ("fp64", "adam", (8, 8, 16, 0)),
        ("tf32", "sgd", (4, 4, 0, 0)),
        ("bf16", "none", (2, 2, 0, 0)),
        ("bf16", "AdamW", (2, 2, 8, 4)),
    ],
)
def test_a_parameter_takes_so_many_bytes_for_itself_its_gradient_its_state_and_its_master_copy(
    dtype, optimizer, each
):
    found = memory(cost(SPEC, B=1, E=100), dtype, optimizer)
    parts = (found.parameters, found.gradients, found.optimizer_state, found.master_copy)
    assert parts == tuple(1000 * size for size in each)


@pytest.mark.parametrize(
    ("dtype", "optimizer", "message"),
    [
        (
            "int8",
            "adamw",
            "nothing is trained in int8\nThere are float64, float32, tfloat32, float16, bfloat16.",
        ),
        (
            "float32",
            "adamm",
            f"no optimizer is called adamm (did you mean adam?)\nThere are {', '.join(MOMENTS)}.",
        ),
    ],
)
def test_what_is_not_known_is_refused(dtype, optimizer, message):
    with pytest.raises(ConvcostError) as error:
        memory(cost(SPEC, B=1, E=100), dtype, optimizer)
    assert str(error.value) == message
