"""Elementwise work, counted by hand from the formulas that torch documents."""

import pytest

from convcost.layers import KINDS, layer_class

PER_ELEMENT = {
    "ReLU": 1,
    "ReLU6": 2,
    "LeakyReLU": 2,
    "RReLU": 2,
    "PReLU": 2,
    "ELU": 4,
    "CELU": 7,
    "SELU": 7,
    "GELU": 5,
    "SiLU": 5,
    "Mish": 5,
    "Sigmoid": 4,
    "LogSigmoid": 5,
    "Hardsigmoid": 4,
    "Hardswish": 5,
    "Tanh": 1,
    "Hardtanh": 2,
    "Tanhshrink": 2,
    "Hardshrink": 2,
    "Softshrink": 3,
    "Softplus": 6,
    "Softsign": 3,
    "Softmax": 5,
    "Softmin": 6,
    "LogSoftmax": 5,
    "Softmax2d": 5,
    "Dropout": 0,
    "Identity": 0,
    "Flatten": 0,
}


@pytest.mark.parametrize(("kind", "operations"), PER_ELEMENT.items())
def test_an_activation_has_so_many_operations_for_each_element(kind, operations):
    assert layer_class(kind)().cost((2, 3, 5)).elementwise == 30 * operations


def loss(kind, *further, **arguments):
    """A loss on targets of these shapes."""
    return layer_class(kind)(**arguments, further_inputs=further or ((2, 5),))


LAYERS = [
    (layer_class("GELU")("tanh"), (2, 3, 5), 30 * 9),
    (layer_class("Threshold")(0.1, 20.0), (2, 3, 5), 30),
    (layer_class("GLU")(), (2, 3, 10), 30 * 5),
    (layer_class("MaxPool2d")(2), (1, 3, 8, 8), 3 * 16 * 4),
    (layer_class("AvgPool1d")(3, 1, 1), (2, 3, 5), 30 * 3),
    (layer_class("LPPool1d")(2.0, 3, 1), (2, 3, 7), 30 * 7),
    (layer_class("AdaptiveAvgPool2d")(1), (2, 3, 5, 1), 30),
    (layer_class("Upsample")(scale_factor=2.0), (1, 3, 4), 0),
    (layer_class("Upsample")(scale_factor=2.0, mode="linear"), (1, 3, 4), 3 * 8 * 3),
    (layer_class("Upsample")(scale_factor=0.75, mode="bilinear"), (1, 3, 4, 5), 3 * 3 * 3 * 7),
    (layer_class("Upsample")((5, 6), mode="bicubic"), (2, 3, 4, 4), 6 * 30 * 31),
    (layer_class("Upsample")(2, mode="trilinear"), (1, 1, 3, 3, 3), 8 * 15),
    (layer_class("Upsample")(2, mode="area"), (1, 3, 4, 5), 60),
    (layer_class("UpsamplingNearest2d")(2), (1, 3, 4, 5), 0),
    (layer_class("UpsamplingBilinear2d")(2), (1, 3, 4, 5), 3 * 4 * 7),
    (layer_class("FractionalMaxPool2d")((2, 3), 2), (3, 8, 8), 3 * 4 * 6),
    (layer_class("FractionalMaxPool3d")(2, output_ratio=0.5), (3, 8, 8, 8), 3 * 64 * 8),
    (layer_class("MaxUnpool1d")(2, further_inputs=((3, 5),)), (3, 5), 0),
    (layer_class("CosineSimilarity")(further_inputs=((2, 7),)), (2, 7), 2 * (7 * 8 + 2)),
    (layer_class("CosineSimilarity")(further_inputs=((1, 7),)), (2, 7), 2 * (7 * 8 + 2)),
    (layer_class("CosineSimilarity")(further_inputs=((2, 7),)), (1, 7), 2 * (7 * 8 + 2)),
    (layer_class("PairwiseDistance")(further_inputs=((7,),)), (2, 7), 14 * 4),
    (layer_class("PairwiseDistance")(further_inputs=((2, 7),)), (1, 7), 14 * 4),
    (loss("L1Loss"), (2, 5), 10 * 3),
    (loss("L1Loss", reduction="none"), (2, 5), 10 * 2),
    (loss("MSELoss"), (2, 5), 10 * 3),
    (loss("SmoothL1Loss"), (2, 5), 10 * 4),
    (loss("HuberLoss"), (2, 5), 10 * 5),
    (loss("SoftMarginLoss"), (2, 5), 10 * 6),
    (loss("BCELoss", reduction="sum"), (2, 5), 10 * 9),
    (loss("BCEWithLogitsLoss", reduction="none"), (2, 5), 10 * 9),
    (loss("KLDivLoss", reduction="batchmean"), (2, 5), 10 * 4 + 1),
    (loss("PoissonNLLLoss"), (2, 5), 10 * 4),
    (loss("PoissonNLLLoss", log_input=False, full=True, reduction="none"), (2, 5), 10 * 12),
    (loss("MultiLabelSoftMarginLoss"), (2, 5), 10 * 17 + 2 * 2),
    (loss("NLLLoss", (2,)), (2, 5), 2 * 2),
    (loss("CrossEntropyLoss", (2,)), (2, 5), 10 * 5 + 2 * 2),
    (loss("CrossEntropyLoss", (2, 3), reduction="none"), (2, 5, 3), 30 * 5 + 6),
    (loss("CrossEntropyLoss", (2,), label_smoothing=0.1), (2, 5), 10 * 6 + 2 * 4 + 4),
    (loss("MultiMarginLoss", (2,), reduction="none"), (2, 5), 10 * 4),
    (loss("HingeEmbeddingLoss"), (2, 5), 10 * 4),
    (loss("MarginRankingLoss", (2, 5), (2, 5)), (2, 5), 10 * 6),
    (loss("CosineEmbeddingLoss", (2, 5), (2,)), (2, 5), 10 * 6 + 2 * 10),
    (loss("TripletMarginLoss", (2, 5), (2, 5)), (2, 5), 10 * 8 + 2 * 4),
    (loss("TripletMarginLoss", (2, 5), (2, 5), swap=True), (2, 5), 10 * 12 + 2 * 5),
    (loss("TripletMarginWithDistanceLoss", (2, 5), (2, 5)), (2, 5), 10 * 8 + 2 * 4),
    (layer_class("Fold")((4, 5), (2, 3)), (2, 18, 9), 2 * 18 * 9),
    (layer_class("Unfold")((2, 3)), (2, 3, 4, 5), 0),
    (layer_class("ReflectionPad1d")(1), (2, 3, 5), 0),
    (layer_class("EmbeddingBag")(9, 4), (2, 3), 2 * 3 * 4 + 2 * 4),
    (layer_class("EmbeddingBag")(9, 4, mode="sum"), (2, 3), 2 * 3 * 4),
    (layer_class("EmbeddingBag")(9, 4, mode="max"), (2, 3), 2 * 3 * 4),
    (layer_class("LSTMCell")(4, 5), (2, 4), 2 * 5 * (4 + 3 * 4 + 2 * 1 + 3 + 1)),
    (layer_class("GRUCell")(4, 5), (2, 4), 2 * 5 * (3 + 2 * 4 + 1 + 1 + 4)),
    (layer_class("RNNCell")(4, 5), (2, 4), 2 * 5 * (1 + 1)),
    (layer_class("LocalResponseNorm")(4), (2, 3, 5), 30 * 9),
    (layer_class("LayerNorm")(5), (2, 3, 5), 30 * 7),
    (layer_class("LayerNorm")(5, bias=False), (2, 3, 5), 30 * 6),
    (layer_class("LayerNorm")(5, elementwise_affine=False), (2, 3, 5), 30 * 5),
    (layer_class("RMSNorm")(5), (2, 3, 5), 30 * 4),
    (layer_class("GroupNorm")(1, 3), (2, 3, 5), 30 * 7),
]


@pytest.mark.parametrize(("layer", "shape", "operations"), LAYERS, ids=str)
def test_a_layer_has_so_many_operations_on_an_input(layer, shape, operations):
    assert layer.cost(shape).elementwise == operations


STATISTICS = [
    ("BatchNorm1d", True, 4),
    ("BatchNorm1d", False, 7),
    ("InstanceNorm1d", True, 4),
    ("InstanceNorm1d", False, 7),
]


@pytest.mark.parametrize(("kind", "running", "operations"), STATISTICS)
def test_a_normalisation_computes_statistics_where_it_keeps_none(kind, running, operations):
    layer = layer_class(kind)(3, affine=True, track_running_stats=running)
    assert layer.cost((2, 3, 5)).elementwise == 30 * operations


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith(("Conv", "Linear"))])
def test_a_contraction_has_no_elementwise_work(kind):
    shape = (1, 3, *(9,) * int(kind[-2])) if kind[-1] == "d" else (1, 3)
    arguments = (3, 8, 3) if kind[-1] == "d" else (3, 8)
    assert layer_class(kind)(*arguments).cost(shape).elementwise == 0
