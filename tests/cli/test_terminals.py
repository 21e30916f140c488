"""On a terminal: the costs at once, the counters as they come in, and the whole result in the end."""

import signal

import pytest
from cli_runner import FOUNDING, convcost
from pseudo_terminal import COLOUR, final_screen, terminal


def test_the_costs_are_there_before_any_counter_has_counted():
    with terminal(*FOUNDING) as shown:
        early = final_screen(shown.read(until="counting"))
    assert "1,966,080          6.00×" in early
    assert "agrees" not in early
    assert "blind" not in early


@pytest.fixture(scope="module")
def written():
    """All that is written on a terminal of 24 lines."""
    with terminal(*FOUNDING, lines=24) as shown:
        return shown.read()


def test_the_final_screen_is_what_a_pipe_gets(written):
    assert final_screen(written).rstrip() == convcost(*FOUNDING).out.rstrip()


def test_every_verdict_stands_on_the_final_screen_once(written):
    words = final_screen(written).partition(" counter ")[2].split("\n\n")[0].split()
    assert (words.count("agrees"), words.count("blind"), words.count("counting")) == (5, 1, 0)


def test_the_cursor_is_shown_again_in_the_end(written):
    assert written.rfind("\x1b[?25h") >= written.rfind("\x1b[?25l")


def test_a_terminal_gets_colour(written):
    assert COLOUR.search(written)


@pytest.fixture(scope="module")
def written_narrow():
    """All that is written on a terminal of 60 columns without colour."""
    with terminal(*FOUNDING, columns=60, NO_COLOR="1") as shown:
        return shown.read()


def test_no_color_is_heeded_on_a_terminal(written_narrow):
    assert not COLOUR.search(written_narrow)


def test_the_screen_is_as_wide_as_the_terminal(written_narrow):
    assert max(map(len, final_screen(written_narrow).splitlines())) <= 60


def test_a_dumb_terminal_gets_plain_lines():
    with terminal(*FOUNDING, TERM="dumb") as shown:
        text = shown.read()
    assert "\x1b" not in text
    assert text.count("agrees") == 6


def test_json_on_a_terminal_is_json_alone():
    with terminal(*FOUNDING, "--counters", "none", "--json") as shown:
        text = shown.read()
    assert text.startswith("{")
    assert "\x1b" not in text


def test_an_interrupt_while_counting_ends_it_quietly_with_130():
    with terminal(*FOUNDING) as shown:
        shown.read(until="counting")
        shown.process.send_signal(signal.SIGINT)
        text = shown.read()
        assert (shown.process.wait(), shown.process.stderr.read()) == (130, b"")
    assert "1,966,080          6.00×" in final_screen(text)
    assert text.rfind("\x1b[?25h") >= text.rfind("\x1b[?25l")
