"""The project gates itself, and what it offers for others to copy works."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from cli_runner import ROOT, convcost

WORKFLOW = ROOT / "examples" / "workflow.yml"


ENTRIES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["convcost"]["entries"]


def test_the_project_keeps_its_own_limits_and_baselines(monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.chdir(ROOT)
    code, out, err = convcost("check", "--json")
    result = json.loads(out)
    assert (code, err, result["stale"]) == (0, "", [])
    standings = {entry["name"]: entry["baseline"]["standing"] for entry in result["entries"]}
    assert standings == dict.fromkeys(ENTRIES, "same")


def test_every_example_that_has_modules_is_gated():
    gated = {entry["model"].partition(":")[0] for entry in ENTRIES.values() if "model" in entry}
    having = {path for path in (ROOT / "examples").glob("*.py") if "import nn" in path.read_text()}
    assert gated == {str(path.relative_to(ROOT)) for path in having}


@pytest.mark.usefixtures("folder")
def test_the_command_in_the_workflow_runs_and_writes_what_is_uploaded():
    Path("convcost.toml").write_text('[entries.a]\nspec = "Linear(2, 3)"\nmax_params = 9\n')
    text = WORKFLOW.read_text()
    [command] = re.findall(r"run: convcost (.*)", text)
    assert convcost(*shlex.split(command)).code == 0
    [uploaded] = re.findall(r"path: (.*)", text)
    assert Path(uploaded).is_file()


def test_the_hooks_run_for_the_files_that_matter():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert re.findall(r"entry: (.*)", text) == ["convcost check --specs-only", "convcost check"]
    specs, models = (re.compile(pattern) for pattern in re.findall(r"files: (.*)", text))
    for name in ("pyproject.toml", "sub/convcost.toml", "convcost.lock"):
        assert specs.search(name)
        assert models.search(name)
    assert models.search("net.py")
    assert not specs.search("net.py")
    assert not models.search("notes.toml")
