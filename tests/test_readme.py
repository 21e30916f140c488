import re
from pathlib import Path
from textwrap import indent

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

    sizes = {"E": 128, "L": 10, "C": 16, "H": 8, "W": 8, "T": 4}
    listed = re.findall(r"```text\n((?:Linear|\[B, C).*?)```", README.read_text(), re.DOTALL)
    for line in "".join(listed).splitlines():
        assert convcost.parse(re.split(r"\s{2,}", line)[0]).report(sizes).macs > 0


def test_the_cheapest_on_each_stretch_is_as_the_readme_says():
    shown = re.search(r"```text\n(Fewest FLOPs.*?)```", README.read_text(), re.DOTALL)[1]
    printed = console_blocks.printed(f"compare @{ROOT}/examples/mixing.txt --E 64 --counters none")
    assert indent(shown, " ") in printed
