"""Asserting in a test what a design or a module costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcost.core.report import Report

SCREEN = 76
"""How wide a failure is shown: pytest sets it in."""


def assert_cost(
    design: Any,
    /,
    *inputs: Any,
    like: Any = None,
    count: str = "matmul",
    taps: str = "full",
    tolerance: str = "",
    dtype: str = "float32",
    **asked: Any,
) -> Report:
    """Raise AssertionError, with the costs by layer, if `design` does not cost what is `asked`; its report.

    `design` is a spec, a Report, or a torch module with its `inputs`: tensors, or texts such as
    `"f32[B,128]"`; a tuple of both is one design, as for `like`. Each keyword is a limit or a size. Limits
    are `params`, `macs`, `valid_macs`, `flops`, `bias_adds`, `elementwise`, `output_elements`, `activations`
    and `bytes`, or one of these behind `max_` or `min_`: a number, an amount such as `"2 MFLOPs"`, or a
    formula such as `"120*B*S*E**2"`, which has to hold for every value of the sizes left open. A size with
    the name of a limit is given as sizes={"flops": 4}. `like` is another design that it has to cost as much
    as.

    >>> report = assert_cost("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)", flops="12*B*S*L*E**2")
    >>> report = assert_cost(torch.nn.Linear(8, 2), "f32[1,8]", max_flops="1 KFLOPs", params=18)

    Raises ConvcostError where something can't be counted, or nothing is asked.
    """
    __tracebackhide__ = True
    from convcost.core.errors import ConvcostError
    from convcost.core.type_checks import merge_sizes
    from convcost.gate.assertion import evaluate_assertion, parse_options
    from convcost.gate.limit import LIMITS

    limits = {key: value for key, value in asked.items() if key in LIMITS}
    try:
        sizes = merge_sizes({key: value for key, value in asked.items() if key not in LIMITS})
        options = parse_options(count, taps, tolerance, dtype)
        result = evaluate_assertion(design, inputs, sizes, limits, like, options)
    except ConvcostError as error:  # without the traceback through convcost: the fault is in the test
        raise error.with_traceback(None) from error.__cause__
    if not result.passed:
        from convcost.render.assertion import failure_text

        raise AssertionError(failure_text(result, SCREEN))
    return result.counted.report
