"""The result of a check for CI servers: JUnit XML, and GitHub annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape, quoteattr

from convcost.core.escapes import make_xml_printable
from convcost.gate.config_file import ConfigError, ConfigProblem
from convcost.gate.result import EntryResult, GateResult
from convcost.render.gate.check_texts import failure_sentences


def junit_xml(gate_result: GateResult) -> str:
    """JUnit XML: a class for each entry, and a case for each of its checks and its baseline."""
    cases = [case for result in gate_result.entries for case in _cases(gate_result, result)]
    failed = sum("<failure" in case for case in cases)
    cases += [_error_case(gate_result, problem) for problem in gate_result.problems]
    cases += [_skipped_case(gate_result, name) for name in gate_result.skipped]
    others = f'errors="{len(gate_result.problems)}" skipped="{len(gate_result.skipped)}"'
    counts = f'tests="{len(cases)}" failures="{failed}" {others}'
    suite = f"<testsuite {_attributes(name='convcost')} {counts}>"
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites {counts}>", suite, *cases]
    return "\n".join([*lines, "</testsuite>", "</testsuites>", ""])


def _cases(gate_result: GateResult, result: EntryResult) -> Iterator[str]:
    """The cases of an entry; one without checks has a case that it was counted."""
    entry, config = result.entry, gate_result.config
    texts = failure_sentences(result)
    for check in result.checks:
        name = f"{check.key} {check.metric}" if check.key == "agree_with" else check.key
        text = "" if check.passed else next(texts)[1]
        yield _case(gate_result, entry.name, name, config.line(entry.name, check.key), text)
    if result.status != "unlocked" or not result.checks:
        text = "" if result.keeps_baseline else next(texts)[1]
        name = "counted" if result.status == "unlocked" else "baseline"
        yield _case(gate_result, entry.name, name, config.line(entry.name), text)


def _case(gate_result: GateResult, entry: str, name: str, line: int, failure: str) -> str:
    opening = _opening_tag(gate_result, f"convcost.{entry}", name, line)
    if not failure:
        return f"{opening}/>"
    text = escape(make_xml_printable(failure))
    return f"{opening}><failure {_attributes(message=failure)}>{text}</failure></testcase>"


def _error_case(gate_result: GateResult, problem: ConfigProblem) -> str:
    first = problem.message.partition("\n")[0]
    error = f"<error {_attributes(message=first)}>{escape(make_xml_printable(problem.message))}</error>"
    return f"{_opening_tag(gate_result, 'convcost', problem.key, problem.line)}>{error}</testcase>"


def _skipped_case(gate_result: GateResult, name: str) -> str:
    line = gate_result.config.line(name)
    return f"{_opening_tag(gate_result, f'convcost.{name}', 'counted', line)}><skipped/></testcase>"


def _opening_tag(gate_result: GateResult, classname: str, name: str, line: int) -> str:
    file = gate_result.config.source.name
    return f'<testcase {_attributes(classname=classname, name=name, file=file)} line="{line}"'


def _attributes(**texts: str) -> str:
    return " ".join(f"{name}={quoteattr(make_xml_printable(text))}" for name, text in texts.items())


MESSAGE_ESCAPES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
PROPERTY_ESCAPES = MESSAGE_ESCAPES | str.maketrans({":": "%3A", ",": "%2C"})
"""Escapes of GitHub's workflow commands."""


def failure_annotations(gate_result: GateResult, file: str) -> Iterator[str]:
    """A GitHub annotation for each failure, at its key in `file`."""
    for result in gate_result.entries:
        name = result.entry.name
        for key, text in failure_sentences(result):
            line = gate_result.config.line(name, *([key] if key else []))
            yield _annotation(file, line, name, text)


def problem_annotations(error: ConfigError, located: Callable[[str], str]) -> Iterator[str]:
    """A GitHub annotation for each problem; `located` makes a path relative to the repository's root."""
    for problem in error.problems:
        key = problem.key or "configuration"
        yield _annotation(located(problem.file), problem.line, key, problem.message)


def _annotation(file: str, line: int, title: str, message: str) -> str:
    place = f"file={file.translate(PROPERTY_ESCAPES)},line={line},title={title.translate(PROPERTY_ESCAPES)}"
    return f"::error {place}::{message.translate(MESSAGE_ESCAPES)}"
