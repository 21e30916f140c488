"""What GitHub Actions reads: annotations at a file and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from convcost.gate.config_file import ConfigError
from convcost.gate.verdict import Checked
from convcost.render.gate.words import failures

MARKS = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY_MARKS = MARKS | {":": "%3A", ",": "%2C"}


def failure_annotations(checked: Checked, file: str) -> Iterator[str]:
    """A workflow command for each failure, at its key in `file`."""
    for judged in checked.entries:
        name = judged.entry.name
        for key, text in failures(judged):
            yield _error(file, checked.config.line(name, *([key] if key else [])), name, text)


def problem_annotations(error: ConfigError, located: Callable[[str], str]) -> Iterator[str]:
    """A workflow command for each place that is wrong; `located` is a file from the top of the repository."""
    for problem in error.problems:
        yield _error(located(problem.file), problem.line, problem.key or "configuration", problem.message)


def _error(file: str, line: int, title: str, message: str) -> str:
    about = f"file={_marked(file, PROPERTY_MARKS)},line={line},title={_marked(title, PROPERTY_MARKS)}"
    return f"::error {about}::{_marked(message, MARKS)}"


def _marked(text: str, marks: dict[str, str]) -> str:
    return "".join(marks.get(character, character) for character in text)
