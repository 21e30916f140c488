"""What holds for each format and each result."""

import pytest
from results import RESULTS

from convcost.core.errors import UsageError
from convcost.render import FORMATS, render
from convcost.render.style import Style

EVERY = pytest.mark.parametrize(
    ("result", "name"),
    [pytest.param(result, name, id=f"{key}, {name}") for key, result in RESULTS.items() for name in FORMATS],
)


@EVERY
def test_every_result_is_a_text_that_ends_with_a_line_break(result, name):
    assert render(result, name).endswith("\n")


@EVERY
def test_without_unicode_every_text_is_ascii(result, name):
    assert render(result, name, Style(unicode=False)).isascii()


@EVERY
def test_without_unicode_no_sign_is_lost(result, name):
    usual, plain = render(result, name), render(result, name, Style(unicode=False))
    assert plain.count("?") == usual.count("?")


@EVERY
def test_without_colour_there_is_no_control_character(result, name):
    assert all(character.isprintable() or character == "\n" for character in render(result, name))


@EVERY
def test_rendering_twice_gives_the_same_text(result, name):
    assert render(result, name) == render(result, name)


def test_an_unknown_format_is_refused_with_a_near_name():
    with pytest.raises(UsageError, match=r"no format is called markdwn \(did you mean markdown\?\)"):
        render(RESULTS["pair"], "markdwn")
