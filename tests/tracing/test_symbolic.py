"""A formula with numbers put in is what a profile on these numbers says, and refuses where that does."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from tracing.generated_stacks import images, sequences
from tracing.models import REFERENCE, Calls
from tracing.open_profiles import IMAGE, SEQUENCE, check, report_contents

from convcost.tracing.declared_inputs import DeclaredTensor, SizeExpression
from convcost.tracing.profile import profile
from convcost.tracing.symbolic_shapes.profile import profile_open

sizes = st.integers(1, 40)


@settings(max_examples=15)
@given(images, st.lists(st.tuples(sizes, sizes, sizes), min_size=3, max_size=3))
def test_images_of_every_size_are_counted_as_on_numbers_or_refused_as_there(module, points):
    check(module, (IMAGE,), *(dict(zip("BHW", point, strict=True)) for point in points))


@settings(max_examples=12)
@given(sequences, st.lists(st.tuples(sizes, sizes), min_size=3, max_size=3))
def test_sequences_of_every_length_are_counted_as_on_numbers(module, points):
    report = check(module, (SEQUENCE,), *(dict(zip("BS", point, strict=True)) for point in points))
    assert report.assumptions == ()


@pytest.mark.parametrize("name", REFERENCE)
def test_the_batch_of_every_reference_module_can_stay_open(name):
    module, inputs, macs = REFERENCE[name]()
    batch = inputs[0].shape[0]
    declared = tuple(
        DeclaredTensor(str(given.dtype).removeprefix("torch."), ("B", *given.shape[1:])) for given in inputs
    )
    report = check(module, declared, {"B": batch}, {"B": 1}, {"B": 7})
    assert report.subs(B=batch).macs == macs


def block(stride=1):
    def forward(module, x):
        return F.relu(module.body(x) + module.skip(x))

    body = nn.Sequential(
        nn.Conv2d(4, 4, 3, stride, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3, 1, 1)
    )
    return Calls(forward, body=body, skip=nn.Conv2d(4, 4, 1, stride))


def test_a_residual_network_is_one_formula_for_all_images():
    network = nn.Sequential(
        nn.Conv2d(4, 4, 7, 2, 3), block(), block(2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)
    ).eval()
    report = check(network, (IMAGE,), {"B": 2, "H": 224, "W": 97}, {"B": 1, "H": 1, "W": 1})
    assert str(report.macs) == (
        "304*B*floor(H/4 + 3/4)*floor(W/4 + 3/4) + 1088*B*floor(H/2 + 1/2)*floor(W/2 + 1/2) + 40*B"
    )
    assert report.assumptions == ()
    assert report.open_names == ("B", "H", "W")
    assert [(row.path, str(row.cost.macs)) for row in report.rows if row.contracts] == [
        ("0", "784*B*floor(H/2 + 1/2)*floor(W/2 + 1/2)"),
        ("1.body.0", "144*B*floor(H/2 + 1/2)*floor(W/2 + 1/2)"),
        ("1.body.3", "144*B*floor(H/2 + 1/2)*floor(W/2 + 1/2)"),
        ("1.skip", "16*B*floor(H/2 + 1/2)*floor(W/2 + 1/2)"),
        ("2.body.0", "144*B*floor(H/4 + 3/4)*floor(W/4 + 3/4)"),
        ("2.body.3", "144*B*floor(H/4 + 3/4)*floor(W/4 + 3/4)"),
        ("2.skip", "16*B*floor(H/4 + 3/4)*floor(W/4 + 3/4)"),
        ("5", "40*B"),
    ]


def test_an_encoder_layer_is_counted_with_batch_and_length_open():
    layer = nn.TransformerEncoderLayer(64, 4, batch_first=True).eval()
    report = check(layer, (SEQUENCE._replace(shape=("B", "S", 64)),), {"B": 1, "S": 1}, {"B": 3, "S": 50})
    assert str(report.macs) == "128*B*S**2 + 278528*B*S"


def test_sizes_of_several_inputs_are_open_by_position_and_name():
    decoder = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True).eval()
    report = profile_open(decoder, (SEQUENCE,), {"memory": DeclaredTensor("float32", ("B", "T", 8))})
    on_tensors = profile(
        decoder, torch.empty(2, 5, 8, device="meta"), memory=torch.empty(2, 3, 8, device="meta")
    )
    assert report_contents(report.subs(B=2, S=5, T=3)) == report_contents(on_tensors)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_the_length_of_a_recurrent_layer_stays_open(kind):
    layer = kind(8, 4, num_layers=2, batch_first=True)
    report = check(layer, (SEQUENCE,), {"B": 2, "S": 1}, {"B": 3, "S": 70})
    assert report.open_names == ("B", "S")


def test_token_indices_are_looked_up():
    tokens = DeclaredTensor("int64", ("B", "S"))
    report = check(nn.Sequential(nn.Embedding(100, 16), nn.Linear(16, 100)), (tokens,), {"B": 2, "S": 9})
    assert str(report.macs) == "1600*B*S"


def test_a_size_used_twice_is_one_size():
    report = profile_open(nn.Conv2d(4, 4, 3), (IMAGE._replace(shape=("B", 4, "H", "H")),))
    assert str(report.macs) == "144*B*H**2 - 576*B*H + 576*B"


def test_products_of_a_queries_and_keys_are_counted_on_both_lengths():
    model = Calls(lambda _, query, key: F.scaled_dot_product_attention(query, key, key, is_causal=True))
    given = tuple(DeclaredTensor("float32", ("B", 2, size, 4)) for size in "ST")
    check(model, given, {"B": 2, "S": 3, "T": 5}, {"B": 1, "S": 6, "T": 2}, {"B": 1, "S": 4, "T": 4})


def test_a_multiple_of_an_open_size_needs_no_rounding():
    image = DeclaredTensor("float32", ("B", 4, SizeExpression("2*H"), "W"))
    pool = nn.Sequential(nn.MaxPool2d((2, 1)), nn.Conv2d(4, 4, 1))
    report = check(pool, (image,), {"B": 2, "H": 5, "W": 3})
    assert (str(report.macs), report.assumptions) == ("16*B*H*W", ())


def test_the_smaller_of_two_sizes_is_a_size_of_its_own():
    report = profile_open(Calls(lambda _, x: torch.linalg.svdvals(x)), (SEQUENCE,))
    assert [report.subs(B=2, S=size).output for size in (5, 8, 13)] == [(2, 5), (2, 8), (2, 8)]
    assert [found.operator for found in report.trace.operations if found.estimated] == ["aten::_linalg_svd"]
    assert not report.trace.uncounted
