"""`convcost check --report`: the page of a check."""

from pathlib import Path

import pytest
from cli_runner import convcost, refused
from config_files import CONV, DENSE, write_config
from page_reader import PageReader

pytestmark = pytest.mark.usefixtures("folder")

PAGE = Path("page.html")
FINDINGS, ENTRIES = ["Findings"], ["Entries", "Changes from the baselines", "How this page was made"]


def page():
    return PageReader(PAGE.read_text(encoding="utf-8"))


def test_it_has_the_entries_their_verdicts_and_what_made_it():
    write_config(DENSE, "max_flops = '400 KFLOPs'\n")
    assert convcost("check", "--update").code == 0
    code, out, _ = convcost("check", "--report", "page.html")
    assert (code, "passed, 1 entry" in out) == (0, True)
    reader = page()
    assert reader.texts("h1") == ["Cost check passed"]
    assert reader.texts("h2") == ENTRIES
    assert reader.texts("tr")[1:] == ["densepassed", "FLOPs327,680≤ 400,000", "baselineunchanged"]
    assert "No cost differs from its baseline." in reader.texts("li")
    assert reader.texts("pre") == ["convcost check --report page.html"]


def test_of_an_entry_that_fails_it_has_why_and_what_changed():
    write_config(DENSE, CONV)
    assert convcost("check", "--update").code == 0
    write_config(DENSE, CONV.replace("2 x", "3 x"))
    assert convcost("check", "--report", "page.html").code == 1
    reader = page()
    assert reader.texts("h1") == ["Cost check failed"]
    assert reader.texts("h2") == FINDINGS + ENTRIES
    assert any(note.startswith("conv: changed from its baseline: ") for note in reader.texts("li"))
    assert "Changes from the baselines: conv" in reader.texts("caption")
    assert "FLOPs1,966,0802,949,120+983,040+50.0%" in reader.texts("tr")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--report", "page.txt"), "a page can't be written to page.txt\nName an .html file: report.html\n"),
        (("--report", "-"), "a page can't be written to -\nName an .html file: report.html\n"),
        (("--report", "no/page.html"), "no/page.html can't be written: its folder does not exist\n"),
        (("--report", "a.html", "--config", "a.html"), None),
        (
            ("--report", "page.html", "--init"),
            "--init only writes a file\nGive it alone, or with --config FILE.\n",
        ),
    ],
)
def test_what_can_not_be_written_is_refused_before_anything_is_counted(arguments, message):
    write_config(DENSE)
    Path("a.html").write_text(DENSE)
    assert message in (None, refused("check", *arguments))
    assert not PAGE.exists()
    assert Path("a.html").read_text() == DENSE
