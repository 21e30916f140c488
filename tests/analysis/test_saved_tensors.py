"""What each layer says that its backward keeps, against what torch's autograd saves."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from layer_cases import Case, cases
from saved_memory import Saved, has_rule, is_unknown, saved

from convcost.layers import KINDS, layer_class

pytestmark = pytest.mark.usefixtures("torch_warnings_ignored")

FLASH = ("ScaledDotProductAttention", "MultiheadAttention")
"""What flash attention saves, which the CPU does not run on every shape."""

FEW = settings(max_examples=8)
MANY = settings(max_examples=100)

KNOWN = [kind for kind in KINDS if not is_unknown(kind)]

ON_CPU = [kind for kind in KNOWN if kind not in FLASH]

IN_PLACE = [kind for kind in KINDS if "inplace" in layer_class(kind).__dataclass_fields__]


def stated(case: Case, device: str) -> Saved:
    """What the layer's rule says; on the CPU with what torch keeps there alone."""
    layer, shape = case
    output = layer.output(shape)
    kept, shares = layer.saved_tensors(shape, output), layer.shares_memory(training=True)
    held = kept.own_bytes(4) + (on_cpu(case) if device == "cpu" else 0)
    is_input, is_output = (bool(math.prod(shape)) and flag for flag in (kept.input, kept.output))
    either = is_input or is_output
    return Saved(either if shares else is_input, either if shares else is_output, held, shares)


def on_cpu(case: Case) -> int:
    """A factor of the dtype in place of a byte; two intermediate results that CUDA's kernels do without."""
    layer, shape = case
    elements = math.prod(shape)
    match type(layer).__name__:
        case "EmbeddingBag":
            return 8 * bag_indices_on_cpu(layer, shape)
        case "Dropout":
            return 3 * layer.saved_tensors(shape, shape).masks
        case "LogSigmoid":
            return 4 * elements
        case "RMSNorm":
            return 4 * elements if layer.elementwise_affine else 0
    return 0


def bag_indices_on_cpu(layer, shape) -> int:
    """A sum without padding needs no bags of indices, other modes one more; lengths are there twice."""
    bags = -math.prod(shape) if layer.mode == "sum" and layer.padding_idx is None else 1
    return bags if layer.mode == "max" else bags + shape[0]


def keeps_that(case: Case) -> None:
    assert saved(case.layer, case.shape) == stated(case, "cpu")


@pytest.mark.parametrize("kind", ON_CPU)
def test_a_layer_keeps_what_autograd_saves(kind):
    FEW(given(cases(kind))(keeps_that))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ON_CPU)
def test_a_layer_keeps_what_autograd_saves_over_many_cases(kind):
    MANY(given(cases(kind))(keeps_that))()


@pytest.mark.parametrize("kind", IN_PLACE)
def test_a_layer_that_writes_over_its_input_keeps_what_autograd_saves(kind):
    @FEW
    @given(cases(kind))
    def holds(case):
        keeps_that(Case(replace(case.layer, inplace=True), case.shape))

    holds()


@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if "Dropout" in kind])
def test_a_dropout_of_nothing_or_all_keeps_what_autograd_saves(kind, probability):
    @FEW
    @given(cases(kind))
    def holds(case):
        keeps_that(Case(replace(case.layer, p=probability), case.shape))

    holds()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", KNOWN)
def test_a_layer_keeps_what_autograd_saves_on_a_cuda_device(kind):
    @FEW
    @given(cases(kind).filter(has_rule))
    def holds(case):
        assert saved(case.layer, case.shape, "cuda") == stated(case, "cuda")

    holds()
