"""A quantity is one entry of the table in core/metrics.py and a property of Report: then it is everywhere."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ENTRY = """
    Metric(
        "multiplies", "multiplications", "multiplications", ("multiplications",),
        of_cost=lambda cost, _: 3 * cost.macs,
        in_baseline=True, can_be_matched=True, has_break_even=True,
    ),
"""

START = f"""
import sys
from pathlib import Path
from types import ModuleType

table = ModuleType("convcost.core.metrics")
source = Path({str(ROOT)!r}, "convcost/core/metrics.py").read_text(encoding="utf-8")
sys.modules["convcost.core.metrics"] = table
exec(source.replace("METRICS = (", "METRICS = (" + {ENTRY!r}), vars(table))

from convcost.core.report import Report
Report.multiplies = property(lambda report: 3 * report.macs)
"""

COMMAND = f"{START}\nfrom convcost.cli import app\napp(sys.argv[1:])"

LINEAR = "[B, E] -> Linear(E, E)"
OTHER = "[B, E] -> Linear(E, 2E)"
OPTIONS = ("--counters", "none")
BOUND = ("--B", "1", "--E", "8", *OPTIONS)
FORMULA = "3*B*E**2"


@pytest.fixture
def run(folder):
    def output(*arguments, script=COMMAND, code=0):
        command = [sys.executable, "-c", script, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == code, done.stderr
        return done.stdout

    return output


def test_tables_have_a_line_for_it(run):
    compared, layer = run("compare", LINEAR, OTHER, *BOUND), run("layer", "linear", "8", "8", *OPTIONS)
    assert re.search(r"^ multiplications +192 +384 +2\.00×$", compared, re.MULTILINE)
    assert re.search(r"^ multiplications +192$", layer, re.MULTILINE)


def test_json_has_it_of_reports_rows_and_ratios(run):
    found = json.loads(run("compare", LINEAR, OTHER, *BOUND, "--json"))
    first = found["candidates"][0]
    assert (first["multiplies"], first["rows"][0]["multiplies"]) == (192, 192)
    assert found["ratios"]["multiplies"] == 2


def test_json_of_a_model_has_it_of_modules_and_operators(run):
    sizes = ("--arg", "in_features=8", "--arg", "out_features=8", "--input", "f32[1,8]")
    found = json.loads(run("model", "torch.nn:Linear", *sizes, "--sort", "multiplies", "--json"))
    assert [part[0]["multiplies"] for part in (found["modules"], found["operators"])] == [192, 192]


def test_csv_has_a_column_for_it(run):
    rows = csv.DictReader(run("compare", LINEAR, OTHER, *BOUND, "--format", "csv").splitlines())
    assert [row["multiplies"] for row in rows] == ["192", "384"]


def test_the_schemas_have_it(run):
    made = "import json; from convcost.schemas.generate import generate; print(json.dumps(generate({!r})))"
    layer = json.loads(run(script=f"{START}\n{made.format('layer')}"))
    assert "multiplies" in layer["required"]
    assert "multiplies" in layer["$defs"]["Row"]["required"]
    assert layer["properties"]["multiplies"]["description"] == "Multiplications."
    for name, key in (("config", "max_multiplies"), ("lock", "multiplies"), ("check", "multiplies")):
        assert f'"{key}"' in run(script=f"{START}\n{made.format(name)}"), name


def test_the_gate_limits_it_and_locks_it(run):
    config = f'[entries.a]\nspec = "{LINEAR}"\nsizes = {{ B = 1, E = 8 }}\nmax_multiplies = {{}}\n'
    Path("convcost.toml").write_text(config.replace("{}", "191"), encoding="utf-8")
    assert "192" in run("check", code=1)
    Path("convcost.toml").write_text(config.replace("{}", "192"), encoding="utf-8")
    run("check", "--update")
    assert "multiplies = 192" in Path("convcost.lock").read_text(encoding="utf-8")


def test_match_searches_for_it(run):
    found = json.loads(
        run("match", LINEAR, "--vary", "E", "--budget", "300", "--metric", "multiplies", "--json")
    )
    assert (found["metric"], found["best"][0]["sizes"]) == ("multiplies", {"E": 10})


def test_open_designs_break_even_by_it(run):
    found = json.loads(run("compare", LINEAR, "[B, E] -> Linear(E, 64)", *OPTIONS, "--json"))
    assert found["candidates"][0]["multiplies"] == FORMULA
    assert found["break_even"]["multiplies"]["crossings"] == [64]


def test_it_can_be_asserted(run):
    script = (
        f"{START}\nfrom convcost import assert_cost\nassert_cost({LINEAR!r}, B=1, E=8, max_multiplies={{}})"
    )
    run(script=script.format(192))
    run(script=script.format(191), code=1)
