"""Texts that would hang, fill memory, run code or garble the screen, and are refused at once."""

import pytest
from cli_runner import convcost, refused
from hypothesis import given, settings
from hypothesis import strategies as st


def message_for(spec: str) -> str:
    message = refused("compare", spec, "Linear(1, 1)", "--counters", "none")
    assert len(message) < 600
    return message


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param("Linear(1, 1) -> " * 66_000 + "ReLU", id="a megabyte"),
        pytest.param("(" * 10_000, id="10,000 nested brackets"),
        pytest.param("(" * 10_000 + "ReLU" + ")" * 10_000, id="10,000 pairs of brackets"),
        pytest.param("Linear(" + "-" * 10_000 + "1, 1)", id="10,000 signs"),
        pytest.param("Linear(9**9**9, 1)", id="a tower of powers"),
        pytest.param("Linear(9**999999999, 1)", id="a huge power"),
        pytest.param("Linear(10**30*10**30, 1)", id="a huge product"),
        pytest.param("Linear(" + "9" * 5_000 + ", 1)", id="a huge literal"),
        pytest.param("Linear(1e999999999, 1)", id="a huge exponent"),
        pytest.param("1000000000 x ReLU", id="a thousand million layers"),
        pytest.param("1000 x (1000 x (1000 x ReLU))", id="nested repetitions"),
        pytest.param("0 x ReLU", id="no repetition"),
        pytest.param("__import__('os')", id="a call"),
        pytest.param("Linear(__import__('os').system('id'), 1)", id="a call inside"),
        pytest.param("Linear(().__class__, 1)", id="an attribute"),
        pytest.param("[x for x in y] -> ReLU", id="a comprehension"),
        pytest.param("", id="nothing"),
        pytest.param("   ", id="only spaces"),
        pytest.param("->", id="only an arrow"),
        pytest.param("Linear(1, 1) ->", id="an arrow to nothing"),
        pytest.param("Linear(1/0, 1)", id="a division by zero"),
        pytest.param("Linear(7/2, 1)", id="a division with a rest"),
    ],
)
def test_such_a_spec_is_refused_with_a_short_message(spec):
    assert message_for(spec)


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\u202e", r"\u202e"),
        ("\x00", r"\x00"),
        ("\t|", r"\t|"),
        ("\u200b", r"\u200b"),
        ("\U0001f600", r"\U0001f600"),
    ],
)
def test_a_character_that_could_garble_the_screen_is_shown_escaped(character, shown):
    message = message_for(f"Linear({character}?, 1)")
    assert shown in message
    assert message.isascii()
    assert all(line.isprintable() for line in message.splitlines())


def test_a_long_spec_is_shown_around_the_place():
    message = message_for("Linear(1, 1) -> " * 500 + "Liner(1, 1)" + " -> ReLU" * 500)
    _, shown, carets, *_ = message.splitlines()
    assert len(shown) <= 80
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "Liner"


@given(st.text(max_size=60))
def test_no_text_at_all_ends_in_a_traceback(text):
    code, _, err = convcost("compare", "--counters", "none", "--", text, "Linear(1, 1)")
    assert code in (0, 2)
    assert (code == 2) == bool(err)


WORDS = st.lists(
    st.sampled_from(
        [
            "Linear",
            "Conv1d",
            "(",
            ")",
            "[",
            "]",
            ",",
            "->",
            "=",
            "2",
            "x",
            "E",
            "*",
            "1e6",
            "same",
            "-",
            "None",
        ]
    ),
    max_size=16,
)


@given(WORDS)
@settings(max_examples=200)
def test_no_sequence_of_the_languages_own_words_ends_in_a_traceback(words):
    code, _, err = convcost(
        "compare", "--counters", "none", "--E", "4", "--L", "9", "--", " ".join(words), "Linear(E, L)"
    )
    assert code in (0, 2)
    assert (code == 2) == bool(err)


@given(
    st.lists(
        st.sampled_from(
            ["--E", "--E=", "--", "-", "--set", "E=3", "3", "--json", "--no-bias", "--L", "10", "-h"]
        ),
        max_size=6,
    )
)
def test_no_sequence_of_options_ends_in_a_traceback(arguments):
    code, _, err = convcost("compare", "--counters", "none", *arguments)
    assert code in (0, 2)
    assert (code == 2) == bool(err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--\u202e\x07Q", "3"),
        ("--E", "\u202e\x073"),
        ("--set", "\u202e\x07"),
        ("--counters", "\u202e\x07"),
        ("--format", "\u202e\x07"),
        ("--dtype", "\u202e\x07"),
        ("--max-memory", "\u202e\x07"),
        ("--count", "\u202e\x07"),
    ],
    ids=lambda arguments: arguments[0].replace("\u202e\x07", ""),
)
def test_a_control_character_in_an_option_does_not_reach_the_screen(arguments):
    code, out, err = convcost("compare", "--E", "128", "--L", "10", *arguments)
    assert (code, out) == (2, "")
    assert err.isascii()
    assert all(line.isprintable() for line in err.splitlines())


def test_of_a_text_of_several_lines_the_line_with_the_error_is_shown():
    assert message_for("Linear(1, 1)\n-> Linear(?, 1)\n-> ReLU").splitlines()[1:] == [
        "  -> Linear(?, 1)",
        "            ^",
    ]
