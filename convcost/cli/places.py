"""Places of modules without their colon: net.py.Net, package.module.Name."""

from __future__ import annotations

import re
from importlib.machinery import PathFinder
from pathlib import Path

from convcost.cli.hints import PICKLES, file_error
from convcost.core.errors import UsageError
from convcost.tracing.sources.reference import is_reference

IN_FILE = re.compile(r"(?P<source>[^\s()\[\]>:@]+\.py)[./](?P<name>[A-Za-z_]\w*)")
DOTTED = re.compile(r"(?P<source>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.(?P<name>[A-Za-z_]\w*)")

FILES = (*PICKLES, "py", "txt")
"""Suffixes of files that have hints of their own."""


def place_error(text: str) -> UsageError | None:
    """The error for the place of a module that is there, without its colon; else None.

    Layers of torch.nn, which designs name in full, are none.
    """
    if found := IN_FILE.fullmatch(text):
        return _error(found, "does not name a file or module")
    found = DOTTED.fullmatch(text)
    if not found or is_reference(text) or is_torch_layer_name(text) or found["name"].lower() in FILES:
        return None
    return _error(found, "has no colon") if _module_exists(found["source"], text) else None


def dotted_error(text: str) -> UsageError | None:
    """The error for a dotted name, whether or not there is such a module; else None."""
    found = DOTTED.fullmatch(text)
    return _error(found, "has no colon") if found else None


def is_torch_layer_name(text: str) -> bool:
    """Whether `text` is the full name of a class of torch.nn."""
    return text.startswith(("torch.nn.", "nn.")) and text.rpartition(".")[2].isidentifier()


def _error(found: re.Match[str], problem: str) -> UsageError:
    hint = f"Write it as {found['source'][:80]}:{found['name'][:80]}."
    return UsageError(f"{found[0][:80]} {problem}", hint=hint)


def _module_exists(source: str, text: str) -> bool:
    """Whether `source` is a module here, or of an installed package unless `text` may be a file."""
    path = Path(*source.split("."))
    if path.with_suffix(".py").is_file() or path.is_dir():
        return True
    return not file_error(text) and PathFinder.find_spec(source.partition(".")[0]) is not None
