"""How the package hangs together: imports one way and light, no text evaluated, no printing within."""

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "convcost").rglob("*.py"))
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def calls(path):
    """The names of the functions that a source calls; `strict=True` takes no text and is left out."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    called = (node for node in nodes if isinstance(node, ast.Call))
    return {ast.unparse(node.func) for node in called if "strict=True" not in map(ast.unparse, node.keywords)}


def test_the_import_contracts_are_kept():
    command = [LINT_IMPORTS, "--no-cache", "--config", ROOT / ".importlinter"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 0, result.stdout


def test_no_modules_import_one_another_not_even_within_functions():
    graph = grimp.build_graph("convcost", exclude_type_checking_imports=True, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # CycleError names those of a cycle


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_is_evaluated(path):
    assert not calls(path) & {
        "eval",
        "exec",
        "compile",
        "sympify",
        "sympy.sympify",
        "pickle.loads",
        "os.system",
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_below_the_command_line_prints(path):
    if path.parent.name != "cli":
        assert not calls(path) & {"print", "sys.stdout.write", "sys.stderr.write", "typer.echo"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_reads_the_environment(path):
    if path.parent.name != "cli" and path.name != "process_state.py":  # which puts it back as it was
        text = path.read_text(encoding="utf-8")
        assert "os.environ" not in text
        assert "os.getenv" not in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_one_module_knows_the_versions_of_torch(path):
    """It is told apart by what torch has; benchmark/settings.py only shows the version."""
    if path.name != "torch_versions.py":
        text = path.read_text(encoding="utf-8")
        assert path.name == "settings.py" or "torch.__version__" not in text
        assert not re.search(r"torch\.version|TorchVersion|hasattr\((torch|cuda|cudnn)\b(?!\.ops)", text)


def named_paths(text: str) -> set[str]:
    """Those in backquotes that are paths of Python files, or have a slash."""
    return {name for name in re.findall(r"`([\w./]+)`", text) if "/" in name or name.endswith(".py")}


def missing_paths(text: str, *folders: str) -> list[str]:
    return [
        name for name in named_paths(text) if not any((ROOT / folder / name).exists() for folder in folders)
    ]


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/how-to/extend.md"])
def test_pages_for_contributors_name_files_that_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert missing_paths(text, "", "convcost") == []


PACKAGES = sorted((ROOT / "convcost").rglob("__init__.py"))


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: str(path.parent.relative_to(ROOT)))
def test_docstrings_of_packages_name_files_that_exist(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert missing_paths(docstring, path.parent, "convcost") == []


def test_architecture_fits_two_screens():
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 100


def test_architecture_names_every_package():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "convcost").glob("*/__init__.py")]
    assert [name for name in packages if f"`{name}`" not in text] == []


HEAVY = ("torch", "fvcore", "sympy", "rich", "numpy", "typer")


def loaded_by(script: str) -> str:
    """Which heavy packages a fresh interpreter has loaded in the end."""
    check = f"{script}\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return result.stderr.strip()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import convcost") == "[]"


def test_costs_need_nothing_heavy():
    assert loaded_by("import convcost\nconvcost.compare(E=128, L=10).first.flops") == "[]"


def test_numbers_alone_load_neither_open_sizes_nor_what_loads_models():
    script = """
from convcost.cli import app
app(["compare", "--E", "128", "--L", "10", "--counters", "none"], standalone_mode=False)
import sys
print(*sys.modules, file=sys.stderr)
"""
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    modules = result.stderr.split()
    assert "convcost.core.report" in modules
    assert not {"convcost.symbolic", "convcost.tracing.target.loading"} & {*modules}


@pytest.mark.parametrize("output_format", ["json", "table"])
def test_the_command_without_counters_loads_no_torch(output_format):
    arguments = ["compare", "--E", "128", "--L", "10", "--counters", "none", "--format", output_format]
    loaded = loaded_by(f"from convcost.cli import app\napp({arguments!r}, standalone_mode=False)")
    assert "torch" not in loaded
    assert "fvcore" not in loaded
    assert "numpy" not in loaded


def test_commands_on_designs_load_no_openssl_and_a_check_no_catalogue():
    script = (
        "import convcost.cli.check, convcost.cli.compare, sys\n"
        "print([name for name in ('_hashlib', 'convcost.devices.catalogue') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_json_needs_no_rich():
    arguments = ["compare", "--E", "128", "--L", "10", "--counters", "none", "--json"]
    assert (
        loaded_by(f"from convcost.cli import app\napp({arguments!r}, standalone_mode=False)") == "['typer']"
    )
