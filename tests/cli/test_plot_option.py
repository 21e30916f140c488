"""`--plot`: pictures beside the result, all or nothing, and nothing of their libraries without it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runner import PLAIN as FOUNDING
from cli_runner import ROOT, convcost, refused

pytestmark = pytest.mark.usefixtures("folder")

CURVE = ("compare", "--E", "128", "--counters", "none")


def test_several_pictures_are_saved_beside_the_usual_result():
    plain = convcost(*CURVE)
    names = ["a.svg", "a.png", "a.pdf", "a.html", "B.SVG"]
    drawn = convcost(*CURVE, *(word for name in names for word in ("--plot", name)))
    assert drawn == plain
    assert sorted(os.listdir()) == sorted(names)


def test_json_stays_as_it_is():
    assert json.loads(convcost(*CURVE, "--json", "--plot", "a.svg").out) == json.loads(
        convcost(*CURVE, "--json").out
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*CURVE, "--plot", "a.jpg"), "--plot a.jpg: .jpg is not a supported picture format"),
        (
            (*CURVE, "--plot", "a.svgz"),
            "--plot a.svgz: .svgz is not a supported picture format (did you mean .svg?)\n",
        ),
        ((*CURVE, "--plot", "nosuch/a.svg"), "nosuch/a.svg can't be written: its folder does not exist\n"),
        ((*CURVE, "--plot", "."), "--plot .: this name is not a supported picture format\n"),
        ((*CURVE, "--plot-metric", "params"), "--plot-metric needs --plot"),
        ((*CURVE, "--plot-range", "L=1:3"), "--plot-range needs --plot"),
        ((*CURVE, "--plot", "a.svg", "--plot-metric", "flop"), "called flop (did you mean flops?)"),
        ((*CURVE, "--plot", "a.svg", "--plot-range", "L"), "--plot-range L is not a size with its range"),
        ((*CURVE, "--plot", "a.svg", "--plot-range", "L=5:1"), "L=5:1: the range is empty: 5 is more"),
        ((*CURVE, "--plot", "a.svg", "--plot-range", "L=0:3"), "L=0:3: a size is from 1 to 10^18\n"),
        ((*CURVE, "--plot", "a.svg", "--plot-range", "L=a:3"), "--plot-range is a; it must be a whole"),
        ((*CURVE, "--plot", "a.svg", "--plot-range", "K=1:3"), "no open size is called K"),
        (("compare", "--plot", "a.svg"), "a curve needs exactly one open size, but L and E are open"),
    ],
)  # fmt: skip
def test_what_makes_no_picture_is_refused_with_nothing_written(arguments, message):
    assert message in refused(*arguments)
    assert os.listdir() == []


def test_nothing_is_half_written():
    Path("full.svg").symlink_to("/dev/full")
    Path("kept.svg").write_text("as it was", encoding="utf-8")
    assert "full.svg can't be written" in refused(*CURVE, "--plot", "full.svg")
    message = refused(*CURVE, "--plot", "kept.svg", "--plot-metric", "nosuch")
    assert "no quantity is called nosuch" in message
    assert Path("kept.svg").read_text(encoding="utf-8") == "as it was"
    assert sorted(os.listdir()) == ["full.svg", "kept.svg"]


def test_a_link_and_a_mode_are_kept():
    Path("old.svg").touch(mode=0o600)
    Path("link.svg").symlink_to("old.svg")
    assert convcost(*CURVE, "--plot", "link.svg").code == 0
    assert Path("link.svg").is_symlink()
    assert Path("old.svg").stat().st_mode & 0o777 == 0o600
    assert "<svg" in Path("old.svg").read_text(encoding="utf-8")


PLOTTING = ("altair", "vl_convert", "plotext", "convcost.render.charts.pictures")


@pytest.mark.parametrize(
    "arguments",
    [
        CURVE,
        ("match", "Linear(3,4)", "Linear(E,4)", "--vary", "E"),
        ("sweep", "Linear(E,4)", "--over", "E=1:9"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_without_it_load_nothing_that_draws(arguments):
    script = (
        "import sys\nfrom convcost.cli import app\n"
        f"app({list(arguments)!r}, standalone_mode=False)\n"
        f"print([name for name in {PLOTTING} if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stderr.strip() == "[]"


def test_a_dash_prints_the_charts_below_the_table():
    plain = convcost(*FOUNDING)
    drawn = convcost(*FOUNDING, "--plot", "-", "--plot-metric", "flops", "--plot", "a.svg")
    assert drawn.out == plain.out + (
        " FLOPs\n"
        " dense        ████████▉                                             327.7 KFLOPs\n"
        " conv (6.00×) █████████████████████████████████████████████████████  1.97 MFLOPs\n"
        "\n"
    )
    assert os.listdir() == ["a.svg"]


def test_charts_are_as_wide_as_the_terminal_and_80_columns_at_most(monkeypatch):
    for columns, widest in ((40, 40), (80, 80), (200, 80)):
        monkeypatch.setenv("COLUMNS", str(columns))
        plain = convcost(*CURVE)
        charts = convcost(*CURVE, "--plot", "-").out.removeprefix(plain.out)
        assert max(map(len, charts.splitlines())) in (widest - 1, widest)


def test_charts_are_ascii_where_stdout_is():
    out = convcost(*CURVE, "--plot", "-", encoding="ascii").out
    assert out.isascii()
    assert "* dense" in out
    assert "+ conv" in out
    assert "?" not in out


def test_charts_in_a_pipe_have_no_escapes_but_may_be_asked_for_colour(monkeypatch):
    assert "\x1b" not in convcost(*CURVE, "--plot", "-").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[34m" in convcost(*CURVE, "--plot", "-").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in convcost(*CURVE, "--plot", "-").out


@pytest.mark.parametrize("format_name", ["json", "csv", "markdown"])
def test_a_dash_is_for_tables(format_name):
    message = refused(*FOUNDING, "--plot", "-", "--format", format_name)
    assert f"--plot - prints charts below a table, not with --format {format_name}" in message


def test_one_design_is_drawn_by_its_parts():
    out = convcost(
        "cost", "Linear(8, 8) -> ReLU -> Linear(8, 8)", "--counters", "none", "--memory", "--plot", "-"
    ).out
    assert " FLOPs by layer\n" in out
    assert " Peak memory, float32\n" in out


def test_a_module_is_drawn_by_its_parts():
    arguments = (
        "model",
        f"{ROOT}/examples/resnet.py:resnet20",
        "--input",
        "f32[1,3,32,32]",
        "--arg",
        "classes=10",
    )
    out = convcost(*arguments, "--plot", "-").out
    assert " FLOPs by submodule\n" in out
    assert " FLOPs by operator\n conv2d ██" in out
