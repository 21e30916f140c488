"""Read the graph of a torch.export archive. Only its JSON is read, not the weights.

torch.export.load is not used: it unpickles parts of the archive, looks up functions by the names in it, and
evaluates its expressions with SymPy, so an archive can run code.
"""

from __future__ import annotations

import re
from zipfile import BadZipFile, ZipFile

import msgspec

from convcost.core.errors import UsageError
from convcost.tracing.sources.exported.schema import Program
from convcost.tracing.sources.file_checks import checked_file, directory_size

LARGEST_GRAPH = 2**27
"""Size limit of model.json in bytes: 128 MiB."""

LARGEST_DIRECTORY = 2**25
"""Size limit of the zip directory in bytes: 32 MiB."""

MODEL = re.compile(r"(?:[^/]+/)?models/(?P<name>[^/]+)\.json")
"""The path of a graph in the archive. torch puts all members in one folder."""

OLD_MODEL = "serialized_exported_program.json"
"""The path of the graph in archives from torch before 2.8."""

SCHEMA = 8
"""The supported major version of torch's schema: torch 2.5 to 2.14 write it."""


def read_program(path: str) -> Program:
    """The program in the archive; UsageError if the file is not a torch.export archive."""
    file = checked_file(path)
    try:
        if directory_size(file) > LARGEST_DIRECTORY:
            raise UsageError(f"{path[:200]} has too many members for a torch.export archive")
        with ZipFile(file) as archive:
            return _decode(path, _graph(path, archive))
    except (
        BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        OSError,
        OverflowError,
    ) as error:
        raise UsageError(
            f"{path[:200]} is not a torch.export archive, or is damaged: {_reason(error)}"
        ) from None
    except RecursionError:
        raise UsageError(f"{path[:200]} is nested too deeply") from None


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _graph(path: str, archive: ZipFile) -> bytes:
    """The JSON of the archive's only graph."""
    names = archive.namelist()
    found = [name for name in names if MODEL.fullmatch(name)]
    if not found and any(name.endswith(OLD_MODEL) for name in names):
        hint = "Export it again with torch 2.8 or newer."
        raise UsageError(f"{path[:200]} was written by a torch before 2.8 and can't be read", hint=hint)
    if len(found) != 1:
        has = f"{len(found)} graphs" if found else "no graph"
        hint = "torch.export.save writes one graph."
        raise UsageError(f"{path[:200]} has {has}, so torch.export.save did not write it", hint=hint)
    with archive.open(found[0]) as member:
        text = member.read(LARGEST_GRAPH + 1)
    if len(text) > LARGEST_GRAPH:
        raise UsageError(f"{path[:200]}: the graph is larger than {LARGEST_GRAPH // 2**20} MiB")
    return text


def _decode(path: str, text: bytes) -> Program:
    program = msgspec.json.decode(text, type=Program)
    if program.schema_version.major != SCHEMA:
        version = program.schema_version.major
        raise UsageError(
            f"{path[:200]} has version {version} of torch's schema; only version {SCHEMA} can be read"
        )
    return program
