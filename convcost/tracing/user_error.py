"""Turn errors of a user's code into short messages with the place."""

from __future__ import annotations

import dis
import sys
import sysconfig
from pathlib import Path
from traceback import extract_tb
from types import CodeType

from convcost.core.errors import ConvcostError

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))

LONGEST = 400

MOST_LINES = 4

RAISE_OPCODE = dis.opmap["RAISE_VARARGS"]

ASKS_FOR_DEVICE = frozenset(("device", "is_meta", "is_cpu", "is_cuda", "get_device"))
"""Attributes that tell whether a tensor has data. A function that reads them may raise because of that."""

NEVER_FOR_DATA = (SystemExit, NameError, ImportError)

MISSING_DATA = ("register_meta function", "with meta tensors", "which a run on shapes does not have")
"""Parts of error messages, in lower case, of operators and methods that need data."""

DEPENDS_ON_DATA = "it depends on tensor values, and this run has only shapes"


class TargetError(ConvcostError):
    """A target that can't be loaded, built or run. `origin` is the error of its code."""

    def __init__(self, message: str, origin: BaseException, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.origin = origin


def target_error(what: str, error: BaseException, hint: str = "") -> TargetError:
    """The error for `what`, with the message of `error` and the innermost line of the user's code.

    If `error` was raised for lack of data, and a run on generated values failed too, the message is that of
    the latter. KeyboardInterrupt is raised again.
    """
    if isinstance(error, KeyboardInterrupt):
        raise error
    reported = (lacks_data(error) and error.__cause__) or error
    notes = [f"  {line}"[:LONGEST] for line in getattr(reported, "__notes__", ())[:MOST_LINES]]
    return TargetError(
        "\n".join((f"{what}: {short_text(reported)}", *error_location(reported), *notes)), error, hint
    )


def lacks_data(error: BaseException) -> bool:
    """Whether it was raised because a tensor has no data."""
    text = error_text(error).lower()
    return isinstance(error, NotImplementedError) and any(words in text for words in MISSING_DATA)


def may_lack_data(error: BaseException) -> bool:
    """Whether it was, or may have been, raised because a tensor has no data."""
    return lacks_data(error) or "meta" in error_text(error).lower()


def short_text(error: BaseException) -> str:
    """The class and message of an error, without the many lines that torch may add."""
    text = "\n".join([line for line in error_text(error).strip().splitlines() if line.strip()][:MOST_LINES])
    if isinstance(error, SystemExit):
        return f"it ended the program, sys.exit({text})"
    if isinstance(error, ConvcostError):
        return text
    if lacks_data(error):
        return DEPENDS_ON_DATA
    short = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
    return f"{type(error).__name__}: {short}" if short else type(error).__name__


def error_text(error: BaseException) -> str:
    """The message of an error; empty if its `__str__` fails."""
    try:
        return str(error)
    except BaseException:
        return ""


def error_location(error: BaseException) -> list[str]:
    """Lines with the place of an error in the user's code: file, line, function, and the code."""
    if isinstance(error, SyntaxError) and error.filename:
        return _location_lines(error.filename, error.lineno, "", error.text or "")
    frames = [
        frame for frame in extract_tb(error.__traceback__) if not is_framework_code(Path(frame.filename))
    ]
    own = [frame for frame in frames if "site-packages" not in Path(frame.filename).parts] or frames
    if not own:
        return []
    return _location_lines(own[-1].filename, own[-1].lineno, own[-1].name, own[-1].line or "")


def _location_lines(file: str, line: int | None, function: str, code: str) -> list[str]:
    within = f", in {function}" if function.isidentifier() else ""
    return [
        f"  {_short_path(file)}:{line}{within}",
        *([f"    {code.strip()[:LONGEST]}"] if code.strip() else []),
    ]


def _short_path(file: str) -> str:
    """The path relative to the current folder, if it is inside."""
    path = Path(file).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def is_framework_code(file: Path) -> bool:
    """Whether `file` belongs to Python, torch or convcost."""
    torch_folder = Path(str(getattr(sys.modules.get("torch"), "__file__", "/torch"))).parent
    folders = (Path(__file__).parents[1], torch_folder)
    is_python = is_installed(file) and "site-packages" not in file.parts
    return file.name.startswith("<") or is_python or any(map(file.is_relative_to, folders))


def is_installed(path: Path) -> bool:
    """Whether a file belongs to Python or to an installed package."""
    return path.is_relative_to(STANDARD_LIBRARY) or "site-packages" in path.parts or path == Path()


def is_raised_by_user(error: BaseException) -> bool:
    """Whether the user's code raised it by itself, so that it does not depend on tensors' data."""
    if isinstance(error, NEVER_FOR_DATA) or _is_missing_attribute(error):
        return True
    trace = error.__traceback__
    if trace is None or error.__context__ is not None:
        return False
    while trace.tb_next:
        trace = trace.tb_next
    is_raised = trace.tb_frame.f_code.co_code[trace.tb_lasti] == RAISE_OPCODE
    return (is_raised or isinstance(error, KeyError)) and _is_independent(trace.tb_frame.f_code)


def _is_missing_attribute(error: BaseException) -> bool:
    """Whether a torch module lacks an attribute."""
    return isinstance(error, AttributeError) and hasattr(error.obj, "named_modules")


def _is_independent(code: CodeType) -> bool:
    """Whether it is the user's code, and does not check devices."""
    return not ASKS_FOR_DEVICE.intersection(code.co_names) and not is_framework_code(Path(code.co_filename))
