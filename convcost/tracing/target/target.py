"""A model by where it is, `net.py:Net` or `package.module:factory`, and what it is to be run on."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from os.path import realpath
from pathlib import Path
from typing import Any, NamedTuple

from convcost.core.distributed import MeshDimension
from convcost.core.errors import UsageError
from convcost.tracing.declared_inputs import DeclaredInputs
from convcost.tracing.prompt_inputs import PhaseRequest, with_context
from convcost.tracing.sources.interface import SourceModel, SourceReference

PLACE = re.compile(r"\s*(?:(?P<label>[A-Za-z_]\w*)\s*=)?\s*(?P<source>.+):(?P<name>[A-Za-z_][\w.]*)\s*", re.S)
"""The language of designs has no colon outside quotes, and no design ends in a quote that is still open."""

FORM = "Write it as path/to/file.py:Name or as package.module:Name."


class Place(NamedTuple):
    """Where an object is: a file's path or a module's dotted name, and the object's name in it."""

    source: str
    name: str
    label: str = ""

    @property
    def title(self) -> str:
        """What the object is called in tables."""
        return self.name

    @property
    def is_file(self) -> bool:
        """Whether the source is a file's path."""
        return self.source.endswith(".py") or "/" in self.source or "\\" in self.source

    @property
    def folder(self) -> Path:
        """The folder that it is imported from: a file's, or the one that the file's package is in."""
        if not self.is_file:
            return Path.cwd()
        folder = Path(realpath(self.source)).parent
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        return folder

    def __str__(self) -> str:
        return f"{self.source}:{self.name}" if self.source else self.name


def is_place(text: str) -> bool:
    """Whether `text` names an object, `SOURCE:NAME`, or at least a file: no design does."""
    return bool(PLACE.fullmatch(text)) or text.rstrip().endswith(".py")


def parse_place(text: str) -> Place:
    """The place that `text` names, `[LABEL =] SOURCE:NAME`."""
    found = PLACE.fullmatch(text)
    if not found:
        raise UsageError(f"{text.strip()[:80]} does not name a class or function", hint=FORM)
    return Place(found["source"].strip(), found["name"], found["label"] or "")


def parse_argument_value(text: str) -> Any:
    """The value of an argument as Python reads it, such as 10 or (3, 3), or else the text itself."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


class MeshTarget(NamedTuple):
    """A mesh, and the place of the function that parallelises the module; None where the module does so."""

    dimensions: tuple[MeshDimension, ...]
    place: Place | None


@dataclass(frozen=True)
class Target:
    """A module by its place, or what makes one and with which arguments; and what it is to be run on.

    Inputs are declared, with `sizes` put in already, or come from the function at `maker`. Of a model that
    a source has, `model` is what the source found, once it was loaded, and the inputs may be its own. With a
    `request`, a language model runs in a phase, for which the inputs are those of its prompt.
    """

    place: Place | SourceReference
    arguments: Mapping[str, Any] = field(default_factory=dict)
    inputs: DeclaredInputs = field(default_factory=DeclaredInputs)
    sizes: Mapping[str, int] = field(default_factory=dict)
    maker: Place | None = None
    train: bool = False
    request: PhaseRequest | None = None
    model: SourceModel | None = field(default=None, compare=False, repr=False)
    inputs_are_assumed: bool = False

    def sized(self, sizes: Mapping[str, int]) -> Target:
        """With a number for each name in its inputs that `sizes` has."""
        own = {name: sizes[name] for name in self.inputs.names if name in sizes}
        return replace(self, inputs=self.inputs.sized(own), sizes=own)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.place}({arguments})" if arguments else str(self.place)


def with_prompt(target: Target) -> Target:
    """The target with the prompt of its phase as its inputs, if it has one; a maker makes its own.

    A context that is asked for comes before the number of tokens that a source assumes.
    """
    request = target.request
    if request is None:
        return target
    if target.maker is None:
        inputs = with_context(target.inputs, request.context, target.inputs_are_assumed)
        is_stated = request.context is not None and not inputs.args and [*inputs.kwargs] == ["input_ids"]
        return replace(target, inputs=inputs, inputs_are_assumed=target.inputs_are_assumed and not is_stated)
    if request.context is None:
        return target
    raise UsageError("--context and --inputs-from can't be combined", hint="Leave one of them out.")
