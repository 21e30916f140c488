"""`assert_cost`: asserts the cost of a design or module in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcost.core.report import Report

MESSAGE_WIDTH = 76
"""The width of failure texts, which pytest indents."""


def assert_cost(
    design: Any,
    /,
    *inputs: Any,
    like: Any = None,
    count: str = "matmul",
    taps: str = "full",
    tolerance: str = "",
    dtype: str = "float32",
    **limits_and_sizes: Any,
) -> Report:
    """Assert the cost of a design, and return its report.

    Args:
        design: A spec, a Report, a torch module, or a tuple of a module and its inputs.
        inputs: The inputs of a module: tensors, or texts such as `"f32[B,128]"`.
        like: Another design that must have the same cost.
        count: What counts as FLOPs: "matmul", "bias" or "all".
        taps: "full" to include MACs on padding, or "valid".
        tolerance: The allowed relative difference, such as "2%".
        dtype: The dtype of a spec.
        limits_and_sizes: Limits and sizes. Limits are `params`, `macs`, `valid_macs`, `flops`, `bias_adds`,
            `elementwise`, `output_elements`, `activations` and `bytes`, optionally prefixed by `max_` or
            `min_`. A limit is a number, an amount such as `"2 MFLOPs"`, or a formula such as
            `"120*B*S*E**2"`, which must hold for all values of open sizes. For a size with the name of a
            limit, use sizes={"flops": 4}.

    Raises:
        AssertionError: If a limit does not hold, with the costs by layer.
        ConvcostError: If something can't be counted, or there is no limit.

    >>> report = assert_cost("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)", flops="12*B*S*L*E**2")
    >>> report = assert_cost(torch.nn.Linear(8, 2), "f32[1,8]", max_flops="1 KFLOPs", params=18)
    """
    __tracebackhide__ = True
    from convcost.core.errors import ConvcostError
    from convcost.core.type_checks import merge_sizes
    from convcost.gate.assertion import evaluate_assertion, parse_options
    from convcost.gate.limit import LIMITS

    limits = {key: value for key, value in limits_and_sizes.items() if key in LIMITS}
    try:
        sizes = merge_sizes({key: value for key, value in limits_and_sizes.items() if key not in LIMITS})
        options = parse_options(count, taps, tolerance, dtype)
        result = evaluate_assertion(design, inputs, sizes, limits, like, options)
    except ConvcostError as error:  # without convcost's traceback, as the error is in the test
        raise error.with_traceback(None) from error.__cause__
    if not result.passed:
        from convcost.render.assertion import failure_text

        raise AssertionError(failure_text(result, MESSAGE_WIDTH))
    return result.counted.report
