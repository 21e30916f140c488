"""Layers and inputs that do not fit: the message has a caret at the place, and the numbers of the way out."""

import pytest
from cli_runner import refused

CONV1D = (
    "Conv1d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, "
)


def test_a_layer_without_arguments_shows_its_signature():
    assert refused("layer", "linear") == (
        "Linear needs in_features and out_features\n"
        "  Linear()\n"
        "  ^^^^^^\n"
        "Linear(in_features, out_features, bias=True)\n"
    )


def test_a_layer_with_an_argument_missing_shows_its_signature():
    message = refused("layer", "conv1d", "3", "3")
    assert message.startswith("Conv1d needs kernel_size\n")
    assert CONV1D in message


def test_an_unknown_layer_gets_the_near_one():
    assert refused("layer", "conv1f", "3") == (
        "no layer is called conv1f (did you mean Conv1d?)\n  conv1f(3)\n  ^^^^^^\n"
    )


def test_a_size_given_by_a_word_that_the_input_lacks_is_named_by_that_word():
    message = "--length: the input has no size L\nThe sizes here are S, B.\n"
    assert refused("layer", "lstm", "64", "128", "--length", "12") == message


def test_an_unknown_argument_in_a_design_gets_the_near_one():
    message = refused("compare", "Conv1d(3, 3, 3, strid=2)", "ReLU")
    assert "did you mean stride?" in message
    assert "                  ^^^^^^^\n" in message


def test_channels_last_are_answered_with_the_permuted_shape():
    message = refused("layer", "conv1d", "16", "16", "3", "--input", "4,10,16")
    assert message.startswith("Conv1d: ")
    assert message.endswith(
        "\nWrite 10 as in_channels; or if the channels of the input are last, "
        "x.movedim(-1, -2) permutes it to [4, 16, 10].\n"
    )


def test_channels_that_are_nowhere_in_the_input_get_no_advice_to_permute():
    message = refused("layer", "conv1d", "16", "16", "3", "--input", "4,10,12")
    assert "10" in message
    assert "16" in message
    assert "movedim" not in message


def test_four_dimensions_into_conv1d_are_answered_with_the_merged_shape():
    message = refused("layer", "conv1d", "16", "16", "3", "--input", "4,2,16,10")
    assert message.startswith("Conv1d: the input [4, 2, 16, 10] has 4 dimensions")
    assert "x.flatten(0, 1) gives [4*2, 16, 10]." in message


def test_groups_that_do_not_divide_are_pointed_at():
    assert refused("layer", "conv1d", "6", "6", "3", "--groups", "4", "--length", "9") == (
        "Conv1d: groups = 4 does not divide in_channels = 6\n"
        "  Conv1d(6, 6, 3, groups=4)\n"
        "                  ^^^^^^^^\n"
    )


def test_a_stride_with_padding_same_is_pointed_at():
    message = refused(
        "layer", "conv1d", "16", "16", "3", "--stride", "2", "--padding", "same", "--length", "9"
    )
    assert message.endswith(
        "  Conv1d(16, 16, 3, stride=2, padding=same)\n"
        "                    ^^^^^^^^\n"
        "With a stride, set padding to a number.\n"
    )


def test_a_kernel_longer_than_its_input_is_refused():
    assert refused("layer", "conv1d", "3", "3", "7", "--length", "5").startswith("Conv1d: ")


def test_a_mismatch_within_a_chain_points_at_the_layer_it_happens_at():
    message = refused("compare", "Linear(3, 4) -> Linear(5, 6)", "Linear(1, 1)", "--counters", "none")
    assert "\n  Linear(3, 4) -> Linear(5, 6)\n                  ^" in message


def test_a_layer_that_takes_any_shape_asks_for_the_input():
    assert refused("layer", "relu").startswith("ReLU takes any shape, so its input must be given\n")


def test_a_tuple_of_the_wrong_length_is_pointed_at():
    message = refused("layer", "conv2d", "3", "3", "3", "--padding", "1,2,3", "--height", "9", "--width", "9")
    assert "padding has 3 values" in message
    assert "padding=(1,2,3)\n" in message.replace(")\n ", "\n ")


@pytest.mark.parametrize("value", ["sam", "1.5", "None", "True"])
def test_a_padding_of_the_wrong_kind_says_what_it_takes(value):
    message = refused("layer", "conv1d", "3", "3", "3", "--padding", value, "--length", "9")
    assert "padding" in message.splitlines()[0]


@pytest.mark.parametrize("shape", ["4,x", "[[4]]", "4;5", "0,16,10", "-1,16,10"])
def test_an_input_that_is_no_shape_is_refused(shape):
    refused("layer", "conv1d", "16", "16", "3", "--input", shape)
