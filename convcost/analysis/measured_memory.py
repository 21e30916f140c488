"""The activations of a design, measured on shapes as its torch module runs forward and backward."""

from __future__ import annotations

from convcost.analysis.activation_memory import ActivationBytes
from convcost.core.report import Report
from convcost.spec import parse

DEFAULT_DTYPE = "float32"


def measured_activations(report: Report, dtype: str) -> ActivationBytes | None:
    """As a part of a network would hold, whose inputs have gradients; in `dtype`, or in the design's own.

    None where the report was not made from a text, where it mixes dtypes with one that is not torch's usual
    one, or where its module does not run.
    """
    from convcost.tracing.network_memory import network_footprint

    has_own_dtypes = not dtype and any(row.output_itemsize for row in report.rows)
    network = report.spec and parse(report.full_spec).network(report.sizes)
    if not network or network.report(dtype=report.dtype).rows != report.rows:
        return None
    if has_own_dtypes and report.dtype != DEFAULT_DTYPE:
        return None
    found = network_footprint(network, "" if has_own_dtypes else dtype or report.dtype)
    if found.kept is None or found.forward is None or found.training is None:
        return None
    return ActivationBytes(found.kept, found.forward + found.inputs, found.training + found.inputs)
