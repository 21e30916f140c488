"""What convcost itself counts in the layer's module, operator by operator."""

from __future__ import annotations

from dataclasses import asdict

from convcost.core.report import Report
from convcost.counters.run import first_line
from convcost.tracing.build import build
from convcost.tracing.profile import profile
from convcost.verify.cases import Case
from convcost.verify.interface import Answer, compared
from convcost.verify.run_settings import quiet


class Traced:
    """Profiles the module, as convcost model does."""

    name = "model"
    title = "model"
    package = "convcost"

    def look(self, case: Case) -> Answer:
        """Every quantity of the formulas for layers against that of the formulas for operators."""
        try:
            with quiet():
                found = profile(*build(case.network, "meta"))
        except Exception as error:
            return Answer("new", f"as a module it can't be counted: {first_line(error)}")
        theirs, ours = _quantities(found), _quantities(case.report)
        return compared(**{name: (theirs[name], ours[name]) for name in theirs})


def _quantities(report: Report) -> dict[str, object]:
    uncounted = report.trace.uncounted if report.trace else ()
    return {
        "operators_without_a_formula": tuple(found.operator for found in uncounted),
        "output": report.output,
        "params": report.params,
        **asdict(report.cost),
        "activations": report.activations,
    }
