"""Progress of long work: a line for each part in a file, one line that is gone in the end on a screen."""

import sys
from io import StringIO

import pytest

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
    assert written(monkeypatch, StringIO()) == "dense: 0 of 3\npooling: 2 of 3\n"


def test_a_screen_has_one_line_that_is_gone_in_the_end(monkeypatch):
    shown_in_turn = [line.strip() for line in written(monkeypatch, Screen()).split("\r") if line]
    assert shown_in_turn == ["dense: 0 of 3", "dense: 1 of 3", "pooling: 2 of 3", ""]


@pytest.mark.parametrize("stream", [Closed(), None], ids=["closed", "none"])
def test_work_goes_on_where_nobody_can_be_told(monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert tuple(show_progress(STEPS, 3, str)) == STEPS
