"""The man page is current, and is what the help of the commands says."""

import re
import runpy
import shutil
import subprocess

import pytest
from cli_runner import ROOT, convcost

from convcost.cli.commands import COMMANDS

FOLDER = ROOT / "docs" / "man"
SCRIPT = runpy.run_path(str(FOLDER / "__main__.py"), run_name="man")
PAGE = FOLDER / "convcost.1"


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == SCRIPT["man_page"](), "write it anew: python -m docs.man"


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_it_reads_as_the_help_of_every_command():
    command = ["groff", "-man", "-Tutf8", "-P-cbou", "-rLL=1000n", "-ww", "-Kutf8", str(PAGE)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    page = "".join(run.stdout.split()).replace("‐", "-").replace("−", "-")
    for name in COMMANDS:
        text = convcost(name, "--help").out.partition("\n\n")[2]
        sentences = re.split("Arguments:\n|Options:\n", text)[0]
        assert all("".join(paragraph.split()) in page for paragraph in sentences.split("\n\n"))
        assert all(option in page for option in re.findall(r"^  (--[a-z-]+)", text, re.M))
