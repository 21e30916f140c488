"""What a module costs on inputs whose sizes are left open: formulas in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.core.dtypes import dtype_named
from convcost.core.report import Report
from convcost.tracing.inputs import Declared, Inputs
from convcost.tracing.profile import of_user
from convcost.tracing.symbolic_shapes.attempts import Attempts
from convcost.tracing.symbolic_shapes.kept import held

if TYPE_CHECKING:
    import torch


def profile_open(
    module: torch.nn.Module,
    args: tuple[Declared, ...] = (),
    kwargs: Mapping[str, Declared] | None = None,
    formulas: Mapping[str, Callable[..., Any]] | None = None,
    footprint: str | None = None,
) -> Report:
    """The cost of `module` on declared inputs as formulas in their open sizes; the module is left as it was.

    `formulas` are costs of the user's own operators, and `footprint` a dtype, as for Profiler. It takes
    seconds: torch works out the shapes with symbols in them. Raises ConvcostError where a size can't stay
    open, with what can be asked instead, or with what the module's forward raises.
    """
    inputs = Inputs(args, kwargs or {})
    operators = {name: of_user(formula) for name, formula in (formulas or {}).items()}
    attempts = Attempts(module, inputs, operators)
    report = attempts.report()
    if footprint is None or not report.trace:
        return report
    dtype = dtype_named(footprint or report.dtype)
    found = held(module, inputs, report, attempts.examples, dtype)
    return replace(report, trace=replace(report.trace, held=found))
