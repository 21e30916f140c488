"""The memory of designs: layers and optimizers against those of torch, and formulas in open sizes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from layer_cases import Case, cases
from saved_memory import chains, has_rule, is_unknown, measured, stated
from sympy import Symbol, sympify

from convcost import ConvcostError, cost, memory
from convcost.analysis.memory import MOMENTS
from convcost.layers import FAMILIES, KINDS, layer_class
from convcost.layers.network import Network, chain_of
from convcost.render.formulas import short_text

pytestmark = pytest.mark.usefixtures("torch_warnings_ignored")

FEW = settings(max_examples=8)
MANY = settings(max_examples=200)

WITH_STEPS_INSIDE = {
    *("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LocalResponseNorm", "PReLU", "Mish"),
    *("Tanhshrink", "Softsign", "Softmin", "LPPool1d", "LPPool2d", "LPPool3d"),
    "FractionalMaxPool2d",
    *("CircularPad1d", "CircularPad2d", "CircularPad3d", "RNNCell"),
    *("ScaledDotProductAttention", "MultiheadAttention"),
}
"""torch makes further tensors within their forward or backward, for a moment: the peaks do not know them."""

ELSEWHERE = {
    **dict.fromkeys((kind for kind in KINDS if layer_class(kind).input_counts[0] > 1), "take two inputs"),
    "Bilinear": "takes two inputs",
    "FractionalMaxPool3d": "goes back with data alone",
    "EmbeddingBag": "keeps other indices on the CPU",
    "LogSigmoid": "keeps more without CUDA",
    "ChannelShuffle": "is a view on the meta device where nothing moves",
}

UNKNOWN = [kind for kind in KINDS if is_unknown(kind)]

EXACT = [kind for kind in KINDS if kind not in {*WITH_STEPS_INSIDE, *ELSEWHERE, *UNKNOWN}]


def is_plain(case: Case) -> bool:
    """Not filled around a circle, step by step; nor with gradients of an embedding that are sparse."""
    return getattr(case.layer, "padding_mode", "") != "circular" and not getattr(case.layer, "sparse", False)


@pytest.mark.parametrize("kind", EXACT)
def test_a_layer_holds_what_torch_holds_at_once(kind):
    @FEW
    @given(cases(kind).filter(is_plain))
    def holds(case):
        assert stated((case.layer,), case.shape) == measured((case.layer,), case.shape)

    holds()


@pytest.mark.parametrize("kind", sorted(WITH_STEPS_INSIDE))
def test_a_layer_with_steps_inside_keeps_what_torch_keeps_and_holds_more_for_a_moment(kind):
    @FEW
    @given(cases(kind).filter(has_rule))
    def holds(case):
        ours, theirs = stated((case.layer,), case.shape), measured((case.layer,), case.shape)
        assert ours.activations == theirs.activations
        assert ours.training_peak <= theirs.training_peak

    holds()


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("LSTM", "cuDNN decides which tensors LSTM saves; for a torch module they are estimated"),
        ("GRU", "cuDNN decides which tensors GRU saves; for a torch module they are estimated"),
        ("RNN", "cuDNN decides which tensors RNN saves; for a torch module they are estimated"),
        ("LSTMCell", "CUDA's fused kernel decides which tensors LSTMCell saves"),
        ("GRUCell", "CUDA's fused kernel decides which tensors GRUCell saves"),
    ],
)
def test_a_design_with_a_layer_whose_memory_is_unknown_says_why(kind, why):
    found = memory(cost(f"[B, E] -> Linear(E, E) -> {kind}(E, E)", B=2, E=3))
    assert (found.parameters, found.reason) == (4 * (12 + sum_of_parameters(kind)), why)
    assert found.activations is found.forward_peak is found.training_peak is None


def test_every_layer_whose_memory_is_unknown_is_told_of():
    assert {*UNKNOWN} == {"LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", *FAMILIES["transformers"]}


def sum_of_parameters(kind):
    return sum(parameter.numel() for parameter in getattr(torch.nn, kind)(3, 3).parameters())


def test_two_kinds_whose_memory_is_unknown_have_two_reasons():
    found = memory(cost("[B, E] -> 2 x LSTM(E, E) -> GRUCell(E, E)", B=2, E=3))
    whys = (
        "cuDNN decides which tensors LSTM saves; for a torch module they are estimated",
        "CUDA's fused kernel decides which tensors GRUCell saves",
    )
    assert found.reason == ", ".join(whys)


@settings(max_examples=40)
@given(chains())
def test_a_chain_holds_what_torch_holds_at_once(chain):
    assert stated(*chain) == measured(*chain)


@pytest.mark.slow
@MANY
@given(chains())
def test_a_chain_holds_what_torch_holds_at_once_over_many_cases(chain):
    assert stated(*chain) == measured(*chain)


def test_a_tensor_that_two_neighbours_keep_counts_once():
    linear, relu = layer_class("Linear"), layer_class("ReLU")
    chain = (linear(10, 20), relu(), linear(20, 5))
    found = memory(Network(chain_of(*chain), (7, 10)).report())
    assert found.activations == 4 * 7 * (10 + 20)


def test_statistics_and_indices_and_masks_have_itemsizes_of_their_own():
    chain = (layer_class("BatchNorm2d")(3), layer_class("MaxPool2d")(2), layer_class("Dropout")())
    found = memory(Network(chain_of(*chain), (1, 3, 8, 8)).report(dtype="bfloat16"))
    batch_norm, max_pool, dropout = 2 * 192 + 4 * 6, 2 * 192 + 8 * 48, 48
    assert found.activations == batch_norm + max_pool + dropout


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
            "int8 can't be used for training\nChoose from float64, float32, tfloat32, float16, bfloat16.",
        ),
        (
            "float32",
            "adamm",
            f"no optimizer is called adamm (did you mean adam?)\nChoose from {', '.join(MOMENTS)}.",
        ),
    ],
)
def test_what_is_not_known_is_refused(dtype, optimizer, message):
    with pytest.raises(ConvcostError) as error:
        memory(cost(SPEC, B=1, E=100), dtype, optimizer)
    assert str(error.value) == message


FIGURES = ("parameters", "gradients", "optimizer_state", "activations", "forward_peak", "training_peak")

SPECS = {
    "[B, S, 10E] -> Linear(10E, E)": {},
    "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)": {},
    "[B, E] -> Linear(E, 4E) -> GELU -> Linear(4E, F) -> ReLU -> Dropout -> Linear(F, 10)": {},
    "[B, 3, H, W] -> Conv2d(3, 8, 7, 2, 3) -> BatchNorm2d(8) -> ReLU(inplace=True) -> MaxPool2d(3, 2, 1)": {},
    "[B, 3, H, W] -> (Conv2d(3, 3, 3) -> ReLU) x 4 -> Flatten": {"H": 9, "W": 9},
    "[B*S, E, L] -> Conv1d(E, 2E, 3, padding=2, padding_mode=circular) -> InstanceNorm1d(2E)": {"L": 2},
}


@settings(max_examples=30)
@given(st.sampled_from(sorted(SPECS)), st.data())
def test_a_formula_comes_to_the_number_that_its_sizes_give(spec, data):
    opened = cost(spec)
    least = SPECS[spec]
    sizes = {name: data.draw(st.integers(least.get(name, 1), 40)) for name in opened.open_names}
    formulas, numbers = memory(opened), memory(cost(spec, **sizes))
    for figure in FIGURES:
        formula = sympify(getattr(formulas, figure))
        by_name = {symbol: sizes[symbol.name] for symbol in formula.atoms(Symbol)}
        assert formula.subs(by_name) == getattr(numbers, figure)


READ = [
    ("[B, E] -> Linear(E, F, bias=False)", "8·B·E + 8·B·F + 16·E·F"),
    ("[B, 4, E] -> Softmax", "64·B·E"),
    ("[B, E] -> Linear(E, F, bias=False) -> Linear(F, E, bias=False)", "12·B·E + 8·B·F + 32·E·F"),
    (
        "[B, E] -> Linear(E, F, bias=False) -> ReLU -> Linear(F, E, bias=False)",
        "32·E·F + max(12·B·E + 8·B·F, 8·B·E + 12·B·F)",
    ),
]


@pytest.mark.parametrize(("spec", "expected"), READ)
def test_the_peak_of_a_training_step_is_a_formula_that_people_read(spec, expected):
    assert short_text(memory(cost(spec)).training_peak, longest=100) == expected
