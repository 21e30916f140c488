"""`assert_cost`: asserts the costs of a design in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convcost.core.report import Report

MESSAGE_WIDTH = 76
"""The width of a failure's message, which pytest indents."""


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
    """Assert the costs of a design, and return its report.

    Args:
        design: A spec, a Report, or a torch module; a tuple of a module and its inputs is one design.
        inputs: The inputs of a module: tensors, or texts such as `"f32[B,128]"`.
        like: Another design that must have the same costs.
        count: What counts as FLOPs: "matmul" (2 × MACs), "bias" or "all".
        taps: "full", or "valid" to count only MACs on real data.
        tolerance: How far a total may differ from an exact limit, such as `"1%"`.
        dtype: The dtype of a spec, for bytes.
        limits_and_sizes: Limits are `params`, `macs`, `valid_macs`, `flops`, `bias_adds`, `elementwise`,
            `output_elements`, `activations` and `bytes`, also with `max_` or `min_` in front. A limit is a
            number, an amount such as `"2 MFLOPs"`, or a formula such as `"120*B*S*E**2"`, which must hold for
            every value of open sizes. All other keywords are sizes; one with the name of a limit is given as
            sizes={"flops": 4}.

    >>> report = assert_cost("[B*S, E, L] -> 2 x Conv1d(E, E, 3, padding=1)", flops="12*B*S*L*E**2")
    >>> report = assert_cost(torch.nn.Linear(8, 2), "f32[1,8]", max_flops="1 KFLOPs", params=18)

    Raises AssertionError with the costs by layer, and ConvcostError if something can't be counted, or without
    any limit.
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
    except ConvcostError as error:  # without a traceback through convcost: the mistake is in the test
        raise error.with_traceback(None) from error.__cause__
    if not result.passed:
        from convcost.render.assertion import failure_text

        raise AssertionError(failure_text(result, MESSAGE_WIDTH))
    return result.counted.report
