"""The interface of a source of models: what it finds by a name, as a module to run or as a report.

A source is a module with a function `load(name, arguments)`, where `name` is what stands behind the prefix,
or the path of a file. It raises UsageError, in one sentence, for what it can't find or read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from convcost.core.report import Report
from convcost.tracing.declared_inputs import DeclaredInputs

if TYPE_CHECKING:
    import torch

NO_INPUTS = DeclaredInputs()


class SourceReference(NamedTuple):
    """A model as a text names it: by the prefix of a source and a name in it, or by the path of a file.

    Attributes:
        name: In the source, or the path.
        prefix: Of the source; empty for a file.
        suffix: How the file's name ends, in lower case; empty for what has a prefix.
        label: What the user calls the model; empty if nothing.
    """

    name: str
    prefix: str = ""
    suffix: str = ""
    label: str = ""

    @property
    def title(self) -> str:
        """What the model is called in tables: its name without folders, or the file's without its ending.

        A config.json is called as its folder.
        """
        parts = self.name.replace("\\", "/").removesuffix("/config.json").rstrip("/").split("/")
        return parts[-1][: len(parts[-1]) - len(self.suffix)] or parts[-1]

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}" if self.prefix else self.name


INPUTS = "{inputs}"
"""The place of inputs in a sentence on them."""


@dataclass(frozen=True)
class BuildableModel:
    """A model that is built and run as a torch module.

    Attributes:
        make: Builds it, with the arguments that were given, maybe on the meta device.
        inputs: What it is run on where the user declares nothing; sizes may be names.
        notes: Whole sentences on what was guessed, such as where these inputs are from.
        input_note: Such a sentence on `inputs` alone: it is left out where the user declares inputs. INPUTS
            in it stands for those of them that the user did not give.
        input_names: What forward calls its inputs, where that is known.
        complete: Adds to inputs that the user declares those without which the model can't run.
    """

    make: Callable[[], torch.nn.Module]
    inputs: DeclaredInputs = NO_INPUTS
    notes: tuple[str, ...] = ()
    input_note: str = ""
    input_names: tuple[str, ...] = ()
    complete: Callable[[DeclaredInputs], DeclaredInputs] | None = None


@dataclass(frozen=True)
class ReportedModel:
    """A model that is read from a file without anything that could run.

    Attributes:
        report: Makes its report on inputs, in which sizes may be names; on none if the user declares none
            and there are none by default.
        inputs: What it is counted on where the user declares nothing.
        notes: Whole sentences on what was guessed.
        input_note: Such a sentence on `inputs` alone.
    """

    report: Callable[[DeclaredInputs], Report]
    inputs: DeclaredInputs = NO_INPUTS
    notes: tuple[str, ...] = ()
    input_note: str = ""


SourceModel = BuildableModel | ReportedModel


class ModelLoader(Protocol):
    """The function `load` of a source."""

    def __call__(self, name: str, arguments: Mapping[str, Any]) -> SourceModel:
        """The model called `name`, built with `arguments`."""
