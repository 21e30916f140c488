"""`convcost schema`: the JSON Schemas of the files and outputs."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.cli.output import emit
from convcost.core.errors import UsageError
from convcost.schemas import NAMES, schema_text


def schema(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A command, config or lock.")] = "",
) -> None:
    """Print the JSON Schema (draft 2020-12) of a command's JSON or of a file.

    \b
    Examples:
      convcost schema compare
      convcost schema config > convcost.schema.json
    """
    if not name:
        raise UsageError("a name is missing", hint=f"Choose from {', '.join(NAMES)}.")
    emit(schema_text(name))
