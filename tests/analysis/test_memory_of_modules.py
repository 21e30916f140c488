"""The memory of torch modules, as numbers, in open sizes, and against a published formula."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Symbol, sympify
from torch import empty, nn
from torch.nn.functional import gelu
from torch.utils.checkpoint import checkpoint

from convcost import ConvcostError, Profiler, memory, profile
from convcost.tracing.declared_inputs import DeclaredTensor
from convcost.tracing.symbolic_shapes.profile import profile_open

pytestmark = pytest.mark.usefixtures("torch_warnings_ignored")

ROWS, WIDTH = 7, 16


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        return x + torch.relu(self.linear(x))


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(
            *(layer for _ in range(4) for layer in (nn.Linear(WIDTH, WIDTH), nn.GELU()))
        )

    def forward(self, x):
        return checkpoint(self.inner, x, use_reentrant=False)


class Attention(nn.Module):
    def forward(self, query, key, value):
        return nn.functional.scaled_dot_product_attention(query, key, value)


class Deciding(nn.Linear):
    def forward(self, x):
        return super().forward(x) if x.sum().item() >= 0 else x


def bytes_of(module, *args, dtype="", optimizer="adamw"):
    return memory(Profiler(footprint=dtype).profile(module, *args), optimizer=optimizer)


def test_a_residual_branch_keeps_the_input_and_what_relu_gave():
    assert bytes_of(Residual(), torch.rand(ROWS, WIDTH)).activations == 2 * 4 * ROWS * WIDTH


class TransposedLinear(nn.Linear):
    """A layer on an input that is not contiguous, such as the output of an LSTM with batch_first."""

    def forward(self, x):
        return super().forward(x.transpose(0, 1))


@pytest.mark.parametrize("shape", [(7, 3, 16), (7, 2, 3, 16)])
def test_a_linear_layer_on_an_input_that_is_not_contiguous_adds_its_bias_in_place(shape):
    found = bytes_of(TransposedLinear(16, 5), torch.rand(shape))
    rows = torch.Size(shape[:-1]).numel()
    inputs = 2 * rows * 16  # torch makes it contiguous first
    assert found.forward_peak == 4 * (inputs + 5 * 16 + 5 + rows * 5)


def test_a_checkpoint_keeps_its_input_alone():
    assert bytes_of(Checkpointed(), torch.rand(ROWS, WIDTH)).activations == 4 * ROWS * WIDTH


def test_attention_keeps_operands_output_and_a_sum_for_each_row_but_no_matrix():
    operands = [torch.rand(2, 4, 64, 8, requires_grad=True) for _ in range(3)]
    assert bytes_of(Attention(), *operands).activations == 4 * (4 * 2 * 4 * 64 * 8 + 2 * 4 * 64)


def test_dropout_keeps_a_byte_for_each_element_though_the_module_is_in_evaluation():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout()).eval()
    found = bytes_of(model, torch.rand(ROWS, WIDTH))
    assert found.activations == 4 * ROWS * WIDTH + ROWS * WIDTH


def test_a_frozen_parameter_has_neither_a_gradient_nor_a_state():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH).requires_grad_(False), nn.Linear(WIDTH, 3))
    found = bytes_of(model, torch.rand(ROWS, WIDTH))
    trained = 4 * (WIDTH * 3 + 3)
    assert (found.gradients, found.optimizer_state) == (trained, 2 * trained)
    assert found.parameters == trained + 4 * (WIDTH * WIDTH + WIDTH)
    assert found.activations == 4 * ROWS * WIDTH


def test_a_tied_parameter_is_stored_once():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH))
    model[1].weight = model[0].weight
    found = bytes_of(model, torch.rand(ROWS, WIDTH))
    assert found.parameters == found.gradients == 4 * (WIDTH * WIDTH + 2 * WIDTH)


def test_a_model_in_another_dtype_has_a_master_copy():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU())
    found = bytes_of(model, torch.rand(ROWS, WIDTH), dtype="bf16")
    params = WIDTH * WIDTH + WIDTH
    assert (found.parameters, found.gradients, found.optimizer_state, found.master_copy) == (
        *(2 * params, 2 * params),
        *(8 * params, 4 * params),
    )
    assert found.activations == 2 * 2 * ROWS * WIDTH
    assert next(model.parameters()).dtype is torch.float32


def test_a_model_that_asks_for_values_is_run_on_its_data():
    found = bytes_of(Deciding(WIDTH, WIDTH), torch.rand(ROWS, WIDTH))
    assert (found.reason, found.activations) == ("", 4 * ROWS * WIDTH)


def test_what_is_kept_is_unknown_where_a_model_does_not_run_in_that_dtype():
    class Picky(nn.Linear):
        def forward(self, x):
            if x.dtype is not torch.float32:
                raise TypeError("float32 is needed")
            return super().forward(x)

    found = bytes_of(Picky(WIDTH, WIDTH), torch.rand(ROWS, WIDTH), dtype="bf16")
    assert (found.activations, found.forward_peak, found.training_peak) == (None, None, None)
    assert found.reason == "TypeError: float32 is needed"
    assert found.parameters == 2 * (WIDTH * WIDTH + WIDTH)


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.BatchNorm1d(WIDTH), nn.Dropout()).eval()
    given = torch.rand(ROWS, WIDTH)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random, functions = torch.get_rng_state(), (nn.functional.dropout, nn.functional.rms_norm)
    for dtype in ("", "bf16"):
        bytes_of(model, given, dtype=dtype)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert not any(module.training for module in model.modules())
    assert all(parameter.grad is None and not parameter.is_meta for parameter in model.parameters())
    assert torch.equal(random, torch.get_rng_state())
    assert (nn.functional.dropout, nn.functional.rms_norm) == functions


def test_memory_that_was_not_measured_is_refused():
    report = profile(nn.Linear(WIDTH, WIDTH), torch.rand(ROWS, WIDTH))
    with pytest.raises(ConvcostError) as error:
        memory(report)
    assert str(error.value) == (
        "the memory of Linear in float32 was not measured\n"
        'Give the module and its inputs: memory((module, "f32[1,8]")).'
    )


def test_memory_of_reports_put_together_is_refused():
    report = profile(nn.Linear(WIDTH, WIDTH), torch.rand(ROWS, WIDTH))
    with pytest.raises(ConvcostError, match="is a sum of modules"):
        memory(report + report)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", ["Linear", "Conv2d"])
def test_the_peak_of_a_training_step_is_what_a_cuda_device_allocates(kind):
    blocks = {
        "Linear": lambda: (nn.Linear(1024, 1024), nn.GELU()),
        "Conv2d": lambda: (nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
    }
    shape = {"Linear": (8192, 1024), "Conv2d": (32, 32, 64, 64)}[kind]
    model = nn.Sequential(*(layer for _ in range(6) for layer in blocks[kind]())).cuda()
    given = torch.rand(shape, device="cuda")
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(2):
        torch.cuda.reset_peak_memory_stats()
        output = model(given)
        output.backward(torch.ones_like(output))
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        del output
    found = bytes_of(model, given)
    assert found.training_peak == pytest.approx(torch.cuda.max_memory_allocated(), rel=0.05)


FIGURES = ("parameters", "buffers", "activations", "forward_peak", "training_peak")


class ResidualConvolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.out = nn.Conv1d(4, 8, 3, padding=1), nn.Conv1d(8, 4, 3, padding=1)

    def forward(self, x):
        return x + self.out(torch.relu(self.into(x)))


MODELS = {
    "perceptron": (lambda: nn.Sequential(nn.Linear(6, 20), nn.GELU(), nn.Linear(20, 5)), ("B", 6)),
    "residual": (ResidualConvolutions, ("B", 4, "L")),
    "strided": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        ("B", 3, "H", 32),
    ),
    "transformer": (
        lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True),
        ("B", "S", 16),
    ),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("dtype", ["", "bf16"])
def test_formulas_come_to_what_a_run_on_numbers_holds(name, dtype):
    make, shape = MODELS[name]
    model = make()
    opened = memory(profile_open(model, (DeclaredTensor("float32", shape),), footprint=dtype))
    assert opened.reason == ""

    @settings(max_examples=3)
    @given(st.fixed_dictionaries({size: st.integers(8, 60) for size in shape if isinstance(size, str)}))
    def holds(sizes):
        given_shape = [sizes.get(size, size) for size in shape]
        report = Profiler(footprint=dtype).profile(model, torch.empty(given_shape, device="meta"))
        numbers = memory(report)
        for figure in FIGURES:
            formula = sympify(getattr(opened, figure))
            by_name = {symbol: sizes[symbol.name] for symbol in formula.atoms(Symbol)}
            assert formula.subs(by_name) == getattr(numbers, figure)

    holds()


def test_why_nothing_is_known_is_said():
    class Picky(nn.Linear):
        def forward(self, x):
            if self.training:
                raise TypeError("it is trained already")
            return super().forward(x)

    report = profile_open(Picky(4, 4).eval(), (DeclaredTensor("float32", ("B", 4)),), footprint="")
    found = memory(report)
    assert (found.activations, found.reason) == (None, "TypeError: it is trained already")
    assert found.parameters == 80


BATCH, POSITIONS, WIDTH, HEADS = 3, 40, 64, 4

STATISTICS = 2 * 2 * 4
"""Bytes for each position: the means and deviations of two normalisations, which the paper leaves out."""


class Layer(nn.Module):
    """As in Reducing Activation Recomputation in Large Transformer Models (Korthikanti et al.), 4.1."""

    def __init__(self, attends):
        super().__init__()
        self.attends = attends
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.into, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x):
        query, key, value = map(apart, self.into(self.before(x)).chunk(3, dim=-1))
        attended = self.attends(query, key, value, self.dropout).transpose(1, 2).flatten(2)
        x = x + self.dropout(self.out(attended))
        return x + self.dropout(self.down(gelu(self.up(self.between(x)))))


def apart(tensor):
    return tensor.unflatten(-1, (HEADS, -1)).transpose(1, 2)


def by_matrix(query, key, value, dropout):
    scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    return dropout(scores.softmax(dim=-1)) @ value


def fused(query, key, value, _):
    return nn.functional.scaled_dot_product_attention(query, key, value)


def saved_tensors(attends):
    given = empty(BATCH, POSITIONS, WIDTH, device="meta")
    report = Profiler(footprint="bf16").profile(Layer(attends).to("meta"), given)
    return memory(report).activations


def test_a_transformer_layer_keeps_34_bytes_for_each_element_and_5_for_each_score():
    elements, scores = BATCH * POSITIONS * WIDTH, BATCH * HEADS * POSITIONS**2
    assert saved_tensors(by_matrix) == 34 * elements + 5 * scores + STATISTICS * BATCH * POSITIONS


def test_fused_attention_keeps_a_float32_for_each_row_in_place_of_scores():
    elements, rows = BATCH * POSITIONS * WIDTH, BATCH * HEADS * POSITIONS
    assert saved_tensors(fused) == 34 * elements + 4 * rows + STATISTICS * BATCH * POSITIONS
