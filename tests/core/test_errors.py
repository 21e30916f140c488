"""Errors: what they say, where they point, and what near name they offer."""

import ast

import pytest
from cli_runner import ROOT
from hypothesis import given
from hypothesis import strategies as st

from convcost.core.errors import (
    ConvcostError,
    RequirementError,
    Span,
    SpecError,
    UsageError,
    caret_lines,
    did_you_mean,
)
from convcost.core.escapes import escape_to_ascii


def test_an_error_is_its_message_and_its_way_out():
    assert str(UsageError("what is wrong", hint="The way out.")) == "what is wrong\nThe way out."


def test_an_error_without_a_way_out_is_one_line():
    assert str(UsageError("what is wrong")) == "what is wrong"


def test_a_spec_error_points_at_the_place():
    error = SpecError("no such layer", text="Linear(1, 1) -> Liner(1)", span=Span(16, 21), hint="Try Linear.")
    assert (
        str(error)
        == """\
no such layer
  Linear(1, 1) -> Liner(1)
                  ^^^^^
Try Linear."""
    )


@pytest.mark.parametrize("kind", [UsageError, RequirementError])
def test_every_kind_is_caught_as_convcosts(kind):
    with pytest.raises(ConvcostError):
        raise kind("wrong")


def test_an_empty_place_still_has_a_caret():
    assert caret_lines("ab", Span(2, 2)) == ("  ab", "    ^")


def test_an_escaped_character_is_pointed_at_in_its_whole_width():
    assert caret_lines("a\u202eb", Span(1, 2)) == (r"  a\u202eb", "   ^^^^^^")


def test_carets_stand_right_behind_an_escaped_character():
    assert caret_lines("\u202eab", Span(1, 2)) == (r"  \u202eab", "        ^")


TEXTS = st.text(max_size=300)


@given(TEXTS, st.integers(0, 300), st.integers(0, 300))
def test_both_lines_are_plain_and_short_wherever_it_points(text, start, length):
    start = min(start, len(text))
    shown, carets = caret_lines(text, Span(start, min(start + length, len(text))))
    assert (shown + carets).isascii()
    assert (shown + carets).isprintable()
    assert len(shown) <= 10 * 72 + 8


@given(st.text(alphabet="abcdefgh", max_size=300), st.integers(0, 300), st.integers(1, 30))
def test_the_carets_stand_under_what_they_point_at(text, start, length):
    start = min(start, len(text))
    place = text[start : start + length]
    shown, carets = caret_lines(text, Span(start, start + len(place)))
    marked = shown[carets.index("^") : carets.rindex("^") + 1]
    assert place.startswith(marked.rstrip("."))
    assert len(marked.rstrip(".")) >= min(len(place), 30)


@given(st.text())
def test_escaped_text_is_printable_ascii(text):
    assert escape_to_ascii(text).isascii()
    assert escape_to_ascii(text).isprintable()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_not_changed_by_escaping(text):
    assert escape_to_ascii(text) == text


@pytest.mark.parametrize(
    ("name", "offer"),
    [
        ("conv1f", " (did you mean Conv1d?)"),
        ("CONV1D", " (did you mean Conv1d?)"),
        ("Liner", " (did you mean Linear?)"),
        ("transformer", ""),
        ("", ""),
        ("x" * 100_000, ""),
    ],
)
def test_a_near_name_is_offered_if_there_is_one(name, offer):
    assert did_you_mean(name, ("Conv1d", "Conv2d", "Linear")) == offer


def is_error(node):
    name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
    return name.endswith("Error")


def test_what_errors_say_is_ascii_as_all_else_in_them_is_escaped():
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "convcost").rglob("*.py")]
    errors = [node for tree in trees for node in ast.walk(tree) if is_error(node)]
    assert len(errors) > 500
    parts = (part for error in errors for part in ast.walk(error) if isinstance(part, ast.Constant))
    assert [part.value for part in parts if isinstance(part.value, str) and not part.value.isascii()] == []
