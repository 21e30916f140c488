"""The GitHub action: its steps run as GitHub runs them, with a `gh` that writes down what it is asked."""

import re
import subprocess
import sys

import pytest
import yaml
from cli_runner import ROOT, environment

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

GH = """\
#!/bin/sh
case "$*" in
  *--jq*) echo "$EARLIER" ;;
  *) echo "$*" >> asked; exit "$REFUSED" ;;
esac
"""


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Runs a step in an empty folder, where `gh` is a stand-in."""
    for name, text in (("gh", GH), ("convcost", f'#!/bin/sh\nexec "{sys.executable}" -m convcost "$@"\n')):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    variables = {
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTIONS": "",
        "GITHUB_REPOSITORY": "a/b",
        "PULL_REQUEST": "7",
    }
    path = f"{tmp_path}:{environment()['PATH']}"

    def run(step, **changes):
        given = environment(PATH=path, EARLIER="", REFUSED="0", CONFIG="", SPECS_ONLY="false")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[step]["run"]],
            cwd=tmp_path, env=given | variables | changes, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def write_config(folder, spec, name="convcost.toml"):
    (folder / name).write_text(f'[entries.a]\nspec = "{spec}"\n')


def test_every_input_is_read_and_none_is_pasted_into_a_script():
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == ACTION["inputs"].keys()
    for step in STEPS.values():
        assert "${{" not in step["run"]
        assert set(re.findall(r"\$\{?(\w+)", step["run"])) >= step.get("env", {}).keys() - {"GH_TOKEN"}


def test_a_check_that_fails_fails_the_step_and_leaves_the_change_by_layer(job, tmp_path):
    write_config(tmp_path, "Linear(2, 3)")
    subprocess.run([tmp_path / "convcost", "check", "--update"], cwd=tmp_path, env=environment(), check=True)
    assert job("Check").returncode == 0
    write_config(tmp_path, "Linear(2, 4)")
    run = job("Check")
    assert (run.returncode, run.stderr) == (1, "")
    assert "| 0: Linear | grown | +3 | +2 | +1 |" in run.stdout
    assert job("Comment").returncode == 0
    assert (tmp_path / "asked").read_text() == (
        f"api --silent --method POST repos/a/b/issues/7/comments -F body=@{tmp_path}/convcost-comment.md\n"
    )
    assert (tmp_path / "convcost-comment.md").read_text() == (
        f"<!-- convcost check -->\n### convcost check\n\n{run.stdout}"
    )


def test_options_reach_the_check(job, tmp_path):
    write_config(tmp_path, "Linear(2, 3)", "other file.toml")
    with (tmp_path / "other file.toml").open("a") as file:
        file.write('[entries.b]\nmodel = "gone.py:Net"\ninputs = ["f32[1]"]\n')
    assert job("Check").returncode == 2
    assert job("Check", CONFIG="other file.toml").returncode != 0
    assert job("Check", CONFIG="other file.toml", SPECS_ONLY="true").returncode == 0


def test_a_later_comment_replaces_the_earlier_one(job, tmp_path):
    (tmp_path / "convcost.md").write_text("result\n")
    assert job("Comment", EARLIER="11\n12").returncode == 0
    assert "PATCH repos/a/b/issues/comments/12 " in (tmp_path / "asked").read_text()


def test_a_comment_that_is_refused_is_a_warning(job, tmp_path):
    (tmp_path / "convcost.md").write_text("result\n")
    run = job("Comment", REFUSED="1")
    assert run.returncode == 0
    assert run.stdout.startswith("::warning::convcost could not comment")


def test_nothing_is_commented_without_a_result_and_little_of_a_long_one(job, tmp_path):
    assert job("Comment").returncode == 0
    assert not (tmp_path / "asked").exists()
    (tmp_path / "convcost.md").write_text("x" * 60_001)
    assert job("Comment").returncode == 0
    assert len((tmp_path / "convcost-comment.md").read_text()) < 200
