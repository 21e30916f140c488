"""Work is counted wherever it hides, and what cannot be counted is named."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from tracing.models import Calls

from convcost import ConvcostError, Cost
from convcost.tracing.profile import Profiler, profile

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

X = torch.randn(2, 8)

DEPRECATED = pytest.mark.filterwarnings("ignore:`torch.jit:FutureWarning")


def linear():
    return nn.Linear(8, 8)


def products(report):
    return {operation.operator for operation in report.trace.operations if operation.cost.macs}


@DEPRECATED
def test_a_scripted_module_is_counted_by_the_operators_it_dispatches():
    assert profile(torch.jit.script(nn.Sequential(linear(), nn.ReLU(), linear())), X).macs == 256


@DEPRECATED
def test_a_traced_module_is_counted_by_the_operators_it_dispatches():
    assert profile(torch.jit.trace(linear(), X), X).macs == 128


@DEPRECATED
def test_a_scripted_submodule_is_counted():
    assert profile(Calls(lambda module, x: module.inner(x), inner=torch.jit.script(linear())), X).macs == 128


def test_a_compiled_module_is_counted_as_it_was_written():
    assert profile(torch.compile(linear()), X).macs == 128


def test_a_compiled_submodule_is_counted():
    assert profile(nn.Sequential(torch.compile(linear()), linear()), X).macs == 256


def test_a_module_compiled_in_place_is_counted():
    module = linear()
    module.compile()
    assert profile(module, X).macs == 128


def test_a_compiled_function_is_counted():
    function = torch.compile(F.linear)
    held = {"weight": nn.Parameter(torch.randn(4, 8))}
    assert profile(Calls(lambda module, x: function(x, module.weight), **held), X).macs == 64


def test_under_vmap_all_samples_are_counted():
    assert profile(Calls(lambda module, x: torch.vmap(module.inner)(x), inner=linear()), X).macs == 128


def test_a_gradient_that_the_forward_takes_is_part_of_the_forward():
    def forward(module, x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(module.inner(x).sum(), x)[0]

    for device in ("cpu", "meta"):
        model = Calls(forward, inner=nn.Linear(8, 1)).to(device)
        assert profile(model, X.to(device)).macs == 2 * 16


def test_a_functional_gradient_is_part_of_the_forward():
    def forward(module, x):
        return torch.func.grad(lambda y: module.inner(y).sum())(x)

    assert profile(Calls(forward, inner=nn.Linear(8, 1)), X).macs == 2 * 16


@pytest.mark.parametrize("sign", [1, -1])
def test_where_data_decides_the_model_runs_on_its_data(sign):
    def forward(module, x):
        return module.inner(x) if x.sum() > 0 else module.inner(module.inner(x))

    report = profile(Calls(forward, inner=linear()), sign * X.abs())
    assert (report.macs, report.trace.ran) == (128 if sign > 0 else 256, "data")


def test_a_model_may_switch_autocast_off_for_the_device_of_its_input():
    def forward(module, x):
        with torch.autocast(x.device.type, enabled=False):
            return module.inner(x)

    report = profile(Calls(forward, inner=linear()).to("meta"), X.to("meta"))
    assert (report.macs, report.trace.ran) == (128, "shapes")


def test_a_lazy_module_stays_lazy():
    module = nn.LazyLinear(4)
    assert profile(module, X).macs == 64
    assert module.has_uninitialized_params()


def test_a_packed_sequence_costs_its_real_steps():
    packed = nn.utils.rnn.pack_padded_sequence(torch.randn(10, 2, 16), [10, 6])
    assert profile(nn.LSTM(16, 32), packed).macs == 16 * 6144


@pytest.mark.parametrize(("kind", "macs"), [(nn.LSTM, 122880), (nn.GRU, 92160), (nn.RNN, 30720)])
def test_recurrent_layers_cost_their_matrices_at_each_step(kind, macs):
    report = profile(kind(16, 32, batch_first=True), torch.randn(2, 10, 16))
    assert (report.macs, report.output) == (macs, (2, 10, 32))


def test_a_deep_bidirectional_lstm_with_projections_costs_all_its_matrices():
    module = nn.LSTM(16, 32, 2, bidirectional=True, proj_size=8)
    matrices = sum(parameter.numel() for parameter in module.parameters() if parameter.dim() == 2)
    report = profile(module, torch.randn(10, 2, 16))
    assert (report.macs, report.output) == (20 * matrices, (10, 2, 16))


@pytest.mark.parametrize(("kind", "gates"), [(nn.LSTMCell, 4), (nn.GRUCell, 3), (nn.RNNCell, 1)])
def test_recurrent_cells_cost_their_two_matrices(kind, gates):
    assert profile(kind(16, 32), torch.randn(2, 16)).macs == 2 * gates * 32 * 48


@pytest.mark.parametrize("has_mask", [False, True])
@pytest.mark.parametrize("is_training", [False, True])
def test_a_transformer_encoder_costs_the_same_on_its_fused_path(is_training, has_mask):
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    model = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).train(is_training)
    mask = {"src_key_padding_mask": torch.zeros(2, 10, dtype=torch.bool)} if has_mask else {}
    attention = 4 * 20 * 32 * 32 + 2 * 2 * 10 * 10 * 32
    with torch.set_grad_enabled(is_training):
        assert profile(model, torch.randn(2, 10, 32), **mask).macs == 2 * (attention + 2 * 20 * 32 * 64)


def test_causal_attention_counts_full_and_says_what_it_needs():
    model = Calls(lambda _, q, k: F.scaled_dot_product_attention(q, k, k, is_causal=True))
    report = profile(model, torch.randn(2, 4, 10, 8), torch.randn(2, 4, 12, 8))
    assert (report.macs, report.valid_macs) == (8 * 10 * 12 * 16, 8 * 55 * 16)


def test_grouped_queries_cost_as_if_each_had_its_own_keys():
    model = Calls(lambda _, q, k: F.scaled_dot_product_attention(q, k, k, enable_gqa=True))
    report = profile(model, torch.randn(2, 8, 10, 16), torch.randn(2, 2, 10, 16))
    assert (report.macs, report.output) == (16 * 100 * 32, (2, 8, 10, 16))


def test_a_fourier_transform_is_counted_and_called_an_estimate():
    report = profile(Calls(lambda _, x: torch.fft.rfft(x)), torch.randn(2, 1024))
    assert (report.flops, report.trace.operations[0].estimated) == (2 * 5 * 1024 * 10 // 2, True)


def test_a_padded_convolution_tells_its_taps_on_real_data():
    report = profile(nn.Conv1d(4, 4, 3, padding="same"), torch.randn(1, 4, 10))
    assert (report.macs, report.valid_macs) == (480, 448)


def test_tied_parameters_count_once_and_a_layer_called_twice_costs_twice():
    embedding, head = nn.Embedding(10, 8), nn.Linear(8, 10, bias=False)
    head.weight = embedding.weight
    report = profile(nn.Sequential(embedding, head, nn.Flatten()), torch.zeros(1, 2, dtype=torch.int64))
    assert (report.params, report.macs) == (80, 160)


def test_an_operator_without_a_formula_is_named_with_its_calls_and_shapes():
    report = profile(Calls(lambda module, x: scan(x, module.weight), **SCANNING), X)
    (found,) = report.trace.uncounted
    assert (report.trace.is_partial, found.operator, found.inputs, found.calls) == (
        True,
        "convcost_tests::scan",
        ((2, 8), (8, 4)),
        1,
    )


@torch.library.custom_op("convcost_tests::scan", mutates_args=())
def scan(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return x @ weight


@scan.register_fake
def _(x, weight):
    return x.new_empty(x.shape[0], weight.shape[1])


SCANNING = {"weight": nn.Parameter(torch.randn(8, 4))}


def test_a_users_own_operator_is_counted_by_a_formula_of_one_line():
    formulas = {
        "convcost_tests::scan": lambda x, weight, **_: Cost(macs=x.shape[0] * weight.numel()),
    }
    report = Profiler(formulas=formulas).profile(
        Calls(lambda module, x: scan(x, module.weight), **SCANNING), X
    )
    assert (report.macs, report.valid_macs, report.trace.uncounted) == (64, 64, ())


def test_the_error_of_the_users_forward_comes_through():
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes cannot be multiplied"):
        profile(linear(), torch.randn(2, 9))
    with pytest.raises(TypeError, match="takes 1 input, not 2"):
        profile(nn.Sequential(linear()), X, X)


def test_an_input_of_another_dtype_is_refused_unless_autocast_converts_it():
    integers = torch.zeros(2, 8, dtype=torch.int64, device="meta")
    with pytest.raises(RuntimeError, match="dtype"):
        profile(linear().to("meta"), integers)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert profile(linear(), X.double()).macs == 128


SHAPE_MISTAKES = [
    (nn.Conv1d(4, 8, 3), (2, 5, 10)),
    (nn.Conv1d(4, 8, 3), (2, 4, 2)),
    (nn.Conv2d(4, 8, 3), (4, 10)),
    (nn.ConvTranspose1d(4, 8, 3), (2, 5, 10)),
    (nn.BatchNorm1d(4), (2, 5, 10)),
    (nn.BatchNorm2d(4), (2, 4, 10)),
    (nn.LayerNorm(8), (2, 9)),
    (nn.GroupNorm(2, 4), (2, 6, 3)),
    (nn.LSTM(16, 32), (10, 2, 15)),
    (nn.MaxPool1d(5), (2, 3, 4)),
    (nn.PReLU(3), (2, 4)),
    (nn.Softmax(3), (2, 4)),
    (nn.GLU(), (2, 5)),
    (nn.Bilinear(4, 4, 2), (2, 4)),
]


@pytest.mark.parametrize(("module", "shape"), SHAPE_MISTAKES)
def test_what_torch_refuses_is_refused(module, shape):
    x = torch.randn(shape)
    inputs = (x, torch.randn(2, 5)) if isinstance(module, nn.Bilinear) else (x,)
    with pytest.raises((RuntimeError, ValueError, IndexError)):
        module(*inputs)
    with pytest.raises((RuntimeError, ValueError, IndexError, ConvcostError)):
        profile(module.to("meta"), *(tensor.to("meta") for tensor in inputs))


def test_what_another_thread_runs_meanwhile_is_not_counted():
    other = nn.Sequential(linear(), linear())
    stop = threading.Event()

    def work():
        while not stop.is_set():
            other(X)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        model = nn.Sequential(*(linear() for _ in range(20)))
        for _ in range(20):
            report = profile(model, X)
            assert (report.macs, len(report.rows)) == (20 * 128, 20)
    finally:
        stop.set()
        thread.join()
