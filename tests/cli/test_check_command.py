"""`convcost check`: verdicts, baselines, and what CI reads."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli_runner import ROOT, convcost, process, refused
from config_files import write_config

pytestmark = pytest.mark.usefixtures("folder", "nowhere")

PAIR = """\
[entries.dense]
spec = "[B, S, L*E] -> Linear(L*E, E)"
sizes = { E = 128, L = 10 }
max_flops = "400 KFLOPs"
flops = "20*B*S*E**2"

[entries.conv]
spec = "[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=same)"
sizes = { E = 128, L = 10 }
ratio_to = "dense"
max_ratio = 6
tolerance = "1%"
"""

LIMITS = (
    "Limits exist for params, trainable_params, macs, valid_macs, flops, bias_adds, elementwise, "
    "output_elements, activations, bytes, active_params, active_params_without_embeddings, "
    "flops_per_token, kv_cache_bytes and ratio."
)

GROWN = (
    PAIR.replace("400 K", "300 K")
    .replace("2 x Conv1d(E, E, 3, padding=same)", "Conv1d(E, E, 3) -> ReLU -> Conv1d(E, E, 5)")
    .replace("max_ratio = 6", 'max_ratio = "3*L/5"')
)

PASSED = """\
 config  convcost.toml
 result  passed, 2 entries

 entry                 found        wanted   verdict
─────────────────────────────────────────────────────
 dense                                        passed
   FLOPs             327,680     ≤ 400,000
   FLOPs           20·B·S·E²   = 20·B·S·E²
 conv                                         passed
   FLOPs ÷ dense       6.00×       ≤ 6.00×

 There are no baselines: convcost check --update writes them to convcost.lock.

"""

FAILED = """\
 config  convcost.toml
 result  2 of 2 entries failed

 entry                 found        wanted   verdict
─────────────────────────────────────────────────────
 dense                                        failed
   FLOPs             327,680     ≤ 300,000    failed
   FLOPs           20·B·S·E²   = 20·B·S·E²
   baseline        unchanged
 conv                                         failed
   FLOPs ÷ dense       4.40×       ≤ 6.00×
   baseline          changed          ± 1%    failed

 conv                   before         now   difference   relative
───────────────────────────────────────────────────────────────────
 parameters             98,560     131,328      +32,768     +33.2%
 MACs                  983,040     720,896     −262,144     −26.7%
 MACs on real data     917,504     720,896     −196,608     −21.4%
 FLOPs               1,966,080   1,441,792     −524,288     −26.7%
 bias adds               2,560       1,536       −1,024     −40.0%
 elementwise work            0       1,024       +1,024
 output elements         1,280         512         −768     −60.0%
 activations             2,560       1,536       −1,024     −40.0%
 bytes                 404,480     532,480     +128,000     +31.6%

 conv, by layer    change   parameters       MACs   elementwise work
─────────────────────────────────────────────────────────────────────
 2: Conv1d        changed      +32,768   −163,840
 0: Conv1d         shrunk                 −98,304
 1: ReLU            added                                     +1,024

 dense: FLOPs = 327,680, more than 300,000 (max_flops).
 conv: changed from its baseline by more than 1%: FLOPs −524,288 (−26.7%),
 parameters +32,768 (+33.2%), activations −1,024 (−40.0%) and 6 more.
 The design of conv changed from [B*S, E, L] -> 2 x Conv1d(E, E, 3,
 padding=same) to [B*S, E, L] -> Conv1d(E, E, 3) -> ReLU -> Conv1d(E, E, 5).
 If the change from the baseline is intended, convcost check --update accepts
 it; limits stay.

"""

NET = """
import torch
from torch import nn
print("imported")

class Net(nn.Module):
    def __init__(self, width=4, depth=3):
        super().__init__()
        self.blocks = nn.Sequential(*(nn.Linear(width, width) for _ in range(depth)))

    def forward(self, x):
        print("running")
        return self.blocks(x)

class Strange(Net):
    def forward(self, x):
        return torch._foreach_exp([self.blocks(x)])[0]
"""

MODEL = """\
[entries.net]
model = "models/net.py:Net"
inputs = ["f32[2,4]"]
agree_with = ["flop_counter_mode"]
"""


@pytest.fixture
def nowhere(monkeypatch):
    """Not in GitHub Actions, wherever the tests run."""
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def actions(folder, nowhere, monkeypatch):
    """In GitHub Actions, with the summary's file."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
    return folder / "summary.md"


def grown():
    """The pair with its baselines, and then changed."""
    write_config(PAIR)
    assert convcost("check", "--update").code == 0
    write_config(GROWN)


def test_entries_that_keep_their_limits_pass():
    write_config(PAIR)
    assert convcost("check") == (0, PASSED, "")


def test_what_fails_is_told_with_what_changed_and_in_which_layer():
    grown()
    assert convcost("check") == (1, FAILED, "")


def test_one_entry_is_checked_alone_and_what_its_ratio_is_to_is_not_judged():
    write_config(GROWN)
    code, out, _ = convcost("check", "conv")
    assert code == 0
    assert " result  passed, 1 entry\n" in out
    assert "dense    " not in out


def test_an_update_accepts_what_is_but_not_what_breaks_a_limit():
    grown()
    code, out, err = convcost("check", "--update")
    assert (code, err) == (1, "")
    assert "   baseline         accepted          ± 1%\n" in out
    assert " The baselines of all 2 entries were written to convcost.lock.\n" in out
    code, out, err = convcost("check")
    assert (code, out.count("unchanged"), out.count("failed\n")) == (1, 2, 3)


def test_missing_and_stale_baselines_are_told():
    write_config(PAIR)
    convcost("check", "--update")
    write_config(PAIR.replace("entries.dense", "entries.thick").replace('"dense"', '"thick"'))
    code, out, _ = convcost("check")
    assert code == 0
    assert " convcost.lock has no baseline for thick: convcost check --update writes it." in out
    assert " convcost.lock has baselines of entries that no longer exist: dense." in out


def test_of_many_entries_those_that_passed_have_a_line_each():
    entries = [f'[entries.e{place}]\nspec = "Linear(E, E)"\nsizes.E = {place}\n' for place in range(1, 14)]
    write_config("".join(entry + "max_params = 110\nmax_flops = 1000\n" for entry in entries))
    code, out, _ = convcost("check")
    assert code == 1
    assert (
        " e9               2 checks             passed\n e10                                   passed"
        not in out
    )
    assert " e9             2 checks              passed\n" in out
    assert out.count("2 checks") == 10
    assert (
        " e13                                  failed\n"
        "   parameters        182     ≤ 110    failed\n"
        "   FLOPs             338   ≤ 1,000\n"
    ) in out


def test_no_line_is_wider_than_the_screen():
    name = "a_name_that_is_as_long_as_a_name_may_be_and_goes_on_and_on_and_on"[:64]
    write_config(
        f'[entries.{name}]\nspec = "[N, C, L] -> Conv1d(C, 2C, 3, stride=2) -> Conv1d(2C, C, 5, stride=3)"\n'
        'max_flops = "12*N*C**2*L + 10*N*C**2*L + 12*N*C**2*L + 12*N*C**2*L + 12*N*C**2*L"\n'
    )
    convcost("check", "--update")
    write_config(Path("convcost.toml").read_text().replace("stride=3", "stride=1"))
    code, out, _ = convcost("check")
    assert code == 1
    assert max(map(len, out.splitlines())) <= 80


def test_an_ascii_screen_is_served():
    grown()
    code, out, _ = convcost("check", encoding="ascii")
    assert code == 1
    assert "   FLOPs / dense        4.40x       <= 6.00x\n" in out
    assert "?" not in out


def test_the_json_has_every_check_and_every_change():
    grown()
    code, out, err = convcost("check", "--json")
    result = json.loads(out)
    assert (code, err) == (1, "")
    assert {key: value for key, value in result.items() if key not in ("versions", "entries")} == {
        "schema": "convcost/1",
        "config": "convcost.toml",
        "lock": "convcost.lock",
        "written": False,
        "passed": False,
        "stale": [],
        "problems": [],
        "skipped": [],
    }
    dense, conv = result["entries"]
    assert dense["checks"][0] == {
        "key": "max_flops",
        "line": 4,
        "metric": "flops",
        "per": None,
        "relation": "<=",
        "found": 327_680,
        "wanted": 300_000,
        "passed": False,
        "reason": "",
    }
    assert dense["failures"] == ["FLOPs = 327,680, more than 300,000 (max_flops)"]
    assert (conv["name"], conv["line"], conv["passed"], conv["macs"]) == ("conv", 7, False, 720_896)
    baseline = conv["baseline"]
    assert (baseline["standing"], baseline["passed"], baseline["tolerance"]) == ("changed", False, "1%")
    assert baseline["totals"]["params"] == {"before": 98_560, "after": 131_328}
    assert [(row["path"], row["kind"], row["change"]) for row in baseline["rows"]] == [
        ("0", "Conv1d", "shrunk"),
        ("1", "ReLU", "added"),
        ("2", "Conv1d", "changed"),
    ]
    assert baseline["rows"][1]["before"] is None
    assert baseline["rows"][1]["after"] == {"path": "1", "elementwise": 1024}


def test_markdown_is_what_a_pull_request_shows():
    grown()
    code, out, _ = convcost("check", "--format", "markdown")
    assert code == 1
    assert out.startswith(
        "- **config**: `convcost.toml`\n- **result**: `2 of 2 entries failed`\n\n| entry | "
    )
    assert "| conv, by layer | change | parameters | MACs | elementwise work |\n| --- | ---: |" in out
    assert "| 1: ReLU | added |  |  | +1,024 |\n" in out


def test_csv_has_a_line_for_each_check():
    grown()
    assert convcost("check", "--format", "csv").out.splitlines() == [
        "entry,key,line,metric,per,relation,found,wanted,passed,reason",
        "dense,max_flops,4,flops,,<=,327680,300000,False,",
        "dense,flops,5,flops,,=,20*B*S*E**2,20*B*S*E**2,True,",
        "dense,baseline,1,,,,same,,True,",
        "conv,max_ratio,11,flops,dense,<=,4.4,6,True,",
        "conv,baseline,7,,,,changed,,False,",
    ]


def test_of_a_change_only_what_is_beyond_the_tolerance_is_told():
    entry = "[entries.head]\nspec = '[1, 64] -> Linear(64, 64) -> Linear(64, 10)'\ntolerance = '10%'\n"
    write_config(entry)
    assert convcost("check", "--update").code == 0
    write_config(entry.replace("10)", "12)"))
    code, out, _ = convcost("check")
    assert code == 1
    assert " head: changed from its baseline by more than 10%: output elements +2 (+20.0%).\n" in out


def test_junit_has_a_case_for_each_check():
    grown()
    code, out, err = convcost("check", "--junit", "cost.xml")
    assert (code, out, err) == (1, FAILED, "")
    [suite] = ElementTree.parse("cost.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == ("5", "2")
    cases = [(case.get("classname"), case.get("name"), case.get("line"), len(case)) for case in suite]
    assert cases == [
        ("convcost.dense", "max_flops", "4", 1),
        ("convcost.dense", "flops", "5", 0),
        ("convcost.dense", "baseline", "1", 0),
        ("convcost.conv", "max_ratio", "11", 0),
        ("convcost.conv", "baseline", "7", 1),
    ]
    assert suite[0][0].get("message") == "FLOPs = 327,680, more than 300,000 (max_flops)"


def test_junit_is_xml_whatever_an_entry_is_called():
    write_config('[entries."<a> & \'b\' \\""]\nspec = "Linear(2, 3)"\n')
    assert convcost("check", "--junit", "cost.xml").code == 0
    [suite] = ElementTree.parse("cost.xml").getroot()
    assert [case.get("classname") for case in suite] == ["convcost.<a> & 'b' \""]


def test_junit_that_can_not_be_written_is_an_error():
    write_config(PAIR)
    assert refused("check", "--junit", "no/such/cost.xml") == (
        "no/such/cost.xml can't be written: its folder does not exist\n"
    )


def test_in_github_actions_failures_are_marked_at_their_lines_and_told_in_the_summary(actions, monkeypatch):
    grown()
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    actions.write_text("before\n")
    code, out, err = convcost("check", "--json")
    assert (code, json.loads(out)["passed"]) == (1, False)
    assert err.splitlines() == [
        "::error file=convcost.toml,line=4,title=dense::FLOPs = 327,680, more than 300,000 (max_flops)",
        "::error file=convcost.toml,line=7,title=conv::changed from its baseline by more than 1%25: "
        "FLOPs -524,288 (-26.7%25), parameters +32,768 (+33.2%25), activations -1,024 (-40.0%25) and 6 more",
    ]
    assert actions.read_text().startswith("before\n### convcost check\n\n- **config**: `../convcost.toml`\n")
    assert "| 1: ReLU | added |  |  | +1,024 |\n" in actions.read_text()


@pytest.mark.usefixtures("actions")
def test_in_github_actions_a_wrong_configuration_is_marked_at_its_line():
    write_config('[entries."a,b:c"]\nspec = "Linear(2, 3)"\nmax_flopss = 1\n')
    code, out, err = convcost("check")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        '::error file=convcost.toml,line=3,title=entries."a%2Cb%3Ac".max_flopss::unknown key '
        f"(did you mean max_flops?)%0A{LIMITS}",
        'convcost: convcost.toml:3: entries."a,b:c".max_flopss: unknown key (did you mean max_flops?)',
        f"  {LIMITS}",
    ]


def test_a_summary_that_can_not_be_written_is_said_and_changes_nothing(actions):
    actions.mkdir()
    write_config(PAIR)
    code, out, err = convcost("check")
    assert (code, out) == (0, PASSED)
    reason = f"{actions.name} can't be written: Is a directory"
    assert err == f"convcost: the job summary was not written: {reason}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "con"), "no entry is called con (did you mean conv?)\nconvcost.toml has dense, conv.\n"),
        (("check", "--config", "other.toml"), "other.toml can't be read: No such file or directory\n"),
        (("check", "--config", "."), ". is a directory\n"),
        (("check", "--format", "tabel"), "no format is called tabel (did you mean table?)\n"),
    ],
)
def test_a_wrong_request_is_refused(arguments, message):
    write_config(PAIR)
    assert refused(*arguments).startswith(message)


def test_an_option_that_there_is_not_is_refused():
    write_config(PAIR)
    code, out, err = convcost("check", "--E", "128")
    assert (code, out) == (2, "")
    assert "no option is called --E" in err


def test_without_a_configuration_it_is_said_how_to_write_one():
    assert refused("check") == (
        "there is no convcost.toml and no [tool.convcost] in a pyproject.toml, in this folder or above\n"
        "Entries are [tool.convcost.entries.NAME] in pyproject.toml, [entries.NAME] in convcost.toml.\n"
    )


def test_without_entries_nothing_passes():
    write_config("entries = {}")
    assert refused("check").startswith("convcost.toml has no entries\n")


def test_every_problem_is_told_at_its_place():
    write_config(PAIR.replace("Linear", "Linea").replace("max_ratio", "max_ration"))
    assert refused("check") == (
        "2 problems\n"
        "convcost.toml:2: entries.dense.spec: no layer is called Linea (did you mean Linear?)\n"
        "    [B, S, L*E] -> Linea(L*E, E)\n"
        "                   ^^^^^\n"
        "convcost.toml:11: entries.conv.max_ration: unknown key (did you mean max_ratio?)\n"
        f"  {LIMITS}\n"
    )


def test_a_layer_that_does_not_fit_is_told_at_the_entry():
    write_config(
        '[entries.a]\nspec = "[2, 3] -> Linear(4, 5)"\n\n[entries.b]\nspec = "[2, 3] -> Linear(4, 5)"'
    )
    assert refused("check").startswith(
        "2 problems\n"
        "convcost.toml:2: entries.a.spec: Linear: the input's last dimension is 3, but in_features is 4\n"
        "    [2, 3] -> Linear(4, 5)\n"
    )


def test_a_damaged_lock_file_is_refused():
    write_config(PAIR)
    Path("convcost.lock").write_text("<<<<<<< HEAD\n")
    assert refused("check", "--update") == (
        "convcost.lock:1: invalid TOML: Invalid statement\n"
        "The file was not changed. Restore it, or delete it and run convcost check --update.\n"
    )


def modelled(text=MODEL):
    Path("models").mkdir(exist_ok=True)
    Path("models/net.py").write_text(NET)
    write_config(text)


def test_a_model_is_found_from_where_the_configuration_is(monkeypatch):
    modelled()
    Path("sub").mkdir()
    monkeypatch.chdir("sub")
    code, out, err = process("check", "--update")
    assert (code, {*err.split()}) == (0, {"imported", "running"})
    assert out == (
        " config  ../convcost.toml\n"
        " result  passed, 1 entry\n"
        "\n"
        " entry                  found   wanted   verdict\n"
        "─────────────────────────────────────────────────\n"
        " net                                      passed\n"
        "   flop_counter_mode   agrees\n"
        "\n"
        " The baseline was written to ../convcost.lock.\n"
        "\n"
    )


def test_the_modules_that_changed_are_named():
    modelled()
    convcost("check", "--update")
    write_config(MODEL + "args = { width = 4, depth = 5 }\n")
    code, out, _ = convcost("check")
    assert code == 1
    assert (
        " net, by module             change   parameters   MACs   activations\n"
        "─────────────────────────────────────────────────────────────────────\n"
        " blocks.[3-4]: 2 × Linear    added          +40    +64           +16\n"
    ) in out


def test_an_operator_without_a_formula_fails():
    modelled(MODEL.replace("py:Net", "py:Strange").replace('agree_with = ["flop_counter_mode"]\n', ""))
    code, out, _ = convcost("check")
    assert code == 1
    assert "   operators   partial             failed\n" in out
    assert "net: the count is partial: there is no formula for" in out


def test_what_a_model_raises_is_told_at_its_entry():
    modelled(MODEL.replace("f32[2,4]", "f32[2,5]"))
    code, out, err = convcost("check")
    assert (code, out) == (2, "")
    where = "convcost.toml:2: entries.net.model: models/net.py:Net could not be run on (2, 5): RuntimeError: "
    assert f"convcost: {where}" in err


def test_a_counter_that_is_not_there_does_not_agree(monkeypatch):
    modelled()
    monkeypatch.setattr("convcost.counters.crosscheck.is_installed", lambda _: False)
    code, out, _ = convcost("check")
    assert code == 1
    assert "net: flop_counter_mode unavailable: torch is not installed" in out.replace("\n", " ")


def test_a_blind_counter_does_not_agree():
    write_config(PAIR.replace("tolerance", 'agree_with = ["torch_profiler"]\ntolerance'))
    code, out, _ = convcost("check", "conv")
    assert code == 1
    assert "   torch_profiler   blind              failed\n" in out
    assert "conv: torch_profiler blind: no formula for conv1d ×2 (−1,966,080 FLOPs) (agree_with)." in (
        out.replace("\n ", " ")
    )


def test_designs_need_neither_torch_nor_sympy(folder):
    write_config(PAIR)
    script = (
        "import sys\nfrom convcost.cli import app\napp(['check'], standalone_mode=False)\n"
        "print([name for name in ('torch', 'sympy', 'numpy') if name in sys.modules], file=sys.stderr)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )
    assert found.stderr.strip() == "[]"


def test_a_process_of_its_own_says_the_same():
    write_config(PAIR)
    assert process("check", COLUMNS="80", PYTHONIOENCODING="utf-8") == (0, PASSED, "")


def test_a_lock_file_is_written_as_readable_as_others(folder):
    write_config(PAIR)
    convcost("check", "--update")
    plain = folder / "plain"
    plain.touch()
    assert stat.S_IMODE(Path("convcost.lock").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_nothing_in_a_lock_file_reaches_the_screen_but_what_can_be_printed():
    write_config(PAIR)
    convcost("check", "--update")
    text = Path("convcost.lock").read_text()
    Path("convcost.lock").write_text(
        text.replace('of = "[B, S', 'of = "\\u001b[31m[B, S').replace('kind = "L', 'kind = "\\u001b[31mL')
    )
    code, out, _ = convcost("check", "dense")
    assert code == 0
    assert "\x1b" not in out
    assert "0: \\x1b[31mLinear" in out


MODELS = """\
[entries.ends]
model = "models/net.py:Ends"
inputs = ["f32[2,4]"]

[entries.spec]
spec = "Linear(4, 4)"
max_flops = {}
"""
ENDS = """
class Ends(nn.Module):
    def forward(self, x):
        import os
        os._exit(0)
"""


def ending(limit):
    modelled(MODELS.format(limit))
    Path("models/net.py").write_text(NET + ENDS)


def test_a_model_that_ends_its_process_does_not_hide_that_another_entry_fails():
    ending(1)
    code, out, err = process("check")
    assert code == 1
    assert " result  1 of 2 entries failed; 1 could not be counted\n" in out
    assert " spec: FLOPs = 32, more than 1 (max_flops).\n" in out
    assert (
        "convcost: convcost.toml:2: entries.ends.model: models/net.py:Ends could not be counted: "
        "its process ended with 0 and gave no answer\n"
    ) in err


def test_where_nothing_fails_but_an_entry_could_not_be_counted_the_exit_code_is_2():
    ending(32)
    code, out, _ = process("check", "--json", "--junit", "junit.xml")
    record = json.loads(out)
    assert (code, record["passed"], [each["passed"] for each in record["entries"]]) == (2, False, [True])
    assert [(each["key"], each["line"]) for each in record["problems"]] == [("entries.ends.model", 2)]
    suite = ElementTree.parse("junit.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "1")
    [error] = suite.iter("error")
    assert error.get("message").endswith("its process ended with 0 and gave no answer")


def test_of_specs_alone_models_are_listed_as_skipped_and_not_run():
    ending(32)
    code, out, err = process("check", "--specs-only", "--junit", "junit.xml")
    assert (code, err) == (0, "")
    assert " result  passed, 1 entry; 1 skipped\n" in out
    assert ["ends", "skipped"] in map(str.split, out.splitlines())
    assert ElementTree.parse("junit.xml").getroot().get("skipped") == "1"


def test_a_time_limit_is_given_as_an_option():
    modelled(MODELS.format(1))
    Path("models/net.py").write_text(NET + ENDS.replace("os._exit(0)", "while True: pass"))
    code, _, err = process("check", "--timeout", "3")
    assert code == 1
    assert "it did not finish within 3 seconds\n" in err


@pytest.mark.parametrize("text", ["0", "-1", "1e9", "inf", "nan", "x", "9" * 5000])
def test_a_time_limit_is_a_number_of_seconds(text):
    write_config(PAIR)
    assert refused("check", "--timeout", text).startswith(
        f"--timeout is {text[:40]}; it must be a number of seconds greater than 0"
    )


def test_growth_alone_fails_where_that_is_asked_for_by_key_or_option():
    write_config('[entries.a]\nspec = "Linear(4, 5)"')
    convcost("check", "--update")
    write_config('[entries.a]\nspec = "Linear(4, 4)"')
    assert convcost("check").code == 1
    assert convcost("check", "--growth-only").code == 0
    write_config('growth_only = true\n[entries.a]\nspec = "Linear(4, 4)"')
    assert convcost("check").code == 0
    assert convcost("check", "--any-change").code == 1
    code, out, _ = convcost("check", "--json")
    assert (code, json.loads(out)["entries"][0]["baseline"]["growth_only"]) == (0, True)
    write_config('growth_only = true\n[entries.a]\nspec = "Linear(4, 6)"')
    code, out, _ = convcost("check")
    assert code == 1
    assert ["baseline", "changed", "≤", "+0%", "failed"] in map(str.split, out.splitlines())


def test_a_configuration_to_start_from_is_written_once_and_passes():
    assert convcost("check", "--init") == (
        0,
        "convcost.toml was written. Run convcost check to use it.\n",
        "",
    )
    assert convcost("check").code == 0
    before = Path("convcost.toml").read_text()
    assert refused("check", "--init") == "convcost.toml already exists\nThe file was not changed.\n"
    assert refused("check", "--init", "--update").startswith("--init only writes a file\n")
    assert Path("convcost.toml").read_text() == before


@pytest.mark.parametrize("name", ["convcost.toml", "convcost.lock", "./convcost.toml", "models/net.py"])
def test_an_output_is_not_written_over_what_the_check_reads(name):
    modelled()
    convcost("check", "--update")
    before = Path(name).read_bytes()
    assert "is a file that this command reads" in refused("check", "--junit", name)
    assert Path(name).read_bytes() == before


def test_a_summary_is_not_written_over_the_configuration(actions, monkeypatch):
    write_config(PAIR)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "convcost.toml")
    code, out, err = convcost("check")
    assert (code, out) == (0, PASSED)
    assert "convcost: the job summary was not written: convcost.toml is a file that this command reads" in err
    assert Path("convcost.toml").read_text() == PAIR
