"""Screens of every kind: narrow, without colour, without any character beyond ASCII."""

import pytest
from cli_runner import PLAIN, convcost, process

LAYER = (
    "layer",
    "conv2d",
    "3",
    "8",
    "3",
    "--padding",
    "1,2",
    "--height",
    "8",
    "--width",
    "8",
    "--counters",
    "none",
)
DESIGNS = ("compare", "a = [B, 3, H, W] -> Conv2d(3, 8, 3) -> BatchNorm2d(8) -> ReLU", "Conv2d(3, 8, 5)")
CHAIN = (*DESIGNS, "--H", "224", "--W", "224", "--layers", "--counters", "none")


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


@pytest.mark.parametrize("command", [PLAIN, LAYER, CHAIN, ("counters",)])
@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_no_line_is_wider_than_the_screen(command, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert widest(convcost(*command).out) <= columns


@pytest.mark.parametrize("columns", ["40", "60"])
def test_no_digit_of_a_number_is_split_from_it_on_a_narrow_screen(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert "1,966,080" in convcost(*PLAIN).out


@pytest.mark.parametrize("columns", ["0", "1", "-5", "wide", ""])
def test_a_nonsensical_width_does_not_matter(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    assert convcost(*PLAIN).code == 0


def test_a_pipe_gets_no_colour():
    assert "\x1b" not in process(*PLAIN).out


def test_a_pipe_gets_colour_if_it_is_forced():
    assert "\x1b[" in process(*PLAIN, FORCE_COLOR="1").out


def test_no_color_is_stronger_than_force_color():
    assert "\x1b" not in process(*PLAIN, NO_COLOR="1", FORCE_COLOR="1").out


def test_an_empty_no_color_is_none():
    assert "\x1b[" in process(*PLAIN, NO_COLOR="", FORCE_COLOR="1").out


@pytest.mark.parametrize("command", [PLAIN, LAYER, CHAIN, ("counters",)])
@pytest.mark.parametrize("output_format", ["table", "json", "markdown", "csv", "html", "latex"])
def test_an_ascii_stdout_gets_ascii(command, output_format):
    code, out, err = convcost(*command, "--format", output_format, encoding="ascii")
    assert (code, err) == (0, "")
    assert out.isascii()
    assert "???" not in out


def test_the_encoding_that_python_is_told_counts():
    code, out, err = process(*PLAIN, PYTHONIOENCODING="ascii")
    assert (code, err) == (0, "")
    assert "FLOPs                       327,680      1,966,080          6.00x\n" in out


@pytest.mark.parametrize("command", [PLAIN, LAYER, CHAIN])
def test_an_ascii_table_is_aligned_as_the_usual_one(command):
    ascii_lines = convcost(*command, encoding="ascii").out.splitlines()
    usual = [line for line in convcost(*command).out.splitlines() if "⌊" not in line]
    assert [len(line) for line in ascii_lines if "floor(" not in line] == list(map(len, usual))


@pytest.mark.parametrize("command", [PLAIN, LAYER, CHAIN, ("counters",)])
@pytest.mark.parametrize("columns", [40, 60, 80])
def test_no_line_of_an_ascii_table_is_wider_than_the_screen(command, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert widest(convcost(*command, encoding="ascii").out) <= columns


@pytest.mark.parametrize("command", [("--help",), ("layer", "--help"), ("compare", "--help")])
def test_help_on_an_ascii_terminal_is_ascii(command):
    code, out, err = convcost(*command, encoding="ascii")
    assert (code, err) == (0, "")
    assert out.isascii()


def test_a_refusal_on_an_ascii_terminal_is_ascii():
    code, _, err = convcost("compare", "--Qé", "3", encoding="ascii")
    assert (code, err.isascii()) == (2, True)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r"])
def test_an_encoding_without_every_sign_gets_a_plain_table(encoding):
    code, out, err = convcost(*PLAIN, encoding=encoding)
    assert (code, out.isascii(), err) == (0, True, "")
