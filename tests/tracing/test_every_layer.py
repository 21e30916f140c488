"""A layer as a real module costs what its formula says, however it is run."""

import warnings
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from layer_cases import Case, cases

from convcost.layers import KINDS
from convcost.layers.network import Network, chain_of
from convcost.tracing.network_module import build_network
from convcost.tracing.profile import profile

FEW = settings(max_examples=6)
MANY = settings(max_examples=60)


def profiled(case: Case, device: str, is_training: bool, has_gradients: bool):
    with warnings.catch_warnings(), torch.set_grad_enabled(has_gradients):
        warnings.simplefilter("ignore")
        module, inputs = build_network(Network(chain_of(case.layer), case.shape), device)
        return profile(module.train(is_training), *inputs)


def costs_what_its_formula_says(case: Case) -> None:
    expected = case.layer.cost(case.shape)
    output = case.layer.output(case.shape)
    if getattr(case.layer, "window", None) is not None:  # a mask, and which pairs it lets through is data
        expected = replace(expected, valid_macs=expected.macs)
    for device, is_training, has_gradients in [("meta", False, False), ("cpu", True, True)]:
        if is_training and _is_other_in_training(case):
            continue
        found = profiled(case, device, is_training, has_gradients)
        assert found.cost == expected
        assert found.output == output
        assert found.activations == case.layer.activations(case.shape, output)
        assert sum(row.params for row in found.rows) == found.params
        assert not found.trace.uncounted


def _is_other_in_training(case: Case) -> bool:
    """Batch statistics of a single value are refused; dropout costs something in training alone."""
    kind = type(case.layer).__name__
    named = any(part in kind for part in ("BatchNorm", "InstanceNorm", "Dropout"))
    return named or getattr(case.layer, "dropout", 0) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_as_a_module_costs_what_its_formula_says(kind):
    FEW(given(cases(kind))(costs_what_its_formula_says))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_as_a_module_costs_what_its_formula_says_over_many_cases(kind):
    MANY(given(cases(kind))(costs_what_its_formula_says))()
