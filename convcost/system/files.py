"""Read users' files up to a size limit, and write them atomically. Only regular files are replaced."""

from __future__ import annotations

import errno
import os
import re
import select
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic, sleep

from convcost.core.errors import UsageError
from convcost.system.signals import cleanup

LARGEST_FILE = 2**26
"""Size limit in bytes: 64 MiB, enough for a lock file of half a million modules."""

PATIENCE = 30.0
"""Seconds to wait for another process: for the reader of a pipe, or for a lock."""

DESCRIPTOR = re.compile(r"(?:/dev|/proc/(?:self|thread-self|\d+))/fd/(\d+)")

IN_PLACE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV)
"""Errors on replacing a file that can still be written in place: a read-only folder, or a mount."""


def display_path(path: Path) -> str:
    """The path for messages, relative to the current folder if that is shorter."""
    try:
        return min(os.path.relpath(path), str(path), key=len)
    except (ValueError, FileNotFoundError):  # another drive; a deleted current folder
        return str(path)


def read_text(path: Path, largest: int = LARGEST_FILE) -> str:
    """The text of a regular file; UsageError if it is too large or can't be read as UTF-8."""
    try:
        _check_is_plain(path, os.stat(path))  # opening a device may have effects
        with open(path, "rb", opener=_open_at_once) as file:
            found = os.fstat(file.fileno())
            _check_is_plain(path, found)
            data = file.read(largest + 1) if found.st_size <= largest else b""
    except (OSError, ValueError) as error:
        raise UsageError(f"{display_path(path)} can't be read: {_error_reason(error)}") from None
    if max(found.st_size, len(data)) > largest:
        raise UsageError(f"{display_path(path)} is larger than {largest // 2**20} MiB")
    try:
        return data.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{display_path(path)} is not UTF-8 text") from None


def _check_is_plain(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = "a directory" if stat.S_ISDIR(found.st_mode) else "not a regular file"
        raise UsageError(f"{display_path(path)} is {kind}")


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting for the other end of a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _error_reason(error: OSError | ValueError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "its name has a null character"


def _write_error(path: Path, error: OSError | ValueError) -> UsageError:
    """The error for a file that can't be written."""
    is_absent = isinstance(error, OSError) and error.errno == errno.ENOENT
    reason = "its folder does not exist" if is_absent and not path.parent.is_dir() else _error_reason(error)
    return UsageError(f"{display_path(path)} can't be written: {reason}")


def write_text(path: Path, text: str, inputs: Iterable[Path] = ()) -> None:
    """Write `text` to the file atomically; UsageError if that fails.

    A regular file keeps its mode and owner, and a link to it stays a link. Devices, pipes and open files
    (`/dev/stdout`) are written directly. `inputs` are files that must not be overwritten.
    """
    try:
        _write(path, text, inputs)
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from None


def write_bytes(path: Path, data: bytes) -> None:
    """Like `write_text`, for bytes."""
    try:
        _write(path, data)
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from None


def write_chunks(path: Path, chunks: Iterable[str | bytes]) -> None:
    """Write texts or bytes to a regular file as they are made, atomically; UsageError if that fails.

    If making a chunk raises an error, the file is not changed.
    """
    try:
        found = _status(path)
        if found:
            _check_is_plain(path, found)
        target = Path(os.path.realpath(path))
        with _temporary_file(target, chunks, found) as temporary:
            os.replace(temporary, target)
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from None


def create_text(path: Path, text: str) -> None:
    """Write `text` to a new file atomically; UsageError if the file exists."""
    try:
        with _temporary_file(path, (text,), None) as temporary:
            os.link(temporary, path)  # fails if the file exists, unlike a rename
    except FileExistsError:
        raise UsageError(f"{display_path(path)} already exists", hint="The file was not changed.") from None
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from None


def append_text(path: Path, text: str, inputs: Iterable[Path] = ()) -> None:
    """Like `write_text`, but append to a regular file."""
    try:
        check_is_no_input(path, inputs)
        _write_through(path, text, os.O_APPEND | os.O_CREAT)
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from None


def _write(path: Path, text: str | bytes, inputs: Iterable[Path] = ()) -> None:
    check_is_no_input(path, inputs)
    found = _status(path)
    if _descriptor(path) is not None or (found and not stat.S_ISREG(found.st_mode)):
        _write_through(path, text)
        return
    target = Path(os.path.realpath(path))
    try:
        _replace(target, text, found)
    except OSError as error:
        if not found or error.errno not in IN_PLACE:
            raise
        _write_through(target, text, os.O_TRUNC)


def _status(path: Path) -> os.stat_result | None:
    with suppress(FileNotFoundError):
        return os.stat(path)
    return None


def check_is_no_input(path: Path, inputs: Iterable[Path]) -> None:
    """UsageError if the output file is one of `inputs`, also under another name."""
    for source in inputs:
        is_same = os.path.realpath(source) == os.path.realpath(path)
        with suppress(OSError):
            is_same = is_same or os.path.samefile(source, path)
        if is_same:
            hint = "Name another file for the output."
            raise UsageError(
                f"{display_path(path)} is a file that this command reads: {display_path(source)}", hint=hint
            )


def check_is_writable(path: Path, inputs: Iterable[Path] = ()) -> None:
    """UsageError if a file can't be written there, as far as can be told without opening it."""
    try:
        check_is_no_input(path, inputs)
        found = _status(path)
        if found and stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{display_path(path)} is a directory")
        if not found and not path.parent.is_dir():
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not os.access(path if found else path.parent, os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        raise _write_error(path, error) from None


def _descriptor(path: Path) -> int | None:
    """The file descriptor that `path` names, such as 1 for /dev/stdout or a link to it; None otherwise."""
    for _ in range(40):
        path = Path(os.path.realpath(path.parent), path.name)
        if found := DESCRIPTOR.fullmatch(str(path)):
            return int(found[1])
        if not path.is_symlink():
            return None
        path = path.parent / os.readlink(path)
    return None


def _write_through(path: Path, text: str | bytes, flags: int = 0) -> None:
    """Write to a device, pipe or open file, with a time limit for its reader."""
    number = _descriptor(path)
    opening = os.O_WRONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | flags
    try:
        file = os.open(path, opening, 0o666) if number is None else os.dup(number)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise UsageError(f"{display_path(path)} is a pipe without a reader") from None
        raise
    try:
        _send(file, _encode(text), path)
    finally:
        os.close(file)


def _encode(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")


def _send(file: int, data: bytes, path: Path) -> None:
    end = monotonic() + PATIENCE
    while data:
        if os.name == "posix" and not select.select([], [file], [], max(0.0, end - monotonic()))[1]:
            raise UsageError(f"{display_path(path)} was not read for {PATIENCE:g} seconds")
        with suppress(BlockingIOError):
            data = data[os.write(file, data[: select.PIPE_BUF if os.name == "posix" else len(data)]) :]
            end = monotonic() + PATIENCE


def _replace(target: Path, text: str | bytes, found: os.stat_result | None) -> None:
    with _temporary_file(target, (text,), found) as temporary:
        os.replace(temporary, target)


@contextmanager
def _temporary_file(
    target: Path, chunks: Iterable[str | bytes], found: os.stat_result | None
) -> Iterator[Path]:
    """A temporary file with the chunks, in the folder of the target, with the owner and mode in `found`."""
    remove_stale_temporaries(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with cleanup(partial(_unlink, temporary)):
            with open(temporary, "xb") as file:
                for chunk in chunks:
                    file.write(_encode(chunk))
                if found:
                    _copy_owner_and_mode(file.fileno(), found)
            yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)


def _copy_owner_and_mode(file: int, found: os.stat_result) -> None:
    """Give the open file the owner, if permitted, and the mode in `found`."""
    if hasattr(os, "fchown"):
        with suppress(OSError):
            os.fchown(file, found.st_uid, found.st_gid)
        os.fchmod(file, stat.S_IMODE(found.st_mode))


def remove_stale_temporaries(target: Path) -> None:
    """Remove temporary files for `target` that killed processes left behind."""
    name = re.compile(rf"\.{re.escape(target.name)}\.(\d+)-[0-9a-f]{{8}}\.tmp")
    for path in target.parent.iterdir() if target.parent.is_dir() else ():
        if (match := name.fullmatch(path.name)) and not _is_running(int(match[1])):
            with suppress(OSError):
                path.unlink()


def _is_running(process: int) -> bool:
    if os.name != "posix":  # on Windows, a signal would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Lock the existing file at `path` for the block; UsageError if another process holds it too long.

    The lock ends with the process. Unlike filelock, it leaves no lock file.
    """
    try:
        import fcntl
    except ImportError:  # on Windows
        yield
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise UsageError(f"{display_path(path)} can't be read: {_error_reason(error)}") from None
    with file:
        end = monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > end:
                    raise UsageError(
                        f"another process has held {display_path(path)} for {PATIENCE:g} seconds"
                    ) from None
                sleep(0.02)
            except OSError:  # a file system without locks
                break
        yield
