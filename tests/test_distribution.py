"""What is built for others to install: the files in it, the same each time, and the metadata around it."""

import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml
from cli_runner import ROOT

from convcost import __version__

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CODE = ROOT / "convcost"


def build(folder, kind):
    """The file that the build backend makes, offline."""
    builders = pytest.importorskip("hatchling.builders." + kind)
    [builder] = (
        getattr(builders, name) for name in ("WheelBuilder", "SdistBuilder") if hasattr(builders, name)
    )
    [path] = builder(str(ROOT)).build(directory=str(folder), versions=["standard"])
    return path


@pytest.fixture(scope="module")
def reproducible():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        yield


@pytest.mark.usefixtures("reproducible")
def test_the_wheel_has_every_file_of_the_package_and_no_other(tmp_path):
    with zipfile.ZipFile(build(tmp_path, "wheel")) as wheel:
        names = set(wheel.namelist())
        page = wheel.read(f"convcost-{__version__}.data/data/share/man/man1/convcost.1")
    code = {path.relative_to(ROOT).as_posix() for path in CODE.rglob("*") if path.is_file()}
    others = {name.partition("/")[2] for name in names if not name.startswith("convcost/")}
    assert {name for name in names if name.startswith("convcost/")} == {
        name for name in code if "__pycache__" not in name
    }
    assert {"convcost/py.typed", "convcost/render/page/templates/page.html"} <= names
    assert others == {
        "METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE",
        "data/share/man/man1/convcost.1",
    }  # fmt: skip
    assert page == (ROOT / "docs" / "man" / "convcost.1").read_bytes()


@pytest.mark.usefixtures("reproducible")
def test_the_sdist_has_what_the_tests_need(tmp_path):
    with tarfile.open(build(tmp_path, "sdist")) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {
        "PKG-INFO", "LICENSE", "README.md", "action.yml", "constraints.txt", "convcost.lock",
        ".pre-commit-hooks.yaml",
        "convcost/py.typed", "docs/man/convcost.1", "examples/workflow.yml", "tests/test_distribution.py",
    } <= names  # fmt: skip
    assert not any("__pycache__" in name or name.partition("/")[0] == ".git" for name in names)


@pytest.mark.usefixtures("reproducible")
@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_two_builds_are_equal(tmp_path, kind):
    first, second = (build(tmp_path / name, kind) for name in ("first", "second"))
    assert first != second
    assert Path(first).read_bytes() == Path(second).read_bytes()


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {PROJECT["version"], citation["version"]} == {__version__}
    assert (citation["title"], citation["license"]) == (PROJECT["name"], PROJECT["license"])
    assert citation["authors"] == PROJECT["authors"]
    assert citation["keywords"] == PROJECT["keywords"]
    assert {"cff-version", "message", "type", "abstract"} <= citation.keys()


def test_the_classifiers_name_the_oldest_python():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    versions = [name for name in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", name)]
    assert versions[0] == f"Programming Language :: Python :: {oldest}"
    assert not any(name.startswith("License ::") for name in PROJECT["classifiers"])  # SPDX says it


@pytest.mark.parametrize(
    "name", ["action.yml", ".pre-commit-hooks.yaml", "CITATION.cff", "examples/workflow.yml"]
)
def test_yaml_files_are_read_as_one_document(name):
    assert yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
