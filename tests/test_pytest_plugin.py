"""The pytest plugin: it is there once convcost is installed, and what its fixture and marker do."""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parent.parent / "docs" / "how-to" / "check-in-ci.md"

TEST = """
import pytest
from convcost.pytest_plugin import assert_cost

CONV = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)"
"""


@pytest.fixture
def run(pytester):
    """pytest on a file with these tests; the results by test."""

    def run(tests, *options):
        pytester.makepyfile(TEST + tests)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", "--strict-markers", *options)

    return run


FAILURE = """\
    def test_cost():
>       assert_cost(CONV, E=128, L=10, flops='60*B*S*E**2')
E       AssertionError: 2 x Conv1d: FLOPs = 1,966,080·B·S, not 60·B·S·E² (flops)
E       sizes: E = 128, L = 10; B, S open
E       
E        by layer                                    FLOPs
E       ───────────────────────────────────────────────────
E        0: Conv1d(128, 128, 3, padding=1)     983,040·B·S
E        1: Conv1d(128, 128, 3, padding=1)     983,040·B·S
E        total                               1,966,080·B·S
E        asserted                            = 983,040·B·S
E        difference                            983,040·B·S
E       
E        The asserted value equals the MACs.
E        0: Conv1d accounts for the difference.

"""  # noqa: W291


def test_a_failure_ends_at_the_line_of_the_test_and_shows_the_costs_by_layer(run):
    result = run("def test_cost():\n    assert_cost(CONV, E=128, L=10, flops='60*B*S*E**2')\n")
    result.assert_outcomes(failed=1)
    shown = result.stdout.str().partition("___ test_cost ___")[2].partition("\n\n")[2]
    assert shown.partition("test_a_failure")[0] == FAILURE


def test_a_wrong_request_ends_at_the_line_of_the_test_too(run):
    result = run(
        "def test_cost(convcost):\n    convcost('Conv1d(E, E, 3, paddin=1)', flops=3)\n", "--tb=short"
    )
    result.assert_outcomes(failed=1)
    shown = result.stdout.str().partition("___ test_cost ___")[2].partition(": in test_cost\n")[2]
    assert shown.partition("===")[0] == (
        "    convcost('Conv1d(E, E, 3, paddin=1)', flops=3)\n"
        "E   convcost.core.errors.SpecError: Conv1d has no argument paddin (did you mean padding?)\n"
        "E     Conv1d(E, E, 3, paddin=1)\n"
        "E                     ^^^^^^^^\n"
    )


def test_the_example_of_the_documentation_fails_as_it_shows(pytester):
    code, shown = re.search(
        r"```python\n(import pytest\n.*?)```.*?```text\n(E .*?)```",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL,
    ).groups()
    pytester.makepyfile(code)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    assert [line.rstrip() for line in result.outlines if line.startswith("E ")] == shown.splitlines()


def test_the_fixture_asserts_and_returns_the_report(run):
    result = run(
        "def test_cost(convcost):\n"
        "    assert convcost(CONV, flops='12*B*S*L*E**2').open_names == ('B', 'S', 'E', 'L')\n"
        "def test_failure(convcost):\n"
        "    convcost(CONV, max_params=1, E=2, L=3)\n"
    )
    result.assert_outcomes(passed=1, failed=1)
    assert "pytest_plugin.py" not in result.stdout.str()


def test_markers_are_defaults_of_the_fixture_and_the_innermost_wins(run):
    result = run(
        "pytestmark = pytest.mark.convcost(E=128, L=10)\n"
        "@pytest.mark.convcost(max_params='99 K', E=64)\n"
        "class TestCosts:\n"
        "    def test_class(self, convcost):\n"
        "        assert convcost(CONV).sizes['E'] == 64\n"
        "    @pytest.mark.convcost(E=128)\n"
        "    def test_own(self, convcost):\n"
        "        assert convcost(CONV).params == 98_560\n"
        "    def test_given(self, convcost):\n"
        "        convcost(CONV, E=129)\n"
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        ["E *AssertionError: 2 x Conv1d: parameters = 100,104, more than 99,000 (max_params)"]
    )


def test_modules_are_asserted_on_tensors_and_on_words(run):
    result = run(
        "import torch\n"
        "def test_tensors(convcost):\n"
        "    convcost(torch.nn.Linear(3, 4), torch.zeros(2, 3), flops=48)\n"
        "def test_words(convcost):\n"
        "    convcost(torch.nn.Linear(3, 4), 'f32[B,3]', flops='24*B')\n"
    )
    result.assert_outcomes(passed=2)


def test_costs_are_properties_in_a_junit_report(run, pytester):
    run(
        "def test_cost(convcost):\n    convcost('[4] -> Linear(4, 4)', max_flops=99)\n",
        "--junit-xml=junit.xml",
    ).assert_outcomes(passed=1)
    root = ElementTree.parse(pytester.path / "junit.xml").getroot()
    assert {found.get("name"): found.get("value") for found in root.iter("property")} == {
        "convcost.Linear.flops": "32",
        "convcost.Linear.macs": "16",
        "convcost.Linear.params": "20",
        "convcost.Linear.trainable_params": "20",
    }


def test_the_marker_is_explained_and_takes_keywords_alone(run):
    run("", "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.convcost([*][*]options): default limits, sizes*"]
    )
    result = run("@pytest.mark.convcost('2 GFLOPs')\ndef test_cost(convcost):\n    convcost(CONV, flops=1)\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup*",
            "the convcost marker takes only keyword arguments, such as E=128 or max_params=10_000",
        ]
    )


def test_a_marker_of_a_test_that_does_not_take_the_fixture_asserts_nothing_and_is_refused(run):
    result = run("@pytest.mark.convcost(max_flops=10)\ndef test_cost():\n    pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            "ERROR: *.py::test_cost has the marker convcost, but does not use the fixture convcost, "
            "so it asserts nothing"
        ]
    )


def test_a_marker_of_a_class_is_for_those_of_its_tests_that_take_the_fixture(run):
    result = run(
        "@pytest.mark.convcost(E=2)\n"
        "class TestCosts:\n"
        "    def test_cost(self, convcost):\n"
        "        convcost('[E] -> Linear(E, E)', macs=4)\n"
        "    def test_other(self):\n"
        "        pass\n"
    )
    result.assert_outcomes(passed=2)


def test_the_fixture_is_listed_with_its_first_line(run):
    run("", "--fixtures").stdout.fnmatch_lines(
        ["convcost -- *", "    `assert_cost` with defaults from the `convcost` markers of the test*"]
    )


def test_a_run_without_costs_loads_nothing_heavy():
    script = (
        "import sys, convcost, convcost.pytest_plugin\n"
        "convcost.assert_cost is convcost.pytest_plugin.assert_cost or sys.exit('another')\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in"
        " ('torch', 'sympy', 'rich', 'typer', 'numpy', 'fvcore', 'convcost')))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    light = [
        "convcost",
        "convcost.assertion",
        "convcost.core",
        "convcost.core.late_binding",
        "convcost.pytest_plugin",
    ]
    assert result.stdout.strip() == str(light)


def test_tests_that_assert_no_cost_run_without_torch(pytester):
    pytester.makepyfile(
        "import sys\n"
        "def test_nothing(request):\n"
        "    assert request.config.pluginmanager.has_plugin('convcost')\n"
        "    assert not {'torch', 'sympy', 'fvcore', 'convcost.layers.network'} & sys.modules.keys()\n"
    )
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_spec_is_asserted_without_torch():
    script = (
        "import sys, convcost\n"
        "convcost.assert_cost('[B, S, E] -> Linear(E, E)', flops=8192, E=64)\n"
        "print([name for name in ('torch', 'sympy', 'rich') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
