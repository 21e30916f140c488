"""What a forward writes to is left as it was, also where no module has it as a parameter or a buffer."""

import pytest
import torch
from torch import nn
from tracing.models import Calls

from convcost.tracing.isolation.isolated_call import ModuleCall
from convcost.tracing.profile import Profiler

WAYS = ["shapes", "gradients", "data"]


def written_to(x):
    """Changes `x` in place in every way there is."""
    with torch.no_grad():
        x += 1
        x[0].mul_(2)
        torch.add(x, 3, out=x)
        torch._foreach_add_([x], 1)
        x.mT.zero_()


KEPT = {
    "an attribute": lambda: {"kept": torch.ones(4, 4)},
    "a dict": lambda: {"kept": {"state": torch.ones(4, 4)}},
    "a submodule in a list": lambda: {"kept": [nn.Linear(4, 4)]},
    "a part of something": lambda: {"kept": torch.ones(3, 4, 4)[1]},
}


def tensor_in(kept):
    if isinstance(kept, dict):
        return kept["state"]
    return kept[0].weight if isinstance(kept, list) else kept


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("kind", KEPT)
@pytest.mark.parametrize("way", WAYS)
def test_a_tensor_that_is_not_registered_keeps_its_values(way, kind, fails):
    def forward(module, x):
        written_to(tensor_in(module.kept))
        if fails:
            raise KeyboardInterrupt
        return x @ tensor_in(module.kept)

    model = Calls(forward, **KEPT[kind]())
    tensor = tensor_in(model.kept)
    before = tensor.detach().clone()
    try:
        Profiler()._run(ModuleCall(model, (torch.ones(2, 4),), {}), "", way)
    except KeyboardInterrupt:
        assert fails
    assert torch.equal(tensor, before)


def test_a_global_tensor_keeps_its_values():
    table = torch.arange(12.0).view(3, 4)
    for way in WAYS:
        Profiler()._run(ModuleCall(Calls(lambda _, x: table.mul_(0) + x), (torch.ones(4),), {}), "", way)
    assert table.flatten().tolist() == list(range(12))


@pytest.mark.parametrize("way", ["gradients", "data"])
def test_a_weight_that_is_not_registered_has_its_gradient_as_before(way):
    model = Calls(
        lambda module, x: module.kept[0](module.kept[1](x)), kept=[nn.Linear(4, 4), nn.Linear(4, 4)]
    )
    first, second = model.kept
    second.weight.grad = gradient = torch.ones(4, 4)
    Profiler(backward=True)._run(ModuleCall(model, (torch.ones(2, 4),), {}), "", way)
    assert first.weight.grad is None
    assert second.weight.grad is gradient
    assert gradient.sum() == 16


@pytest.mark.parametrize("way", WAYS)
def test_what_autograd_saved_of_a_model_is_still_good(way):
    model = Calls(lambda module, x: module.norm(x), norm=nn.utils.spectral_norm(nn.Linear(4, 4)))
    model.register_buffer("scale", torch.ones(4))
    loss = (torch.ones(4, requires_grad=True) * model.scale).sum()
    held = [*model.parameters(), *model.buffers()]
    versions = [tensor._version for tensor in held]
    model.function = lambda module, x: module.norm(x) * module.scale.add_(1)
    Profiler()._run(ModuleCall(model, (torch.ones(2, 4),), {}), "", way)
    loss.backward()
    assert [tensor._version for tensor in held] == versions


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "compiled", [torch.jit.script, lambda module: torch.jit.trace(module, torch.ones(2, 4))]
)
def test_a_scripted_submodule_keeps_its_parameters_and_their_gradients(compiled):
    model = nn.Sequential(compiled(nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    places = [tensor.data_ptr() for tensor in (*model.parameters(), *model.buffers())]
    for way in WAYS[1:]:
        Profiler(backward=True)._run(ModuleCall(model, (torch.ones(2, 4),), {}), "", way)
        assert [tensor.data_ptr() for tensor in (*model.parameters(), *model.buffers())] == places
        assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
        assert all(parameter.grad is None for parameter in model.parameters())


def test_torchs_settings_are_as_before():
    def forward(_, x):
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        torch.set_grad_enabled(False)
        torch.set_float32_matmul_precision("medium")
        torch.autograd.set_detect_anomaly(True)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Profiler().profile(Calls(forward), torch.ones(4))
    assert torch.get_default_dtype() == torch.float32
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.is_anomaly_enabled()
    assert torch.is_grad_enabled()
