"""The interface of a source of models.

A source is a module with a function `load(name, arguments)`, where `name` is the text after the prefix, or
the path of a file. It returns a module to run or a report, and raises UsageError for a model that it can't
find or read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from convcost.core.report import Report
from convcost.tracing.declared_inputs import DeclaredInputs

if TYPE_CHECKING:
    import torch

NO_INPUTS = DeclaredInputs()


class SourceReference(NamedTuple):
    """The name of a model in a design: PREFIX:NAME, or the path of a file.

    Attributes:
        name: The name in the source, or the path.
        prefix: The prefix of the source; empty for a file.
        suffix: The suffix of the file, in lower case; empty if there is a prefix.
        label: The user's label for the model; empty if there is none.
    """

    name: str
    prefix: str = ""
    suffix: str = ""
    label: str = ""

    @property
    def title(self) -> str:
        """The model's name in tables: without folders, and without the suffix of a file.

        A config.json is named after its folder.
        """
        parts = self.name.replace("\\", "/").removesuffix("/config.json").rstrip("/").split("/")
        return parts[-1][: len(parts[-1]) - len(self.suffix)] or parts[-1]

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}" if self.prefix else self.name


INPUTS = "{inputs}"
"""A placeholder in a note on inputs; replaced by the inputs."""


@dataclass(frozen=True)
class BuildableModel:
    """A model that is built and run as a torch module.

    Attributes:
        make: Builds the module, on torch's current device.
        inputs: The default inputs; sizes may be names.
        notes: Sentences on assumptions that were made.
        input_note: A sentence on `inputs`, shown only if they are used. INPUTS in it is replaced by the
            default inputs that are used.
        input_names: The names of forward's arguments, if known.
        complete: Adds required inputs that the user did not declare.
        limits: Makes sentences on inputs, with a number of new tokens after them, that the model does not
            run on.
    """

    make: Callable[[], torch.nn.Module]
    inputs: DeclaredInputs = NO_INPUTS
    notes: tuple[str, ...] = ()
    input_note: str = ""
    input_names: tuple[str, ...] = ()
    complete: Callable[[DeclaredInputs], DeclaredInputs] | None = None
    limits: Callable[[DeclaredInputs, int], Iterable[str]] | None = None


@dataclass(frozen=True)
class ReportedModel:
    """A model that is read from a file and can't run, such as a file of weights.

    Attributes:
        report: Makes the report for the given inputs, whose sizes may be names.
        inputs: The default inputs.
        notes: Sentences on assumptions that were made.
        input_note: A sentence on `inputs`, shown only if they are used.
    """

    report: Callable[[DeclaredInputs], Report]
    inputs: DeclaredInputs = NO_INPUTS
    notes: tuple[str, ...] = ()
    input_note: str = ""


SourceModel = BuildableModel | ReportedModel


class ModelLoader(Protocol):
    """The `load` function of a source."""

    def __call__(self, name: str, arguments: Mapping[str, Any]) -> SourceModel:
        """The model called `name`, built with `arguments`."""
