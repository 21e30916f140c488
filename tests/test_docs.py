"""README and docs: commands print what is shown, links lead somewhere, nothing public is left out."""

import doctest
import re
import runpy
import tomllib
from functools import cache
from pathlib import Path
from textwrap import indent

import console_blocks
import pytest
from typer.main import get_command

import convcost
from convcost.cli import app
from convcost.counters import ALL_COUNTERS
from docs.reference_pages.write import all_pages

ROOT = console_blocks.ROOT
DOCUMENTS = console_blocks.documents()

printed = cache(console_blocks.printed)
"""What a command prints, which several pages may show."""

BLOCKS = {(page, command): shown for page in DOCUMENTS for command, shown in console_blocks.blocks(page)}


def name(value):
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else value


@pytest.mark.parametrize(("page", "command"), BLOCKS, ids=name)
def test_a_command_prints_what_its_page_shows(page, command):
    assert printed(command) == BLOCKS[page, command]


LISTED = re.compile(r"```text\n((?:Linear|\[B, C).*?)```", re.DOTALL)


def test_every_kind_of_design_that_is_listed_is_understood():
    sizes = {"E": 128, "L": 10, "C": 16, "H": 8, "W": 8, "T": 4}
    listed = "".join(LISTED.findall((ROOT / "docs/reference/designs.md").read_text())).splitlines()
    assert len(listed) > 10
    for line in listed:
        assert convcost.parse(re.split(r"\s{2,}", line)[0]).report(sizes).macs > 0


CONFIGURATION = re.compile(r"^```toml\n(\[tool\.convcost\.entries.*?)^```$", re.M | re.S)


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "docs/how-to/check-in-ci.md"])
def test_entries_of_a_configuration_are_the_checked_ones(page):
    checked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["convcost"]
    [block] = CONFIGURATION.findall((ROOT / page).read_text(encoding="utf-8"))
    for entry, keys in tomllib.loads(block)["tool"]["convcost"]["entries"].items():
        assert checked["entries"][entry] == {**checked["entries"][entry], **keys}


LINK = re.compile(r"\]\(([^)#:]+)[^):]*\)|^```\{image\} (\S+)$", re.M)


@pytest.fixture(scope="module")
def pages():
    return dict(all_pages())


@pytest.mark.parametrize("page", [*DOCUMENTS, *ROOT.glob("*.md")], ids=name)
def test_what_a_page_links_to_is_there(page, pages):
    targets = [link or image for link, image in LINK.findall(page.read_text(encoding="utf-8"))]
    missing = [target for target in targets if not (page.parent / target).exists()]
    generated = {f"{path}.md" for path in pages}
    assert [target for target in missing if target.partition("generated/")[2] not in generated] == []


TOCTREE = re.compile(r"^```{toctree}\n(.*?)^```$", re.M | re.S)


def test_every_page_is_in_the_table_of_contents():
    docs = ROOT / "docs"
    listed = {
        (page.parent / line).with_suffix(".md")
        for page in docs.rglob("*.md")
        for tree in TOCTREE.findall(page.read_text(encoding="utf-8"))
        for line in tree.splitlines()
        if line and not line.startswith(":")
    }
    written = {page for page in DOCUMENTS if docs in page.parents} - {docs / "index.md"}
    assert written - listed == set()


SESSION = re.compile(r"^```pycon\n(.*?)^```$", re.M | re.S)


def sessions(page):
    return SESSION.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [page for page in DOCUMENTS if sessions(page)], ids=name)
def test_python_examples_are_right(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    session = doctest.DocTestParser().get_doctest("\n".join(sessions(page)), {}, page.name, None, 0)
    said = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(
        session, out=said.append
    )
    assert not said, "".join(said)


def test_every_option_of_every_command_has_its_line(pages):
    group = get_command(app)
    missing = [
        f"{command} {option}"
        for command in group.commands
        for parameter in group.commands[command].params
        for option in parameter.opts
        if option.startswith("--")
        and not parameter.hidden
        and f"{option}" not in pages[f"commands/{command}"]
    ]
    assert missing == []


def test_every_public_name_is_documented(pages):
    assert [name for name in convcost.__all__ if f":: convcost.{name}\n" not in pages["python"]] == []


def test_every_layer_and_every_operator_has_its_rule(pages):
    from convcost.layers import FAMILIES
    from convcost.operators import OPERATORS

    for family, layers in FAMILIES.items():
        assert [layer for layer in layers if f"\n## {layer}\n" not in pages[f"layers/{family}"]] == []
    assert [operator for operator in OPERATORS if f"`{operator}`" not in pages["operators"]] == []
    rules = re.findall(r"^\| `.*` \| (.*) \|$", pages["operators"], re.M)
    assert len(rules) > 70
    assert "" not in rules


def test_every_production_of_the_grammars_is_listed(pages):
    for name in ("candidate", "chain", "layer", "sum", "module", "axis", "condition"):
        assert re.search(rf"^{name} ", pages["grammar"], re.M)


FENCED = re.compile(r"^```.*?^```$", re.M | re.S)


def test_the_chinese_readme_has_the_commands_outputs_figures_and_links_of_the_english_one():
    english, chinese = (
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")
    )
    assert FENCED.findall(chinese) == FENCED.findall(english)
    assert re.findall(r"[\d,.]*\d[\d,.]* \|", chinese) == re.findall(r"[\d,.]*\d[\d,.]* \|", english)
    links = [re.findall(r"\]\((docs/[^)]*)\)", text) for text in (chinese, english)]
    assert links[0] == links[1]
    assert len(links[0]) > 10


def test_the_table_of_tools_says_what_those_that_are_installed_say_now():
    tools = runpy.run_path(str(ROOT / "benchmarks" / "tools.py"), run_name="tools")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    header, _, *rows = re.search(r"^\| MACs of.*?\n\n", text, re.M | re.S)[0].strip().splitlines()
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    for tool in ("convcost", "FlopCounterMode", "fvcore"):
        assert [row[columns.index(tool)] for row in cells] == list(tools["cells"](tool))
    assert [row[1].replace(",", "") for row in cells] == [str(case.macs) for case in tools["CASES"]]


def test_the_tables_of_what_counters_find_have_the_figures_that_are_tested():
    from counters.test_peers import FIGURES, ORDER

    text = (ROOT / "docs/explanation/counters.md").read_text(encoding="utf-8")
    found = {}
    for table in re.findall(r"^\| MACs of.*?\n\n", text, re.M | re.S):
        header, _, *rows = (
            [cell.strip() for cell in line.split("|")[2:-1]] for line in table.splitlines() if line
        )
        for row in zip(header, *rows, strict=True):
            found[row[0]] = row[1:]
    exact = found.pop("exact")
    figures = {
        ALL_COUNTERS[counter].title: [f"{row[index]:,}" for row in FIGURES.values()]
        for index, counter in enumerate(ORDER)
    }
    assert {title: tuple(cell.strip("*") for cell in column) for title, column in found.items()} == {
        title: tuple(column) for title, column in figures.items()
    }
    for column in found.values():
        assert [cell.startswith("*") for cell in column] == [
            cell.strip("*") == each for cell, each in zip(column, exact, strict=True)
        ]


def test_every_counter_has_its_section():
    text = (ROOT / "docs/explanation/counters.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (.*)$", text, re.M)
    assert sections == list(
        dict.fromkeys(counter.title.partition(" (")[0] for counter in ALL_COUNTERS.values())
    )


def test_the_break_even_point_in_the_readme_is_that_of_the_command():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    [(command, shown)] = re.findall(
        r"```sh\nconvcost (compare @.*?) --plot \S+\n```.*?```text\n(.*?)```", text, re.S
    )
    assert indent(shown, " ") in printed(f"{command} --counters none")
