"""What a model, its file or an argument is called, through every command that says it."""

import csv
import json
import re
from io import StringIO
from xml.etree import ElementTree

import pytest
from cli_runner import convcost

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, name, fails=False):
        super().__init__()
        self.add_module(name, nn.Linear(4, 4))
        self.register_parameter(name + "?", nn.Parameter(torch.ones(2)))
        self.name, self.fails = name, fails

    def forward(self, x):
        if self.fails:
            raise ValueError(self.name)
        return self._modules[self.name](x)

def make(number, fails=False):
    net = Net(NAMES[number], fails)
    net.__class__ = type(NAMES[number].replace(chr(0), "0"), (Net,), {})
    return net

NAMES = %r
"""

NAMES = [
    *(
        "\x1b[31mred",
        "a\u202eb",
        "a\u2066b\u200fc",
        "a\u200bb",
        "a\u2028b",
        "a\x9bb",
        "a\rb",
        "a\0b",
        "\n::error::x",
    ),
    *(
        "::warning file=x::y",
        "##[error]x",
        "a|b`c`",
        "<img src=x>",
        "[x](http://y)",
        "=1+1",
        "]]>&'\"",
        "[red]x[/]",
    ),
]
EVERY = pytest.mark.parametrize("number", range(len(NAMES)), ids=[ascii(name) for name in NAMES])
HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
ACTION = re.compile(r"^\s*::(?!error file=)|##\[", re.MULTILINE)

COMMANDS = {
    "model": ("model", "net.py:make", "--input", "[2,4]"),
    "operators": ("model", "net.py:make", "--input", "[2,4]", "--by", "operator"),
    "backward": ("model", "net.py:make", "--input", "[2,4]", "--backward"),
    "counters": ("model", "net.py:make", "--input", "[2,4]", "--counters", "fvcore"),
    "device": ("model", "net.py:make", "--input", "[2,4]", "--device", "h100"),
    "memory": ("model", "net.py:make", "--input", "[2,4]", "--memory"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET % NAMES)
    return tmp_path


def is_safe(*texts):
    return not any(HIDDEN.search(text) or ACTION.search(text) for text in texts)


@EVERY
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_prints_a_name_that_hides_or_moves_anything(command, number):
    outcome = convcost(*COMMANDS[command], "--arg", f"number={number}")
    assert outcome.code == 0
    assert is_safe(outcome.out, outcome.err)


@EVERY
def test_nor_does_the_message_of_a_model_that_fails(number):
    code, out, err = convcost(*COMMANDS["model"], "--arg", f"number={number}", "--arg", "fails=True")
    assert (code, out) == (2, "")
    assert is_safe(err)


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name], ids=ascii)
@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "Linear(4, 4)", "{}"),
        ("layer", "{}"),
        ("layer", "Linear(E, 4)", "--set", "{}=3"),
        ("model", "{}.py:Net"),
        ("model", "net.py:{}"),
        ("layer", "Linear(4, 4)", "--device", "{}"),
        ("layer", "Linear(4, 4)", "--format", "{}"),
        ("check", "--config", "{}.toml"),
        ("explain", "{}"),
        ("match", "Linear(4, 4)", "{}", "--vary", "{}"),
        ("sweep", "Linear(E, 4)", "--over", "{}"),
        ("sweep", "Linear(E, 4)", "--over", "E={}"),
        ("sweep", "Linear(E, 4)", "--over", "E=1", "--where", "{}"),
        ("sweep", "Linear(E, 4)", "--over", "E=1", "--by", "{}"),
        ("devices", "{}"),
    ],
    ids=" ".join,
)
def test_nor_does_what_is_said_of_a_wrong_argument(arguments, name):
    code, out, err = convcost(*(each.replace("{}", name) for each in arguments))
    assert code == 2 or "--set" in arguments
    assert is_safe(out, err)


@EVERY
def test_nor_do_a_check_and_what_ci_reads_of_it(number, folder, monkeypatch):
    (folder / "convcost.toml").write_text(
        '[entries.net]\nmodel = "net.py:make"\ninputs = ["[2,4]"]\n'
        f"args = {{ number = {number} }}\nmax_params = 3\n"
    )
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    for kind in ("table", "markdown", "csv", "json"):
        outcome = convcost("check", "--format", kind, "--junit", "junit.xml")
        assert outcome.code == 1
        assert is_safe(outcome.out, outcome.err)
    ElementTree.parse("junit.xml")
    assert is_safe((folder / "junit.xml").read_text(), (folder / "summary.md").read_text())


@EVERY
def test_json_and_csv_are_read_back(number):
    arguments = (*COMMANDS["model"], "--arg", f"number={number}", "--format")
    found = json.loads(convcost(*arguments, "json").out)
    assert NAMES[number] in [each["path"] for each in found["modules"]]
    header, *rows = csv.reader(StringIO(convcost(*arguments, "csv").out))
    assert {len(row) for row in rows} == {len(header)}
