"""Checks before a file is read: it is a regular file, and its zip directory is small enough."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from convcost.core.errors import UsageError, did_you_mean

END_OF_DIRECTORY = b"PK\x05\x06"
ZIP64_END = b"PK\x06\x06"
LONGEST_END = 2**16 + 22 + 20 + 56
"""The most bytes that the end of a zip takes: a comment, and the end-of-directory records."""


def checked_file(path: str) -> Path:
    """The file at `path`; UsageError if it is missing, unreadable, or not a regular file."""
    file = Path(path)
    display_name = path[:200]
    try:
        mode = os.stat(file).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"there is no file {display_name}{_near(file)}") from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{display_name} can't be read: {getattr(error, 'strerror', None) or error}"
        ) from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{display_name} is a folder, not a file")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{display_name} is not a regular file")
    if not os.access(file, os.R_OK):
        raise UsageError(f"{display_name} can't be read: permission denied")
    return file


def _near(file: Path) -> str:
    try:
        return did_you_mean(file.name, (entry.name for entry in file.parent.iterdir() if entry.is_file()))
    except OSError:
        return ""


def directory_size(file: Path) -> int:
    """The size in bytes that a zip states for its directory; 0 if it states none."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - LONGEST_END))
        end = stream.read(LONGEST_END)
    plain, large = end.rfind(END_OF_DIRECTORY), end.rfind(ZIP64_END)
    found = [int.from_bytes(end[plain + 12 : plain + 16], "little")] if plain >= 0 else []
    found += [int.from_bytes(end[large + 40 : large + 48], "little")] if large >= 0 else []
    return min(max(found, default=0), size) if len(found) < 2 else min(found[1], size)
