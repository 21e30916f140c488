"""The graph in an archive of torch.export: its JSON alone is read, and no weights.

torch.export.load unpickles parts of an archive, looks up functions by names in it, and lets SymPy evaluate
texts of it: whoever wrote the archive can run code. Nothing of that is used here.
"""

from __future__ import annotations

import re
from zipfile import BadZipFile, ZipFile

import msgspec

from convcost.core.errors import UsageError
from convcost.tracing.sources.exported.schema import Program
from convcost.tracing.sources.file_checks import checked_file, directory_size

LARGEST_GRAPH = 2**27
"""The bytes of the largest model.json that is read: 128 MiB."""

LARGEST_DIRECTORY = 2**25
"""The bytes of the largest list of a zip's members: 32 MiB."""

MODEL = re.compile(r"(?:[^/]+/)?models/(?P<name>[^/]+)\.json")
"""The member of an archive that has a graph, in the folder that torch puts everything in."""

OLD_MODEL = "serialized_exported_program.json"
"""The same as torch before 2.8 wrote it."""

SCHEMA = 8
"""The version of torch's schema that is read: that of torch 2.5 to 2.14."""


def read_program(path: str) -> Program:
    """The graph in the archive; UsageError in one sentence for what is none."""
    file = checked_file(path)
    try:
        if directory_size(file) > LARGEST_DIRECTORY:
            raise UsageError(f"{path[:200]} has too many members for an archive of torch.export")
        with ZipFile(file) as archive:
            return _decoded(path, _graph(path, archive))
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
            f"{path[:200]} is not an archive of torch.export, or is damaged: {_reason(error)}"
        ) from None
    except RecursionError:
        raise UsageError(f"{path[:200]} is nested too deeply") from None


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _graph(path: str, archive: ZipFile) -> bytes:
    """The text of the one graph in it."""
    names = archive.namelist()
    found = [name for name in names if MODEL.fullmatch(name)]
    if not found and any(name.endswith(OLD_MODEL) for name in names):
        hint = "torch.export.save of torch 2.8 or newer writes one that can."
        raise UsageError(f"{path[:200]} was written by a torch before 2.8 and can't be read", hint=hint)
    if len(found) != 1:
        has = f"{len(found)} graphs" if found else "no graph"
        hint = "torch.export.save writes one graph."
        raise UsageError(f"{path[:200]} has {has}, so it is not an archive of torch.export.save", hint=hint)
    with archive.open(found[0]) as member:
        text = member.read(LARGEST_GRAPH + 1)
    if len(text) > LARGEST_GRAPH:
        raise UsageError(f"{path[:200]}: the graph is larger than {LARGEST_GRAPH // 2**20} MiB")
    return text


def _decoded(path: str, text: bytes) -> Program:
    program = msgspec.json.decode(text, type=Program)
    if program.schema_version.major != SCHEMA:
        version = program.schema_version.major
        raise UsageError(
            f"{path[:200]} has version {version} of torch's schema; only version {SCHEMA} can be read"
        )
    return program
