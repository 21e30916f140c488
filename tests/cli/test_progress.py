"""Progress of long work: a line for each part in a file, one line that is gone in the end on a screen."""

import sys
from fractions import Fraction
from io import StringIO

import pytest

from convcost.cli import output, sweep
from convcost.cli.output import show_progress

STEPS = ("dense", "dense", "pooling")


class Screen(StringIO):
    def isatty(self):
        return True


class Closed(StringIO):
    def write(self, text):
        raise OSError


def written(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert tuple(show_progress(STEPS, 3, str)) == STEPS
    return stream.getvalue()


def test_a_file_has_a_line_for_each_part(monkeypatch):
    assert written(monkeypatch, StringIO()) == "dense: 0 of 3 done\npooling: 2 of 3 done\n"


def test_a_screen_has_one_line_that_is_gone_in_the_end(monkeypatch):
    shown_in_turn = [line.strip() for line in written(monkeypatch, Screen()).split("\r") if line]
    assert shown_in_turn == ["dense: 0 of 3 done", "dense: 1 of 3 done", "pooling: 2 of 3 done", ""]


@pytest.mark.parametrize("stream", [Closed(), None], ids=["closed", "none"])
def test_work_goes_on_where_nobody_can_be_told(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert tuple(show_progress(STEPS, 3, str)) == STEPS


def test_steps_are_shares_of_what_is_counted(monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := Screen())
    assert tuple(show_progress(STEPS, 10**8, str, Fraction(10**8, 3))) == STEPS
    shown_in_turn = [line.strip() for line in stream.getvalue().split("\r") if line]
    numbers = ["dense: 0", "dense: 33,333,333", "pooling: 66,666,666"]
    assert shown_in_turn == [*(f"{number} of 100,000,000 done" for number in numbers), ""]


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, ""), (0.6, "points of the grid: 200 of 300 done\n")])
def test_a_sweep_says_how_many_points_are_done_if_it_lasts(monkeypatch, seconds, shown):
    monkeypatch.setattr(sys, "stderr", stream := StringIO())
    times = iter([10.0, *(10.0 + seconds * step for step in range(3))])
    monkeypatch.setattr(output, "monotonic", lambda: next(times))
    assert tuple(sweep._show_progress(iter(STEPS), 3, 300)) == STEPS
    assert stream.getvalue() == shown
