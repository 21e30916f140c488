"""Quantized models cost the products of those they were made of, and say what converts their tensors."""

import pytest
import torch
from models import Calls
from torch import nn
from torch.ao import quantization

from convcost.core.cost import Cost
from convcost.operators import OPERATORS
from convcost.operators.interface import ShapeOperand
from convcost.tracing.profile import profile

pytestmark = pytest.mark.filterwarnings("ignore")


def products(report):
    assert not report.trace.is_partial
    return report.macs, report.cost.valid_macs, report.bias_adds


def static(*layers, shape):
    """The layers with their converters, before and after."""
    x = torch.randn(shape)
    model = nn.Sequential(quantization.QuantStub(), *layers, quantization.DeQuantStub()).eval()
    by_tensor = quantization.default_weight_observer
    activation = quantization.get_default_qconfig("x86").activation
    model.qconfig = quantization.QConfig(activation, by_tensor)
    before = profile(model, x)
    quantization.prepare(model, inplace=True)(x)
    return before, profile(quantization.convert(model), x)


STATIC = {
    "conv1d": ((nn.Conv1d(4, 8, 3, stride=2, padding=1, groups=2),), (2, 4, 7)),
    "conv2d": ((nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()), (1, 3, 6, 6)),
    "conv2d of rectangles": (
        (nn.Conv2d(3, 8, (3, 2), padding=(0, 1), dilation=(2, 1), bias=False),),
        (1, 3, 6, 6),
    ),
    "conv3d": ((nn.Conv3d(4, 8, 3, stride=2, padding=1),), (2, 4, 5, 5, 5)),
    "conv_transpose1d": ((nn.ConvTranspose1d(4, 8, 3, stride=2, padding=1, output_padding=1),), (2, 4, 7)),
    "conv_transpose2d": ((nn.ConvTranspose2d(4, 8, 3, stride=2, padding=1),), (2, 4, 7, 7)),
    "linear": ((nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3, bias=False)), (2, 8)),
    "a net": (
        (nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.MaxPool2d(2), nn.Hardswish(), nn.Flatten(), nn.Dropout()),
        (1, 3, 6, 6),
    ),
}


@pytest.mark.parametrize("name", STATIC)
def test_a_static_model_has_the_products_of_its_floats(name):
    layers, shape = STATIC[name]
    before, after = static(*layers, shape=shape)
    assert products(after) == products(before)


def test_a_fused_activation_and_the_conversions_are_elementwise_work():
    """Quantized 5 for each of 16, dequantized 2 for each of 10, and a ReLU for each of them."""
    model = nn.Sequential(nn.Linear(8, 5), nn.ReLU())
    before, after = static(quantization.fuse_modules(model.eval(), [["0", "1"]]), shape=(2, 8))
    assert before.elementwise == 10
    assert after.elementwise == 5 * 16 + 2 * 10 + 10


LAYERS = {
    "Linear": (nn.Linear(8, 5), (3, 8)),
    "LSTM": (nn.LSTM(8, 5, 2, bidirectional=True), (4, 3, 8)),
    "GRU": (nn.GRU(8, 5), (4, 3, 8)),
    "LSTMCell": (nn.LSTMCell(8, 5), (3, 8)),
    "GRUCell": (nn.GRUCell(8, 5), (3, 8)),
    "RNNCell": (nn.RNNCell(8, 5), (3, 8)),
}


@pytest.mark.parametrize("dtype", [torch.qint8, torch.float16], ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_a_dynamic_layer_costs_what_the_layer_does(name, dtype):
    layer, shape = LAYERS[name]
    x = torch.randn(shape)
    quantized = quantization.quantize_dynamic(nn.Sequential(layer), {type(layer)}, dtype=dtype)
    assert profile(quantized, x).cost == profile(layer, x).cost
    assert not profile(quantized, x).trace.is_partial


def test_a_packed_sequence_goes_through_a_dynamic_layer_as_well():
    layer = nn.LSTM(8, 5)
    steps = nn.utils.rnn.pack_padded_sequence(torch.randn(4, 3, 8), [4, 3, 2])
    quantized = quantization.quantize_dynamic(nn.Sequential(layer), {nn.LSTM})
    assert profile(quantized, steps).cost == profile(layer, steps).cost


def test_arithmetic_of_quantized_numbers_counts_as_of_floats():
    def forward(module, x):
        x = module.quantize(x)
        return module.dequantize(module.does.mul(module.does.add_relu(x, x), x))

    converters = {"quantize": quantization.QuantStub(), "dequantize": quantization.DeQuantStub()}
    model = Calls(forward, does=nn.quantized.FloatFunctional(), **converters).eval()
    model.qconfig = quantization.get_default_qconfig("x86")
    quantization.prepare(model, inplace=True)(torch.randn(2, 6))
    report = profile(quantization.convert(model), torch.randn(2, 6))
    assert (report.elementwise, report.trace.is_partial) == (12 * (5 + 2 + 1 + 2), False)


def test_a_model_trained_with_simulated_quantization_is_not_partial():
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
    model.qconfig = quantization.get_default_qat_qconfig("x86")
    report = profile(quantization.prepare_qat(model.train()), torch.randn(1, 3, 6, 6))
    assert products(report) == (16 * 27 * 8, 16 * 27 * 8, 16 * 8)


ROWS, IN, OUT = 3, 8, 5

PACKED_PRODUCTS = {
    "_int_mm": {"self": ShapeOperand((ROWS, IN)), "mat2": ShapeOperand((IN, OUT))},
    "_scaled_mm": {"self": ShapeOperand((ROWS, IN)), "mat2": ShapeOperand((IN, OUT))},
    "_weight_int8pack_mm": {"self": ShapeOperand((ROWS, IN)), "mat2": ShapeOperand((OUT, IN))},
    "_weight_int4pack_mm": {"self": ShapeOperand((ROWS, IN)), "mat2": ShapeOperand((OUT, 1, 1, 1))},
    "_weight_int4pack_mm_for_cpu": {"self": ShapeOperand((ROWS, IN)), "mat2": ShapeOperand((OUT, IN // 2))},
    "fbgemm_linear_fp16_weight_fp32_activation": {
        "input": ShapeOperand((ROWS, IN)),
        "packed_weight": ShapeOperand((1,)),
    },
    "_dyn_quant_matmul_4bit": {"inp": ShapeOperand((ROWS, IN)), "packed_weights": ShapeOperand((1,))},
    "onednn::qlinear_pointwise": {
        "qx": ShapeOperand((ROWS, IN)),
        "qw": ShapeOperand((IN, OUT)),
        "bias": None,
    },
    "mkldnn::_linear_pointwise": {"X": ShapeOperand((ROWS, IN)), "W": ShapeOperand((OUT, IN)), "B": None},
}


@pytest.mark.parametrize("name", PACKED_PRODUCTS)
def test_a_product_by_a_packed_weight_costs_rows_by_both_widths(name):
    found = OPERATORS[name].cost(**PACKED_PRODUCTS[name], output=ShapeOperand((ROWS, OUT)))
    assert found == Cost(ROWS * IN * OUT, ROWS * IN * OUT)


def test_a_convolution_of_onednn_costs_what_the_layer_does():
    found = OPERATORS["onednn::qconv_pointwise"].cost(
        qx=ShapeOperand((1, 3, 6, 6)),
        qw=ShapeOperand((8, 3, 3, 3)),
        bias=None,
        stride=[1, 1],
        padding=[1, 1],
        dilation=[1, 1],
        groups=1,
        output=ShapeOperand((1, 8, 6, 6)),
    )
    assert found == Cost(7776, 6144)


def test_products_of_integers_are_counted_on_data_too():
    left, right = torch.ones(32, 64, dtype=torch.int8), torch.ones(64, 16, dtype=torch.int8)
    assert profile(Calls(lambda _: torch._int_mm(left, right))).macs == 32 * 64 * 16
