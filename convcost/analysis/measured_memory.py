"""Activation memory of a design, measured by running its torch module on shapes."""

from __future__ import annotations

from convcost.analysis.activation_memory import ActivationBytes
from convcost.core.dtypes import DEFAULT_DTYPE
from convcost.core.report import Report
from convcost.spec import parse


def measured_activations(report: Report, dtype: str) -> ActivationBytes | None:
    """Measure as part of a network, with gradients for inputs, in `dtype` or in the design's dtypes.

    None if the report was not made from a text, mixes dtypes with a default other than float32, or its module
    does not run.
    """
    from convcost.tracing.network_memory import network_footprint

    has_own_dtypes = not dtype and any(row.output_type for row in report.rows)
    network = report.spec and parse(report.full_spec).network(report.sizes)
    if not network or network.report(dtype=report.dtype).rows != report.rows:
        return None
    if has_own_dtypes and report.dtype != DEFAULT_DTYPE:
        return None
    measured = network_footprint(network, "" if has_own_dtypes else dtype or report.dtype)
    if measured.kept is None or measured.forward is None or measured.training is None:
        return None
    inputs = measured.inputs
    return ActivationBytes(measured.kept, measured.forward + inputs, measured.training + inputs)
