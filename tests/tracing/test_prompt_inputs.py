"""The declared inputs of a phase: whose tokens a context sets, and what has their shape."""

import pytest

from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.prompt_inputs import parse_context, with_context


def shapes(texts, context, are_assumed=False):
    found = with_context(parse_inputs(texts), context, are_assumed)
    return [each.shape for each in found.args] + [each.shape for each in found.kwargs.values()]


def test_without_inputs_it_is_a_plain_prompt():
    assert shapes([], 8) == [(1, 8)]
    assert shapes([], "T") == [("B", "T")]


def test_a_name_in_the_input_becomes_the_context():
    assert shapes(["input_ids=i64[2,S]", "attention_mask=i64[2,S]", "pixels=f32[2,S]"], 8) == [(2, 8)] * 3
    assert shapes(["i64[2,8]"], None) == [(2, 8)]


def test_the_tokens_of_a_decoder_are_its_own():
    given = ["input_ids=i64[1,S]", "decoder_input_ids=i64[1,S]", "decoder_attention_mask=i64[1,S]"]
    assert shapes(given, 8) == [(1, "S"), (1, 8), (1, 8)]


def test_a_context_comes_before_tokens_that_are_assumed():
    given = ["input_features=f32[1,80,3000]", "decoder_input_ids=i64[1,128]"]
    assert shapes(given, 8, are_assumed=True) == [(1, 80, 3000), (1, 8)]
    assert shapes(given, "T", are_assumed=True) == [("B", 80, 3000), ("B", "T")]
    with pytest.raises(UsageError, match="the input decoder_input_ids has 128 tokens, but the context is 8"):
        shapes(given, 8)


def test_what_has_no_token_ids_is_refused():
    with pytest.raises(UsageError, match="a phase needs an input of token ids"):
        shapes(["f32[1,3]"], 8)


@pytest.mark.parametrize(("text", "context"), [("4096", 4096), (" T ", "T"), ("1e3", 1000)])
def test_a_context_is_a_number_or_a_name(text, context):
    assert parse_context(text) == context


@pytest.mark.parametrize("text", ["0", "-1", "T-1", "1.5", "é", "", "[4]"])
def test_anything_else_is_refused(text):
    with pytest.raises(UsageError):
        parse_context(text)
