"""A model by its place, `net.py:Net` or `package.module:factory`, with arguments and inputs."""

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
from convcost.tracing.target.names_hint import names_hint

PLACE = re.compile(r"\s*(?:(?P<label>[A-Za-z_]\w*)\s*=)?\s*(?P<source>.+):(?P<name>[A-Za-z_][\w.]*)\s*", re.S)
"""No spec matches: specs have no colon outside quotes, and don't end inside quotes."""

FORM = "Write it as path/to/file.py:Name or as package.module:Name."


class Place(NamedTuple):
    """The place of an object: the path of a file or the name of a module, and the object's name in it."""

    source: str
    name: str
    label: str = ""

    @property
    def title(self) -> str:
        """The object's name in tables."""
        return self.name

    @property
    def is_file(self) -> bool:
        """Whether the source is the path of a file."""
        return self.source.endswith(".py") or "/" in self.source or "\\" in self.source

    @property
    def folder(self) -> Path:
        """The folder to import from: the file's own, or that of its top-level package."""
        if not self.is_file:
            return Path.cwd()
        folder = Path(realpath(self.source)).parent
        while (folder / "__init__.py").is_file() and folder != folder.parent:
            folder = folder.parent
        return folder

    def __str__(self) -> str:
        return f"{self.source}:{self.name}" if self.source else self.name


def is_place(text: str) -> bool:
    """Whether `text` is `SOURCE:NAME` or the name of a Python file. No spec is."""
    return bool(PLACE.fullmatch(text)) or text.rstrip().endswith(".py")


def parse_place(text: str, what: str = "") -> Place:
    """The place that `text` names, `[LABEL =] SOURCE:NAME`; errors tell `what` has to be there."""
    found = PLACE.fullmatch(text)
    if not found:
        source = text.strip()[:80]
        message = f"{source} does not name {what or 'a class or function'}"
        form = f"Write it as {source if source.endswith('.py') else 'net.py'}:NAME."
        raise UsageError(message, hint=form if what else names_hint(text.strip()) or FORM)
    return Place(found["source"].strip(), found["name"], found["label"] or "")


def parse_argument_value(text: str) -> Any:
    """The value of a Python literal, such as 10 or (3, 3); the text itself if it is not one."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


class MeshTarget(NamedTuple):
    """A mesh, and the place of the function that parallelises the module; None for the module's own plan."""

    dimensions: tuple[MeshDimension, ...]
    place: Place | None


@dataclass(frozen=True)
class Target:
    """A module to profile, by its place or by that of its class or function.

    Attributes:
        place: The place.
        arguments: Arguments of the class or function.
        inputs: Declared inputs, with `sizes` substituted.
        sizes: The values of named sizes.
        maker: The place of a function that makes the inputs instead.
        train: Whether it runs in training mode.
        request: The phase of a language model; the inputs are then those of the prompt.
        model: The model that a source found, once it is loaded.
        inputs_are_assumed: Whether the inputs are the source's defaults.
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
        """The target with `sizes` substituted in its inputs."""
        own = {name: sizes[name] for name in self.inputs.names if name in sizes}
        return replace(self, inputs=self.inputs.sized(own), sizes=own)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.place}({arguments})" if arguments else str(self.place)


def with_prompt(target: Target) -> Target:
    """The target with the inputs of its phase's prompt; without a phase it is not changed.

    A given context overrides the number of tokens that a source assumes.
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
