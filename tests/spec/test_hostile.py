"""Texts made to hang, to crash or to run something: each is refused, as any mistake is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.core.errors import ConvcostError
from convcost.layers import KINDS
from convcost.spec import parse

HOSTILE = {
    "a million characters": "Linear(" + "1+" * 500_000 + "1, 2)",
    "a chain as long as a text can be": "[8] -> " + "ReLU -> " * 2_000 + "Rulu",
    "ten thousand parentheses": "(" * 10_000 + "ReLU" + ")" * 10_000,
    "more nesting than Python's stack takes": "[8] -> " + "(" * 5_000 + "ReLU" + ")" * 5_000,
    "brackets nested in a size": "Linear(" + "(" * 5_000 + "E" + ")" * 5_000 + ", 2)",
    "brackets left open": "[" * 9_000,
    "brackets never opened": ")" * 9_000,
    "a power tower": "Linear(9**9**9, 2)",
    "powers of powers": "Linear((9**60)**60, 2)",
    "powers of a product": "Linear((99999*99999)**64, 2)",
    "a long product": "Linear(" + "9**29*" * 2_000 + "9, 2)",
    "repetitions of repetitions": "[8] -> " + "(" * 30 + "ReLU" + " x 9)" * 30,
    "a huge repetition": "[8] -> 999999999999999999999999 x ReLU",
    "a literal of many digits": f"Linear({'9' * 5_000}, 2)",
    "a repetition of many digits": f"[8] -> {'9' * 5_000} x ReLU",
    "an exponent of many digits": f"Linear(9**{'9' * 5_000}, 2)",
    "a power of ten without end": "Linear(1e999999999, 2)",
    "a power of ten beyond decimals": f"Linear(1e{'9' * 30}, 2)",
    "a negative power of ten": "Linear(1e-999999999, 2)",
    "a point behind many digits": f"Linear({'9' * 5_000}.0, 2)",
    "an infinite probability": "[8] -> Dropout(1e999)",
    "a name that fills a page": f"Linear({'E' * 5_000}, 2)",
    "an argument's name that fills a page": f"Linear(8, 2, {'E' * 5_000}=3)",
    "a layer's name that fills a page": "L" * 5_000,
    "ever more dimensions": "[8] -> 10000 x Embedding(8, 8)",
    "ever more dimensions of one": "[8] -> 10000 x Unflatten(0, (1, -1))",
    "ever longer outputs": "[1, 8, 8] -> 10000 x ConvTranspose1d(8, 8, 2, stride=1000000)",
    "ever larger merged dimensions": "[1000000, 1000000] -> 9999 x (Embedding(8, 1000000) -> Flatten(0))",
    "an input of many dimensions": f"[{'1, ' * 3_000}1] -> ReLU",
    "a large stride and dilation": "Conv1d(8, 8, 9999, stride=99999, dilation=99999, padding=99999)",
    "Python": "__import__('os').system('true')",
    "a lambda": "(lambda: 0)()",
    "an f-string": "Linear(f'{E}', 2)",
    "an attribute": "Linear(E.__class__, 2)",
    "a size of zero": "Linear(0, 2)",
    "a size below zero": "Linear(8, -2)",
    "an input of zero": "[0, 8] -> ReLU",
    "groups of zero": "Conv1d(8, 8, 3, groups=0)",
    "a stride of zero": "Conv1d(8, 8, 3, stride=0)",
    "zero parts": "[4, 8] -> Unflatten(1, (0, -1))",
    "zero over zero": "Linear(0/0, 2)",
    "a number over zero": "[4, 8] -> LeakyReLU(1/0)",
    "a hexadecimal number": "Linear(0x10, 2)",
    "digits of another script": "Linear(\u0668, 2)",
    "a wide digit": "Linear(\uff18, 2)",
    "a letter of another script": "Linear(\u0415, 2)",
    "a superscript": "Linear(E\u00b2, 2)",
    "NUL": "Linear(8\x00, 2)",
    "a terminal's escape": "\x1b]0;title\x07",
    "text turned around": "\u202eLinear(8, 2)",
    "half of a character": "Linear(\ud800, 2)",
    "nothing": "",
    "spaces": " " * 19_000,
    "a quote left open": "Conv1d(8, 8, 3, padding='same)",
}


def asked(text):
    spec = parse(text)
    return spec.report(dict.fromkeys(spec.names, 12))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_is_refused(text):
    with pytest.raises(ConvcostError) as error:
        asked(text)
    assert len(str(error.value)) < 1_000
    assert all(" " <= character <= "~" for line in str(error.value).splitlines() for character in line)


WORDS = st.sampled_from((
    *("Linear", "Conv1d", "ReLU", "MaxPool2d", "Unflatten", "AdaptiveAvgPool2d", "Dropout", "Flatten"),
    *("E", "B", "x", "same", "True", "None", "padding", "kernel_size", "dim", "nn.", "1e3", "1e-3", ".5"),
    *("(", ")", "[", "]", ",", ",", "=", "->", "->", "*", "**", "/", "//", "+", "-", "x ", "'", '"'),
    *("0", "1", "2", "3", "8", "10", "10E", "0x1", "1_0"),
    *("\n", " ", "\u2192", "\u00b7", "\u00e9", "\x00", "#"),
))  # fmt: skip

NUMBERS = st.sampled_from(
    ("-1", "0", "1", "2", "3", "8", "E", "2E", "E/2", "E//3", "1e3", "0.5", "-0.5", "1/8")
)
VALUES = st.one_of(
    NUMBERS,
    st.sampled_from(("True", "False", "None", "same", "'tanh'", "reflect", "circular")),
    st.lists(NUMBERS | st.just("None"), min_size=1, max_size=3).map(lambda items: f"({', '.join(items)},)"),
)
NAMES = st.sampled_from(
    ("", "", "", "stride=", "padding=", "dilation=", "groups=", "bias=", "dim=", "ceil_mode=")
)
CALLS = st.builds(
    lambda kind, arguments: f"{kind}({', '.join(map(''.join, arguments))})",
    st.sampled_from(KINDS),
    st.lists(st.tuples(NAMES, VALUES), max_size=5),
)
CHAINS = st.builds(
    lambda shape, calls: f"[{', '.join(shape)}] -> {' -> '.join(calls)}",
    st.lists(NUMBERS, min_size=1, max_size=5),
    st.lists(CALLS, min_size=1, max_size=3),
)


def is_answered_or_refused(text):
    try:
        report = asked(text)
    except ConvcostError:
        return
    assert min(report.macs, report.params, report.elementwise, *report.output) >= 0


@settings(max_examples=600)
@given(st.lists(WORDS, max_size=30).map("".join))
def test_any_words_in_any_order_are_answered_or_refused(text):
    is_answered_or_refused(text)


@settings(max_examples=300)
@given(st.text(max_size=60))
def test_any_characters_are_answered_or_refused(text):
    is_answered_or_refused(text)


@settings(max_examples=300)
@given(CHAINS)
def test_any_arguments_to_any_layer_are_answered_or_refused(text):
    is_answered_or_refused(text)
