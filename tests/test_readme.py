import re
from pathlib import Path

import console_blocks
import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


@pytest.mark.parametrize(("command", "output"), console_blocks.blocks(README))
def test_a_command_in_the_readme_prints_what_the_readme_shows(command, output):
    assert console_blocks.printed(command) == output


def test_the_python_of_the_readme_prints_what_the_readme_shows(capsys):
    code, output = re.search(
        r"```python\n(import convcost\n.*?)```\n\n```text\n(.*?)```", README.read_text(), re.DOTALL
    ).groups()
    exec(code, {})
    assert capsys.readouterr().out == output


def test_every_kind_of_spec_that_the_readme_lists_is_understood():
    import convcost

    listed = re.search(r"```text\n(Linear.*?)```", README.read_text(), re.DOTALL)[1]
    for line in listed.splitlines():
        assert convcost.parse(re.split(r"\s{3,}", line)[0]).report({"E": 128, "L": 10}).macs > 0
