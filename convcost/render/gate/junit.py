"""JUnit's XML, which CI servers read: an entry is a class, each of its checks a case."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from convcost.core.escapes import xml
from convcost.gate.config_file import Problem
from convcost.gate.verdict import Checked, Judged
from convcost.render.gate.words import failures


def junit(checked: Checked) -> str:
    """The whole check as a test suite, with a case for each check, and for each baseline there is."""
    cases = [case for judged in checked.entries for case in _cases(checked, judged)]
    failed = sum("<failure" in case for case in cases)
    cases += [_error(checked, problem) for problem in checked.problems]
    cases += [_skipped(checked, name) for name in checked.skipped]
    others = f'errors="{len(checked.problems)}" skipped="{len(checked.skipped)}"'
    counts = f'tests="{len(cases)}" failures="{failed}" {others}'
    suite = f"<testsuite {_attributes(name='convcost')} {counts}>"
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<testsuites {counts}>", suite, *cases]
    return "\n".join([*lines, "</testsuite>", "</testsuites>", ""])


def _cases(checked: Checked, judged: Judged) -> Iterator[str]:
    """A counter's case has its name; an entry that asks nothing has one that says it was counted."""
    entry = judged.entry
    texts = failures(judged)
    for check in judged.checks:
        name = f"{check.key} {check.metric}" if check.key == "agree_with" else check.key
        line = checked.config.line(entry.name, check.key)
        yield _case(checked, entry.name, name, line, "" if check.passed else next(texts)[1])
    if judged.standing != "unlocked" or not judged.checks:
        text = "" if judged.keeps_baseline else next(texts)[1]
        name = "counted" if judged.standing == "unlocked" else "baseline"
        yield _case(checked, entry.name, name, checked.config.line(entry.name), text)


def _case(checked: Checked, entry: str, name: str, line: int, failure: str) -> str:
    about = _attributes(classname=f"convcost.{entry}", name=name, file=checked.config.source.name)
    opening = f'<testcase {about} line="{line}"'
    if not failure:
        return f"{opening}/>"
    return f"{opening}><failure {_attributes(message=failure)}>{escape(xml(failure))}</failure></testcase>"


def _error(checked: Checked, problem: Problem) -> str:
    about = _attributes(classname="convcost", name=problem.key, file=checked.config.source.name)
    first = problem.message.partition("\n")[0]
    error = f"<error {_attributes(message=first)}>{escape(xml(problem.message))}</error>"
    return f'<testcase {about} line="{problem.line}">{error}</testcase>'


def _skipped(checked: Checked, name: str) -> str:
    about = _attributes(classname=f"convcost.{name}", name="counted", file=checked.config.source.name)
    return f'<testcase {about} line="{checked.config.line(name)}"><skipped/></testcase>'


def _attributes(**texts: str) -> str:
    return " ".join(f"{name}={quoteattr(xml(text))}" for name, text in texts.items())
