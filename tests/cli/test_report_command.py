"""`convcost report`: a page as a file, or nothing."""

import os
import signal
import subprocess
import time

import pytest
from cli_runner import COMMAND, FOUNDING, convcost, environment, interruptible, process, refused
from page_reader import PageReader

SIZES = FOUNDING[1:]
NET = """
from torch import nn


def net(width=4):
    print("building")
    return nn.Sequential(nn.Linear(3, width), nn.ReLU())
"""


@pytest.fixture(autouse=True)
def _in_a_folder(folder, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")


def page(*arguments):
    """The page that the command writes, as it is read."""
    assert convcost("report", "page.html", *arguments) == (0, "page.html was written.\n", "")
    with open("page.html", encoding="utf-8") as file:
        return PageReader(file.read())


def test_it_is_about_the_founding_pair_if_nothing_else_is_named(folder):
    reader = page(*SIZES, "--counters", "none")
    assert reader.texts("h1") == ["dense and conv compared"]
    assert reader.texts("pre")[-1] == "convcost report page.html --E 128 --L 10 --counters none"
    assert reader.texts("time") == ["1970-01-01"]
    assert os.listdir(folder) == ["page.html"]


def test_sizes_may_stand_before_the_file():
    assert convcost("report", *SIZES, "page.html", "--counters", "none").code == 0
    assert os.path.exists("page.html")


def test_the_counters_are_asked_as_in_a_comparison():
    reader = page(*SIZES)
    assert reader.texts("h2")[-2:] == ["Counters", "How this page was made"]
    verdicts = [cell.text for cell in reader.all("td") if cell.attributes.get("class")]
    assert verdicts == ["agrees"] * 5 + ["blind"]


def test_it_has_what_the_options_ask_for():
    reader = page(*SIZES, "--counters", "none", "--device", "h100", "--memory", "--count", "bias")
    assert reader.texts("h2") == [
        "Answer",
        "Charts",
        "Costs",
        "Roofline lower bound",
        "Memory",
        "Derivation",
        "How this page was made",
    ]
    assert any("convention: bias, full" in note for note in reader.texts("li"))


def test_one_design_is_shown_with_its_cost():
    reader = page("[B, 3, 9] -> Conv1d(3, 4, 5) -> ReLU", "--counters", "none")
    assert reader.texts("h1") == ["The cost of Conv1d -> ReLU"]
    assert "Derivation" in reader.texts("h2")


def test_one_module_is_shown_with_its_cost(folder):
    (folder / "net.py").write_text(NET)
    code, out, err = process("report", "page.html", "f32[2,3] -> net.py:net(width=5)", "--counters", "fvcore")
    assert (code, out) == (0, "page.html was written.\n")
    assert "building" in err
    reader = PageReader((folder / "page.html").read_text())
    assert reader.texts("h2") == ["Charts", "Costs", "Counters", "How this page was made"]


def test_modules_and_designs_are_compared(folder):
    (folder / "net.py").write_text(NET)
    arguments = ("f32[2,3] -> net.py:net", "spec = [2, 3] -> Linear(3, 4)", "--counters", "none")
    assert process("report", "page.html", *arguments).code == 0
    reader = PageReader((folder / "page.html").read_text())
    assert reader.texts("h1") == ["Sequential and spec compared"]
    assert "spec: Linear(3, 4)" in reader.texts("h3") or "Linear(3, 4)" in reader.texts("h3")


def test_two_runs_write_the_same():
    first = page(*SIZES, "--counters", "none").elements
    assert page(*SIZES, "--counters", "none").elements == first


def test_a_page_that_is_there_is_replaced(folder):
    (folder / "page.html").write_text("old")
    assert page(*SIZES, "--counters", "none").texts("h1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "an output file is missing\nThe file to write comes first: convcost report report.html\n"),
        (SIZES, "an output file is missing\nThe file to write comes first: convcost report report.html\n"),
        (("Linear(3, 4)",), "a page can't be written to Linear(3, 4)\n"
         "The file to write comes first: convcost report report.html 'Linear(3, 4)'\n"),
        (("r.txt", *SIZES), "a page can't be written to r.txt\nName an .html file: report.html\n"),
        (("costs.json", *SIZES), "a page can't be written to costs.json\nName an .html file: report.html\n"),
        (("-", *SIZES), "a page can't be written to -\nName an .html file: report.html\n"),
        (("no/page.html", *SIZES), "no/page.html can't be written: its folder does not exist\n"),
        (("folder.html", *SIZES), "folder.html is a directory\n"),
        (("page.html", "Linear(E E)"), None),
        (("page.html", "net.py:missing"), None),
        (("page.html", "--device", "no-such-device"), None),
        (("@designs.html", "@designs.html"), None),
    ],
)  # fmt: skip
def test_what_can_not_be_written_is_refused_and_leaves_nothing(folder, arguments, message):
    (folder / "folder.html").mkdir()
    found = refused("report", *arguments)
    assert message in (None, found)
    assert os.listdir(folder) == ["folder.html"]


def test_a_file_that_is_read_is_not_written_over(folder):
    (folder / "designs.html").write_text("a = Linear(2, 3)\nb = Linear(3, 2)\n")
    assert "is a file that this command reads" in refused("report", "designs.html", "@designs.html")
    assert (folder / "designs.html").read_text().startswith("a = ")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said_at_once(folder):
    folder.chmod(0o500)
    assert "can't be written: Permission denied" in refused("report", "page.html", *SIZES)


def test_under_strict_it_is_written_and_the_exit_code_is_1_where_a_counter_differs(folder):
    design = "[B, T, 8] -> MultiheadAttention(8, 2, batch_first=True)"
    code, out, err = convcost("report", "page.html", design, "--T", "4", "--strict", "--counters", "fvcore")
    verdict = [cell.text for cell in PageReader((folder / "page.html").read_text()).all("td")][-1]
    assert (code, "differs" in err) == ((1, True) if verdict == "differs" else (0, False))
    assert out == "page.html was written.\n"


def test_an_interrupt_leaves_no_file(folder):
    (folder / "slow.py").write_text("import time\nopen('started', 'w').close()\ntime.sleep(60)\n")
    command = [*COMMAND, "report", "page.html", "f32[1] -> slow.py:net"]
    running = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=interruptible
    )
    while not (folder / "started").exists():
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    assert (running.returncode, out) == (130, b"")
    assert sorted(set(os.listdir(folder)) - {"__pycache__"}) == ["slow.py", "started"]


def test_the_command_alone_loads_neither_templates_nor_torch():
    script = (
        "import sys, convcost.cli.report, convcost.cli.compare\n"
        "print([name for name in ('jinja2', 'markupsafe', 'torch', 'sympy') if name in sys.modules])"
    )
    assert subprocess.check_output([COMMAND[0], "-c", script], env=environment(), text=True) == "[]\n"
