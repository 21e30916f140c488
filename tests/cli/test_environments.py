"""Odd environments: no traceback, a sane exit code, and a result wherever there can be one."""

import subprocess
import time

import pytest
from cli_runner import COMMAND, ROOT, environment, refused, shell

from convcost.cli.parser_errors import MOST_WORDS
from convcost.cli.sizes import MOST_AT_ONCE

CONFIG = str(ROOT / "pyproject.toml")
COMMANDS = {
    "compare": "compare --E 8 --L 3 --counters none",
    "layer": "layer conv1d 3 3 3 --counters none",
    "explain": "explain conv1d 3 3 3",
    "match": "match 'Linear(3,4)' 'Linear(E,4)' --vary E",
    "sweep": "sweep 'Linear(3,4)' 'Linear(E,4)' --over E=1:9",
    "check": f"check dense-formula --config {CONFIG}",
    "counters": "counters",
    "devices": "devices",
    "layers": "layers",
    "schema": "schema lock",
    "help": "compare --help",
}
SETTINGS = [
    *({"COLUMNS": columns} for columns in ("9" * 20, "0", "-1", "abc", "1", "3", "", "1e9", "1000000")),
    {"LINES": "9" * 20},
    {"TERM": "dumb"},
    {"TERM": "garbage"},
    {"LANG": "C", "LC_ALL": "C"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    {"FORCE_COLOR": "x", "TERM": "garbage"},
    {"HOME": "/nosuch"},
    {"HOME": ""},
    {"TMPDIR": "/nosuch"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_every_command_answers(settings):
    """A third of them in each setting, by turns."""
    for name in [*COMMANDS][SETTINGS.index(settings) % 3 :: 3]:
        code, out, err = shell(f"$convcost {COMMANDS[name]}", **settings)
        assert (code, err) == (0, ""), name
        assert out, name


def test_a_table_is_no_wider_than_a_screen_can_be():
    out = shell(f"$convcost {COMMANDS['compare']}", COLUMNS="9" * 20).out
    assert max(map(len, out.splitlines())) <= 2_000


GONE = "mkdir gone; cd gone; rmdir ../gone; $convcost {}"


@pytest.mark.parametrize("command", [*COMMANDS.values(), "compare --E 8 --L 3", "model net.py:Net"])
def test_a_folder_that_is_gone_is_told(command, tmp_path):
    code, out, err = shell(f"cd {tmp_path}; {GONE.format(command)}")
    if "--help" in command:
        assert (code, err) == (0, "")
    else:
        told = "convcost: the current folder is gone\nGo to another one, such as: cd ~\n"
        assert (code, out, err) == (2, "", told)


@pytest.mark.parametrize(
    "arguments",
    [
        ("{}",), ("compare", "{}"), ("layer", "{}"), ("explain", "{}"),
        ("match", "{}", "ReLU", "--vary", "E"),
        ("model", "{}"), ("model", "{}.py:Net"), ("check", "--config", "{}"), ("devices", "{}"),
        ("schema", "{}"), ("verify", "--kinds", "{}"), ("compare", "--{}", "3"), ("compare", "-{}"),
        ("compare", "--E", "{}"), ("compare", "--set", "{}"), ("compare", "--counters", "{}"),
        ("compare", "--device", "{}"), ("compare", "--dtype", "{}"), ("compare", "--format", "{}"),
    ],
    ids=" ".join,
)  # fmt: skip
@pytest.mark.parametrize("word", ["a" * 100_000, "\udcff", "\x1b[31m"], ids=["long", "bytes", "control"])
def test_a_word_that_is_no_text_is_refused_in_a_few_lines(arguments, word):
    message = refused(*(argument.format(word) for argument in arguments))
    assert len(message) < 3_000
    assert all(" " <= sign <= "~" for sign in message.replace("\n", ""))


@pytest.mark.parametrize("arguments", [("",), ("compare", ""), ("layer", ""), ("model", ""), ("schema", "")])
def test_an_empty_word_is_refused(arguments):
    assert refused(*arguments)


@pytest.mark.parametrize("words", [["ReLU"], ["--E{}", "3"], ["--set", "E{}=3"]])
def test_thousands_of_designs_or_sizes_are_refused_at_once(words):
    given = [word.format(place) for place in range(50_000) for word in words]
    start = time.monotonic()
    result = subprocess.run(
        [*COMMAND, "compare", *given], capture_output=True, env=environment(), check=False
    )
    assert time.monotonic() - start < 15
    assert (result.returncode, result.stdout) == (2, b"")
    assert f"; the limit is {MOST_WORDS:,}\n" in result.stderr.decode()


@pytest.mark.parametrize("words", [["ReLU"], ["--E{}", "3"], ["--set", "E{}=3"]])
def test_hundreds_of_designs_or_sizes_are_refused(words):
    given = [word.format(place) for place in range(MOST_AT_ONCE + 1) for word in words]
    assert f"; the limit is {MOST_AT_ONCE}\n" in refused("compare", *given)


STREAMS = [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"]


@pytest.mark.parametrize("streams", STREAMS)
def test_closed_streams_are_no_error(streams):
    for name in ("compare", "check", "schema", "help"):
        code, _, err = shell(f"$convcost {COMMANDS[name]} {streams}")
        assert (code, err) == (0, ""), name


@pytest.mark.parametrize("streams", STREAMS)
def test_a_refusal_is_one_with_closed_streams_too(streams):
    for command in ("nosuch", "compare --nosuch 3", "counters --nosuch"):
        code, out, _ = shell(f"$convcost {command} {streams}")
        assert (code, out) == (2, ""), command


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_exits_with_2_and_one_line(command):
    code, _, err = shell(f"$convcost {COMMANDS[command]} >/dev/full")
    assert (code, err) == (2, "convcost: the result could not be written: No space left on device\n")


def test_the_path_and_home_may_be_missing():
    given = {name: value for name, value in environment().items() if name not in ("PATH", "HOME")}
    result = subprocess.run([*COMMAND, "counters"], capture_output=True, env=given, check=False)
    assert (result.returncode, result.stderr) == (0, b"")


BROKEN = [
    ("vl_convert", "compare --E 8 --plot curve.svg"),
    ("plotext", "compare --E 8 --plot -"),
    ("jinja2", "report page.html --E 8 --L 3 --counters none"),
    ("duckdb", "sweep 'Linear(C, C)' --over C=1:9 --engine duckdb --out rows.csv"),
]


@pytest.mark.parametrize(("library", "command"), BROKEN)
def test_a_library_that_is_installed_but_broken_is_named(library, command, tmp_path):
    (tmp_path / f"{library}.py").write_text("raise ImportError('its own library is missing')")
    path = f"{ROOT}:{tmp_path}"
    code, out, err = shell(f"cd {tmp_path}; $convcost {command}", PYTHONPATH=path)
    assert (code, out) == (2, "")
    assert err == (
        "convcost: a library can't be imported: its own library is missing\n"
        f"  {tmp_path / library}.py:1\n"
        "Reinstall that library; if the error remains, please report it.\n"
    )
    assert [file.name for file in tmp_path.iterdir() if file.suffix not in (".py", "")] == []
