"""Folders from which Python imports, for as long as a user's code is loaded and run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from convcost.tracing.user_error import is_installed

REQUIRED = (
    *("torch", "functorch", "torchgen", "triton", "numpy", "sympy", "mpmath", "networkx", "jinja2", "fsspec"),
    *(
        "filelock",
        "typing_extensions",
        "markupsafe",
        "fvcore",
        "iopath",
        "msgspec",
        "yacs",
        "yaml",
        "tqdm",
        "termcolor",
    ),
    *(
        "tabulate",
        "PIL",
        "gmpy2",
        "flint",
        "colorama",
        "portalocker",
        "parameterized",
        "rich",
        "typer",
        "convcost",
    ),
)
"""What convcost and torch import themselves, some of it late: no file of a folder is taken for it."""

PROTECTED = frozenset({*sys.stdlib_module_names, *REQUIRED})


class InstalledFinder(MetaPathFinder):
    """Finds protected modules where they were found before folders were put in front."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = path

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's, if it is protected; ModuleNotFoundError if it is not installed."""
        if path is not None or name not in PROTECTED:
            return None
        found = PathFinder.find_spec(name, self._path, target)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found


@contextmanager
def importable(folder: Path, is_first: bool = False) -> Iterator[None]:
    """What is in `folder`, and in the current one, can be imported from inside the block.

    It comes after what is installed. With `is_first`, as for the folder of a file that runs, what is in
    `folder` comes before, but for modules that torch and Python need themselves.
    After it sys.path is as before, and sys.argv, which meanwhile has no arguments, as none are the file's.
    What was imported from another folder is out of the way, where `folder` has something of the same name.
    """
    import_module("torch")  # before a neighbour of the file could have the name of a module that it needs
    path_before, arguments = sys.path.copy(), sys.argv
    finder = InstalledFinder(path_before)
    sys.argv = arguments[:1]
    sys.meta_path.insert(_place(), finder)
    if is_first:
        sys.path.insert(0, str(folder))
    sys.path += dict.fromkeys((str(folder), str(Path.cwd())))
    hidden = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_in_the_way(name, folder)}
    invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.argv = path_before, arguments
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
        for name, module in hidden.items():
            sys.modules.setdefault(name, module)


def _place() -> int:
    """In front of what looks through sys.path, behind what finds built-in modules, and others' finders."""
    finders: list[Any] = sys.meta_path
    return finders.index(PathFinder) if PathFinder in finders else 0


def _is_in_the_way(name: str, folder: Path) -> bool:
    """Whether the module called `name` is someone's own, and `folder` has another one of that name."""
    top = folder / name.partition(".")[0]
    if not (top.with_suffix(".py").is_file() or (top / "__init__.py").is_file()):
        return False
    file = Path(str(getattr(sys.modules[name], "__file__", "")))
    return not file.is_relative_to(folder) and not is_installed(file)
