"""What a shell completes: commands and options, each with its help in one line, without torch."""

import re
import subprocess
import sys

import pytest
from cli_runner import convcost, environment, process, shell

from convcost.cli.commands import COMMANDS

OPTION_NAMES = re.compile(r"^  (--[a-z-]+)|(?<= / )(--[a-z-]+)", re.M)


def completed(line, **changes):
    """What fish is told: names and their help."""
    words = {"_CONVCOST_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    code, out, err = process(**words, _TYPER_COMPLETE_ARGS=line, **changes)
    assert (code, err) == (0, "")
    return dict(row.split("\t") for row in out.splitlines() if row)


def test_commands_have_their_first_sentence():
    answers = completed("convcost ")
    assert tuple(answers) == COMMANDS
    assert all(text.endswith(".") for text in answers.values())
    assert completed("convcost co").keys() == {"compare", "cost", "counters", "code"}


def test_the_help_lists_commands_with_whole_sentences():
    listed = " ".join(convcost("--help").out.split())
    assert all(text in listed for text in completed("convcost ").values())


@pytest.mark.parametrize("command", ["compare", "match", "sweep", "layer", "check"])
def test_options_of_a_command(command):
    answers = completed(f"convcost {command} --", COLUMNS="40")
    listed = convcost(command, "--help").out.partition("\nOptions:\n")[2]
    expected = {name for pair in OPTION_NAMES.findall(listed) for name in pair if name}
    assert answers.keys() == expected | {"--help"}
    assert all(answers.values())
    assert completed(f"convcost {command} --form").keys() == {"--format"}


@pytest.mark.parametrize(
    "line", ["convcost cmpare --", "convcost compare --nosuch --f", "convcost compare 'Lin"]
)
def test_a_line_that_is_wrong_is_no_error(line):
    completed(line)


@pytest.mark.parametrize("line", ["convcost c", "convcost sweep --"])
def test_nothing_heavy_is_imported(line):
    script = (
        "import sys, atexit; from convcost.__main__ import main;"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    words = {"_CONVCOST_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment(**words)
    )
    assert run.stdout.startswith("_arguments")
    loaded = {name.partition(".")[0] for name in run.stderr.split()}
    assert "convcost" in loaded
    assert not loaded & {
        "torch",
        "sympy",
        "numpy",
        "fvcore",
        "duckdb",
        "pyspark",
        "altair",
        "jinja2",
        "pydantic",
    }


def test_bash_completes_in_a_shell_that_has_the_script(tmp_path):
    (tmp_path / "convcost").write_text(f'#!/bin/sh\nexec {sys.executable} -m convcost "$@"\n')
    (tmp_path / "convcost").chmod(0o755)
    script = (
        f'PATH={tmp_path}:$PATH; eval "$(_CONVCOST_COMPLETE=source_bash convcost)"; '
        "COMP_WORDS=(convcost match --bu); COMP_CWORD=2; _convcost_completion convcost; "
        'complete -p convcost; echo "${COMPREPLY[@]}"'
    )
    answer = "complete -o default -F _convcost_completion convcost\n--budget\n"
    assert shell(script) == (0, answer, "")


def test_the_script_is_installed_for_the_current_shell(tmp_path):
    code, out, err = shell("$convcost --install-completion", HOME=str(tmp_path))
    installed = tmp_path / ".bash_completions" / "convcost.sh"
    assert (code, err) == (0, "")
    assert str(installed) in out
    assert installed.read_text() == shell("$convcost --show-completion").out.strip()
    assert f"source '{installed}'" in (tmp_path / ".bashrc").read_text()


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell_name):
    code, out, err = process(_CONVCOST_COMPLETE=f"source_{shell_name}")
    assert (code, err) == (0, "")
    assert f"_CONVCOST_COMPLETE=complete_{shell_name}" in out


@pytest.mark.parametrize("arguments", [("--show-completion", "zsh"), ("--install-completion=zsh",)])
def test_a_shell_that_is_named_is_refused_with_the_way(arguments):
    code, out, err = convcost(*arguments)
    assert (code, out) == (2, "")
    assert "takes no value" in err
    assert "_CONVCOST_COMPLETE=source_zsh convcost" in err
