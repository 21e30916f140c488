"""Transformers by hand: a published layer, and the sums of what they are made of."""

from dataclasses import replace

import pytest

from convcost import cost
from convcost.core.cost import Cost
from convcost.core.errors import SpecError
from convcost.layers import layer_class

BERT_LAYER = "[B, T, 768] -> TransformerEncoderLayer(768, 12, 3072, activation=gelu, batch_first=True)"


def test_a_layer_of_bert_base_is_as_worked_out_by_hand():
    """7,087,872 parameters, twelve of which are the 85,054,464 of BERT-base's encoder."""
    report = cost(BERT_LAYER, B=1, T=512)
    weights = 4 * 768 * 768 + 2 * 768 * 3072
    assert report.params == weights + 4 * 768 + 3072 + 768 + 2 * 2 * 768 == 7_087_872
    assert report.macs == 512 * weights + 2 * 12 * 512 * 512 * 64 == 4_026_531_840
    assert report.bias_adds == 512 * (4 * 768 + 3072 + 768)
    scores, elements = 12 * 512 * 512, 512 * 768
    assert report.elementwise == 6 * scores + 2 * 7 * elements + 2 * elements + 5 * 512 * 3072


def test_a_layer_is_the_chain_that_it_stands_for():
    chain = """
    [B, T, 768] -> x + MultiheadAttention(768, 12, batch_first=True) -> LayerNorm(768)
        -> x + (Linear(768, 3072) -> GELU -> Linear(3072, 768)) -> LayerNorm(768)
    """
    layer, written_out = cost(BERT_LAYER), cost(chain)
    assert layer.subs(B=3, T=50).cost == written_out.subs(B=3, T=50).cost
    assert layer.subs(B=3, T=50).activations == written_out.subs(B=3, T=50).activations
    assert layer.params == written_out.params


def test_a_decoder_layer_attends_to_its_memory_at_the_memorys_positions():
    layer = replace(layer_class("TransformerDecoderLayer")(8, 2, 16), further_inputs=((7, 3, 8),))
    macs_of_self = 4 * 12 * 64 + 2 * 3 * 4 * 4 * 8
    macs_to_memory = 2 * 12 * 64 + 2 * 21 * 64 + 2 * 3 * 4 * 7 * 8
    assert layer.cost((4, 3, 8)).macs == macs_of_self + macs_to_memory + 2 * 12 * 8 * 16


def test_a_transformer_is_its_layers_and_two_normalisations():
    sizes = {"d_model": 8, "nhead": 2, "dim_feedforward": 16}
    source, target = (7, 3, 8), (4, 3, 8)
    whole = replace(
        layer_class("Transformer")(**sizes, num_encoder_layers=2, num_decoder_layers=3),
        further_inputs=(target,),
    )
    encoder = layer_class("TransformerEncoderLayer")(**sizes).cost(source)
    decoder = replace(layer_class("TransformerDecoderLayer")(**sizes), further_inputs=(source,)).cost(target)
    normalisations = Cost(elementwise=7 * (7 + 4) * 3 * 8)
    assert whole.cost(source) == encoder + encoder + decoder + decoder + decoder + normalisations
    assert whole.output(source) == target


def test_what_goes_in_first_is_normalised_at_the_same_cost():
    first, last = (cost(BERT_LAYER.replace("gelu", f"gelu, norm_first={flag}")) for flag in (True, False))
    assert (first.cost, first.params) == (last.cost, last.params)


def test_a_batch_that_comes_first_is_warned_of():
    [warning] = cost("[1, 50, 64] -> TransformerEncoderLayer(64, 8)").warnings
    assert warning.startswith("TransformerEncoderLayer takes the first dimension (1) as the sequence")


REFUSED = [
    ("[4, 8] -> TransformerEncoderLayer(8, 3)", "nhead = 3 does not divide d_model = 8"),
    ("[4, 9] -> TransformerEncoderLayer(8, 2)", "the input's last dimension is 9, but d_model is 8"),
    ("[4, 8] -> TransformerDecoderLayer(8, 2)", "it has 1 input; expected 2"),
    ("[4, 8] -> TransformerDecoderLayer(8, 2)(x, [5, 9])", "dimension 1 of input 2 is 9"),
    ("[4, 8] -> Transformer(8, 2, 0)(x, [5, 8])", "num_encoder_layers is 0; it must be at least 1"),
    ("TransformerEncoder(6)", "designs have no layer TransformerEncoder"),
]


@pytest.mark.parametrize(("spec", "message"), REFUSED)
def test_what_does_not_fit_is_said(spec, message):
    with pytest.raises(SpecError) as refusal:
        cost(spec)
    assert message in str(refusal.value)
