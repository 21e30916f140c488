"""Folders from which Python imports, for as long as a user's code is loaded and run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, invalidate_caches
from pathlib import Path

from convcost.modules.fault import is_installed


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """What is in `folder`, and in the current one, can be imported from inside the block.

    After it sys.path is as before, and sys.argv, which meanwhile has no arguments, as none are the file's.
    What was imported from another folder is out of the way, where `folder` has something of the same name.
    """
    import_module("torch")  # before a neighbour of the file could have the name of a module that it needs
    path_before, arguments = sys.path.copy(), sys.argv
    sys.argv = arguments[:1]
    sys.path[:0] = dict.fromkeys((str(folder), str(Path.cwd())))
    hidden = {name: sys.modules.pop(name) for name in [*sys.modules] if _is_in_the_way(name, folder)}
    invalidate_caches()
    try:
        yield
    finally:
        sys.path[:], sys.argv = path_before, arguments
        for name, module in hidden.items():
            sys.modules.setdefault(name, module)


def _is_in_the_way(name: str, folder: Path) -> bool:
    """Whether the module called `name` is someone's own, and `folder` has another one of that name."""
    top = folder / name.partition(".")[0]
    if not (top.with_suffix(".py").is_file() or (top / "__init__.py").is_file()):
        return False
    file = Path(str(getattr(sys.modules[name], "__file__", "")))
    return not file.is_relative_to(folder) and not is_installed(file)
