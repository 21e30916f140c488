"""Fifteen modules counted by hand, run in every way there is."""

from contextlib import nullcontext

import pytest
import torch
from tracing.models import REFERENCE

from convcost.tracing.isolation.isolated_call import ModuleCall
from convcost.tracing.profile import Profiler, profile

GRADIENTS = {
    "grad": nullcontext,
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
}


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("gradients", GRADIENTS)
@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("name", REFERENCE)
def test_the_count_is_exact_in_every_mode_and_on_every_device(name, mode, gradients, device):
    module, inputs, macs = REFERENCE[name]()
    module.train(mode == "train").to(device)
    with GRADIENTS[gradients]():
        report = profile(module, *(tensor.to(device) for tensor in inputs))
    assert (report.macs, report.trace.uncounted) == (macs, ())
    assert report.params == sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("way", ["shapes", "gradients", "data"])
@pytest.mark.parametrize("name", REFERENCE)
def test_the_count_is_the_same_on_shapes_on_copies_and_on_data(name, way):
    module, inputs, macs = REFERENCE[name]()
    assert Profiler()._run(ModuleCall(module, inputs, {}), "", way)[0].macs == macs


def test_taps_on_real_data_are_told_apart():
    counted = {name: REFERENCE[name]() for name in ("Conv1d", "ConvTranspose1d")}
    valid = {name: profile(model.module, *model.inputs).valid_macs for name, model in counted.items()}
    assert valid == {"Conv1d": 37888, "ConvTranspose1d": 50944}
